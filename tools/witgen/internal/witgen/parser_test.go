package witgen_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/hygia-suite/hygia/tools/witgen/internal/parser"
	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen"
)

// wits is the parser of all tests: making one takes longer than most of them.
var wits *parser.Parser

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) (code int) {
	var err error
	if wits, err = parser.New(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := wits.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	return m.Run()
}

// generate is witgen.Generate with the parser of all tests.
func generate(t *testing.T, c witgen.Config) ([]witgen.File, error) {
	t.Helper()
	return witgen.Generate(t.Context(), wits, c)
}
