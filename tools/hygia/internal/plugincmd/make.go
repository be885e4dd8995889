package plugincmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/build"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/contract"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/project"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/scaffold"
)

// languages are the words that --lang takes.
func languages() []string {
	var names []string
	for _, l := range project.Languages() {
		names = append(names, string(l))
	}
	return names
}

func (e Env) newCommand() *cobra.Command {
	var language, hook string
	var hooks strings.Builder
	for _, h := range contract.Hooks() {
		fmt.Fprintf(&hooks, "  %-16s %s\n", h.Name, h.Does)
	}
	c := e.Command(&cobra.Command{
		Use:   "new NAME",
		Short: "Writes a new plugin's project: small, readable, and working",
		Long: `Writes a new plugin's project into a folder of its name: the source, the contract
that it is written against, a manifest with its grants and limits, and fixtures.
It works as it is: build it, test it, then change it.

Hooks:
` + hooks.String() + `
JSON: {"name": "…", "dir": "…", "language": "…", "hook": "…", "files": ["…"]}.`,
		Example: `  hygia plugin new claim-words --lang rust --hook validator
  hygia plugin new record-numbers --lang python --hook detector`,
		Args: cobra.ExactArgs(1),
	}, func(_ context.Context, args []string) error { return e.runNew(args[0], language, hook) })
	c.Flags().StringVar(&language, "lang", "", "the `LANGUAGE`: "+strings.Join(languages(), ", "))
	c.Flags().StringVar(&hook, "hook", "", "the `HOOK` that it fills")
	for option, words := range map[string][]string{"lang": languages(), "hook": contract.Names()} {
		complete := cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
		if err := errors.Join(c.MarkFlagRequired(option), c.RegisterFlagCompletionFunc(option, complete)); err != nil {
			panic(err) // of an option that does not exist, which every test would meet
		}
	}
	return c
}

func (e Env) runNew(name, language, hookName string) error {
	if !slices.Contains(languages(), language) {
		return e.Usage("--lang %q is none of %s", language, strings.Join(languages(), ", "))
	}
	hook, ok := contract.Find(hookName)
	if !ok {
		return e.Usage("--hook %q is none of %s", hookName, strings.Join(contract.Names(), ", "))
	}
	dir := e.path(filepath.Base(name))
	files, err := scaffold.New(scaffold.Options{Dir: dir, Name: name, Language: project.Language(language), Hook: hook})
	switch {
	case errors.Is(err, plugin.ErrName):
		return e.Usage("%w", err)
	case errors.Is(err, scaffold.ErrNotEmpty):
		return e.Refused(err)
	case err != nil:
		return err
	}
	made := struct {
		Name     string   `json:"name"`
		Dir      string   `json:"dir"`
		Language string   `json:"language"`
		Hook     string   `json:"hook"`
		Files    []string `json:"files"`
	}{name, dir, language, hookName, files}
	return e.Show(made, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %d files, with an example that %s.\n\n", name, len(files), hook.Does)
		fmt.Fprintf(w, "  cd %s\n  hygia plugin build\n  hygia plugin test\n  hygia plugin check\n", name)
	})
}

func (e Env) buildCommand() *cobra.Command {
	return e.Command(&cobra.Command{
		Use:   "build [FOLDER]",
		Short: "Builds a plugin's component",
		Long: `Builds the component of the project in the folder, the working one by default, into
build/, with a manifest that holds its digest.

What the language needs is installed the first time, pinned, and kept under
HYGIA_TOOLCHAINS (by default hygia/toolchains in the user's cache folder): minutes
for Rust and C, where tools are compiled, less for the others. Rust and C need
rustup or cargo, C and Python also python3 with pip, Go the go command, JavaScript
node and npm.

JSON: {"digest": "sha256:…", "file": "…", "bytes": 21000, "milliseconds": 900}.`,
		Example: "  hygia plugin build\n  hygia plugin build plugins/claim-words", Args: cobra.MaximumNArgs(1),
	}, e.runBuild)
}

func (e Env) runBuild(ctx context.Context, args []string) error {
	p, err := e.open(args)
	if err != nil {
		return err
	}
	home, err := e.home()
	if err != nil {
		return err
	}
	e.say("building %s (%s)", p.Manifest.Name, p.Language)
	start := e.Clock()
	built, err := build.Build(ctx, home, p)
	if err != nil {
		return err
	}
	spent := e.Clock().Sub(start)
	out := struct {
		build.Result
		Milliseconds int64 `json:"milliseconds"`
	}{built, spent.Milliseconds()}
	return e.Show(out, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %s, %s, in %v\n", e.relative(built.File), size(int64(built.Bytes)), built.Digest[:19]+"…", spent.Round(time.Millisecond))
	})
}

// relative shows a path from the working folder, where it lies below.
func (e Env) relative(path string) string {
	if short, err := filepath.Rel(e.Dir, path); err == nil && !strings.HasPrefix(short, "..") {
		return short
	}
	return path
}

// size shows a number of bytes.
func size(n int64) string {
	switch {
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
