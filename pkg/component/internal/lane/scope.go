package lane

import "slices"

// A scope is the index spaces of a component, or of a type of components or
// instances, as far as this package needs them.
type scope struct {
	parent     *scope
	types      []typ
	funcs      []fn
	instances  []instance
	components []typ
	exports    map[string]item

	// The rest only the outermost component has.
	modules       [][]byte
	coreInstances []coreInstance
	coreFuncs     []coreExport
	memories      []coreExport
	canons        []canon
}

// typ is what there is to know of a type.
type typ struct {
	// lane: a value of the type holds text or lists that take the lane. Of a
	// function: in its parameters, in its result.
	lane, params, result bool
	plain                bool            // a value of it, or the function, holds what only wasmtime can read
	heap                 bool            // a value of it holds lists
	room, memory         bool            // of a function: arguments need room, or they or the result lie in memory
	flat                 int             // numbers that a value of it is, up to flatMax
	exports              map[string]item // of an instance or a component
	given                []given         // of an instance: what made it, the innermost first
	known                bool
}

// item is an export of an instance or a component.
type item struct {
	sort byte
	typ  typ
	origin
}

// origin is where a function comes from, if that is known: it is one that the
// outermost component lifts, or what the component that has it is given.
type origin struct {
	lifted int    // its place among scope.canons, from 1
	given  string // the name of an import
}

// given is the functions that a component is given, by the names of its imports.
type given map[string]origin

// export returns what an instance exports under a name.
func (t typ) export(name string) item {
	e := t.exports[name]
	for _, g := range t.given {
		if e.lifted == 0 && e.given != "" { // an argument may have no name
			e.origin = g[e.given]
		}
	}
	if e.sort == sortInstance { // a component gets all that it uses where it is instantiated
		e.typ.given = slices.Concat(e.typ.given, t.given)
	}
	return e
}

// fn is a function: one that the component imports has a name.
type fn struct {
	typ          typ
	imported     bool
	iface, field string
	origin
}

type instance struct {
	name string // of an import
	typ  typ
}

// coreInstance is an instance of a module, or a bag of exports with module -1.
type coreInstance struct{ module int }

// made counts the instances of modules.
func (s *scope) made() int {
	n := 0
	for _, i := range s.coreInstances {
		if i.module >= 0 {
			n++
		}
	}
	return n
}

// alone returns of each module its only instance, or -1 where it has several or none.
func (s *scope) alone() []int {
	count, last := make([]int, len(s.modules)), make([]int, len(s.modules))
	for i, in := range s.coreInstances {
		if in.module >= 0 {
			count[in.module]++
			last[in.module] = i
		}
	}
	for m, n := range count {
		if n != 1 {
			last[m] = -1
		}
	}
	return last
}

// coreExport is an export of a core instance; instance -1 is anything else.
type coreExport struct {
	instance int
	name     string
	uses     int // of a function
}

// canon is a function that is lifted or lowered.
type canon struct {
	lift bool
	core int // the core function that is lifted
	fn   fn
	opts options
}

// options are those of a canonical definition; -1 is none.
type options struct {
	encoding                    byte
	memory, realloc, postReturn int
}

// at returns s[i], and whether it is there.
func at[T any](s []T, i uint32) (v T, ok bool) {
	if uint64(i) >= uint64(len(s)) {
		return v, false
	}
	return s[i], true
}
