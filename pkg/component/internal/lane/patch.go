package lane

import (
	"bytes"
	"strings"

	"github.com/hygia-suite/hygia/pkg/component/internal/wasmbin"
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
	a.one(wasmbin.AppendU32(append(wasmbin.AppendName(nil, name), kind), index)...)
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
		add[secFunc].one(wasmbin.AppendU32(nil, typ)...)
		add[secCode].code(note(uint32(k)+1, which, address))
		add[secExport].export(post.name, coreSortFunc, uint32(len(m.funcs)+k))
		finish = append(finish, makeNoted(uint32(k)+1, e.index, which, address)...)
	}
	add[secFunc].one(wasmbin.AppendU32(nil, typ)...)
	add[secCode].code(append(finish, 0x0b))
	add[secExport].export(Finish, coreSortFunc, uint32(len(m.funcs)+len(p.posts)))
	return nil
}

func (a *addition) code(body []byte) {
	a.one(append(wasmbin.AppendU32(nil, uint32(len(body))), body...)...)
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
	b = wasmbin.AppendU32(append(b, opGlobalSet), address)
	b = wasmbin.AppendIndex(append(b, opConst), uint64(k))
	b = wasmbin.AppendU32(append(b, opGlobalSet), which)
	return append(b, opEnd)
}

// makeNoted calls a function when number k was noted.
func makeNoted(k, callee, which, address uint32) []byte {
	b := wasmbin.AppendU32([]byte{opGlobalGet}, which)
	b = wasmbin.AppendIndex(append(b, opConst), uint64(k))
	b = append(b, opEqual, opIf, noType, opConst, 0)
	b = wasmbin.AppendU32(append(b, opGlobalSet), which)
	b = wasmbin.AppendU32(append(b, opGlobalGet), address)
	b = wasmbin.AppendU32(append(b, opCall), callee)
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
	r := &wasmbin.Reader{In: wasm}
	if string(r.Take(uint32(len(wasmbin.Core)))) != wasmbin.Core {
		return nil, errUnknown
	}
	m := &module{exports: map[string]coreItem{}}
	for !r.Done() {
		id, body := r.Section()
		m.sections = append(m.sections, section{id, body})
		s := &wasmbin.Reader{In: body, Err: r.Err}
		m.read(id, s)
		r.Err = s.Err
	}
	return m, r.Err
}

// takesOurNames reports whether a module exports a name of ours, or may.
func takesOurNames(wasm []byte) bool {
	r := &wasmbin.Reader{In: wasm}
	r.Take(uint32(len(wasmbin.Core)))
	for !r.Done() {
		id, body := r.Section()
		if id != secExport {
			continue
		}
		s := &wasmbin.Reader{In: body}
		for range s.Count() {
			if strings.HasPrefix(s.Name(), Prefix) {
				return true
			}
			s.Byte()
			s.U32()
		}
		if s.Err != nil || !s.Done() {
			return true
		}
	}
	return r.Err != nil
}

func (m *module) read(id byte, r *wasmbin.Reader) {
	switch id {
	case secImport:
		for range r.Count() {
			m.importDef(r)
		}
	case secFunc:
		for range r.Count() {
			m.funcs = append(m.funcs, r.U32())
		}
	case secGlobal:
		m.globals += uint32(r.Count())
	case secExport:
		for range r.Count() {
			name := r.Name()
			m.exports[name] = coreItem{r.Byte(), r.U32()}
		}
	}
}

func (m *module) importDef(r *wasmbin.Reader) {
	r.Name()
	r.Name()
	switch r.Byte() {
	case coreSortFunc:
		m.funcs = append(m.funcs, r.U32())
	case coreSortTable:
		refType(r)
		limits(r)
	case coreSortMemory:
		limits(r)
	case coreSortGlobal:
		if b := r.Peek(); b >= 0x7b && b <= 0x7f {
			r.Byte()
		} else {
			refType(r)
		}
		r.Byte()
		m.globals++
	default:
		r.Fail()
	}
}

func refType(r *wasmbin.Reader) {
	if b := r.Byte(); b != 0x70 && b != 0x6f { // funcref, externref
		r.Fail()
	}
}

func limits(r *wasmbin.Reader) {
	switch r.Byte() {
	case 0:
		r.U32()
	case 1:
		r.U32()
		r.U32()
	default:
		r.Fail()
	}
}

// with returns the module with what its sections gain; those that it lacks are
// put where they belong.
func (m *module) with(add map[byte]*addition) ([]byte, error) {
	out, r := []byte(wasmbin.Core), &wasmbin.Reader{}
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
		out = wasmbin.AppendSection(out, s.id, s.body)
	}
	for _, id := range []byte(order) {
		out = add[id].section(out, id, []byte{0}, r)
	}
	return out, r.Err
}

// section appends a section that has body, with what it gains. The body is read anew,
// by a reader that keeps its first error.
func (a *addition) section(out []byte, id byte, body []byte, r *wasmbin.Reader) []byte {
	if a == nil {
		return out
	}
	r.In, r.Pos = body, 0
	n := r.Count()
	if r.Err != nil || a.count == 0 && n == 0 {
		return out
	}
	grown := append(wasmbin.AppendU32(nil, uint32(n+a.count)), body[r.Pos:]...)
	return wasmbin.AppendSection(out, id, append(grown, a.body...))
}
