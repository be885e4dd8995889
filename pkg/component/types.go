package component

import (
	"slices"
	"strings"
)

// Kind is the shape of a WIT type.
type Kind uint8

// The kinds of WIT types. Futures, streams, error contexts and maps have the one
// kind KindUnsupported: a component may name them, nobody can use them.
const (
	KindBool Kind = iota
	KindS8
	KindU8
	KindS16
	KindU16
	KindS32
	KindU32
	KindS64
	KindU64
	KindF32
	KindF64
	KindChar
	KindString
	KindList
	KindRecord
	KindTuple
	KindVariant
	KindEnum
	KindOption
	KindResult
	KindFlags
	KindOwn
	KindBorrow
	KindUnsupported
)

// String returns the kind's keyword in WIT.
func (k Kind) String() string {
	names := [...]string{
		"bool", "s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64", "f32", "f64", "char", "string",
		"list", "record", "tuple", "variant", "enum", "option", "result", "flags", "own", "borrow",
		"unsupported",
	}
	if int(k) < len(names) {
		return names[k]
	}
	return "unknown"
}

// Type describes a WIT type. It is immutable and safe for concurrent use; make
// one with the constructors of this file, usually once, in a package variable.
// Two types are the same when their structure is: see Equal.
type Type struct {
	kind     Kind
	name     string    // of a record, variant, enum or flags, for messages only; of an unsupported type, what it is
	elems    []*Type   // element, payloads or fields; nil entries are absent payloads
	labels   []string  // of fields, cases or flags
	resource *Resource // of own and borrow
	lane     bool      // a string or list that takes the lane; no part of the type
}

// The primitive types of WIT.
//
//nolint:gochecknoglobals // immutable, and what package-level descriptors are made of
var (
	Bool   = &Type{kind: KindBool}
	S8     = &Type{kind: KindS8}
	U8     = &Type{kind: KindU8}
	S16    = &Type{kind: KindS16}
	U16    = &Type{kind: KindU16}
	S32    = &Type{kind: KindS32}
	U32    = &Type{kind: KindU32}
	S64    = &Type{kind: KindS64}
	U64    = &Type{kind: KindU64}
	F32    = &Type{kind: KindF32}
	F64    = &Type{kind: KindF64}
	Char   = &Type{kind: KindChar}
	String = &Type{kind: KindString}
)

// Field is a named member of a record, or a parameter of a function.
type Field struct {
	Name string
	Type *Type
}

// Case is one case of a variant. A nil Type means that it carries nothing.
type Case struct {
	Name string
	Type *Type
}

// ListOf returns list<elem>. A list of u8 is a run of bytes to Encoder and Decoder.
func ListOf(elem *Type) *Type { return &Type{kind: KindList, elems: []*Type{elem}} }

func (t *Type) isBytes() bool { return t.kind == KindList && t.elems[0].kind == KindU8 }

// OptionOf returns option<t>.
func OptionOf(t *Type) *Type { return &Type{kind: KindOption, elems: []*Type{t}} }

// ResultOf returns result<ok, err>; a nil means that the side carries nothing.
func ResultOf(ok, err *Type) *Type { return &Type{kind: KindResult, elems: []*Type{ok, err}} }

// TupleOf returns tuple<ts...>.
func TupleOf(ts ...*Type) *Type {
	return &Type{kind: KindTuple, elems: append([]*Type(nil), ts...)}
}

// RecordOf returns a record. The name serves messages; it is no part of the type.
func RecordOf(name string, fields ...Field) *Type {
	t := &Type{kind: KindRecord, name: name}
	for _, f := range fields {
		t.labels = append(t.labels, f.Name)
		t.elems = append(t.elems, f.Type)
	}
	return t
}

// VariantOf returns a variant. The name serves messages; it is no part of the type.
func VariantOf(name string, cases ...Case) *Type {
	t := &Type{kind: KindVariant, name: name}
	for _, c := range cases {
		t.labels = append(t.labels, c.Name)
		t.elems = append(t.elems, c.Type)
	}
	return t
}

// EnumOf returns an enum. The name serves messages; it is no part of the type.
func EnumOf(name string, cases ...string) *Type {
	return &Type{kind: KindEnum, name: name, labels: append([]string(nil), cases...)}
}

// FlagsOf returns flags, at most 64 of them. The name serves messages; it is no
// part of the type.
func FlagsOf(name string, flags ...string) *Type {
	return &Type{kind: KindFlags, name: name, labels: append([]string(nil), flags...)}
}

// unsupported returns a type that a component names and that Link refuses.
func unsupported(what string) *Type { return &Type{kind: KindUnsupported, name: what} }

// holdsLane reports whether a value of the type may hold what takes the lane. A
// nil type holds nothing.
func (t *Type) holdsLane() bool {
	return t != nil && (t.lane || slices.ContainsFunc(t.elems, (*Type).holdsLane))
}

// Kind returns the type's shape.
func (t *Type) Kind() Kind { return t.kind }

// Elems returns the element types: a list's or option's one, a tuple's, a
// record's fields, a variant's payloads, a result's two. An absent payload is
// nil. The caller owns the slice.
func (t *Type) Elems() []*Type { return append([]*Type(nil), t.elems...) }

// Labels returns the names of fields, cases or flags. The caller owns the slice.
func (t *Type) Labels() []string { return append([]string(nil), t.labels...) }

// Equal reports whether two types have the same structure: kinds, the names of
// fields, cases and flags, and their order, and equal resources. The names of the types themselves
// do not count, as they do not in the component model.
func (t *Type) Equal(u *Type) bool {
	if t == u {
		return true
	}
	if t == nil || u == nil || t.kind != u.kind || t.kind == KindUnsupported ||
		len(t.elems) != len(u.elems) || len(t.labels) != len(u.labels) || !t.resource.Equal(u.resource) {
		return false
	}
	for i := range t.labels {
		if t.labels[i] != u.labels[i] {
			return false
		}
	}
	for i := range t.elems {
		if !t.elems[i].Equal(u.elems[i]) {
			return false
		}
	}
	return true
}

// String returns the type as WIT writes it, with the bodies of records,
// variants, enums and flags inline, as in "record{id: u64, name: string}".
func (t *Type) String() string {
	var b strings.Builder
	t.write(&b)
	return b.String()
}

// typeTextMax bounds the text of a type: it ends up in error messages.
const typeTextMax = 512

func (t *Type) write(b *strings.Builder) {
	switch {
	case b.Len() > typeTextMax:
		b.WriteString("…")
	case t == nil:
		b.WriteString("_")
	case t.kind == KindUnsupported:
		b.WriteString(t.name)
	case t.resource != nil:
		b.WriteString(t.kind.String() + "<" + t.resource.String() + ">")
	default:
		b.WriteString(t.kind.String())
		t.writeBody(b)
	}
}

func (t *Type) writeBody(b *strings.Builder) {
	if len(t.elems) == 0 && len(t.labels) == 0 {
		return
	}
	open, end := "<", ">"
	if t.labels != nil {
		open, end = "{", "}"
	}
	b.WriteString(open)
	for i := range max(len(t.elems), len(t.labels)) {
		if i > 0 {
			b.WriteString(", ")
		}
		if b.Len() > typeTextMax {
			b.WriteString("…")
			break
		}
		t.writeMember(b, i)
	}
	b.WriteString(end)
}

func (t *Type) writeMember(b *strings.Builder, i int) {
	if t.labels == nil {
		t.elems[i].write(b)
		return
	}
	b.WriteString(t.labels[i])
	if t.elems != nil && t.elems[i] != nil {
		b.WriteString(": ")
		t.elems[i].write(b)
	}
}
