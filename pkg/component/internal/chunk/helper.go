package chunk

import "github.com/hygia-suite/hygia/pkg/component/internal/wasmbin"

// helper is a function that does what an instruction does, with the same operands: to,
// from and count, with the value of a fill in from's place.
type helper struct {
	instruction
	to, from, count width
	value           []byte  // the type of what a fill takes, else empty
	overlaps        bool    // to and from may be of one memory or table, which may have two indices
	ranges          []bound // what must hold the ranges
	piece           uint64
}

// bound is what must hold the range that begins at an operand.
type bound struct {
	operand byte
	wide    width
	size    func(*assembly) // pushes it, as a number of 64 bits
}

// helper returns the function that does what an instruction does. It is nil where no
// operands let that work on more than a piece.
func (s *shape) helper(i instruction) (*helper, error) {
	switch i.op {
	case memoryInit, memoryCopy, memoryFill:
		return newHelper(i, s.memories, s.data, MemoryPiece, sizeOfMemory)
	default:
		return newHelper(i, s.tables, s.elems, TablePiece, sizeOfTable)
	}
}

func newHelper(i instruction, spaces []space, segments []uint32, piece uint64, sizeOf func(uint32, width) func(*assembly)) (*helper, error) {
	h := &helper{instruction: i, piece: piece}
	find := func(operand byte, n uint32) (space, error) {
		if uint64(n) >= uint64(len(spaces)) {
			return space{}, wasmbin.ErrUnknown
		}
		w := width(spaces[n].wide)
		h.ranges = append(h.ranges, bound{operand, w, sizeOf(n, w)})
		return spaces[n], nil
	}
	var to, from space
	var err error
	switch i.op {
	case memoryFill, tableFill:
		to, err = find(0, i.a)
		h.to, h.count, h.value = width(to.wide), width(to.wide), to.elem
	case memoryCopy, tableCopy:
		if to, err = find(0, i.a); err == nil {
			from, err = find(1, i.b)
		}
		h.to, h.from = width(to.wide), width(from.wide)
		h.count, h.overlaps = h.to && h.from, h.to == h.from
	default:
		if uint64(i.a) >= uint64(len(segments)) {
			return nil, wasmbin.ErrUnknown
		}
		size := uint64(segments[i.a])
		if size <= piece {
			return nil, nil
		}
		to, err = find(0, i.b)
		h.to = width(to.wide)
		h.ranges = append(h.ranges, bound{1, false, func(a *assembly) { a.constant(true, size) }})
	}
	return h, err
}

func sizeOfMemory(n uint32, w width) func(*assembly) {
	return func(a *assembly) { // which is told in pages
		a.op(opMemorySize).index(n).widen(w).constant(true, 16).op(opShl64)
	}
}

func sizeOfTable(n uint32, w width) func(*assembly) {
	return func(a *assembly) { a.op(prefixMisc, tableSize).index(n).widen(w) }
}

// The operands, as parameters.
const (
	to    = 0
	from  = 1
	count = 2
)

// params is their types.
func (h *helper) params() []byte {
	value := h.value
	if len(value) == 0 {
		value = []byte{h.from.typ()}
	}
	return append(append([]byte{3, h.to.typ()}, value...), h.count.typ())
}

// body is that of the function. Whatever traps is left to the instruction itself, with
// all of its operands, as is the last piece.
func (h *helper) body() []byte {
	a := &assembly{b: []byte{0}} // no locals
	a.op(opBlock, wasmbin.NoType)
	a.get(count).constant(h.count, h.piece).goIf(lessOrEqual, h.count)
	for _, r := range h.ranges {
		h.traps(a, r)
	}
	if h.overlaps {
		h.backwards(a)
	}
	a.op(opLoop, wasmbin.NoType)
	h.original(a.get(to).get(from).constant(h.count, h.piece))
	a.step(to, h.to, add, h.piece)
	if len(h.value) == 0 {
		a.step(from, h.from, add, h.piece)
	}
	a.step(count, h.count, sub, h.piece)
	h.again(a)
	a.op(wasmbin.OpEnd)
	h.original(a.get(to).get(from).get(count))
	return a.op(wasmbin.OpEnd).b
}

// traps leaves the block if a range does not lie in its bound.
func (h *helper) traps(a *assembly, r bound) {
	a.get(count).widen(h.count)
	r.size(a)
	a.goIf(greater, true)
	a.get(r.operand).widen(r.wide)
	r.size(a)
	a.get(count).widen(h.count).do(sub, true).goIf(greater, true)
}

// backwards copies the last pieces first where the range moves up and may overlap with
// itself, and leaves the block outside of its own. What is left then is the first piece.
func (h *helper) backwards(a *assembly) {
	a.op(opBlock, wasmbin.NoType)
	a.get(to).get(from).goIf(lessOrEqual, h.to)
	a.op(opLoop, wasmbin.NoType)
	a.step(count, h.count, sub, h.piece)
	a.get(to).get(count).do(add, h.to).get(from).get(count).do(add, h.to)
	h.original(a.constant(h.count, h.piece))
	h.again(a)
	a.op(opBr, 1, wasmbin.OpEnd)
}

// again ends a loop, which goes on while more than a piece is left.
func (h *helper) again(a *assembly) {
	a.get(count).constant(h.count, h.piece).goIf(greater, h.count).op(wasmbin.OpEnd)
}

// original is the instruction that the function stands for.
func (h *helper) original(a *assembly) {
	a.op(prefixMisc, byte(h.op)).index(h.a)
	if h.op != memoryFill && h.op != tableFill {
		a.index(h.b)
	}
}
