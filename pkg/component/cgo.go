package component

// #cgo CFLAGS: -O2 -Wall
// #cgo noescape hy_run
// #cgo noescape hy_instance_new
// #cgo noescape hy_instance_call
// #cgo noescape hy_compile
// #cgo noescape hy_utf8
// #cgo nocallback hy_utf8
// #cgo noescape hy_deserialize
// #include <stdlib.h>
// #include "shim.h"
import "C"

import "unsafe"

// ref is a pointer to C memory as the two functions of the hot path take it.
func ref[T any](p *T) C.hy_ref { return C.hy_ref(uintptr(unsafe.Pointer(p))) }

// cmem is C memory that lives and dies together.
type cmem struct{ blocks []unsafe.Pointer }

// calloc returns n zeroed bytes, never nil.
func (m *cmem) calloc(n uintptr) unsafe.Pointer {
	p := C.calloc(1, C.size_t(max(n, 1)))
	m.blocks = append(m.blocks, p)
	return p
}

// carray returns n zeroed values of T, or an empty slice.
func carray[T any](m *cmem, n int) []T {
	if n == 0 {
		return nil
	}
	var zero T
	return unsafe.Slice((*T)(m.calloc(uintptr(n)*unsafe.Sizeof(zero))), n)
}

// name returns a copy of s as wasmtime's names are.
func (m *cmem) name(s string) C.wasm_name_t {
	b := carray[byte](m, len(s)+1)
	copy(b, s)
	return C.wasm_name_t{size: C.size_t(len(s)), data: (*C.char)(unsafe.Pointer(&b[0]))}
}

func (m *cmem) free() {
	for _, p := range m.blocks {
		C.free(p)
	}
	m.blocks = nil
}

// view returns a buffer's contents, which stay C's and change with the next call
// in its frame.
func view(b *C.hy_buffer) []byte { return unsafe.Slice((*byte)(b.data), int(b.len)) }

// take returns a copy of a buffer's contents and frees it.
func take(b *C.hy_buffer) []byte {
	s := append([]byte(nil), view(b)...)
	C.free(unsafe.Pointer(b.data))
	*b = C.hy_buffer{}
	return s
}

// signatures mirrors a component's types in C.
type signatures struct {
	mem     *cmem
	program *Program
	lane    bool // what crosses has the lane: its records are tuples
}

// of returns what mirrors an export's: one that the host calls itself has the lane.
func (b *signatures) of(x resolvedExport) *signatures {
	own := *b
	own.lane = b.lane || x.direct != nil
	return &own
}

func (b *signatures) add(s Signature) C.hy_signature {
	params := make([]*Type, len(s.Params))
	for i, p := range s.Params {
		params[i] = p.Type
	}
	return C.hy_signature{
		count:  C.uint32_t(len(params)),
		params: unsafe.SliceData(b.types(params)),
		result: b.mirror(s.Result),
	}
}

func (b *signatures) types(ts []*Type) []*C.hy_type {
	out := carray[*C.hy_type](b.mem, len(ts))
	for i, t := range ts {
		out[i] = b.mirror(t)
	}
	return out
}

func (b *signatures) mirror(t *Type) *C.hy_type {
	if t == nil {
		return nil
	}
	c := (*C.hy_type)(b.mem.calloc(C.sizeof_hy_type))
	c.kind = C.uint8_t(t.kind)
	switch {
	case t.isBytes() && t.lane:
		c.kind = C.HY_LANE_BYTES
	case t.isBytes():
		c.kind = C.HY_BYTES
	case t.kind == KindString && t.lane:
		c.kind = C.HY_LANE_TEXT
	case t.lane:
		c.kind = C.HY_LANE_LIST
	case t.kind == KindRecord && b.lane:
		c.kind = C.uint8_t(KindTuple)
	}
	c.count = C.uint32_t(max(len(t.elems), len(t.labels)))
	elems := b.types(t.elems)
	c.elems = unsafe.SliceData(elems)
	if c.kind != C.uint8_t(KindTuple) {
		labels := carray[C.wasm_name_t](b.mem, len(t.labels))
		for i, l := range t.labels {
			labels[i] = b.mem.name(l)
		}
		c.labels = unsafe.SliceData(labels)
	}
	if t.resource != nil {
		i := b.program.placeOf(t.resource)
		c.resource, c.guest = C.uint32_t(i), C.bool(b.program.resources[i].guest)
	}
	t.lay(c, elems)
	return c
}
