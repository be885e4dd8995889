package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hygia-suite/hygia/tools/witgen/internal/load"
	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	"github.com/hygia-suite/hygia/tools/witgen/internal/parser"
	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen"
)

// home is the package below which the suite's generated code is compiled. Nothing
// is written there: the go command is told of the files by an overlay.
const home = "github.com/hygia-suite/hygia/tools/witgen"

// Codegen runs the cases of a folder like wit-bindgen's tests/codegen, each a file
// of WIT or a folder: what is generated for each must compile. One that witgen
// refuses is left out; one that the parser refuses fails. It runs the go command,
// inside the repository.
func Codegen(ctx context.Context, p *parser.Parser, dir string) ([]Result, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list cases of generated code: %w", err)
	}
	entries = slices.DeleteFunc(entries, func(entry os.DirEntry) bool {
		return !entry.IsDir() && filepath.Ext(entry.Name()) != ".wit"
	})
	if len(entries) == 0 {
		return nil, fmt.Errorf("%s holds no case of WIT", dir)
	}
	root, err := output(exec.CommandContext(ctx, "go", "list", "-f", "{{.Dir}}", home))
	if err != nil {
		return nil, err
	}
	b := builder{root: filepath.Join(strings.TrimSpace(root), "conformance")}
	var results []Result
	for _, entry := range entries {
		r := Result{Name: entry.Name()}
		name := fmt.Sprintf("case%03d", len(results))
		files, err := witgen.GeneratePackage(ctx, p, source(dir, entry), path.Join(home, "conformance", name))
		switch {
		case err == nil:
			b.add(name, files)
		case errors.Is(err, load.ErrNone):
			err = errors.New("it holds no WIT package: is it a submodule that was not checked out?")
		}
		r.LeftOut = ownRefusal(err)
		results = append(results, r.of(err))
	}
	broken, err := b.build(ctx)
	if err != nil {
		return nil, err
	}
	for i := range results {
		if why := broken[fmt.Sprintf("case%03d", i)]; why != "" && results[i].Passed {
			results[i] = results[i].of(errors.New("does not compile: " + why))
		}
	}
	return results, nil
}

// ownRefusal reports whether it is witgen that refuses a case, for what it does not
// generate, and not the parser, for what is no WIT.
func ownRefusal(err error) bool {
	var refusal *model.Error
	var wrong *parser.Error
	return errors.As(err, &refusal) && !errors.As(err, &wrong)
}

// source finds a case's package: a file, a folder, or the folder wit in one.
func source(dir string, entry os.DirEntry) string {
	at := filepath.Join(dir, entry.Name())
	if info, err := os.Stat(filepath.Join(at, "wit")); err == nil && info.IsDir() {
		return filepath.Join(at, "wit")
	}
	return at
}

// builder compiles files that are nowhere but in an overlay.
type builder struct {
	root     string
	files    []witgen.File
	packages []string
}

func (b *builder) add(name string, files []witgen.File) {
	seen := map[string]bool{}
	for _, f := range files {
		folder := path.Join(name, path.Dir(filepath.ToSlash(f.Path)))
		if !seen[folder] {
			seen[folder] = true
			b.packages = append(b.packages, path.Join(home, "conformance", folder))
		}
		f.Path = filepath.Join(b.root, name, f.Path)
		b.files = append(b.files, f)
	}
}

// build compiles all, and gives what the compiler says of a case that does not.
func (b *builder) build(ctx context.Context) (map[string]string, error) {
	if len(b.packages) == 0 {
		return nil, nil
	}
	dir, err := os.MkdirTemp("", "witgen-conformance-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for generated code: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for i, f := range b.files {
		file := filepath.Join(dir, fmt.Sprintf("%05d.go", i))
		if err := os.WriteFile(file, f.Content, 0o600); err != nil {
			return nil, fmt.Errorf("write generated code: %w", err)
		}
		overlay.Replace[f.Path] = file
	}
	text, err := json.Marshal(overlay)
	if err != nil {
		return nil, fmt.Errorf("write the overlay: %w", err)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, text, 0o600); err != nil {
		return nil, fmt.Errorf("write the overlay: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-overlay", list}, b.packages...)...) //nolint:gosec // packages of our own naming
	cmd.Dir = filepath.Dir(b.root)
	out, err := output(cmd)
	if err == nil {
		return nil, nil
	}
	broken := blame(out)
	if len(broken) == 0 {
		return nil, err
	}
	return broken, nil
}

// blame finds the first line that the go command prints of each case.
func blame(out string) map[string]string {
	broken := map[string]string{}
	at := ""
	for line := range strings.SplitSeq(out, "\n") {
		if pkg, ok := strings.CutPrefix(line, "# "); ok {
			at = ""
			if _, rest, found := strings.Cut(pkg, home+"/conformance/"); found {
				at, _, _ = strings.Cut(rest, "/")
			}
			continue
		}
		if at != "" && broken[at] == "" && line != "" {
			broken[at] = line
		}
	}
	return broken
}

// output runs a command and gives all that it prints.
func output(cmd *exec.Cmd) (string, error) {
	var both bytes.Buffer
	cmd.Stdout, cmd.Stderr = &both, &both
	if err := cmd.Run(); err != nil {
		return both.String(), fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args[:2], " "), err, both.String())
	}
	return both.String(), nil
}
