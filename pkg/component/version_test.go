package component_test

import (
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
)

func TestEngineNameIsOfTheLinkedModule(t *testing.T) {
	if got := component.EngineName(); !strings.HasPrefix(got, "wasmtime 44.") {
		t.Errorf("got %q", got)
	}
}
