package lane

// canon copies a canonical definition.
func (w *walker) canon() {
	s := w.scope
	op := w.copyByte()
	switch op {
	case 0: // lift
		w.subsort()
		w.coreFunc()
		c := canon{lift: true, opts: w.options(), typ: w.r.peekU32()}
		c.fn.typ = w.typeIndex()
		s.canons = append(s.canons, c)
		s.funcs = append(s.funcs, c.fn)
		return
	case 1: // lower
		w.subsort()
		f, ok := at(s.funcs, w.copyU32())
		if !ok {
			w.r.fail()
		}
		s.canons = append(s.canons, canon{fn: f, opts: w.options()})
	case 2, 3, 4: // of resources
		w.typeIndex()
	default:
		w.r.fail()
	}
	s.coreFuncs = append(s.coreFuncs, coreExport{instance: -1})
}

func (w *walker) subsort() {
	if w.copyByte() != 0 {
		w.r.fail()
	}
}

func (w *walker) options() options {
	o := options{memory: -1, realloc: -1, postReturn: -1}
	for range w.copyCount() {
		switch op := w.copyByte(); op {
		case 0, 1, 2:
			o.encoding = op
		case 3:
			o.memory = int(w.copyU32())
		case 4:
			o.realloc = w.optionFunc()
		case 5:
			o.postReturn = w.optionFunc()
		default:
			w.r.fail()
		}
	}
	return o
}

func (w *walker) optionFunc() int {
	i := w.r.peekU32()
	w.coreFunc()
	return int(i)
}
