package chunk

import (
	"math"
	"strings"

	"github.com/hygia-suite/hygia/pkg/component/internal/wasmbin"
)

const (
	funcType   = 0x60
	kindGlobal = 0x03
)

// shape is what a module has besides its code, as far as that must be known.
type shape struct {
	types, funcs uint32
	globals      uint32
	takesOurs    bool // it exports one of the names that are ours
	memories     []space
	tables       []space
	data, elems  []uint32 // how long segments are: bytes, elements
}

// space is a memory or a table.
type space struct {
	bounds
	elem     []byte // the type of what fills it
	imported bool
}

// bounds are those of a memory's pages, or of a table's elements.
type bounds struct {
	wide        bool // addressed by numbers of 64 bits
	least, most uint64
	from, to    int // where in its section least stands
}

func readShape(sections []wasmbin.Section) (*shape, error) {
	s := &shape{}
	for _, section := range sections {
		each := s.item(section.ID)
		if each == nil {
			continue
		}
		r := &wasmbin.Reader{In: section.Body}
		for range r.Count() {
			if each(r); r.Err != nil {
				break
			}
		}
		if !r.Done() {
			r.Fail()
		}
		if r.Err != nil {
			return nil, r.Err
		}
	}
	return s, nil
}

// item returns what reads an item of a section, nil for one that need not be known.
func (s *shape) item(id byte) func(*wasmbin.Reader) {
	switch id {
	case wasmbin.SecType:
		return s.typ
	case wasmbin.SecImport:
		return s.imported
	case wasmbin.SecFunc:
		return s.function
	case wasmbin.SecTable:
		return s.table
	case wasmbin.SecMemory:
		return s.memory
	case wasmbin.SecGlobal:
		return s.global
	case wasmbin.SecExport:
		return s.export
	case wasmbin.SecElem:
		return s.elem
	case wasmbin.SecData:
		return s.segment
	}
	return nil
}

func (s *shape) typ(r *wasmbin.Reader) {
	if r.Byte() != funcType {
		r.Fail()
	}
	for range 2 {
		for range r.Count() {
			valType(r)
		}
	}
	s.types++
}

func (s *shape) function(r *wasmbin.Reader) {
	r.U32()
	s.funcs++
}

func (s *shape) imported(r *wasmbin.Reader) {
	r.Take(r.U32())
	r.Take(r.U32())
	switch r.Byte() {
	case 0:
		s.function(r)
	case 1:
		s.table(r)
	case 2:
		s.memory(r)
		s.memories[len(s.memories)-1].imported = true
	case kindGlobal:
		valType(r)
		r.Byte()
		s.globals++
	default:
		r.Fail()
	}
}

func (s *shape) memory(r *wasmbin.Reader) {
	s.memories = append(s.memories, space{bounds: limits(r), elem: []byte{i32}})
}

func (s *shape) table(r *wasmbin.Reader) {
	filled := r.Peek() == 0x40 // with an expression for its elements
	if filled {
		r.Byte()
		r.Byte()
	}
	start := r.Pos
	valType(r)
	if r.Err != nil {
		return
	}
	t := space{elem: r.In[start:r.Pos]}
	t.bounds = limits(r)
	if filled {
		constant(r)
	}
	s.tables = append(s.tables, t)
}

// limits reads the bounds of a memory or a table.
func limits(r *wasmbin.Reader) bounds {
	const most, is64 = 1, 4
	flags := r.Byte()
	if flags&^(most|is64) != 0 { // shared, or with pages of another size
		r.Fail()
	}
	b := bounds{wide: flags&is64 != 0, most: math.MaxUint64, from: r.Pos}
	number := func() uint64 { return uint64(r.U32()) }
	if b.wide {
		number = r.U64
	}
	b.least, b.to = number(), r.Pos
	if flags&most != 0 {
		b.most = number()
	}
	return b
}

func (s *shape) global(r *wasmbin.Reader) {
	valType(r)
	r.Byte()
	constant(r)
	s.globals++
}

func (s *shape) export(r *wasmbin.Reader) {
	s.takesOurs = strings.HasPrefix(r.Name(), Prefix) || s.takesOurs
	r.Byte()
	r.U32()
}

func (s *shape) segment(r *wasmbin.Reader) {
	flags := r.U32()
	switch flags {
	case 0:
		constant(r)
	case 1: // passive
	case 2:
		r.U32()
		constant(r)
	default:
		r.Fail()
	}
	n := r.U32()
	r.Take(n)
	s.data = append(s.data, n)
}

func (s *shape) elem(r *wasmbin.Reader) {
	const notActive, named, expressions = 1, 2, 4
	flags := r.U32()
	if flags > notActive|named|expressions {
		r.Fail()
		return
	}
	if flags&notActive == 0 {
		if flags&named != 0 {
			r.U32()
		}
		constant(r)
	}
	if flags&(notActive|named) != 0 {
		if flags&expressions != 0 {
			valType(r)
		} else {
			r.Byte()
		}
	}
	n := r.Count()
	for range n {
		if flags&expressions != 0 {
			constant(r)
		} else {
			r.U32()
		}
		if r.Err != nil {
			return
		}
	}
	s.elems = append(s.elems, uint32(n))
}
