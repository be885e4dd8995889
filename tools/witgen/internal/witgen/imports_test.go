package witgen_test

import (
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// allowed is all that generated Go may import, beside other generated packages
// and messages. Each line is a promise to whoever reviews what runs.
var allowed = []string{
	"context",
	"errors",
	"strconv",
	"github.com/hygia-suite/hygia/pkg/component",
	"github.com/hygia-suite/hygia/pkg/wit",
	"google.golang.org/protobuf/types/known/emptypb",
}

func TestImportsOfGeneratedCode(t *testing.T) {
	files, err := generate(t, golden)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range files {
		if !strings.HasSuffix(f.Path, ".go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Path, f.Content, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			seen[path] = true
			if !slices.Contains(allowed, path) && !strings.HasPrefix(path, goldenModule) {
				t.Errorf("%s imports %s", f.Path, path)
			}
		}
	}
	for _, path := range allowed {
		if !seen[path] {
			t.Errorf("nothing imports %s: take it off the list", path)
		}
	}
}
