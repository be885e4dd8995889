package bound

import "github.com/hygia-suite/hygia/pkg/component/internal/wasmbin"

// The opcodes of types.
const (
	opPrimitive = 0x73 // the least of those without parts
	opRecord    = 0x72
	opVariant   = 0x71
	opList      = 0x70
	opTuple     = 0x6f
	opFlags     = 0x6e
	opEnum      = 0x6d
	opOption    = 0x6b
	opResult    = 0x6a
	opOwn       = 0x69
	opBorrow    = 0x68
	opFunction  = 0x40
	opComponent = 0x41
	opInstance  = 0x42
	opResource  = 0x3f
	opI32       = 0x7f // what represents a resource
)

// typedef copies a type. All are as they were but a resource's, whose destructor is
// put behind one that counts.
func (w *walker) typedef() {
	if w.r.Peek() != opResource {
		start := w.r.Pos
		w.deftype()
		if w.r.Err == nil {
			w.item = w.r.In[start:w.r.Pos]
		}
		return
	}
	w.expect(opResource)
	w.expect(opI32)
	has, f := w.r.Byte(), uint32(0)
	switch has {
	case 0:
	case 1:
		f = w.index(&w.scope.funcs)
	default:
		w.r.Fail()
	}
	if w.r.Err != nil {
		return
	}
	if w.scope.makes {
		f, has = w.destructor(f, has == 1), 1
	}
	if w.item = append(w.item, has); has == 1 {
		w.item = wasmbin.AppendU32(w.item, f)
	}
}

// deftype reads a type's definition, within which no index is of anything that moves.
func (w *walker) deftype() {
	defer w.deeper()()
	r := &w.r
	switch op := r.Byte(); op {
	case opRecord, opFunction:
		for range r.Count() {
			r.Name()
			w.valtype()
		}
		if op == opFunction {
			w.result()
		}
	case opVariant:
		for range r.Count() {
			r.Name()
			w.optional()
			if r.Byte() != 0 {
				r.Fail()
			}
		}
	case opList, opOption:
		w.valtype()
	case opTuple:
		for range r.Count() {
			w.valtype()
		}
	case opFlags, opEnum:
		for range r.Count() {
			r.Name()
		}
	case opResult:
		w.optional()
		w.optional()
	case opOwn, opBorrow:
		r.U32()
	case opComponent, opInstance:
		w.declarations(op == opComponent)
	default:
		if op < opPrimitive || op > 0x7f {
			r.Fail()
		}
	}
}

func (w *walker) valtype() {
	// A primitive type is its opcode, a negative number; any other is an index.
	if v := w.r.S33(); v < opPrimitive-0x80 || v > 1<<32-1 {
		w.r.Fail()
	}
}

func (w *walker) optional() {
	switch w.r.Byte() {
	case 0:
	case 1:
		w.valtype()
	default:
		w.r.Fail()
	}
}

// result reads that of a function.
func (w *walker) result() {
	switch w.r.Byte() {
	case 0:
		w.valtype()
	case 1:
		if w.r.Byte() != 0 {
			w.r.Fail()
		}
	default:
		w.r.Fail()
	}
}

// declarations reads the body of a type of components or instances.
func (w *walker) declarations(component bool) {
	r := &w.r
	for range r.Count() {
		switch op := r.Byte(); {
		case op == 0x01:
			w.deftype()
		case op == 0x02:
			w.typeAlias()
		case op == 0x03 && component, op == 0x04:
			w.externName()
			w.externdesc()
		default:
			r.Fail()
		}
		if r.Err != nil {
			return
		}
	}
}

// typeAlias reads an alias within a type, which can only be of a type.
func (w *walker) typeAlias() {
	r := &w.r
	sort := r.Byte()
	if sort == sortCore && r.Byte() != coreSortType || sort != sortCore && sort != sortType {
		r.Fail()
	}
	switch r.Byte() {
	case aliasExport:
		r.U32()
		r.Name()
	case aliasOuter:
		r.U32()
		r.U32()
	default:
		r.Fail()
	}
}
