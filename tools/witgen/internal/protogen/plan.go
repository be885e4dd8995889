// Package protogen mirrors the types of WIT packages as messages of Protocol
// Buffers.
//
// It works in two steps: Plan decides on messages and fields, and Print writes
// them down. The generator of conversions reads the same plan, so that the two
// cannot disagree.
package protogen

import (
	"fmt"
	"path"

	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
)

// File is the plan of one wit.proto.
type File struct {
	// Folder holds it, relative to the root of the proto files, such as
	// "hygia/content/v1".
	Folder string
	// Source is the WIT file that it comes from.
	Source   string
	Docs     string
	Imports  []string
	Messages []*Message
	Enums    []*Enum
	// LeftOut are types that proto cannot say, by their interfaces, names and lines
	// in WIT.
	LeftOut []string
	// Lock holds the numbers, those that are new among them.
	Lock *Lock
	// order holds messages and enums as they are declared.
	order []any
}

// Path gives the file's place, relative to the root of the proto files.
func (f *File) Path() string { return path.Join(f.Folder, protoFile) }

// LockPath gives the place of the file's numbers, relative to the root of the proto
// files.
func (f *File) LockPath() string { return path.Join(f.Folder, lockFile) }

// Message is one message. Where Oneof is not empty, all fields are its members.
type Message struct {
	Name string
	// GoName is the name of the Go struct.
	GoName string
	Docs   string
	Oneof  string
	// GoOneof is the name of the Go field for the oneof.
	GoOneof string
	Fields  []*Field
	Nested  []*Message
	// Reserved are fields that are gone.
	Reserved []Reserved
	path     string
	// WIT is the type that it mirrors: a declared one, or an anonymous one that
	// no field can hold by itself.
	WIT *model.Type
}

// Field is one field of a message.
type Field struct {
	Name string
	// GoName is the name of the Go field.
	GoName string
	// GoWrapper is the name of the Go type that wraps a member of a oneof.
	GoWrapper string
	Docs      string
	Number    int
	// Label is "", "optional" or "repeated".
	Label string
	// Type is the type as proto writes it.
	Type string
	// Holder is the nested message that holds the value, or each of a repeated
	// field's values; nil where the field does.
	Holder *Message
	// WIT is the value's type; nil for a case without payload.
	WIT *model.Type
}

// Enum is one enum. 0 is unspecified.
type Enum struct {
	Name   string
	Docs   string
	Values []EnumValue
	// Reserved are values that are gone.
	Reserved []Reserved
	WIT      *model.Type
}

// Ordered reports whether the value at index i has the number i+1, as Go's has: so
// it is until a case is put between others, or one is gone.
func (e *Enum) Ordered() bool {
	for i, v := range e.Values {
		if v.Number != i+1 {
			return false
		}
	}
	return true
}

// Unspecified gives the name of the value 0, which no WIT case has.
func (e *Enum) Unspecified() string {
	return valueName(e.WIT, "unspecified")
}

// EnumValue is one value of an enum.
type EnumValue struct {
	Name   string
	Docs   string
	Number int
}

// Plan gives the plan of each package's wit.proto; none of a package without types
// to mirror. Numbers gives those that were given out before, by the path of their
// lock; what is new is added to them.
func Plan(packages []*model.Package, numbers func(lockPath string) (*Lock, error)) (map[*model.Package]*File, error) {
	folders, err := newFolders(packages)
	if err != nil {
		return nil, err
	}
	plans := map[*model.Package]*File{}
	for _, pkg := range packages {
		f := &File{Folder: folders[pkg], Source: pkg.Source, Docs: pkg.Docs}
		if f.Lock, err = numbers(f.LockPath()); err != nil {
			return nil, err
		}
		p := &planner{file: f, folders: folders, imports: map[string]bool{}, declared: map[string]bool{}}
		if err := p.plan(pkg); err != nil {
			return nil, err
		}
		if len(f.order) > 0 {
			plans[pkg] = f
		}
	}
	return plans, nil
}

// planner collects the declarations of one file.
type planner struct {
	file    *File
	folders folders
	imports map[string]bool
	// declared holds the names of messages, enums and their values, which share a
	// scope.
	declared map[string]bool
}

func (p *planner) plan(pkg *model.Package) error {
	for _, i := range pkg.Interfaces {
		if i.Guest && i.Twin != nil {
			continue // It holds nothing but what has to do with resources.
		}
		if err := p.types(i); err != nil {
			return err
		}
	}
	if scope := p.file.Lock.exhausted(); scope != "" {
		return model.Errorf(start(pkg), "proto has no number left for what is new in %s", scope)
	}
	return nil
}

func (p *planner) types(i *model.Interface) error {
	for _, t := range i.Types {
		var err error
		switch {
		case t.Kind == model.Alias:
			// Proto has no aliases: whatever uses it says what it stands for.
		case t.Holds(func(t *model.Type) bool { return t.Kind == model.Resource || t.Handle() != nil }):
			p.file.LeftOut = append(p.file.LeftOut, fmt.Sprintf("%s.%s (line %d)", i.Name, t.Name, t.Position.Line))
		case t.Kind == model.Enum:
			err = p.enum(t)
		default:
			err = p.message(t)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// declare takes a name in the file's own scope.
func (p *planner) declare(name string, t *model.Type, pos model.Position) error {
	if p.declared[name] {
		return model.Errorf(pos, "%s needs the proto name %s, which another declaration has: rename one of them", t.Name, name)
	}
	p.declared[name] = true
	return nil
}

func (p *planner) enum(t *model.Type) error {
	e := &Enum{Name: Name(t), Docs: t.Docs, WIT: t}
	for _, name := range []string{e.Name, e.Unspecified()} {
		if err := p.declare(name, t, t.Position); err != nil {
			return err
		}
	}
	var used []string
	for _, c := range t.Fields {
		name := valueName(t, c.Name)
		if err := p.declare(name, t, c.Position); err != nil {
			return err
		}
		e.Values = append(e.Values, EnumValue{Name: name, Docs: c.Docs, Number: p.file.Lock.number(e.Name, name)})
		used = append(used, name)
	}
	e.Reserved = p.file.Lock.reserved(e.Name, used)
	p.file.Enums = append(p.file.Enums, e)
	p.file.order = append(p.file.order, e)
	return nil
}

func (p *planner) message(t *model.Type) error {
	m := newMessage(Name(t), nil)
	if err := p.declare(m.Name, t, t.Position); err != nil {
		return err
	}
	m.Docs, m.WIT = t.Docs, t
	if t.Kind == model.Variant {
		m.oneof(t)
	}
	for _, f := range t.Fields {
		ft := f.Type
		if t.Kind == model.Flags {
			ft = &model.Type{Kind: model.Bool}
		}
		if err := p.add(m, f.Name, f.Docs, ft, f.Position); err != nil {
			return err
		}
	}
	p.file.Messages = append(p.file.Messages, m)
	p.file.order = append(p.file.order, m)
	m.resolveGoNames()
	m.reserve(p.file.Lock)
	return nil
}

// reserve notes what a message and those in it have given out and use no more.
func (m *Message) reserve(lock *Lock) {
	var used []string
	for _, f := range m.Fields {
		used = append(used, f.Name)
	}
	m.Reserved = lock.reserved(m.path, used)
	for _, n := range m.Nested {
		n.reserve(lock)
	}
}

// oneof names the message's oneof, which shares a scope with its fields.
func (m *Message) oneof(t *model.Type) {
	m.Oneof = "kind"
	for _, f := range t.Fields {
		if f.Name == "kind" {
			m.Oneof = "case"
			return
		}
	}
}
