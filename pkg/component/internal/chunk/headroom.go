package chunk

import (
	"errors"

	"github.com/hygia-suite/hygia/pkg/component/internal/wasmbin"
)

// A memory that grows asks the kernel for more, which takes the process's lock of its
// address space for that, and again when the next instance begins with less. So a memory
// can begin with headroom: it is larger from the start, and a global holds how large the
// guest believes it to be.

// Headroom is how much larger than its module says each memory of 32 bits begins that its
// own module grows. What lies there can be read and written before the guest has grown
// into it. The zero value is none.
type Headroom struct {
	Pages uint32 // of 64 KiB
	Most  uint32 // how many pages a memory that has headroom begins with at most
}

// Begin is how many pages a memory with headroom begins with.
type Begin struct {
	Said  uint32 // by its module, and to its guest
	Pages uint32 // in truth
}

// errShared is the error of a module that asks how large another's memory is, or grows
// it: that other one would not know of it.
var errShared = errors.New("a memory is of several modules")

// headroom is a memory's that has some.
type headroom struct {
	Begin
	size  uint32 // the global that holds how large the guest believes it to be
	grows bool   // else the memory stays as it is
}

// headroom returns what is known of a memory's, nil where it has none.
func (w *rewriter) headroom(memory uint32) (*headroom, error) {
	if h, ok := w.headrooms[memory]; ok || w.asks.Pages == 0 {
		return h, nil
	}
	if uint64(memory) >= uint64(len(w.shape.memories)) {
		return nil, wasmbin.ErrUnknown
	}
	m := w.shape.memories[memory]
	if m.imported {
		return nil, errShared
	}
	begin := min(m.least+uint64(w.asks.Pages), m.most, uint64(w.asks.Most))
	if m.wide || w.shape.takesOurs || begin <= m.least {
		return nil, nil
	}
	h := &headroom{Begin: Begin{Said: uint32(m.least), Pages: uint32(begin)}}
	h.size = w.global(wasmbin.AppendIndex([]byte{i32, 1, wasmbin.OpI32Const}, m.least)...)
	w.headrooms[memory] = h
	return h, nil
}

// sizer makes the function that stands in the place of the instruction that tells how
// large a memory with headroom is.
func (w *rewriter) sizer(i instruction) (call, error) {
	h, err := w.headroom(i.a)
	if h == nil || err != nil {
		return call{}, err
	}
	body := (&assembly{b: []byte{0}}).op(wasmbin.OpGlobalGet).index(h.size).op(wasmbin.OpEnd).b
	return call{function: w.function([]byte{0}, []byte{1, i32}, body), needed: true}, nil
}

// grower makes the function that stands in the place of the instruction that grows the
// memory: it grows by as much as headroom lacks.
func (h *headroom) grower(memory, asked uint32) []byte {
	const by, had, left = 0, 1, 2
	a := &assembly{b: []byte{1, 2, i32}}
	a.op(opMemorySize).index(memory).op(wasmbin.OpGlobalGet).index(h.size).op(opTee, had).do(sub, false).op(wasmbin.OpLocalSet, left)
	a.get(by).get(left).do(greater, false).op(wasmbin.OpIf, wasmbin.NoType)
	a.get(by).get(left).do(sub, false).op(opMemoryGrow).index(memory).minusOne(false).do(equal, false).op(wasmbin.OpIf, wasmbin.NoType)
	a.get(had).widen(false).get(by).widen(false).do(add, true).op(wasmbin.OpGlobalSet).index(asked)
	a.minusOne(false).op(opReturn).op(wasmbin.OpEnd).op(wasmbin.OpEnd)
	a.get(had).get(by).do(add, false).op(wasmbin.OpGlobalSet).index(h.size)
	return a.get(had).op(wasmbin.OpEnd).b
}

// begin has the memories with headroom begin with it, and returns them in their order.
func (w *rewriter) begin() (begins []Begin) {
	for i, s := range w.sections {
		if s.ID != wasmbin.SecMemory || len(w.headrooms) == 0 {
			continue
		}
		var out []byte
		done := 0
		for memory, m := range w.shape.memories {
			if h := w.headrooms[uint32(memory)]; h != nil && h.grows {
				begins = append(begins, h.Begin)
				out = wasmbin.AppendU32(append(out, s.Body[done:m.from]...), h.Pages)
				done = m.to
			}
		}
		w.sections[i].Body = append(out, s.Body[done:]...)
	}
	return begins
}
