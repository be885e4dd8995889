package component

import (
	"context"
	"strings"
)

// Caller calls functions that a component exports: a Program, in a fresh
// instance each, an Instance, or a Handle, in its instance. See Program.Call.
type Caller interface {
	Call(ctx context.Context, fn *Export, args func(*Encoder), results func(*Decoder)) error
}

var (
	_ Caller = (*Program)(nil)
	_ Caller = (*Instance)(nil)
	_ Caller = (*Handle)(nil)
)

// Signature is the type of a function: its parameters in order, and its result.
type Signature struct {
	Params []Field
	Result *Type // nil: the function returns nothing
}

// Equal reports whether two signatures have the same parameter names and types
// and the same result type.
func (s Signature) Equal(o Signature) bool {
	if len(s.Params) != len(o.Params) || !s.Result.Equal(o.Result) {
		return false
	}
	for i := range s.Params {
		if s.Params[i].Name != o.Params[i].Name || !s.Params[i].Type.Equal(o.Params[i].Type) {
			return false
		}
	}
	return true
}

// String returns the signature as WIT writes it, as in "func(text: string) -> u32".
func (s Signature) String() string {
	var b strings.Builder
	b.WriteString("func(")
	for i, p := range s.Params {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.Name + ": ")
		p.Type.write(&b)
	}
	b.WriteString(")")
	if s.Result != nil {
		b.WriteString(" -> ")
		s.Result.write(&b)
	}
	return b.String()
}

// Export names a function that a component exports. Generated code holds one
// package variable for each; a program knows it by its address.
type Export struct {
	Interface string // "hygia:validation/validator@0.1.0"; "" for a function of the world itself
	Name      string
	Signature Signature
}

// Import names a function that a component imports and a host gives.
type Import struct {
	Interface string // "hygia:host/log@0.1.0"; "" for a function of the world itself
	Name      string
	Signature Signature
}

// Item is one function that a component imports or exports, as the component
// itself declares it.
type Item struct {
	Interface string // "" for a function of the world itself
	Name      string // "" where an interface has no functions
	Signature Signature
}

// String returns the item's full name, as in "hygia:host/log@0.1.0#write".
func (i Item) String() string { return qualified(i.Interface, i.Name) }

func qualified(iface, name string) string {
	if iface == "" {
		return name
	}
	if name == "" {
		return iface
	}
	return iface + "#" + name
}
