package component_test

import (
	"context"
	"testing"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/hygia-suite/hygia/pkg/component"
)

// wasm assembles a component from its text form.
func wasm(t testing.TB, text string) []byte {
	t.Helper()
	b, err := wasmtime.Wat2Wasm(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// newEngine returns an engine that ends with the test.
func newEngine(t testing.TB, cfg component.Config) *component.Engine {
	t.Helper()
	e, err := component.NewEngine(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// link compiles and links a component's text; both end with the test.
func link(t testing.TB, e *component.Engine, text string, o component.LinkOptions) *component.Program {
	t.Helper()
	c := compile(t, e, text)
	p, err := e.Link(c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func compile(t testing.TB, e *component.Engine, text string) *component.Component {
	t.Helper()
	c, err := e.Compile(context.Background(), wasm(t, text))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}
