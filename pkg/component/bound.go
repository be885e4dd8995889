package component

// #include "shim.h"
import "C"

import "github.com/hygia-suite/hygia/pkg/component/internal/bound"

// OwnResources is how many resources of its own a guest may have alive at once,
// wherever their handles are: one more ends its call with ErrOwnResources. In a
// composition it is how many each of the components may have. It is compiled into
// guests, and so no part of Limits.
const OwnResources = bound.Resources

// compileBounded bounds a component's own resources and then compiles it. One that
// internal/bound does not know is refused.
func compileBounded(engine *C.wasm_engine_t, wasm []byte, by func(*C.wasm_engine_t, []byte) (*Component, error)) (*Component, error) {
	bounded, unknown := bound.Component(wasm)
	if unknown != nil {
		return nil, refuse(engine, wasm, unknown)
	}
	c, err := by(engine, bounded.Wasm)
	if err == nil {
		c.added = bounded.Instances
	}
	return c, err
}
