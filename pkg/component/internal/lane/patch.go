package lane

import (
	"bytes"
	"strings"
)

// exportAlias is another name for an export.
type exportAlias struct{ name, of string }

// patch is what is added to a core module: exports, and for each of its
// post-returns a stand-in that only notes the call, with a function that makes
// the noted one. All of it goes to the ends of index spaces, so that nothing
// else in the module changes.
type patch struct {
	aliases, posts []exportAlias
}

// The sections of a core module, and the order in which they stand.
const (
	secType   = 1
	secImport = 2
	secFunc   = 3
	secGlobal = 6
	secExport = 7
	secCode   = 10

	order = "\x01\x02\x03\x04\x05\x0d\x06\x07\x08\x09\x0c\x0a\x0b"
)

const coreHeader = "\x00asm\x01\x00\x00\x00"

func (p *patch) apply(wasm []byte) ([]byte, error) {
	m, err := readModule(wasm)
	if err != nil {
		return nil, err
	}
	add := map[byte]*addition{}
	for _, id := range []byte{secFunc, secGlobal, secExport, secCode} {
		add[id] = &addition{}
	}
	if err := p.add(m, add); err != nil {
		return nil, err
	}
	return m.with(add)
}

// addition is what a section gains.
type addition struct {
	count int
	body  []byte
}

func (a *addition) one(b ...byte) {
	a.count++
	a.body = append(a.body, b...)
}

func (a *addition) export(name string, kind byte, index uint32) {
	a.one(appendU32(append(appendName(nil, name), kind), index)...)
}

func (p *patch) add(m *module, add map[byte]*addition) error {
	for _, a := range p.aliases {
		e, ok := m.exports[a.of]
		if !ok {
			return errUnknown
		}
		add[secExport].export(a.name, e.kind, e.index)
	}
	if len(p.posts) == 0 {
		return nil
	}
	which, address := m.globals, m.globals+1
	for range 2 {
		add[secGlobal].one(0x7f, 1, 0x41, 0, 0x0b) // a mutable i32, zero at first
	}
	finish := []byte{0}
	var typ uint32
	for k, post := range p.posts {
		e, ok := m.exports[post.of]
		if !ok || e.kind != coreSortFunc || uint64(e.index) >= uint64(len(m.funcs)) {
			return errUnknown
		}
		typ = m.funcs[e.index] // that of them all: one number in, nothing out
		add[secFunc].one(appendU32(nil, typ)...)
		add[secCode].code(note(uint32(k)+1, which, address))
		add[secExport].export(post.name, coreSortFunc, uint32(len(m.funcs)+k))
		finish = append(finish, makeNoted(uint32(k)+1, e.index, which, address)...)
	}
	add[secFunc].one(appendU32(nil, typ)...)
	add[secCode].code(append(finish, 0x0b))
	add[secExport].export(Finish, coreSortFunc, uint32(len(m.funcs)+len(p.posts)))
	return nil
}

func (a *addition) code(body []byte) {
	a.one(append(appendU32(nil, uint32(len(body))), body...)...)
}

// Instructions.
const (
	opUnreachable = 0x00
	opIf          = 0x04
	opEnd         = 0x0b
	opCall        = 0x10
	opLocalGet    = 0x20
	opGlobalGet   = 0x23
	opGlobalSet   = 0x24
	opConst       = 0x41
	opEqual       = 0x46
	noType        = 0x40
)

// note is the body of a function that notes its argument and its own number k.
func note(k, which, address uint32) []byte {
	b := []byte{0, opLocalGet, 0}
	b = appendU32(append(b, opGlobalSet), address)
	b = appendIndex(append(b, opConst), uint64(k))
	b = appendU32(append(b, opGlobalSet), which)
	return append(b, opEnd)
}

// makeNoted calls a function when number k was noted.
func makeNoted(k, callee, which, address uint32) []byte {
	b := appendU32([]byte{opGlobalGet}, which)
	b = appendIndex(append(b, opConst), uint64(k))
	b = append(b, opEqual, opIf, noType, opConst, 0)
	b = appendU32(append(b, opGlobalSet), which)
	b = appendU32(append(b, opGlobalGet), address)
	b = appendU32(append(b, opCall), callee)
	return append(b, opEnd)
}

