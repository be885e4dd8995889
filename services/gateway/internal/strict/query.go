package strict

import (
	"encoding/json"
	"net/url"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Query checks a query string: every parameter is a field of the message, given
// as often as it may be, with a value that fits. bound are fields that the path
// has already.
func Query(values url.Values, message protoreflect.MessageDescriptor, bound []string) error {
	for name, given := range values {
		field := resolve(message, name)
		switch {
		case field == nil, isBound(field, bound):
			return ErrUnknown.WithField(bounded(shown(name)), "is not known here")
		case len(given) > 1 && !field.IsList():
			return ErrTwice.WithField(bounded(name), "must be there once")
		}
		for _, text := range given {
			if err := Text(field, name, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// Text checks one value of a path or a query string.
func Text(field protoreflect.FieldDescriptor, name, text string) error {
	if field.Kind() == protoreflect.StringKind {
		return nil
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		return ErrType.WithField(bounded(name), expected(field))
	}
	// Numbers and booleans have no quotes in JSON; enums may be either.
	if fits(field, quoted) && field.Kind() != protoreflect.BoolKind || plain(text) && fits(field, []byte(text)) {
		return nil
	}
	return ErrType.WithField(bounded(name), expected(field))
}

// plain keeps a text from being more than one JSON value.
func plain(text string) bool {
	return text != "" && text != "null" && !strings.ContainsAny(text, " \t\r\n\",:{}[]")
}

// resolve follows a dotted name to a field that one text can fill.
func resolve(message protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	first, rest, nested := strings.Cut(name, ".")
	field := find(message, first)
	switch {
	case field == nil, field.IsMap():
		return nil
	case nested:
		if field.Message() == nil || field.IsList() || wellKnown(field.Message()) {
			return nil
		}
		return resolve(field.Message(), rest)
	case field.Message() != nil && !wellKnown(field.Message()):
		return nil
	}
	return field
}

func isBound(field protoreflect.FieldDescriptor, bound []string) bool {
	for _, b := range bound {
		if string(field.Name()) == b {
			return true
		}
	}
	return false
}
