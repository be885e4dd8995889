// Package model holds what witgen knows of a WIT package: named and anonymous
// types, functions, interfaces, and where each is declared. It is built by
// package load and read by the generators, which never see the parser.
package model

import "fmt"

// Position is a place in a WIT file. Line and Column count from 1; Column
// counts bytes. The zero Position is nowhere, as that of what came from a package
// in WebAssembly.
type Position struct {
	File   string
	Line   int
	Column int
}

// String gives "file:line:column", as compilers do.
func (p Position) String() string {
	if p == (Position{}) {
		return "-"
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Error is a refusal to generate, and where its cause is declared.
type Error struct {
	Position Position
	Message  string
	// Cause is the parser's own error, where it is the parser that refuses.
	Cause error
}

func (e *Error) Error() string { return e.Position.String() + ": " + e.Message }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Errorf makes an Error.
func Errorf(pos Position, format string, args ...any) *Error {
	return &Error{Position: pos, Message: fmt.Sprintf(format, args...)}
}

// Package is one WIT package.
type Package struct {
	Namespace string
	Name      string
	// Version is empty where the package has none.
	Version string
	Docs    string
	// Source names the WIT file, or the folder where there are several,
	// relative to the parent of the folder of packages.
	Source     string
	Interfaces []*Interface
	Worlds     []*World
}

// World is one world of a package. What it imports and exports is named as in the
// component model, an interface by its path without a version.
type World struct {
	Name             string
	Position         Position
	Imports, Exports []string
}

// ID gives the package's WIT identifier, such as "hygia:content@0.1.0".
func (p *Package) ID() string {
	return p.Namespace + ":" + p.Name + p.suffix()
}

func (p *Package) suffix() string {
	if p.Version == "" {
		return ""
	}
	return "@" + p.Version
}

// Interface is one interface of a package, or what a world declares outside of
// one: its own functions and types.
type Interface struct {
	Package *Package
	// Name is what Go names derive from: the interface's name; for what a world
	// declares the world's, with what tells it from others.
	Name string
	// World is the name of the world that declares what is in no interface.
	World string
	// Path is the name by which components import or export the interface, such
	// as "hygia:content/importer@0.1.0". It is empty for the functions that a
	// world imports or exports itself.
	Path     string
	Docs     string
	Position Position
	// Types are those declared in the interface, in the order of declaration;
	// what it merely uses is not among them.
	Types []*Type
	Funcs []*Func
	// Exported tells that a world exports the interface, Imported that one
	// imports it.
	Exported, Imported bool
	// Guest tells that resources of the interface are those of a component that
	// exports it, not the host's.
	Guest bool
	// Twin is the other side of an interface with resources that is both imported
	// and exported: the host's resources are not the guest's, so that there are
	// two Interfaces. Of the two, the one that is Guest holds only types that have
	// to do with resources; what it shares is the other's.
	Twin *Interface
}

// Label says in prose what components import or export.
func (i *Interface) Label() string {
	if i.Path == "" {
		return "functions of world " + i.World
	}
	return i.Path
}

// FuncKind tells to what a function belongs.
type FuncKind int

// The kinds of functions: of an interface, or of a resource.
const (
	Free FuncKind = iota
	Method
	Static
	Constructor
)

// Func is one function of an interface.
type Func struct {
	// Name is the function's name in the component model, such as
	// "[method]blob.read".
	Name string
	// Base is its name in WIT, such as "read"; empty for a constructor.
	Base string
	Kind FuncKind
	// Resource is what a function belongs to that is not Free.
	Resource *Type
	Docs     string
	Position Position
	// Params begin with the resource itself for a Method.
	Params []Field
	// Result is nil where the function gives nothing.
	Result *Type
}

// Kebab gives a name in WIT's manner that tells the function from all others of
// its interface, such as "blob-read" or "new-blob".
func (f *Func) Kebab() string {
	switch f.Kind {
	case Constructor:
		return "new-" + f.Resource.Name
	case Method, Static:
		return f.Resource.Name + "-" + f.Base
	default:
		return f.Base
	}
}

// WIT names the function as prose about a contract does, such as "blob.read".
func (f *Func) WIT() string {
	switch f.Kind {
	case Constructor:
		return "the constructor of " + f.Resource.Name
	case Method, Static:
		return f.Resource.Name + "." + f.Base
	default:
		return f.Base
	}
}

// Field is a field of a record, a flag, a case of an enum or variant, or a
// parameter. Type is nil for a flag, a case of an enum, and a case of a
// variant without a payload.
type Field struct {
	Name     string
	Docs     string
	Position Position
	Type     *Type
}
