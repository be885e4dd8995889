package component

import "context"

// CompileBare compiles a component with nothing changed: all goes by wasmtime's values.
func (e *Engine) CompileBare(ctx context.Context, wasm []byte) (*Component, error) {
	return e.compile(ctx, wasm, compileBare)
}

// CompileAlone has wasmtime compile what no pass of this package has looked at.
func (e *Engine) CompileAlone(wasm []byte) (*Component, error) {
	c, err := compileBare(e.c, wasm)
	if err == nil {
		c.engine = e
	}
	return c, err
}

// SerialFormat is what Serialize begins with.
const SerialFormat = serialFormat
