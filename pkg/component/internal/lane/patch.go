package lane

import (
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

func (p *patch) apply(wasm []byte) ([]byte, error) {
	m, err := readModule(wasm)
	if err != nil {
		return nil, err
	}
	add := map[byte]*wasmbin.Addition{}
	for _, id := range []byte{wasmbin.SecFunc, wasmbin.SecGlobal, wasmbin.SecExport, wasmbin.SecCode} {
		add[id] = &wasmbin.Addition{}
	}
	if err := p.add(m, add); err != nil {
		return nil, err
	}
	return wasmbin.Join(m.sections, add)
}

func export(a *wasmbin.Addition, name string, kind byte, index uint32) {
	a.One(wasmbin.AppendU32(append(wasmbin.AppendName(nil, name), kind), index)...)
}

func (p *patch) add(m *module, add map[byte]*wasmbin.Addition) error {
	for _, a := range p.aliases {
		e, ok := m.exports[a.of]
		if !ok {
			return errUnknown
		}
		export(add[wasmbin.SecExport], a.name, e.kind, e.index)
	}
	if len(p.posts) == 0 {
		return nil
	}
	which, address := m.globals, m.globals+1
	for range 2 {
		add[wasmbin.SecGlobal].One(0x7f, 1, 0x41, 0, 0x0b) // a mutable i32, zero at first
	}
	finish := []byte{0}
	var typ uint32
	for k, post := range p.posts {
		e, ok := m.exports[post.of]
		if !ok || e.kind != coreSortFunc || uint64(e.index) >= uint64(len(m.funcs)) {
			return errUnknown
		}
		typ = m.funcs[e.index] // that of them all: one number in, nothing out
		add[wasmbin.SecFunc].One(wasmbin.AppendU32(nil, typ)...)
		add[wasmbin.SecCode].Code(note(uint32(k)+1, which, address))
		export(add[wasmbin.SecExport], post.name, coreSortFunc, uint32(len(m.funcs)+k))
		finish = append(finish, makeNoted(uint32(k)+1, e.index, which, address)...)
	}
	add[wasmbin.SecFunc].One(wasmbin.AppendU32(nil, typ)...)
	add[wasmbin.SecCode].Code(append(finish, 0x0b))
	export(add[wasmbin.SecExport], Finish, coreSortFunc, uint32(len(m.funcs)+len(p.posts)))
	return nil
}

const opEqual = 0x46 // i32.eq

// note is the body of a function that notes its argument and its own number k.
func note(k, which, address uint32) []byte {
	b := []byte{0, wasmbin.OpLocalGet, 0}
	b = wasmbin.AppendU32(append(b, wasmbin.OpGlobalSet), address)
	b = wasmbin.AppendIndex(append(b, wasmbin.OpI32Const), uint64(k))
	b = wasmbin.AppendU32(append(b, wasmbin.OpGlobalSet), which)
	return append(b, wasmbin.OpEnd)
}

// makeNoted calls a function when number k was noted.
func makeNoted(k, callee, which, address uint32) []byte {
	b := wasmbin.AppendU32([]byte{wasmbin.OpGlobalGet}, which)
	b = wasmbin.AppendIndex(append(b, wasmbin.OpI32Const), uint64(k))
	b = append(b, opEqual, wasmbin.OpIf, wasmbin.NoType, wasmbin.OpI32Const, 0)
	b = wasmbin.AppendU32(append(b, wasmbin.OpGlobalSet), which)
	b = wasmbin.AppendU32(append(b, wasmbin.OpGlobalGet), address)
	b = wasmbin.AppendU32(append(b, wasmbin.OpCall), callee)
	return append(b, wasmbin.OpEnd)
}

// module is a core module, as far as a patch needs it.
type module struct {
	sections []wasmbin.Section
	funcs    []uint32 // the type of each function, imported ones first
	globals  uint32
	exports  map[string]coreItem
}

type coreItem struct {
	kind  byte
	index uint32
}

func readModule(wasm []byte) (*module, error) {
	sections, err := wasmbin.Sections(wasm)
	m := &module{sections: sections, exports: map[string]coreItem{}}
	for _, s := range sections {
		r := &wasmbin.Reader{In: s.Body, Err: err}
		m.read(s.ID, r)
		err = r.Err
	}
	return m, err
}

// takesOurNames reports whether a module exports a name of ours, or may.
func takesOurNames(wasm []byte) bool {
	r := &wasmbin.Reader{In: wasm}
	r.Take(uint32(len(wasmbin.Core)))
	for !r.Done() {
		id, body := r.Section()
		if id != wasmbin.SecExport {
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
	case wasmbin.SecImport:
		for range r.Count() {
			m.importDef(r)
		}
	case wasmbin.SecFunc:
		for range r.Count() {
			m.funcs = append(m.funcs, r.U32())
		}
	case wasmbin.SecGlobal:
		m.globals += uint32(r.Count())
	case wasmbin.SecExport:
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
