package component

// #include "shim.h"
import "C"

import "github.com/hygia-suite/hygia/pkg/component/internal/chunk"

// inPieces returns a component in which a call can be stopped anywhere. One that
// internal/chunk does not know is refused.
func inPieces(engine *C.wasm_engine_t, wasm []byte) ([]byte, error) {
	out, unknown := chunk.Component(wasm)
	if unknown != nil {
		return nil, refuse(engine, wasm, unknown)
	}
	return out, nil
}

// refuse returns why a component is not compiled that is not known here: wasmtime's
// reason, which is the better one, if that refuses it too.
func refuse(engine *C.wasm_engine_t, wasm []byte, unknown error) error {
	c, err := compile(engine, wasm)
	if err == nil {
		C.wasmtime_component_delete(c)
		err = &CompileError{Reason: unknown.Error()}
	}
	return err
}