// module is a core module, as far as a patch needs it.
type module struct {
	sections []section
	funcs    []uint32 // the type of each function, imported ones first
	globals  uint32
	exports  map[string]coreItem
}

type section struct {
	id   byte
	body []byte
}

type coreItem struct {
	kind  byte
	index uint32
}

func readModule(wasm []byte) (*module, error) {
	r := &reader{in: wasm}
	if string(r.take(uint32(len(coreHeader)))) != coreHeader {
		return nil, errUnknown
	}
	m := &module{exports: map[string]coreItem{}}
	for !r.done() {
		id, body := r.section()
		m.sections = append(m.sections, section{id, body})
		s := &reader{in: body, err: r.err}
		m.read(id, s)
		r.err = s.err
	}
	return m, r.err
}

// takesOurNames reports whether a module exports a name of ours, or may.
func takesOurNames(wasm []byte) bool {
	r := &reader{in: wasm}
	r.take(uint32(len(coreHeader)))
	for !r.done() {
		id, body := r.section()
		if id != secExport {
			continue
		}
		s := &reader{in: body}
		for range s.count() {
			if strings.HasPrefix(s.name(), Prefix) {
				return true
			}
			s.byte()
			s.u32()
		}
		if s.err != nil || !s.done() {
			return true
		}
	}
	return r.err != nil
}

func (m *module) read(id byte, r *reader) {
	switch id {
	case secImport:
		for range r.count() {
			m.importDef(r)
		}
	case secFunc:
		for range r.count() {
			m.funcs = append(m.funcs, r.u32())
		}
	case secGlobal:
		m.globals += uint32(r.count())
	case secExport:
		for range r.count() {
			name := r.name()
			m.exports[name] = coreItem{r.byte(), r.u32()}
		}
	}
}

func (m *module) importDef(r *reader) {
	r.name()
	r.name()
	switch r.byte() {
	case coreSortFunc:
		m.funcs = append(m.funcs, r.u32())
	case coreSortTable:
		refType(r)
		limits(r)
	case coreSortMemory:
		limits(r)
	case coreSortGlobal:
		if b := r.peek(); b >= 0x7b && b <= 0x7f {
			r.byte()
		} else {
			refType(r)
		}
		r.byte()
		m.globals++
	default:
		r.fail()
	}
}

func refType(r *reader) {
	if b := r.byte(); b != 0x70 && b != 0x6f { // funcref, externref
		r.fail()
	}
}

func limits(r *reader) {
	switch r.byte() {
	case 0:
		r.u32()
	case 1:
		r.u32()
		r.u32()
	default:
		r.fail()
	}
}

// with returns the module with what its sections gain; those that it lacks are
// put where they belong.
func (m *module) with(add map[byte]*addition) ([]byte, error) {
	out, r := []byte(coreHeader), &reader{}
	for _, s := range m.sections {
		if at := bytes.IndexByte([]byte(order), s.id); at > 0 {
			for _, id := range []byte(order[:at]) {
				out = add[id].section(out, id, []byte{0}, r)
				delete(add, id)
			}
		}
		if a := add[s.id]; a != nil && s.id != 0 {
			out = a.section(out, s.id, s.body, r)
			delete(add, s.id)
			continue
		}
		out = appendSection(out, s.id, s.body)
	}
	for _, id := range []byte(order) {
		out = add[id].section(out, id, []byte{0}, r)
	}
	return out, r.err
}

// section appends a section that has body, with what it gains. The body is read anew,
// by a reader that keeps its first error.
func (a *addition) section(out []byte, id byte, body []byte, r *reader) []byte {
	if a == nil {
		return out
	}
	r.in, r.pos = body, 0
	n := r.count()
	if r.err != nil || a.count == 0 && n == 0 {
		return out
	}
	grown := append(appendU32(nil, uint32(n+a.count)), body[r.pos:]...)
	return appendSection(out, id, append(grown, a.body...))
}
