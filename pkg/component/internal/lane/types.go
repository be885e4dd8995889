package lane

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
	opU8     = 0x7d
	opList   = 0x70
	opTuple  = 0x6f
)

// The stand-ins: pairs of numbers, which cross as a list and a string do, as an
// address and a length. They differ so that each can be told from the other, and
// in a way that no one's own types do: a component which has one of the two
// itself stays as it is.
const (
	bytesPair = "\x6f\x02\x7a\x79" // tuple<s32, u32>
	textPair  = "\x6f\x02\x79\x7a" // tuple<u32, s32>
)

// depthMax bounds how deep definitions lie in each other.
const depthMax = 100

// deeper counts a level, and fails at one too many. Its result undoes it.
func (w *walker) deeper() func() {
	if w.depth++; w.depth > depthMax {
		w.r.fail()
	}
	return func() { w.depth-- }
}

// valtype copies the type of a value. In place of string stands the first type
// of the scope.
func (w *walker) valtype() typ {
	b := w.r.peek()
	switch {
	case b == opString && w.text:
		w.r.byte()
		w.out = appendIndex(w.out, 0)
		return typ{lane: true, known: true}
	case b >= opString && b <= 0x7f:
		w.copyByte()
		return typ{known: true}
	}
	i := w.r.s33()
	if i < 0 || i > 1<<32-2 {
		w.r.fail()
		return typ{}
	}
	w.out = appendIndex(w.out, uint64(i)+1)
	return w.typeAt(uint32(i))
}

func (w *walker) typeAt(i uint32) typ {
	t, ok := at(w.scope.types, i)
	if !ok {
		w.r.fail()
	}
	return t
}

// typeIndex copies an index of a type, which moves up by one.
func (w *walker) typeIndex() typ {
	i := w.r.u32()
	w.shifted(i)
	return w.typeAt(i)
}

func (w *walker) shifted(i uint32) {
	if i == 1<<32-1 {
		w.r.fail()
		return
	}
	w.out = appendU32(w.out, i+1)
}

func (w *walker) optional(t func() typ) typ {
	switch w.copyByte() {
	case 0:
		return typ{known: true}
	case 1:
		return t()
	}
	w.r.fail()
	return typ{}
}

// all is the type of something that holds values of the types.
func all(ts ...typ) typ {
	out := typ{known: true}
	for _, t := range ts {
		out.lane = out.lane || t.lane
		out.known = out.known && t.known
	}
	return out
}

// deftype copies a type's definition.
func (w *walker) deftype() typ {
	defer w.deeper()()
	op := w.r.peek()
	if w.r.err != nil {
		return typ{}
	}
	switch {
	case op == opString && w.text:
		w.r.byte()
		w.out = append(w.out, textPair...)
		return typ{lane: true, known: true}
	case op >= opString && op <= 0x7f:
		w.copyByte()
		return typ{known: true}
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
			w.r.fail()
		}
		w.optional(w.coreFunc) // the destructor
		return typ{known: true}
	}
	return w.compound()
}

func (w *walker) list() typ {
	w.r.byte()
	if w.r.peek() == opU8 {
		w.r.byte()
		w.out = append(w.out, bytesPair...)
		return typ{lane: true, known: true}
	}
	w.out = append(w.out, opList)
	return all(w.valtype())
}

func (w *walker) compound() typ {
	op := w.copyByte()
	out := typ{known: true}
	switch op {
	case 0x72: // record
		for range w.copyCount() {
			w.copyName()
			out = all(out, w.valtype())
		}
	case 0x71: // variant
		for range w.copyCount() {
			w.copyName()
			out = all(out, w.optional(w.valtype))
			if w.copyByte() != 0 {
				w.r.fail()
			}
		}
	case opTuple:
		return w.tuple()
	case 0x6e, 0x6d: // flags, enum
		for range w.copyCount() {
			w.copyName()
		}
	case 0x6b: // option
		return all(w.valtype())
	case 0x6a: // result
		ok := w.optional(w.valtype)
		return all(ok, w.optional(w.valtype))
	case 0x69, 0x68: // own, borrow
		w.typeIndex()
	default:
		w.r.fail()
	}
	return out
}

func (w *walker) tuple() typ {
	if w.r.err == nil && len(w.r.in)-w.r.pos >= 3 {
		if next := string(w.r.in[w.r.pos : w.r.pos+3]); next == bytesPair[1:] || next == textPair[1:] {
			w.r.failFor(errOwn)
		}
	}
	out := typ{known: true}
	for range w.copyCount() {
		out = all(out, w.valtype())
	}
	return out
}

func (w *walker) functype() typ {
	w.copyByte()
	params := typ{known: true}
	for range w.copyCount() {
		w.copyName()
		params = all(params, w.valtype())
	}
	result := typ{known: true}
	switch w.copyByte() {
	case 0:
		result = w.valtype()
	case 1:
		if w.copyByte() != 0 {
			w.r.fail()
		}
	default:
		w.r.fail()
	}
	return typ{params: params.lane, result: result.lane, known: params.known && result.known}
}

// declarations copies the body of a type of components or instances, behind a
// declaration of the pair that stands for string.
func (w *walker) declarations(component bool) typ {
	outer := w.scope
	w.scope = &scope{parent: outer}
	defer func() { w.scope = outer }()
	n := w.r.count()
	w.out = append(appendU32(w.out, uint32(n)+1), "\x01"+textPair...)
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
			w.r.fail()
		}
		if w.r.err != nil {
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
		w.r.fail()
	}
	return w.copyName()
}

func (w *walker) externdesc() item {
	switch sort := w.copyByte(); sort {
	case sortFunc, sortComponent, sortInstance:
		return item{sort, w.typeIndex()}
	case sortType:
		switch w.copyByte() {
		case 0:
			return item{sort, w.typeIndex()}
		case 1: // a resource
			return item{sort, typ{known: true}}
		}
	}
	w.r.fail()
	return item{}
}

// declare adds an import, or what an export makes anew, to its index space.
// Imports have a name.
func (w *walker) declare(name string, i item) {
	s := w.scope
	switch i.sort {
	case sortFunc:
		s.funcs = append(s.funcs, fn{typ: i.typ, imported: name != "", field: name})
	case sortType:
		s.types = append(s.types, i.typ)
	case sortComponent:
		s.components++
	case sortInstance:
		s.instances = append(s.instances, instance{name: name, typ: i.typ})
	}
}
