package component_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
)

// pinned returns what a pattern's group finds in a file.
func pinned(t *testing.T, file, pattern string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(pattern).FindSubmatch(text)
	if m == nil {
		t.Fatalf("%s pins no engine", file)
	}
	return string(m[1])
}

func TestEngineNameIsOfThePinnedEngine(t *testing.T) {
	if got, want := component.EngineName(), "wasmtime "+pinnedEngine(t); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
