package lane

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
	imported      map[uint32]bool // types of functions that it imports itself
	modules       [][]byte
	coreInstances []coreInstance
	coreFuncs     []coreExport
	memories      []coreExport
	canons        []canon
}

// typ is what there is to know of a type.
type typ struct {
	// lane: a value of the type holds text or bytes that take the lane. Of a
	// function: in its parameters, in its result.
	lane, params, result bool
	plain                bool            // a value of it holds what only wasmtime can read
	byte                 bool            // it is u8
	flat                 int             // numbers that a value of it is, up to flatMax
	far                  bool            // of a function: its result lies in memory, for the host to read
	exports              map[string]item // of an instance or a component
	known                bool
}

// item is an export of an instance or a component.
type item struct {
	sort byte
	typ  typ
}

// fn is a function: one that the component imports has a name.
type fn struct {
	typ          typ
	imported     bool
	iface, field string
}

type instance struct {
	name string // of an import
	typ  typ
}

// coreInstance is an instance of a module, or a bag of exports with module -1.
type coreInstance struct{ module int }

// coreExport is an export of a core instance; instance -1 is anything else.
type coreExport struct {
	instance int
	name     string
	uses     int // of a function
}

// canon is a function that is lifted or lowered.
type canon struct {
	lift bool
	typ  uint32 // of what is lifted
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
