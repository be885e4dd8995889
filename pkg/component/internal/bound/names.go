package bound

func (w *walker) alias() {
	sort, core := w.copyByte(), byte(0)
	if sort == sortCore {
		core = w.copyByte()
	}
	switch w.copyByte() {
	case aliasExport:
		w.copyU32()
		w.copyName()
		w.declare(sort, core)
	case aliasCore:
		w.copyIndex(&w.scope.instances)
		w.copyName()
		if sort != sortCore || core > coreSortGlobal {
			w.r.Fail()
		}
		if core == coreSortFunc {
			w.scope.funcs.define()
		}
	case aliasOuter:
		w.outer(sort, core)
	default:
		w.r.Fail()
	}
}

// outer copies an alias of something of a component around this one.
func (w *walker) outer(sort, core byte) {
	s := w.scope
	for range w.copyU32() {
		if s = s.parent; s == nil {
			w.r.Fail()
			return
		}
	}
	switch {
	case sort == sortCore && core == coreSortModule:
		w.copyIndex(&s.modules)
		w.scope.modules.define()
	case sort == sortComponent:
		added, ok := at(s.components, w.copyU32())
		if !ok {
			w.r.Fail()
		}
		w.scope.components = append(w.scope.components, added)
	case sort == sortType, sort == sortCore && core == coreSortType:
		w.copyU32()
	default:
		w.r.Fail()
	}
}

// declare adds what an import or an alias of an export brings.
func (w *walker) declare(sort, core byte) {
	switch {
	case sort == sortCore && core == coreSortModule:
		w.scope.modules.define()
	case sort == sortCore:
		w.r.Fail()
	case sort == sortComponent:
		w.scope.components = append(w.scope.components, 0)
	}
}

func (w *walker) importdef() {
	w.externName()
	w.declare(w.externdesc())
}

func (w *walker) export() {
	w.externName()
	sort, i := w.sortIndex()
	switch w.copyByte() {
	case 0:
	case 1:
		w.externdesc()
	default:
		w.r.Fail()
	}
	switch sort {
	case sortCore:
		w.scope.modules.define()
	case sortComponent:
		added, ok := at(w.scope.components, i)
		if !ok {
			w.r.Fail()
		}
		w.scope.components = append(w.scope.components, added)
	}
}

// externName copies the name of an import or of an export.
func (w *walker) externName() {
	if w.copyByte() > 1 {
		w.r.Fail()
	}
	w.copyName()
}

// externdesc copies the type of an import or of an export, and returns its sort.
func (w *walker) externdesc() (sort, core byte) {
	switch sort = w.copyByte(); sort {
	case sortCore:
		w.expect(coreSortModule)
		w.copyU32()
		return sort, coreSortModule
	case sortFunc, sortComponent, sortInstance:
		w.copyU32()
	case sortType:
		switch w.copyByte() {
		case 0:
			w.copyU32()
		case 1: // a resource
		default:
			w.r.Fail()
		}
	default:
		w.r.Fail()
	}
	return sort, 0
}
