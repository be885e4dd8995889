package component

// #include "shim.h"
import "C"

import (
	"sync"

	"github.com/hygia-suite/hygia/pkg/component/internal/chunk"
	"github.com/hygia-suite/hygia/pkg/component/internal/lane"
)

// Component is a compiled component. It is safe for concurrent use. Programs
// linked from it keep what they need: it may be closed before them.
type Component struct {
	engine *Engine // set by whoever calls newComponent
	description
	source

	mu sync.Mutex
	c  *C.wasmtime_component_t
}

// source is what a component was before internal/lane had it.
type source struct {
	slow  error  // why its types are not those of the lane, nil when they are
	types []byte // what describe.c writes of it
	text  bool   // whether its strings take the lane

	asked     chunk.Headroom
	begins    []chunk.Begin // its memories that have headroom
	added     int           // core instances that internal/bound added to it
	instances int           // core instances that it has
	direct    []lane.Direct // the exports that are called as core functions
}

func newComponent(c *C.wasmtime_component_t, engine *C.wasm_engine_t, s source) (*Component, error) {
	component := &Component{c: c, source: s}
	types, err := describe(c, engine)
	if err == nil {
		component.description, err = s.read(types)
	}
	if err != nil {
		component.Close()
		return nil, err
	}
	return component, nil
}

// describe returns what describe.c writes of a component.
func describe(c *C.wasmtime_component_t, engine *C.wasm_engine_t) ([]byte, error) {
	var out C.hy_buffer
	ok := C.hy_describe(c, engine, &out, describeMax)
	types := take(&out)
	if !ok {
		return nil, &LimitError{Limit: LimitTypes, Max: describeMax}
	}
	return types, nil
}

// Imports lists the functions that the component imports, as it declares them.
// An interface without functions is listed once, without a name: every
// interface that a component needs is there.
func (c *Component) Imports() []Item { return items(c.imports) }

// Exports lists the functions that the component exports, as it declares them,
// in the manner of Imports.
func (c *Component) Exports() []Item { return items(c.exports) }

// Lane returns nil when the component's strings and lists, but for lists of handles, take
// the lane: one copy each way, of any size that the limits allow, which a deadline ends.
// Otherwise it says why not: then those that cross in host functions, and in exported
// functions that take or return handles, go through wasmtime's own values. A call costs
// some 100 ns more, a string some copies more, a list<u8> a hundred times a string and
// may have no more than 4 MiB, other lists no more than 4 194 304 items, and a deadline
// may end a call with a million of them a tenth of a second late. Exported functions
// without handles have the lane all the same, unless the component is composed of several
// or in a form that is not known.
func (c *Component) Lane() error { return c.slow }

// Close frees the component. Closing twice does nothing.
func (c *Component) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.c != nil {
		C.wasmtime_component_delete(c.c)
		c.c = nil
	}
}

// clone returns a handle of the component of its own, or nil when it is closed.
func (c *Component) clone() *C.wasmtime_component_t {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.c == nil {
		return nil
	}
	return C.wasmtime_component_clone(c.c)
}
