// Package protogen mirrors a WIT package's interface "types" as messages of
// Protocol Buffers.
//
// It works in two steps: Plan decides on messages and fields, and Print writes
// them down. The generator of conversions reads the same plan, so that the two
// cannot disagree.
package protogen

import (
	"fmt"
	"strings"

	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	"github.com/hygia-suite/hygia/tools/witgen/internal/naming"
)

// Interface is the name of the interface whose types are mirrored.
const Interface = "types"

// File is the plan of one wit.proto.
type File struct {
	// Package is the proto package, such as "hygia.content.v1".
	Package string
	// Path is relative to the root of the proto files.
	Path string
	// Source is the WIT file that it comes from.
	Source   string
	Docs     string
	Imports  []string
	Messages []*Message
	Enums    []*Enum
	// LeftOut are types that proto cannot say, by their names and lines in WIT.
	LeftOut []string
	// Lock holds the numbers, those that are new among them.
	Lock *Lock
	// order holds messages and enums as they are declared.
	order []any
}

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
	return naming.Screaming(e.WIT.Name) + "_UNSPECIFIED"
}

// EnumValue is one value of an enum.
type EnumValue struct {
	Name   string
	Docs   string
	Number int
}

// LockPath gives the path of the lock of a package's numbers, relative to the root
// of the proto files.
func LockPath(pkg *model.Package) string {
	return strings.TrimSuffix(protoPath(pkg), ".proto") + ".lock"
}

// Plan gives the plan of a package's wit.proto, by the numbers that were given out
// before, and adds new ones to the lock; nil where the package has no types to
// mirror.
func Plan(pkg *model.Package, lock *Lock) (*File, error) {
	for _, i := range pkg.Interfaces {
		if i.Name == Interface && len(i.Types) > 0 {
			p := &planner{file: &File{
				Package: ProtoPackage(pkg),
				Path:    protoPath(pkg),
				Source:  pkg.Source,
				Docs:    pkg.Docs,
				Lock:    lock,
			}, imports: map[string]bool{}}
			err := p.types(i)
			if err == nil && len(p.file.order) == 0 {
				return nil, nil
			}
			if path := lock.exhausted(); err == nil && path != "" {
				err = model.Errorf(i.Position, "proto has no number left for what is new in %s", path)
			}
			return p.file, err
		}
	}
	return nil, nil
}

// ProtoPackage gives the proto package that mirrors a WIT package.
func ProtoPackage(pkg *model.Package) string {
	return naming.Snake(pkg.Namespace) + "." + naming.Snake(pkg.Name) + ".v1"
}

func protoPath(pkg *model.Package) string {
	return naming.Snake(pkg.Namespace) + "/" + naming.Snake(pkg.Name) + "/v1/wit.proto"
}

// planner collects the declarations of one file.
type planner struct {
	file    *File
	imports map[string]bool
}

func (p *planner) types(i *model.Interface) error {
	for _, t := range i.Types {
		if t.Holds(func(t *model.Type) bool { return t.Kind == model.Resource || t.Handle() != nil }) {
			p.file.LeftOut = append(p.file.LeftOut, fmt.Sprintf("%s (line %d)", t.Name, t.Position.Line))
			continue
		}
		switch t.Kind {
		case model.Alias:
			// Proto has no aliases: whatever uses it says what it stands for.
		case model.Enum:
			p.enum(t)
		default:
			if err := p.message(t); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *planner) enum(t *model.Type) {
	e := &Enum{Name: naming.Message(t.Name), Docs: t.Docs, WIT: t}
	var used []string
	for _, c := range t.Fields {
		name := naming.Screaming(t.Name) + "_" + naming.Screaming(c.Name)
		e.Values = append(e.Values, EnumValue{Name: name, Docs: c.Docs, Number: p.file.Lock.number(e.Name, name)})
		used = append(used, name)
	}
	e.Reserved = p.file.Lock.reserved(e.Name, used)
	p.file.Enums = append(p.file.Enums, e)
	p.file.order = append(p.file.order, e)
}

func (p *planner) message(t *model.Type) error {
	m := newMessage(naming.Message(t.Name), nil)
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
