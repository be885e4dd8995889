package component

import "context"

// CompileBare compiles a component with nothing changed: all goes by wasmtime's values.
func (e *Engine) CompileBare(ctx context.Context, wasm []byte) (*Component, error) {
	return e.compile(ctx, wasm, compileBare)
}
