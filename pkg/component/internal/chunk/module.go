package chunk

import (
	"fmt"

	"github.com/hygia-suite/hygia/pkg/component/internal/wasmbin"
)

// stretch is how many bytes of instructions may follow each other without a look at
// the clock: each may touch a page of memory that is not there yet.
const stretch = 4 << 10

// rewriter rewrites the code of one core module.
type rewriter struct {
	sections []wasmbin.Section
	shape    *shape // nil until something is replaced
	calls    map[instruction]call
	add      map[byte]*wasmbin.Addition
	types    map[string]uint32 // those added, by their binary form
	globals  map[string]uint32 // those added, by the names of their exports
	changed  bool

	asks      Headroom
	headrooms map[uint32]*headroom // by their memories
}

// call is what stands in an instruction's place.
type call struct {
	function uint32
	needed   bool // else the instruction stays
}

// The operations of no instruction: poll's call only looks at the clock.
const (
	none = 0
	poll = 1
)

// loopsMax is how many loops with nothing in them a function gets to look at the clock in,
// which run faster than calls of poll. The engine's compiler takes time in the square of
// loops.
const loopsMax = 1000

// Module returns the core module with no instruction in it that takes long, which is
// the same slice where it has none, and those of its memories that begin with headroom.
// It does not change wasm. Whether that was valid is not checked: what it returns is if
// that was, unless a function became too large.
func Module(wasm []byte, asks Headroom) ([]byte, []Begin, error) {
	sections, err := wasmbin.Sections(wasm)
	if err != nil {
		return nil, nil, err
	}
	w := &rewriter{sections: sections, calls: map[instruction]call{}, add: map[byte]*wasmbin.Addition{},
		types: map[string]uint32{}, globals: map[string]uint32{}, asks: asks, headrooms: map[uint32]*headroom{}}
	for _, id := range []byte{wasmbin.SecType, wasmbin.SecFunc, wasmbin.SecGlobal, wasmbin.SecExport, wasmbin.SecCode} {
		w.add[id] = &wasmbin.Addition{}
	}
	for i, s := range sections {
		if s.ID != wasmbin.SecCode {
			continue
		}
		if sections[i].Body, err = w.code(s.Body); err != nil {
			return nil, nil, err
		}
	}
	if !w.changed {
		return wasm, nil, nil
	}
	begins := w.begin()
	out, err := wasmbin.Join(sections, w.add)
	return out, begins, err
}

// code returns a code section with its instructions replaced.
func (w *rewriter) code(in []byte) ([]byte, error) {
	r := &wasmbin.Reader{In: in}
	var out, body []byte
	done := 0
	for range r.Count() {
		start := r.Pos
		function := r.Take(r.U32())
		if r.Err != nil {
			break
		}
		var err error
		if body, err = w.body(body[:0], function, r.Pos-len(function)); err != nil {
			return nil, err
		}
		if len(body) == 0 {
			continue
		}
		if out == nil {
			out = make([]byte, 0, len(in)+len(in)/16)
		}
		out = append(out, in[done:start]...)
		out = append(wasmbin.AppendU32(out, uint32(len(body))), body...)
		done = r.Pos
	}
	switch {
	case r.Err != nil || !r.Done():
		return nil, fmt.Errorf("at byte %d of its code: %w", r.Pos, wasmbin.ErrUnknown)
	case out == nil:
		return in, nil
	}
	return append(out, in[done:]...), nil
}

// body appends a function's body with its instructions replaced and with looks at the
// clock to out, or nothing where neither is needed. The body begins at byte at of its
// section.
func (w *rewriter) body(out, in []byte, at int) ([]byte, error) {
	r := &wasmbin.Reader{In: in}
	for range r.Count() {
		r.U32()
		valType(r)
	}
	b := edited{in: in, out: out, looked: r.Pos}
	for !r.Done() {
		start := r.Pos
		op, found := next(r)
		c, err := w.call(found)
		switch {
		case r.Err != nil:
		case err != nil:
			r.FailFor(err)
		case c.needed:
			b.put(start, r.Pos, wasmbin.AppendU32([]byte{wasmbin.OpCall}, c.function)...)
		case found.op != none && found.op != memorySize || returns(op) || r.Pos-b.looked > stretch:
			if err := w.look(&b, r.Pos); err != nil {
				r.FailFor(err)
			}
		}
	}
	if r.Err != nil {
		return nil, fmt.Errorf("at byte %d of its code: %w", at+r.Pos, r.Err)
	}
	if b.done == 0 {
		return out, nil
	}
	w.changed = true
	return append(b.out, in[b.done:]...), nil
}

// look has code look at the clock behind what ends at a position.
func (w *rewriter) look(b *edited, at int) error {
	if b.loops++; b.loops <= loopsMax {
		b.put(at, at, opLoop, wasmbin.NoType, wasmbin.OpEnd)
		return nil
	}
	c, err := w.call(instruction{op: poll})
	b.put(at, at, wasmbin.AppendU32([]byte{wasmbin.OpCall}, c.function)...)
	return err
}

// edited is a function's body while it is written anew.
type edited struct {
	in, out []byte
	loops   int // those that look at the clock
	done    int // how much of in is in out
	looked  int // where in in code last looked at the clock
}

// put writes code in the place of that from start to end, behind all that was before.
func (b *edited) put(start, end int, code ...byte) {
	b.out = append(append(b.out, b.in[b.done:start]...), code...)
	b.looked, b.done = end, end
}

// call returns what stands in an instruction's place, if anything; it is made when that
// is first met.
func (w *rewriter) call(i instruction) (call, error) {
	if c, ok := w.calls[i]; ok || i.op == none || i.op == memorySize && w.asks.Pages == 0 {
		return c, nil
	}
	if w.shape == nil {
		var err error
		if w.shape, err = readShape(w.sections); err != nil {
			return call{}, err
		}
	}
	if len(w.calls) == helpersMax {
		return call{}, errHelpers
	}
	c, err := w.newCall(i)
	if err == nil {
		w.calls[i] = c
	}
	return c, err
}

func (w *rewriter) newCall(i instruction) (call, error) {
	switch i.op {
	case poll:
		return call{function: w.function([]byte{0}, []byte{0}, []byte{0, wasmbin.OpEnd})}, nil
	case memorySize:
		return w.sizer(i)
	case memoryGrow, tableGrow:
		return w.grower(i)
	}
	h, err := w.shape.helper(i)
	if h == nil || err != nil {
		return call{}, err
	}
	return call{function: w.function(h.params(), []byte{0}, h.body()), needed: true}, nil
}

// function adds a function to the module and returns its index.
func (w *rewriter) function(params, results, body []byte) uint32 {
	form := string(append(append([]byte{funcType}, params...), results...))
	typ, ok := w.types[form]
	if !ok {
		typ = w.shape.types + uint32(len(w.types))
		w.types[form] = typ
		w.add[wasmbin.SecType].One([]byte(form)...)
	}
	w.add[wasmbin.SecFunc].One(wasmbin.AppendU32(nil, typ)...)
	w.add[wasmbin.SecCode].Code(body)
	w.shape.funcs++
	return w.shape.funcs - 1
}

// global adds a global to the module, of a type and with the instruction that gives its
// value, and returns its index.
func (w *rewriter) global(form ...byte) uint32 {
	w.add[wasmbin.SecGlobal].One(append(form, wasmbin.OpEnd)...)
	w.shape.globals++
	return w.shape.globals - 1
}

// returns reports whether an instruction is a call that returns.
func returns(op byte) bool { return op == wasmbin.OpCall || op == opCallIndirect || op == opCallRef }
