package lane

import "github.com/hygia-suite/hygia/pkg/component/internal/wasmbin"

// alias copies an alias and adds what it stands for to its index space.
func (w *walker) alias() {
	sort := w.copyByte()
	core := byte(0)
	if sort == sortCore {
		core = w.copyByte()
	}
	switch w.copyByte() {
	case 0:
		if sort == sortCore {
			w.r.Fail()
		}
		w.aliasExport(sort)
	case 1:
		if sort != sortCore {
			w.r.Fail()
		}
		w.aliasCore(core)
	case 2:
		w.aliasOuter(sort)
	default:
		w.r.Fail()
	}
}

func (w *walker) aliasExport(sort byte) {
	in, ok := at(w.scope.instances, w.copyU32())
	name := w.copyName()
	if !ok {
		w.r.Fail()
		return
	}
	e := in.typ.export(name)
	if e.sort != sort {
		e = item{sort: sort} // of an instance that was not looked into
	}
	w.declare("", e)
	if sort == sortFunc {
		f := &w.scope.funcs[len(w.scope.funcs)-1]
		f.imported, f.iface, f.field = in.name != "", in.name, name
	}
}

func (w *walker) aliasCore(sort byte) {
	s := w.scope
	e := coreExport{instance: int(w.copyU32()), name: w.r.Name()}
	if _, ok := at(s.coreInstances, uint32(e.instance)); !ok || s.parent != nil {
		w.r.Fail()
		return
	}
	name := e.name
	switch sort {
	case coreSortFunc:
		if w.plan != nil && w.plan.renamed[len(s.coreFuncs)] != "" {
			name = w.plan.renamed[len(s.coreFuncs)]
		}
		s.coreFuncs = append(s.coreFuncs, e)
	case coreSortMemory:
		s.memories = append(s.memories, e)
	case coreSortTable, coreSortGlobal:
	default:
		w.r.Fail()
	}
	w.out = wasmbin.AppendName(w.out, name)
}

func (w *walker) aliasOuter(sort byte) {
	s := w.scope
	for range w.copyU32() {
		if s == nil {
			break
		}
		s = s.parent
	}
	i := w.r.U32()
	if s == nil {
		w.r.Fail()
		return
	}
	switch sort {
	case sortType:
		w.shifted(i)
		t, ok := at(s.types, i)
		if !ok {
			w.r.Fail()
		}
		w.scope.types = append(w.scope.types, t)
	case sortComponent:
		w.out = wasmbin.AppendU32(w.out, i)
		t, ok := at(s.components, i)
		if !ok {
			w.r.Fail()
		}
		w.scope.components = append(w.scope.components, t)
	default: // a core module, or a core type
		w.r.Fail()
	}
}
