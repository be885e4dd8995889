package component_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
)

func TestEngineNameIsOfTheRequiredModule(t *testing.T) {
	text, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`github.com/bytecodealliance/wasmtime-go/v\d+ v(\S+)`).FindSubmatch(text)
	if m == nil {
		t.Fatal("go.mod requires no wasmtime-go")
	}
	if got, want := component.EngineName(), "wasmtime "+string(m[1]); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
