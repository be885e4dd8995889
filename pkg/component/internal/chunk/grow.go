package chunk

import "github.com/hygia-suite/hygia/pkg/component/internal/wasmbin"

// A memory or a table that does not grow answers -1, which a guest may heed or not, and
// the engine tells nobody. So a module with an instruction that grows one gains a
// function that does it in its place, and says in a global what was refused.

// The names by which core modules export what they were refused last: i64 globals, of
// the pages that a memory would have had, of the elements of a table. They are zero where
// nothing was, and only there where a module can ask. One that exports such a name of its
// own is left as it is: it deceives nobody but whoever reads why it ended.
const (
	Prefix        = "hygia:chunk/"
	AskedPages    = Prefix + "pages"
	AskedElements = Prefix + "elements"
)

// grower is a function that grows a memory or a table and notes in a global how large
// that would have been, where it is refused.
type grower struct {
	grow, size []byte // the instructions, what they name included
	w          width
	value      []byte // the type of what new elements are, of a table
	global     uint32
}

func (g *grower) params() []byte {
	n := len(g.value)
	return append(append([]byte{byte(min(n, 1) + 1)}, g.value...), g.w.typ())
}

func (g *grower) results() []byte { return []byte{1, g.w.typ()} }

func (g *grower) body() []byte {
	by := byte(min(len(g.value), 1)) // the parameter
	had := by + 1                    // a local
	a := &assembly{b: []byte{1, 1, g.w.typ()}}
	if by > 0 {
		a.get(0)
	}
	a.get(by).op(g.grow...).op(opTee, had).minusOne(g.w).do(equal, g.w).op(wasmbin.OpIf, wasmbin.NoType)
	if g.w { // where the sum may have no number: that is as much as can be, then
		g.sum(a.minusOne(g.w), by)
		g.sum(a, by)
		a.get(by).op(opLess64, opSelect)
	} else {
		g.sum(a, by)
	}
	a.op(wasmbin.OpGlobalSet).index(g.global)
	return a.op(wasmbin.OpEnd).get(had).op(wasmbin.OpEnd).b
}

// sum pushes how much there would have been.
func (g *grower) sum(a *assembly, by byte) {
	a.op(g.size...).widen(g.w).get(by).widen(g.w).do(add, true)
}

// grower makes the function that stands in the place of an instruction.
func (w *rewriter) grower(i instruction) (call, error) {
	g := &grower{grow: []byte{opMemoryGrow}, size: []byte{opMemorySize}}
	spaces, name := w.shape.memories, AskedPages
	if i.op == tableGrow {
		g = &grower{grow: []byte{prefixMisc, tableGrow}, size: []byte{prefixMisc, tableSize}}
		spaces, name = w.shape.tables, AskedElements
	}
	if uint64(i.a) >= uint64(len(spaces)) {
		return call{}, wasmbin.ErrUnknown
	}
	if i.op == memoryGrow {
		h, err := w.headroom(i.a)
		if err != nil {
			return call{}, err
		}
		if h != nil {
			h.grows = true
			return call{function: w.function([]byte{1, i32}, []byte{1, i32}, h.grower(i.a, w.asked(name))), needed: true}, nil
		}
	}
	if w.shape.takesOurs {
		return call{}, nil
	}
	if i.op == tableGrow {
		g.value = spaces[i.a].elem
	}
	g.grow, g.size = wasmbin.AppendU32(g.grow, i.a), wasmbin.AppendU32(g.size, i.a)
	g.w, g.global = width(spaces[i.a].wide), w.asked(name)
	return call{function: w.function(g.params(), g.results(), g.body()), needed: true}, nil
}

// asked returns the global that is exported under a name.
func (w *rewriter) asked(name string) uint32 {
	if g, ok := w.globals[name]; ok {
		return g
	}
	g := w.global(i64, 1, opI64Const, 0) // mutable, zero at first
	w.globals[name] = g
	w.add[wasmbin.SecExport].One(wasmbin.AppendU32(append(wasmbin.AppendName(nil, name), kindGlobal), g)...)
	return g
}
