package component

// #include "shim.h"
import "C"

import "github.com/hygia-suite/hygia/pkg/component/internal/chunk"

// inPieces returns a component in which a call can be stopped anywhere, and those of its
// memories that begin with headroom. One that internal/chunk does not know is refused.
func inPieces(engine *C.wasm_engine_t, wasm []byte, asks chunk.Headroom) ([]byte, []chunk.Begin, error) {
	out, begins, unknown := chunk.Component(wasm, asks)
	if unknown != nil {
		return nil, nil, refuse(engine, wasm, unknown)
	}
	return out, begins, nil
}

// headroom is what the engine asks of internal/chunk.
func (c Config) headroom() chunk.Headroom {
	if c.HeadroomBytes == 0 {
		return chunk.Headroom{}
	}
	pages := (c.HeadroomBytes + pageBytes - 1) / pageBytes
	return chunk.Headroom{Pages: uint32(pages), Most: uint32(c.MaxMemoryBytes / pageBytes)}
}

// mostMemory is how large the engine may let memories become under a limit: one that
// begins within it without its headroom must begin with it too, and wasmtime knows one
// limit for all memories of an instance.
func (s source) mostMemory(limit int64) int64 {
	most := limit
	for _, b := range s.begins {
		if int64(b.Said)*pageBytes <= limit {
			most = max(most, int64(b.Pages)*pageBytes)
		}
	}
	return most
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
