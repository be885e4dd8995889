package lane

import "github.com/hygia-suite/hygia/pkg/component/internal/wasmbin"

// walker reads a component's sections and writes them anew: types as types.go
// says, everything else as it was but for the indices of types, all of which
// move up by one, since each scope begins with a type of its own. Or it keeps types
// and indices. Whatever it does not know ends the walk with an error.
type walker struct {
	r     wasmbin.Reader
	out   []byte
	scope *scope
	mode
	depth int
	plan  *plan // nil in the first walk, which only looks
}

func (w *walker) copyByte() byte {
	b := w.r.Byte()
	w.out = append(w.out, b)
	return b
}

func (w *walker) copyU32() uint32 {
	v := w.r.U32()
	w.out = wasmbin.AppendU32(w.out, v)
	return v
}

func (w *walker) copyCount() int {
	n := w.r.Count()
	w.out = wasmbin.AppendU32(w.out, uint32(n))
	return n
}

func (w *walker) copyName() string {
	s := w.r.Name()
	w.out = wasmbin.AppendName(w.out, s)
	return s
}

// component copies a component, and returns its scope.
func (w *walker) component() *scope {
	defer w.deeper()()
	if string(w.r.Take(uint32(len(wasmbin.Component)))) != wasmbin.Component {
		w.r.Fail()
	}
	w.out = append(w.out, wasmbin.Component...)
	if !w.keep {
		w.out = wasmbin.AppendSection(w.out, 7, []byte("\x01"+pair))
	}
	outer, root := w.scope, w.scope == nil
	w.scope = &scope{parent: outer, exports: map[string]item{}}
	for !w.r.Done() {
		id, body := w.r.Section()
		if w.r.Err != nil {
			break
		}
		w.section(id, body, root)
	}
	inner := w.scope
	w.scope = outer
	return inner
}

func (w *walker) section(id byte, body []byte, root bool) {
	switch id {
	case 0:
		name := wasmbin.Reader{In: body}
		if name.Name() != "component-name" { // which knows things by their index
			w.out = wasmbin.AppendSection(w.out, id, body)
		}
		return
	case 3: // core types
		w.out = wasmbin.AppendSection(w.out, id, body)
		return
	}
	// More than one component with code of its own: they call each other, and
	// there the pairs would be taken for numbers.
	if !root && (id == 1 || id == 2 || id == 8) {
		w.r.FailFor(errComposed)
		return
	}
	in, out := w.r, w.out
	w.r, w.out = wasmbin.Reader{In: body}, nil
	w.contents(id)
	if !w.r.Done() {
		w.r.Fail()
	}
	in.Err = w.r.Err
	w.r, w.out = in, wasmbin.AppendSection(out, id, w.out)
}

func (w *walker) contents(id byte) {
	each := map[byte]func(){
		2: w.coreInstance, 5: w.instance, 6: w.alias, 8: w.canon, 10: w.importDef, 11: w.export,
		7: func() { w.scope.types = append(w.scope.types, w.deftype()) },
	}[id]
	switch {
	case id == 1:
		w.module()
	case id == 4:
		w.scope.components = append(w.scope.components, typ{exports: w.component().exports, known: true})
	case each == nil:
		w.r.Fail()
	default:
		for range w.copyCount() {
			if each(); w.r.Err != nil {
				return
			}
		}
	}
}

func (w *walker) module() {
	s := w.scope
	body := w.r.Take(uint32(len(w.r.In)))
	if w.plan != nil && w.plan.modules[len(s.modules)] != nil {
		w.out = w.plan.modules[len(s.modules)]
	} else {
		w.out = body
	}
	s.modules = append(s.modules, body)
}

func (w *walker) coreInstance() {
	i := coreInstance{module: -1}
	switch w.copyByte() {
	case 0:
		m := w.copyU32()
		if i.module = int(m); int(m) >= len(w.scope.modules) {
			w.r.Fail()
		}
		for range w.copyCount() {
			w.copyName()
			if w.copyByte() != 0x12 {
				w.r.Fail()
			}
			w.copyU32()
		}
	case 1:
		for range w.copyCount() {
			w.copyName()
			if w.copyByte() == coreSortFunc {
				w.coreFunc()
			} else {
				w.copyU32()
			}
		}
	default:
		w.r.Fail()
	}
	w.scope.coreInstances = append(w.scope.coreInstances, i)
}

// coreFunc copies an index of a core function and counts its use.
func (w *walker) coreFunc() typ {
	i := w.copyU32()
	if w.scope.parent == nil && uint64(i) < uint64(len(w.scope.coreFuncs)) {
		w.scope.coreFuncs[i].uses++
	} else {
		w.r.Fail()
	}
	return typ{known: true}
}

func (w *walker) sortIndex() (sort byte, index uint32) {
	sort = w.copyByte()
	switch sort {
	case sortCore:
		w.r.Fail() // a core module
	case sortType:
		index = w.r.U32()
		w.shifted(index)
	default:
		index = w.copyU32()
	}
	return sort, index
}

func (w *walker) instance() {
	made := typ{exports: map[string]item{}, known: true}
	switch w.copyByte() {
	case 0:
		of, ok := at(w.scope.components, w.copyU32())
		if !ok {
			w.r.Fail()
		}
		args := given{}
		for range w.copyCount() {
			name := w.copyName()
			args[name] = w.scope.item(w.sortIndex()).origin
		}
		made = of
		made.given = []given{args}
	case 1:
		for range w.copyCount() {
			name := w.externName()
			made.exports[name] = w.scope.item(w.sortIndex())
		}
	default:
		w.r.Fail()
	}
	w.scope.instances = append(w.scope.instances, instance{typ: made})
}

func (w *walker) importDef() {
	name := w.externName()
	i := w.externdesc()
	i.given = name
	w.declare(name, i)
}

func (w *walker) export() {
	name := w.externName()
	sort, i := w.sortIndex()
	w.optional(func() typ { return w.externdesc().typ })
	if w.r.Err != nil {
		return
	}
	s := w.scope
	s.exports[name] = s.item(sort, i)
	var ok bool
	switch sort {
	case sortFunc:
		s.funcs, ok = again(s.funcs, i)
	case sortType:
		s.types, ok = again(s.types, i)
	case sortInstance:
		s.instances, ok = again(s.instances, i)
	case sortComponent:
		s.components, ok = again(s.components, i)
	}
	if !ok {
		w.r.Fail()
	}
}

// item returns what has an index; its type is unknown where nothing has.
func (s *scope) item(sort byte, i uint32) item {
	var f fn
	var in instance
	out := item{sort: sort}
	switch sort {
	case sortFunc:
		f, _ = at(s.funcs, i)
		out.typ, out.origin = f.typ, f.origin
	case sortType:
		out.typ, _ = at(s.types, i)
	case sortInstance:
		in, _ = at(s.instances, i)
		out.typ = in.typ
	case sortComponent:
		out.typ, _ = at(s.components, i)
	}
	return out
}

// again appends what a slice has at i.
func again[T any](s []T, i uint32) ([]T, bool) {
	v, ok := at(s, i)
	return append(s, v), ok
}
