package lane

// canon copies a canonical definition.
func (w *walker) canon() {
	s := w.scope
	op := w.copyByte()
	switch op {
	case 0: // lift
		w.subsort()
		c := canon{lift: true, core: w.whichFunc()}
		c.opts = w.options()
		c.fn = fn{typ: w.typeIndex(), origin: origin{lifted: len(s.canons) + 1}}
		s.canons = append(s.canons, c)
		s.funcs = append(s.funcs, c.fn)
		return
	case 1: // lower
		w.subsort()
		f, ok := at(s.funcs, w.copyU32())
		if !ok {
			w.r.Fail()
		}
		s.canons = append(s.canons, canon{fn: f, opts: w.options()})
	case 2, 3, 4: // of resources
		w.typeIndex()
	default:
		w.r.Fail()
	}
	s.coreFuncs = append(s.coreFuncs, coreExport{instance: -1})
}

func (w *walker) subsort() {
	if w.copyByte() != 0 {
		w.r.Fail()
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
			o.realloc = w.whichFunc()
		case 5:
			o.postReturn = w.whichFunc()
		default:
			w.r.Fail()
		}
	}
	return o
}

// whichFunc is coreFunc, and returns the index.
func (w *walker) whichFunc() int {
	i := w.r.PeekU32()
	w.coreFunc()
	return int(i)
}
