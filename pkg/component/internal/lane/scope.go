package lane

// A scope is the index spaces of a component, or of a type of components or
// instances, as far as this package needs them.
type scope struct {
	parent    *scope
	types     []typ
	funcs     []fn
	instances []instance
	// Components are counted alone: what one is made of is not looked at.
	components int

	// The rest only the outermost component has.
	modules       [][]byte
	coreInstances []coreInstance
	coreFuncs     []coreExport
	memories      []coreExport
	canons        []canon
}

// typ is what there is to know of a type.
type typ struct {
	// lane: a value of the type holds what takes the lane. Of a function: in
	// its parameters, in its result.
	lane, params, result bool
	exports              map[string]item // of an instance
	known                bool
}

// item is an export of an instance.
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
