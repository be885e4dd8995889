package lane

import "github.com/hygia-suite/hygia/pkg/component/internal/wasmbin"

// The sorts of definitions.
const (
	sortCore      = 0x00
	sortFunc      = 0x01
	sortType      = 0x03
	sortComponent = 0x04
	sortInstance  = 0x05

	coreSortFunc   = 0x00
	coreSortTable  = 0x01
	coreSortMemory = 0x02
	coreSortGlobal = 0x03
	coreSortType   = 0x10
	coreSortModule = 0x11
)

// The opcodes of types that are looked at.
const (
	opString = 0x73
	opRecord = 0x72
	opList   = 0x70
	opTuple  = 0x6f
	opFlags  = 0x6e
)

// pair stands for a string and for a list: tuple<u32, u32>, which crosses as they do,
// as an address and a length.
const pair = "\x6f\x02\x79\x79"

// near is what there is to know of either.
//
//nolint:gochecknoglobals // a constant
var near = typ{lane: true, heap: true, flat: 2, known: true}

// A function may take so many numbers, and return one; else they lie in memory.
const (
	flatParams = 16
	flatMax    = flatParams + 1
)

// depthMax bounds how deep definitions lie in each other.
const depthMax = 100

// deeper counts a level, and fails at one too many. Its result undoes it.
func (w *walker) deeper() func() {
	if w.depth++; w.depth > depthMax {
		w.r.Fail()
	}
	return func() { w.depth-- }
}

// valtype copies the type of a value. In place of string stands the first type
// of the scope.
func (w *walker) valtype() typ {
	b := w.r.Peek()
	switch {
	case b == opString && w.text && w.keep:
		w.copyByte()
		return near
	case b == opString && w.text:
		w.r.Byte()
		w.out = wasmbin.AppendIndex(w.out, 0)
		return near
	case b >= opString && b <= 0x7f:
		return primitive(w.copyByte())
	}
	i := w.r.S33()
	if i < 0 || i > 1<<32-2 {
		w.r.Fail()
		return typ{}
	}
	w.out = wasmbin.AppendIndex(w.out, uint64(i)+w.own())
	return w.typeAt(uint32(i))
}

func primitive(op byte) typ {
	if op == opString { // which does not take the lane
		return typ{plain: true, flat: 2, known: true}
	}
	return typ{flat: 1, known: true}
}

func (w *walker) typeAt(i uint32) typ {
	t, ok := at(w.scope.types, i)
	if !ok {
		w.r.Fail()
	}
	return t
}

// typeIndex copies an index of a type, which moves up by what is before it.
func (w *walker) typeIndex() typ {
	i := w.r.U32()
	w.shifted(i)
	return w.typeAt(i)
}

func (w *walker) shifted(i uint32) {
	if i == 1<<32-1 {
		w.r.Fail()
		return
	}
	w.out = wasmbin.AppendU32(w.out, i+uint32(w.own()))
}

// own is how many types each scope begins with that the component has not.
func (w *walker) own() uint64 {
	if w.keep {
		return 0
	}
	return 1
}

func (w *walker) optional(t func() typ) typ {
	switch w.copyByte() {
	case 0:
		return typ{known: true}
	case 1:
		return t()
	}
	w.r.Fail()
	return typ{}
}

// and is the type of something that holds values of both.
func (t typ) and(u typ) typ {
	return t.with(u, min(t.flat+u.flat, flatMax))
}

// or is the type of something that holds a value of one of the two.
func (t typ) or(u typ) typ {
	return t.with(u, max(t.flat, u.flat))
}

func (t typ) with(u typ, flat int) typ {
	return typ{lane: t.lane || u.lane, plain: t.plain || u.plain, heap: t.heap || u.heap, flat: flat,
		known: t.known && u.known}
}

// chosen is the type of something that says which, and holds a t.
func (t typ) chosen() typ { return typ{flat: 1, known: true}.and(t) }

// deftype copies a type's definition.
func (w *walker) deftype() typ {
	defer w.deeper()()
	op := w.r.Peek()
	if w.r.Err != nil {
		return typ{}
	}
	switch {
	case op == opString && w.text && w.keep:
		w.copyByte()
		return near
	case op == opString && w.text:
		w.r.Byte()
		w.out = append(w.out, pair...)
		return near
	case op >= opString && op <= 0x7f:
		return primitive(w.copyByte())
	case op == opList:
		return w.list()
	case op == 0x40:
		return w.functype()
	case op == 0x41 || op == 0x42:
		w.copyByte()
		return w.declarations(op == 0x41)
	case op == 0x3f:
		w.copyByte()
		if w.copyByte() != 0x7f {
			w.r.Fail()
		}
		w.optional(w.coreFunc) // the destructor
		return typ{known: true}
	}
	return w.compound(op)
}

