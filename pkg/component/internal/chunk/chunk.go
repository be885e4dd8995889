// Package chunk rewrites core modules so that no stretch of their code runs for long
// between two looks at the clock.
//
// Compiled code looks whether its call was stopped where a function begins and each
// time round a loop. One instruction that fills, copies or initialises memory or a table
// may work on all of it, some hundred milliseconds, and cannot be interrupted. Module
// puts calls of functions in the place of these instructions, which do the same piece by
// piece, in a loop. An operation that would trap traps as it did, with nothing written.
// After each call, and in long code, it adds a look at the clock: thousands of functions
// that return into each other are as good as a loop, and so is a store to each page.
//
// What grows a memory or a table becomes a call too, of a function that notes what was
// refused: see AskedPages. Where it is asked for, memories begin with room to grow: see
// Headroom.
//
// The functions, and their types, stand at the ends of their index spaces, so that
// nothing else in a module changes but offsets into its code section: the debug
// information of DWARF sections points beside the code that it describes.
//
// What is known here is what wasmtime has on by default, without garbage collection,
// exceptions and threads:
// https://webassembly.github.io/spec/core/binary/index.html
// A module or component with anything else in it is refused.
package chunk

import (
	"errors"
	"fmt"

	"github.com/hygia-suite/hygia/pkg/component/internal/wasmbin"
)

// Piece sizes: what one instruction works on at most, a fresh page of memory taking
// the kernel some 2 µs when it is busy.
const (
	MemoryPiece = 64 << 10 // bytes
	TablePiece  = 4 << 10  // elements
)

// helpersMax bounds what a module can make of few bytes: it gains a function for each
// combination of an instruction and the memories, tables or segments it names.
const helpersMax = 10_000

// depthMax bounds how deep components lie in each other, as wasmtime does.
const depthMax = 100

var errHelpers = errors.New("too many memories, tables or segments are copied to too many others")

// Component is Module for each core module in a component, those of components within
// it included. No memory has headroom where a module measures or grows one that it imports.
func Component(wasm []byte, asks Headroom) ([]byte, []Begin, error) {
	w := &walker{asks: asks, out: make([]byte, 0, len(wasm)+len(wasm)/16)}
	err := w.component(wasm, 0)
	switch {
	case errors.Is(err, errShared):
		return Component(wasm, Headroom{})
	case err != nil:
		return nil, nil, err
	case !w.changed:
		return wasm, nil, nil
	}
	return w.out, w.begins, nil
}

// walker writes a component anew, in time and memory linear in its size.
type walker struct {
	asks    Headroom
	out     []byte
	begins  []Begin
	changed bool
	modules int // those met so far
}

// The sections of a component that hold code, and the last that there is.
const (
	secModule    = 1
	secComponent = 4
	secLast      = 11
)

func (w *walker) component(wasm []byte, depth int) error {
	r := &wasmbin.Reader{In: wasm}
	if string(r.Take(uint32(len(wasmbin.Component)))) != wasmbin.Component || depth > depthMax {
		return wasmbin.ErrUnknown
	}
	w.out = append(w.out, wasmbin.Component...)
	for !r.Done() {
		id, body := r.Section()
		if r.Err != nil || id > secLast {
			return fmt.Errorf("at byte %d: %w", r.Pos, wasmbin.ErrUnknown)
		}
		if err := w.section(id, body, depth); err != nil {
			return err
		}
	}
	return r.Err
}

func (w *walker) section(id byte, body []byte, depth int) error {
	switch id {
	case secModule:
		out, begins, err := Module(body, w.asks)
		if err != nil {
			return fmt.Errorf("core module %d: %w", w.modules, err)
		}
		w.begins = append(w.begins, begins...)
		w.modules++
		w.changed = w.changed || &out[0] != &body[0]
		w.out = wasmbin.AppendSection(w.out, id, out)
	case secComponent:
		// Its size takes all the bytes that it may, since it is known last.
		w.out = append(w.out, id, 0x80, 0x80, 0x80, 0x80, 0)
		start := len(w.out)
		if err := w.component(body, depth+1); err != nil {
			return err
		}
		size := len(w.out) - start
		for i := range 5 {
			w.out[start-5+i] |= byte(size >> (7 * i) & 0x7f)
		}
	default:
		w.out = wasmbin.AppendSection(w.out, id, body)
	}
	return nil
}
