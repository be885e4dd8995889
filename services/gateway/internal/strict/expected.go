package strict

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxNames bounds how many of an enum's names a message lists.
const maxNames = 16

// expected says what a field must be.
func expected(field protoreflect.FieldDescriptor) string {
	if message := field.Message(); message != nil {
		switch message.Name() {
		case "Timestamp":
			return `must be a time, such as "2026-01-31T12:00:00Z"`
		case "Duration":
			return `must be a duration in seconds, such as "1.5s"`
		}
		return "must be the JSON form of " + string(message.FullName())
	}
	switch field.Kind() {
	case protoreflect.BoolKind:
		return "must be true or false"
	case protoreflect.EnumKind:
		return "must be one of " + names(field.Enum())
	case protoreflect.BytesKind:
		return "must be a string of base64"
	case protoreflect.StringKind:
		return "must be a string"
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return "must be a number"
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind, protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return "must be a whole number, not negative"
	}
	return "must be a whole number"
}

func names(enum protoreflect.EnumDescriptor) string {
	var all []string
	for i := range enum.Values().Len() {
		if i == maxNames {
			all = append(all, "…")
			break
		}
		all = append(all, string(enum.Values().Get(i).Name()))
	}
	return strings.Join(all, ", ")
}
