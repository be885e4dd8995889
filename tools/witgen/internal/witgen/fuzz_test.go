package witgen_test

import (
	"errors"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"

	"github.com/hygia-suite/hygia/tools/witgen/internal/gogen"
	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	witparser "github.com/hygia-suite/hygia/tools/witgen/internal/parser"
	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen"
)

// Whatever stands in a file, witgen makes Go of it that is Go, or refuses it with a
// place in that file; it neither crashes nor hangs.
func FuzzGenerate(f *testing.F) {
	for _, pattern := range []string{"testdata/wit/*/*.wit", "../../../../wit/*/*.wit"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text))
		}
	}
	for _, row := range refusals {
		f.Add(row.wit)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<16 {
			return
		}
		sources := []witparser.Package{{{Name: "a.wit", Content: []byte(text)}}}
		files, err := witgen.GenerateFiles(t.Context(), wits, sources, gogen.Paths{Go: "example.org/go", Proto: "example.org/pb"})
		if err != nil {
			refused(t, text, err)
			return
		}
		for _, file := range files {
			if !strings.HasSuffix(file.Path, ".go") {
				continue
			}
			if _, err := parser.ParseFile(token.NewFileSet(), file.Path, file.Content, parser.SkipObjectResolution); err != nil {
				t.Errorf("%s is not Go: %v", file.Path, err)
			}
		}
	})
}

// refused holds a refusal to what is promised of it. The parser, which is not
// ours, may trap; then no place is known.
func refused(t *testing.T, text string, err error) {
	t.Helper()
	var trap *component.TrapError
	if errors.As(err, &trap) {
		t.Logf("the parser traps: %v", err)
		return
	}
	var refusal *model.Error
	if !errors.As(err, &refusal) {
		t.Fatalf("%T is not a *model.Error: %v", err, err)
	}
	pos := refusal.Position
	if lines := strings.Count(text, "\n") + 1; pos.Line < 1 || pos.Line > lines || pos.Column < 1 || pos.Column > len(text)+1 {
		t.Errorf("%v: the text has %d lines and %d bytes", err, lines, len(text))
	}
}
