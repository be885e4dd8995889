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
}

// call is what stands in an instruction's place.
type call struct {
	function uint32
	keep     bool // the instruction itself stays, before it
}

// poll is the operation of no instruction: its call only looks at the clock.
const poll = 0

// Module returns the core module with no instruction in it that takes long, which is
// the same slice where it has none. It does not change wasm. Whether that was valid is
// not checked: what it returns is if that was.
func Module(wasm []byte) ([]byte, error) {
	sections, err := wasmbin.Sections(wasm)
	if err != nil {
		return nil, err
	}
	w := &rewriter{sections: sections, calls: map[instruction]call{}, add: map[byte]*wasmbin.Addition{}, types: map[string]uint32{}}
	for _, id := range []byte{wasmbin.SecType, wasmbin.SecFunc, wasmbin.SecCode} {
		w.add[id] = &wasmbin.Addition{}
	}
	for i, s := range sections {
		if s.ID != wasmbin.SecCode {
			continue
		}
		if sections[i].Body, err = w.code(s.Body); err != nil {
			return nil, err
		}
	}
	if len(w.calls) == 0 {
		return wasm, nil
	}
	return wasmbin.Join(sections, w.add)
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

// body appends a function's body with its instructions replaced to out, or nothing
// where none is. The body begins at byte at of its section.
func (w *rewriter) body(out, in []byte, at int) ([]byte, error) {
	r := &wasmbin.Reader{In: in}
	for range r.Count() {
		r.U32()
		valType(r)
	}
	looked, done := r.Pos, 0 // where code last looked at the clock, and what was copied
	for !r.Done() {
		start := r.Pos
		_, found := next(r)
		long := r.Pos-looked > stretch && start > looked
		if found.op == poll && !long || r.Err != nil {
			continue
		}
		out = append(out, in[done:start]...)
		done, looked = start, start
		c, err := w.call(found)
		if err != nil {
			r.FailFor(err)
			break
		}
		if c.keep {
			out = append(out, in[start:r.Pos]...)
		}
		if found.op != poll {
			done, looked = r.Pos, r.Pos
		}
		out = wasmbin.AppendU32(append(out, wasmbin.OpCall), c.function)
	}
	if r.Err != nil {
		return nil, fmt.Errorf("at byte %d of its code: %w", at+r.Pos, r.Err)
	}
	if done == 0 {
		return out, nil
	}
	return append(out, in[done:]...), nil
}

// call returns what stands in an instruction's place, which is made when it is first
// met.
func (w *rewriter) call(i instruction) (call, error) {
	if c, ok := w.calls[i]; ok {
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
	if err != nil {
		return call{}, err
	}
	w.calls[i] = c
	return c, nil
}

func (w *rewriter) newCall(i instruction) (call, error) {
	if i.op == poll {
		return call{function: w.function([]byte{0}, []byte{0, wasmbin.OpEnd})}, nil
	}
	h, err := w.shape.helper(i)
	if err != nil {
		return call{}, err
	}
	if h == nil { // it does not work on more than a piece
		c, err := w.call(instruction{op: poll})
		return call{c.function, true}, err
	}
	return call{function: w.function(h.params(), h.body())}, nil
}

// function adds a function without results to the module and returns its index.
func (w *rewriter) function(params, body []byte) uint32 {
	typ, ok := w.types[string(params)]
	if !ok {
		typ = w.shape.types + uint32(len(w.types))
		w.types[string(params)] = typ
		w.add[wasmbin.SecType].One(append(append([]byte{funcType}, params...), 0)...)
	}
	w.add[wasmbin.SecFunc].One(wasmbin.AppendU32(nil, typ)...)
	w.add[wasmbin.SecCode].Code(body)
	w.shape.funcs++
	return w.shape.funcs - 1
}
