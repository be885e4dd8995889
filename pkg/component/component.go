package component

// #include "shim.h"
import "C"

import "sync"

// Component is a compiled component. It is safe for concurrent use. Programs
// linked from it keep what they need: it may be closed before them.
type Component struct {
	engine *Engine // set by whoever calls newComponent
	description
	slow error // why it has not the lane of internal/lane, nil when it has

	mu sync.Mutex
	c  *C.wasmtime_component_t
}

func newComponent(c *C.wasmtime_component_t, engine *C.wasm_engine_t, slow error) (*Component, error) {
	component := &Component{c: c, slow: slow}
	var description C.hy_buffer
	ok := C.hy_describe(c, engine, &description, describeMax)
	text := take(&description)
	if !ok {
		component.Close()
		return nil, &LimitError{Limit: LimitTypes, Max: describeMax}
	}
	var err error
	component.description, err = readDescription(text, slow == nil)
	if err != nil {
		component.Close()
		return nil, err
	}
	return component, nil
}

// Imports lists the functions that the component imports, as it declares them.
// An interface without functions is listed once, without a name: every
// interface that a component needs is there.
func (c *Component) Imports() []Item { return items(c.imports) }

// Exports lists the functions that the component exports, as it declares them,
// in the manner of Imports.
func (c *Component) Exports() []Item { return items(c.exports) }

// Lane returns nil when the component's strings and list<u8>s take the lane: one
// copy each way, of any size that the limits allow. Otherwise it says why they go
// through wasmtime's own values: a string costs some copies more, a list<u8> a
// hundred times a string and may have no more than 4 MiB.
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
