package protogen

import (
	"path"

	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	"github.com/hygia-suite/hygia/tools/witgen/internal/naming"
)

const emptyPath = "google/protobuf/empty.proto"

// newMessage makes a message; outer is the one that holds it, nil for none.
func newMessage(name string, outer *Message) *Message {
	m := &Message{Name: name, GoName: naming.ProtoGo(name), path: name}
	if outer != nil {
		m.GoName = outer.GoName + "_" + m.GoName
		m.path = outer.path + "." + name
	}
	return m
}

// add appends a field of a WIT type, which is nil for a case without payload.
func (p *planner) add(m *Message, name, docs string, t *model.Type, pos model.Position) error {
	f := &Field{Name: naming.Snake(name), Docs: docs, WIT: t}
	f.Number = p.file.Lock.number(m.path, f.Name)
	m.Fields = append(m.Fields, f)
	if t == nil {
		p.use(emptyPath)
		f.Type = "google.protobuf.Empty"
		return nil
	}
	value := t.Resolve()
	switch {
	case m.Oneof != "":
		// A member of a oneof carries no label: lists and options need a holder.
	case value.Kind == model.List && !value.Bytes():
		f.Label, value = "repeated", value.Elem.Resolve()
	case value.Kind == model.Option:
		value = value.Elem.Resolve()
		if scalar(value) {
			f.Label = "optional"
		}
	}
	return p.single(m, f, name, value, pos)
}

// scalar reports whether a field of the type needs "optional" to tell its
// absence: a message tells it by itself.
func scalar(t *model.Type) bool {
	return t.Kind.Primitive() || t.Kind == model.Enum || t.Bytes()
}

// single sets the field's type, making a nested message for what no field can
// hold as one value.
func (p *planner) single(m *Message, f *Field, name string, t *model.Type, pos model.Position) error {
	if t.Kind.Primitive() {
		f.Type = scalarType(t.Kind)
		return nil
	}
	if t.Named() {
		p.named(f, t)
		return nil
	}
	if t.Bytes() {
		f.Type = "bytes"
		return nil
	}
	holder := newMessage(naming.Message(name+"-"+t.Kind.String()), m)
	holder.WIT = t
	m.Nested = append(m.Nested, holder)
	f.Type, f.Holder = holder.Name, holder
	switch t.Kind {
	case model.List, model.Option:
		return p.add(holder, "value", "", t, pos)
	case model.Tuple:
		for i, e := range t.Elems {
			if err := p.add(holder, tupleField(i), "", e, pos); err != nil {
				return err
			}
		}
		return nil
	default: // A result.
		holder.Oneof = "result"
		if err := p.add(holder, "ok", "", t.OK, pos); err != nil {
			return err
		}
		return p.add(holder, "error", "", t.Err, pos)
	}
}

// named sets the field's type to a declared one, of this file or another.
func (p *planner) named(f *Field, t *model.Type) {
	f.Type = Name(t)
	if folder := p.folders[t.Owner.Package]; folder != p.file.Folder {
		p.use(path.Join(folder, protoFile))
		f.Type = protoPackage(folder) + "." + f.Type
	}
}

func (p *planner) use(path string) {
	if !p.imports[path] {
		p.imports[path] = true
		p.file.Imports = append(p.file.Imports, path)
	}
}

func tupleField(i int) string { return "f" + string(rune('0'+i/10)) + string(rune('0'+i%10)) }

// scalarType gives the proto type of a primitive one. A char is a string of one
// character, which JSON shows as such.
func scalarType(k model.Kind) string {
	return [...]string{
		model.Bool: "bool",
		model.U8:   "uint32", model.U16: "uint32", model.U32: "uint32", model.U64: "uint64",
		model.S8: "int32", model.S16: "int32", model.S32: "int32", model.S64: "int64",
		model.F32: "float", model.F64: "double",
		model.Char: "string", model.String: "string",
	}[k]
}

// resolveGoNames gives fields the Go names that protoc-gen-go would, which keeps
// them apart from methods, getters and nested messages by underscores.
func (m *Message) resolveGoNames() {
	// The methods of every generated message.
	taken := map[string]bool{
		"Reset": true, "String": true, "ProtoMessage": true, "Marshal": true, "Unmarshal": true,
		"ExtensionRangeArray": true, "ExtensionMap": true, "Descriptor": true,
	}
	unique := func(name string) string {
		for taken[name] || taken["Get"+name] {
			name += "_"
		}
		taken[name], taken["Get"+name] = true, true
		return name
	}
	nested := map[string]bool{}
	for _, n := range m.Nested {
		n.resolveGoNames()
		nested[n.GoName] = true
	}
	for i, f := range m.Fields {
		f.GoName = unique(naming.ProtoGo(f.Name))
		if i == 0 && m.Oneof != "" {
			m.GoOneof = unique(naming.ProtoGo(m.Oneof))
		}
		f.GoWrapper = m.GoName + "_" + f.GoName
		for nested[f.GoWrapper] {
			f.GoWrapper += "_"
		}
	}
}
