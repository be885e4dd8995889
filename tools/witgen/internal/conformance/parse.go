// Package conformance runs public suites of WIT against witgen: the cases of
// wit-parser's tests/ui, and those of wit-bindgen's tests/codegen. Neither is part
// of this repository: a run is given a folder.
package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/hygia-suite/hygia/tools/witgen/internal/load"
	"github.com/hygia-suite/hygia/tools/witgen/internal/parser"
)

// Result is the result of one case. Reason is empty for one that passed, and says
// why for one that did not or was left out.
type Result struct {
	Name   string
	Passed bool
	// LeftOut tells that the case cannot pass, for a reason outside of the parser
	// and the generator: the suite lacks its file, or the engine what it is about.
	LeftOut bool
	Reason  string
}

// Parse runs the cases of a folder like wit-parser's tests/ui: the golden ones,
// whose JSON must come out as it is there, and those in parse-fail, if it is there,
// which must be refused with a place.
func Parse(ctx context.Context, p *parser.Parser, dir string) (golden, refused []Result, err error) {
	expected, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, nil, fmt.Errorf("list golden cases: %w", err)
	}
	for _, file := range expected {
		golden = append(golden, goldenCase(ctx, p, file))
	}
	failing := filepath.Join(dir, "parse-fail")
	err = filepath.WalkDir(failing, func(file string, _ fs.DirEntry, err error) error {
		if file == failing && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && strings.HasSuffix(file, ".result") {
			refused = append(refused, refusedCase(ctx, p, file))
		}
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("list cases that must be refused: %w", err)
	}
	if len(golden)+len(refused) == 0 {
		return nil, nil, fmt.Errorf("%s holds no golden JSON and nothing that must be refused", dir)
	}
	return golden, refused, nil
}

// input finds what a file of expectation belongs to: a folder, or a file of WIT or
// of WebAssembly.
func input(expectation, suffix string) (string, error) {
	base := strings.TrimSuffix(expectation, suffix)
	base = strings.TrimSuffix(base, ".wit")
	for _, path := range []string{base + ".wit", base, base + ".wat", base + ".wasm"} {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", errors.New(noFile)
}

// resolve resolves one case, with the unstable feature that the suite switches on.
func resolve(ctx context.Context, p *parser.Parser, path string) (*parser.Resolved, error) {
	sources, err := load.Sources(path)
	if err != nil {
		return nil, err
	}
	return p.Resolve(ctx, sources, []string{"active"})
}

func goldenCase(ctx context.Context, p *parser.Parser, file string) Result {
	r := Result{Name: strings.TrimSuffix(filepath.Base(file), ".json")}
	want, err := os.ReadFile(file) //nolint:gosec // below the folder of the command line
	if err == nil {
		var path string
		if path, err = input(file, ".json"); err == nil {
			var got *parser.Resolved
			if got, err = resolve(ctx, p, path); err == nil {
				err = sameJSON(got.JSON, want)
			}
		}
	}
	return r.of(err)
}

// refusedCase passes where the parser refuses, and says where. That it names the
// same file as the suite's own expectation is part of it, where that names one.
func refusedCase(ctx context.Context, p *parser.Parser, file string) Result {
	r := Result{Name: strings.TrimSuffix(filepath.Base(file), ".result")}
	path, err := input(file, ".result")
	if err != nil {
		r.LeftOut = true // Some expectations have outlived their case.
		return r.of(err)
	}
	_, err = resolve(ctx, p, path)
	var refusal *parser.Error
	switch {
	case err == nil:
		return r.of(errors.New("it was accepted"))
	case !errors.As(err, &refusal):
		return r.of(err)
	case refusal.Place == (parser.Place{}):
		return r.of(fmt.Errorf("no place: %s", refusal.Message))
	}
	expectation, err := os.ReadFile(file) //nolint:gosec // below the folder of the command line
	if err != nil {
		return r.of(err)
	}
	return r.of(samePlace(refusal.Place, string(expectation)))
}

// samePlace holds a place against the one that the suite expects, where its text
// has one: "--> path:line:column". Columns may differ after letters of more than
// one byte.
func samePlace(got parser.Place, expectation string) error {
	_, rest, found := strings.Cut(expectation, "--> ")
	if !found {
		return nil
	}
	line, _, _ := strings.Cut(rest, "\n")
	line = strings.TrimSpace(line)
	if want := fmt.Sprintf("%s:%d:%d", filepath.Base(got.File), got.Line, got.Column); !strings.HasSuffix("/"+line, "/"+want) {
		return fmt.Errorf("refused at %s, where %s is expected", want, line)
	}
	return nil
}

func (r Result) of(err error) Result {
	r.Passed = err == nil
	if err != nil {
		r.Reason, _, _ = strings.Cut(err.Error(), "\n")
	}
	return r
}

// sameJSON compares two texts of JSON but for blanks.
func sameJSON(got, want []byte) error {
	var a, b any
	if err := errors.Join(json.Unmarshal(got, &a), json.Unmarshal(want, &b)); err != nil {
		return err
	}
	if !reflect.DeepEqual(a, b) {
		return errors.New("the JSON differs")
	}
	var x, y bytes.Buffer
	if err := errors.Join(json.Compact(&x, got), json.Compact(&y, want)); err != nil {
		return err
	}
	if !bytes.Equal(x.Bytes(), y.Bytes()) {
		return errors.New("the JSON is in another order")
	}
	return nil
}

// Passed counts the results that passed.
func Passed(results []Result) int {
	n := 0
	for _, r := range results {
		if r.Passed {
			n++
		}
	}
	return n
}

// Failed lists the results that did not pass, by name.
func Failed(results []Result) []Result {
	failed := slices.DeleteFunc(slices.Clone(results), func(r Result) bool { return r.Passed })
	slices.SortFunc(failed, func(a, b Result) int { return strings.Compare(a.Name, b.Name) })
	return failed
}
