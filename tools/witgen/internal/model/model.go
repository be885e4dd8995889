// Package model holds what witgen knows of a WIT package: named and anonymous
// types, functions, interfaces, and where each is declared. It is built by
// package load and read by the generators, which never see the parser.
package model

import "fmt"

// Position is a place in a WIT file. Line and Column count from 1; Column
// counts bytes.
type Position struct {
	File   string
	Line   int
	Column int
}

// String gives "file:line:column", as compilers do.
func (p Position) String() string {
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Error is a refusal to generate, and where its cause is declared.
type Error struct {
	Position Position
	Message  string
}

func (e *Error) Error() string { return e.Position.String() + ": " + e.Message }

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

// Interface is one interface of a package.
type Interface struct {
	Package  *Package
	Name     string
	Docs     string
	Position Position
	// Types are those declared in the interface, in the order of declaration;
	// what it merely uses is not among them.
	Types []*Type
	Funcs []*Func
	// Exported tells that a world exports the interface, Imported that one
	// imports it.
	Exported, Imported bool
}

// ID gives the interface's WIT identifier, such as
// "hygia:content/importer@0.1.0".
func (i *Interface) ID() string {
	p := i.Package
	return p.Namespace + ":" + p.Name + "/" + i.Name + p.suffix()
}

// Func is one function of an interface.
type Func struct {
	Name     string
	Docs     string
	Position Position
	Params   []Field
	// Result is nil where the function gives nothing.
	Result *Type
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
