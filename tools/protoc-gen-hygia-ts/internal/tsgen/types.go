package tsgen

import (
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/hygia-suite/hygia/tools/protoc-gen-hygia-ts/internal/refusal"
)

// wellKnown is the runtime's name of a message with a JSON form of its own; ""
// where it is not one of those.
func wellKnown(name protoreflect.FullName) string {
	switch name {
	case "google.protobuf.Empty":
		return "Empty"
	case "google.protobuf.Timestamp":
		return "Timestamp"
	}
	return ""
}

// fieldType is the type of a field's value where it is there.
func (f *file) fieldType(field *protogen.Field, as form) (string, error) {
	switch {
	case field.Desc.IsMap():
		value, err := f.single(field.Message.Fields[1], as)
		if as == sent {
			return "Readonly<Record<string, " + value + ">>", err
		}
		return "Record<string, " + value + ">", err
	case field.Desc.IsList():
		value, err := f.single(field, as)
		if as == sent {
			return "readonly " + value + "[]", err
		}
		return value + "[]", err
	}
	return f.single(field, as)
}

// single is the type of one value of a field.
func (f *file) single(field *protogen.Field, as form) (string, error) {
	switch {
	case field.Enum != nil:
		return f.refer(field.Desc, field.Enum.Desc, field.Enum.GoIdent.GoName)
	case field.Message != nil:
		if name := wellKnown(field.Message.Desc.FullName()); name != "" {
			return f.json(name), nil
		}
		return f.refer(field.Desc, field.Message.Desc, f.forms.name(field.Message, as))
	}
	return f.scalar(field)
}

// scalar follows the table of proto3's JSON mapping.
func (f *file) scalar(field *protogen.Field) (string, error) {
	switch kind := field.Desc.Kind(); kind {
	case protoreflect.BoolKind:
		return "boolean", nil
	case protoreflect.StringKind:
		return "string", nil
	case protoreflect.BytesKind:
		return f.json("Bytes"), nil
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return f.json("Float"), nil
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind,
		protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return "number", nil
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind,
		protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return f.json("Int64"), nil
	default:
		return "", refusal.Of(field.Desc, "kind %s is not known", kind)
	}
}
