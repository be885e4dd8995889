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
)

// String gives WIT's word for the kind.
func (k Kind) String() string {
	return [...]string{
		"bool", "u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64", "char", "string",
		"record", "variant", "enum", "flags", "alias", "list", "option", "result", "tuple",
	}[k]
}

// Primitive reports whether the kind is one of WIT's primitives.
func (k Kind) Primitive() bool { return k <= String }

// Type is a WIT type: a primitive, a named declaration, or an anonymous
// composition of others.
type Type struct {
	Kind Kind

	// Name, Docs, Owner and Position are those of a declaration: a record,
	// variant, enum, flags or alias.
	Name     string
	Docs     string
	Owner    *Interface
	Position Position

	// Fields holds a record's fields, a variant's or enum's cases, or flags.
	Fields []Field
	// Elem is what an alias names, a list holds, or an option may hold.
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

// String gives the type as WIT writes it where it is used.
func (t *Type) String() string {
	if t.Named() {
		return t.Name
	}
	switch t.Kind {
	case List, Option:
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
	params := make([]string, len(f.Params))
	for i, p := range f.Params {
		params[i] = p.Name + ": " + p.Type.String()
	}
	s := f.Name + ": func(" + strings.Join(params, ", ") + ")"
	if f.Result != nil {
		s += " -> " + f.Result.String()
	}
	return s
}
