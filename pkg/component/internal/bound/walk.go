package bound

import "github.com/hygia-suite/hygia/pkg/component/internal/wasmbin"

// The sorts of definitions, and what aliases are of.
const (
	sortCore      = 0x00
	sortFunc      = 0x01
	sortType      = 0x03
	sortComponent = 0x04
	sortInstance  = 0x05

	coreSortFunc     = 0x00
	coreSortTable    = 0x01
	coreSortMemory   = 0x02
	coreSortGlobal   = 0x03
	coreSortType     = 0x10
	coreSortModule   = 0x11
	sortCoreInstance = 0x12

	aliasExport = 0
	aliasCore   = 1
	aliasOuter  = 2
)

// walker reads a component's sections and writes them anew, with what counts and with
// the indices that this moves. Whatever it does not know ends the walk with an error.
type walker struct {
	r     wasmbin.Reader
	item  []byte // the definition that is being copied
	out   *out
	scope *scope
	depth int
	makes []bool // of the components that are left: see scanner

	written int // instances that were put in
}

func (w *walker) copyByte() byte {
	b := w.r.Byte()
	w.item = append(w.item, b)
	return b
}

func (w *walker) copyU32() uint32 {
	v := w.r.U32()
	w.item = wasmbin.AppendU32(w.item, v)
	return v
}

func (w *walker) copyCount() int {
	n := w.r.Count()
	w.item = wasmbin.AppendU32(w.item, uint32(n))
	return n
}

func (w *walker) copyName() { w.item = wasmbin.AppendName(w.item, w.r.Name()) }

// copyIndex copies an index of a space, as it becomes.
func (w *walker) copyIndex(s *space) {
	w.item = wasmbin.AppendU32(w.item, w.index(s))
}

func (w *walker) index(s *space) uint32 {
	i, ok := at(s.now, w.r.U32())
	if !ok {
		w.r.Fail()
	}
	return i
}

// expect copies a byte that must be this one.
func (w *walker) expect(b byte) {
	if w.copyByte() != b {
		w.r.Fail()
	}
}

// component copies a component, and returns it and its scope.
func (w *walker) component() ([]byte, *scope) {
	defer w.deeper()()
	if len(w.makes) == 0 || string(w.r.Take(uint32(len(wasmbin.Component)))) != wasmbin.Component {
		w.r.Fail()
		return nil, &scope{}
	}
	makes, outer, before := w.makes[0], w.scope, w.out
	w.makes = w.makes[1:]
	w.scope, w.out = &scope{parent: outer, makes: makes}, &out{bytes: []byte(wasmbin.Component)}
	for !w.r.Done() {
		id, body := w.r.Section()
		if w.r.Err == nil {
			w.section(id, body)
		}
	}
	w.out.flush()
	inner, done := w.scope, w.out.bytes
	w.scope, w.out = outer, before
	return done, inner
}

// deeper counts a level, and fails at one too many. Its result undoes it.
func (w *walker) deeper() func() {
	if w.depth++; w.depth > depthMax {
		w.r.Fail()
	}
	return func() { w.depth-- }
}

func (w *walker) section(id byte, body []byte) {
	in := w.r
	w.r = wasmbin.Reader{In: body}
	switch id {
	case secCustom:
		if w.r.Name() != "component-name" { // which knows things by their index
			w.out.section(id, body)
		}
		w.r.Pos = len(body)
	case secModule:
		w.out.section(id, body)
		w.scope.modules.define()
		w.r.Pos = len(body)
	case secCoreType:
		w.out.section(id, body)
		w.r.Pos = len(body)
	case secComponent:
		inner, s := w.component()
		w.out.section(id, inner)
		w.scope.components = append(w.scope.components, s.added)
	default:
		w.list(id)
	}
	if !w.r.Done() {
		w.r.Fail()
	}
	in.Err = w.r.Err
	w.r = in
}

func (w *walker) list(id byte) {
	each := map[byte]func(){
		secCoreInstance: w.coreInstance, secInstance: w.instance, secAlias: w.alias, secType: w.typedef,
		secCanon: w.canon, secImport: w.importdef, secExport: w.export,
	}[id]
	if each == nil {
		w.r.Fail()
		return
	}
	for range w.r.Count() {
		w.item = nil
		if each(); w.r.Err != nil {
			return
		}
		if w.item != nil {
			w.out.item(id, w.item)
		}
	}
}

func (w *walker) coreInstance() {
	s := w.scope
	switch w.copyByte() {
	case 0:
		w.copyIndex(&s.modules)
		for range w.copyCount() {
			w.copyName()
			w.expect(sortCoreInstance)
			w.copyIndex(&s.instances)
		}
	case 1:
		for range w.copyCount() {
			w.copyName()
			switch w.copyByte() {
			case coreSortFunc:
				w.copyIndex(&s.funcs)
			case coreSortTable, coreSortMemory, coreSortGlobal:
				w.copyU32()
			default:
				w.r.Fail()
			}
		}
	default:
		w.r.Fail()
	}
	s.instances.define()
}

// sortIndex copies what names a definition, and returns its sort and, of all but core
// modules, its index.
func (w *walker) sortIndex() (sort byte, index uint32) {
	switch sort = w.copyByte(); sort {
	case sortCore:
		w.expect(coreSortModule)
		w.copyIndex(&w.scope.modules)
		return sort, 0
	case sortFunc, sortType, sortComponent, sortInstance:
		return sort, w.copyU32()
	}
	w.r.Fail()
	return sort, 0
}

func (w *walker) instance() {
	switch w.copyByte() {
	case 0:
		added, ok := at(w.scope.components, w.copyU32())
		if !ok {
			w.r.Fail()
		}
		w.scope.add(added)
		for range w.copyCount() {
			w.copyName()
			w.sortIndex()
		}
	case 1:
		for range w.copyCount() {
			w.externName()
			w.sortIndex()
		}
	default:
		w.r.Fail()
	}
}

func (w *walker) canon() {
	s := w.scope
	switch w.copyByte() {
	case canonLift:
		w.expect(0)
		w.copyIndex(&s.funcs)
		w.options()
		w.copyU32()
		return
	case canonLower:
		w.expect(0)
		w.copyU32()
		w.options()
	case canonNew:
		w.copyU32()
		item := w.item
		w.item = nil
		w.counted(item)
		return
	case canonDrop, canonRep:
		w.copyU32()
	default:
		w.r.Fail()
	}
	s.funcs.define()
}

func (w *walker) options() {
	for range w.copyCount() {
		switch w.copyByte() {
		case 0, 1, 2: // an encoding
		case 3: // memory
			w.copyU32()
		case 4, 5: // realloc, post-return
			w.copyIndex(&w.scope.funcs)
		default:
			w.r.Fail()
		}
	}
}

// at returns s[i], and whether it is there.
func at[T any](s []T, i uint32) (v T, ok bool) {
	if uint64(i) >= uint64(len(s)) {
		return v, false
	}
	return s[i], true
}