// list copies the type of a list, or writes the pair, unless only wasmtime can read
// its items.
func (w *walker) list() typ {
	start := len(w.out)
	w.copyByte()
	of := w.valtype()
	if of.plain || !of.known {
		of.flat, of.heap = 2, true
		return of
	}
	if !w.keep {
		w.out = append(w.out[:start], pair...)
	}
	return near
}

func (w *walker) compound(op byte) typ {
	if op == opRecord || op == opTuple {
		return w.members(op == opRecord)
	}
	w.copyByte()
	switch op {
	case 0x71: // variant
		return w.variant()
	case opFlags, 0x6d: // an enum
		n := w.copyCount()
		for range n {
			w.copyName()
		}
		if op == opFlags {
			return typ{flat: min((n+31)/32, flatMax), plain: n > 64, known: true}
		}
		return typ{flat: 1, known: true}
	case 0x6b: // option
		return w.valtype().chosen()
	case 0x6a: // result
		ok := w.optional(w.valtype)
		return ok.or(w.optional(w.valtype)).chosen()
	case 0x69, 0x68: // own, borrow
		w.typeIndex()
		return typ{plain: true, flat: 1, known: true}
	}
	w.r.Fail()
	return typ{}
}

// members reads a record or a tuple, and writes a tuple: both cross alike, and
// nobody copies a tuple's names.
func (w *walker) members(named bool) typ {
	if op := w.r.Byte(); w.keep {
		w.out = append(w.out, op)
	} else {
		w.out = append(w.out, opTuple)
	}
	out := typ{known: true}
	for range w.copyCount() {
		if named && w.keep {
			w.copyName()
		} else if named {
			w.r.Name()
		}
		out = out.and(w.valtype())
	}
	return out
}

func (w *walker) variant() typ {
	out := typ{known: true}
	for range w.copyCount() {
		w.copyName()
		out = out.or(w.optional(w.valtype))
		if w.copyByte() != 0 {
			w.r.Fail()
		}
	}
	return out.chosen()
}

func (w *walker) functype() typ {
	w.copyByte()
	params := typ{known: true}
	for range w.copyCount() {
		w.copyName()
		params = params.and(w.valtype())
	}
	result := typ{known: true}
	switch w.copyByte() {
	case 0:
		result = w.valtype()
	case 1:
		if w.copyByte() != 0 {
			w.r.Fail()
		}
	default:
		w.r.Fail()
	}
	room := params.heap || params.flat > flatParams
	return typ{params: params.lane, result: result.lane, plain: params.plain || result.plain,
		room: room, memory: room || result.flat > 1, known: params.known && result.known}
}

// declarations copies the body of a type of components or instances, behind a
// declaration of the pair that stands for string, if any does.
func (w *walker) declarations(component bool) typ {
	outer := w.scope
	w.scope = &scope{parent: outer}
	defer func() { w.scope = outer }()
	n := w.r.Count()
	w.out = wasmbin.AppendU32(w.out, uint32(n)+uint32(w.own()))
	if !w.keep {
		w.out = append(w.out, "\x01"+pair...)
	}
	exports := make(map[string]item)
	for range n {
		switch op := w.copyByte(); {
		case op == 0x01:
			w.scope.types = append(w.scope.types, w.deftype())
		case op == 0x02:
			w.alias()
		case op == 0x03 && component:
			w.externName()
			w.declare("", w.externdesc())
		case op == 0x04:
			name := w.externName()
			exports[name] = w.externdesc()
			w.declare("", exports[name])
		default:
			w.r.Fail()
		}
		if w.r.Err != nil {
			return typ{}
		}
	}
	if component {
		return typ{known: true}
	}
	return typ{exports: exports, known: true}
}

func (w *walker) externName() string {
	if w.copyByte() > 1 {
		w.r.Fail()
	}
	return w.copyName()
}

func (w *walker) externdesc() item {
	switch sort := w.copyByte(); sort {
	case sortFunc, sortComponent, sortInstance:
		return item{sort: sort, typ: w.typeIndex()}
	case sortType:
		switch w.copyByte() {
		case 0:
			return item{sort: sort, typ: w.typeIndex()}
		case 1: // a resource
			return item{sort: sort, typ: typ{known: true}}
		}
	}
	w.r.Fail()
	return item{}
}

// declare adds an import, or what an export makes anew, to its index space.
// Imports have a name.
func (w *walker) declare(name string, i item) {
	s := w.scope
	switch i.sort {
	case sortFunc:
		s.funcs = append(s.funcs, fn{typ: i.typ, imported: name != "", field: name, origin: i.origin})
	case sortType:
		s.types = append(s.types, i.typ)
	case sortComponent:
		s.components = append(s.components, i.typ)
	case sortInstance:
		s.instances = append(s.instances, instance{name: name, typ: i.typ})
	}
}
