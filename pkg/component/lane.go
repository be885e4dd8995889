package component

// #include "shim.h"
import "C"

import (
	"errors"
	"slices"
	"unsafe"

	"github.com/hygia-suite/hygia/pkg/component/internal/lane"
)

// compileLane gives a component the lane and compiles it. One that cannot have it
// stays as it is, and so does one that wasmtime then refuses: it has the better
// reason.
func compileLane(engine *C.wasm_engine_t, wasm []byte) (*Component, error) {
	rewritten, slow := lane.Rewrite(wasm)
	if !slices.Contains(laneEngines(), EngineName()) {
		slow = errors.New("component: lane: not known to work with " + EngineName())
	}
	if slow == nil {
		c, err := compile(engine, rewritten, nil)
		if !errors.As(err, new(*CompileError)) {
			return c, err
		}
		slow = err
	}
	return compile(engine, wasm, slow)
}

func compilePlain(engine *C.wasm_engine_t, wasm []byte) (*Component, error) {
	return compile(engine, wasm, errPlain)
}

var errPlain = errors.New("component: lane: compiled without it")

// compile compiles a component that has the lane, or has it not for a reason.
func compile(engine *C.wasm_engine_t, wasm []byte, slow error) (*Component, error) {
	var message C.hy_buffer
	c := C.hy_compile(engine, (*C.uint8_t)(unsafe.Pointer(&wasm[0])), C.size_t(len(wasm)), &message)
	if text := take(&message); c == nil {
		return nil, &CompileError{Reason: reason(string(text))}
	}
	return newComponent(c, engine, slow)
}

// laneEngines names the engines whose core instances lane.c knows how to find:
// TestLaneFindsCoreInstances proves it of the one that is linked.
func laneEngines() []string { return []string{"wasmtime 44.0.0", "wasmtime 48.0.8"} }
