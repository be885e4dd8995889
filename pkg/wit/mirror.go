package wit

import (
	"errors"
	"strconv"
	"unicode/utf8"
)

// FieldError says which field of a message cannot become a WIT value, and why.
// It never holds the field's content.
type FieldError struct {
	// Path leads to the field from the message that was converted, as in
	// "authors[2].credential"; empty for the message itself.
	Path string
	// Reason completes a sentence that begins with the path.
	Reason string
}

func (e *FieldError) Error() string {
	if e.Path == "" {
		return "message " + e.Reason
	}
	return e.Path + " " + e.Reason
}

// Missing says that a message, an enum or a oneof is not set.
func Missing() error { return &FieldError{Reason: "is not set"} }

// OutOfRange says that a number is not one that its type in WIT has.
func OutOfRange() error { return &FieldError{Reason: "is out of range"} }

// InField leads the path of a FieldError through a field. Another error comes
// back as it is.
func InField(name string, err error) error {
	var field *FieldError
	if !errors.As(err, &field) {
		return err
	}
	path := name
	if field.Path != "" {
		path += separator(field.Path) + field.Path
	}
	return &FieldError{Path: path, Reason: field.Reason}
}

func separator(path string) string {
	if path[0] == '[' {
		return ""
	}
	return "."
}

// Map converts each element; a list without elements is nil.
func Map[T, U any](list []T, convert func(T) U) []U {
	if len(list) == 0 {
		return nil
	}
	out := make([]U, len(list))
	for i, v := range list {
		out[i] = convert(v)
	}
	return out
}

// TryMap is Map for a conversion that may fail. The path of its FieldError
// begins with the element's index.
func TryMap[T, U any](list []T, convert func(T) (U, error)) ([]U, error) {
	if len(list) == 0 {
		return nil, nil
	}
	out := make([]U, len(list))
	for i, v := range list {
		var err error
		if out[i], err = convert(v); err != nil {
			return nil, InField("["+strconv.Itoa(i)+"]", err)
		}
	}
	return out, nil
}

// Some converts what an option holds, to a message; nil where it holds nothing.
func Some[T, M any](option *T, convert func(T) *M) *M {
	if option == nil {
		return nil
	}
	return convert(*option)
}

// TrySome converts a message that may be absent to an option.
func TrySome[M, T any](message *M, convert func(*M) (T, error)) (*T, error) {
	if message == nil {
		return nil, nil
	}
	v, err := convert(message)
	if err != nil {
		return nil, err
	}
	return &v, nil
}

// Optional converts what an option holds, to an optional field.
func Optional[T, U any](option *T, convert func(T) U) *U {
	if option == nil {
		return nil
	}
	return new(convert(*option))
}

// TryOptional converts an optional field to an option.
func TryOptional[T, U any](field *T, convert func(T) (U, error)) (*U, error) {
	if field == nil {
		return nil, nil
	}
	v, err := convert(*field)
	if err != nil {
		return nil, err
	}
	return &v, nil
}

// Enum checks the number of an enum's value against how many cases there are.
// Both sides count from 1.
func Enum[T ~uint8 | ~uint16 | ~uint32, P ~int32](value P, cases int) (T, error) {
	switch {
	case value == 0:
		return 0, Missing()
	case value < 0 || int(value) > cases:
		return 0, OutOfRange()
	default:
		return T(value), nil
	}
}

// integer is what proto lacks, and what it has in its place.
type integer interface {
	uint8 | uint16 | uint32 | int8 | int16 | int32
}

// Widen converts to a type that has all values of the other.
func Widen[To, From integer](v From) To { return To(v) }

// Narrow converts to a type that may lack the value.
func Narrow[To, From integer](v From) (To, error) {
	if From(To(v)) != v {
		return 0, OutOfRange()
	}
	return To(v), nil
}

// CharString gives a char as a string.
func CharString(c rune) string { return string(c) }

// Char takes the one character of a string.
func Char(s string) (rune, error) {
	r, size := utf8.DecodeRuneInString(s)
	if size != len(s) || size == 0 || r == utf8.RuneError && size == 1 {
		return 0, &FieldError{Reason: "is not one character"}
	}
	return r, nil
}

// Bytes gives the bytes of a message, nil where there are none.
func Bytes(b []byte) ([]byte, error) {
	if len(b) == 0 {
		return nil, nil
	}
	return b, nil
}

// OptionalBytes converts what an option of bytes holds, to an optional field, whose
// nil is none.
func OptionalBytes(option *[]byte) []byte {
	switch {
	case option == nil:
		return nil
	case *option == nil:
		return []byte{}
	default:
		return *option
	}
}

// TryOptionalBytes converts an optional field to an option of bytes.
func TryOptionalBytes(field []byte) (*[]byte, error) {
	if field == nil {
		return nil, nil
	}
	return TryOptional(&field, Bytes)
}

// TryPresent converts a message that may be absent to a value whose nil says so.
func TryPresent[M, T any](message *M, convert func(*M) (T, error)) (T, error) {
	if message == nil {
		var none T
		return none, nil
	}
	return convert(message)
}
