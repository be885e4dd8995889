package model

import "strings"

// Kind tells what a Type is.
type Kind int

// The kinds. Those up to String are WIT's primitives.
const (
	Bool Kind = iota
	U8
	S8
	U16
	S16
	U32
	S32
	U64
	S64
	F32
	F64
	Char
	String
	Record
	Variant
	Enum
	Flags
	Alias
	List
	Option
	Result
	Tuple
	Resource
	Own
	Borrow
)

// String gives WIT's word for the kind.
func (k Kind) String() string {
	return [...]string{
		"bool", "u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64", "char", "string",
		"record", "variant", "enum", "flags", "alias", "list", "option", "result", "tuple",
		"resource", "own", "borrow",
	}[k]
}

// Primitive reports whether the kind is one of WIT's primitives.
func (k Kind) Primitive() bool { return k <= String }

// Type is a WIT type: a primitive, a named declaration, or an anonymous
// composition of others.
type Type struct {
	Kind Kind

	// Name, Docs, Owner and Position are those of a declaration: a record,
	// variant, enum, flags, resource or alias.
	Name     string
	Docs     string
	Owner    *Interface
	Position Position

	// Fields holds a record's fields, a variant's or enum's cases, or flags.
	Fields []Field
	// Elem is what an alias names, a list holds, an option may hold, or a handle
	// is to.
	Elem *Type
	// OK and Err are a result's; each may be nil.
	OK, Err *Type
	// Elems are a tuple's.
	Elems []*Type
}

// Named reports whether the type is a declaration of its own.
func (t *Type) Named() bool { return t.Name != "" }

// Resolve follows aliases to the type that they name.
func (t *Type) Resolve() *Type {
	for t.Kind == Alias {
		t = t.Elem
	}
	return t
}

// Bytes reports whether the type is a list of bytes, which crosses as one piece.
func (t *Type) Bytes() bool {
	t = t.Resolve()
	return t.Kind == List && t.Elem.Resolve().Kind == U8
}

// Handle gives the resource to which the type is a handle; nil where it is none.
func (t *Type) Handle() *Type {
	if t = t.Resolve(); t.Kind == Own || t.Kind == Borrow {
		return t.Elem.Resolve()
	}
	return nil
}

// Holds reports whether the type is, or holds at any depth, one of which the
// given function reports true.
func (t *Type) Holds(is func(*Type) bool) bool {
	if t == nil {
		return false
	}
	t = t.Resolve()
	if is(t) {
		return true
	}
	for _, f := range t.Fields {
		if f.Type.Holds(is) {
			return true
		}
	}
	for _, e := range t.Elems {
		if e.Holds(is) {
			return true
		}
	}
	return t.Elem.Holds(is) || t.OK.Holds(is) || t.Err.Holds(is)
}

// String gives the type as WIT writes it where it is used.
func (t *Type) String() string {
	if t.Named() {
		return t.Name
	}
	switch t.Kind {
	case Own:
		return t.Elem.String()
	case List, Option, Borrow:
		return t.Kind.String() + "<" + t.Elem.String() + ">"
	case Tuple:
		elems := make([]string, len(t.Elems))
		for i, e := range t.Elems {
			elems[i] = e.String()
		}
		return "tuple<" + strings.Join(elems, ", ") + ">"
	case Result:
		return t.resultString()
	default:
		return t.Kind.String()
	}
}

func (t *Type) resultString() string {
	switch {
	case t.OK == nil && t.Err == nil:
		return "result"
	case t.Err == nil:
		return "result<" + t.OK.String() + ">"
	case t.OK == nil:
		return "result<_, " + t.Err.String() + ">"
	default:
		return "result<" + t.OK.String() + ", " + t.Err.String() + ">"
	}
}

// String gives the function as WIT declares it.
func (f *Func) String() string {
	var params []string
	for i, p := range f.Params {
		if i > 0 || f.Kind != Method {
			params = append(params, p.Name+": "+p.Type.String())
		}
	}
	list := "(" + strings.Join(params, ", ") + ")"
	s := f.Base + ": func" + list
	switch f.Kind {
	case Constructor:
		s = "constructor" + list
		if f.Result.Handle() != nil {
			return s
		}
	case Static:
		s = f.Base + ": static func" + list
	}
	if f.Result != nil {
		s += " -> " + f.Result.String()
	}
	return s
}
