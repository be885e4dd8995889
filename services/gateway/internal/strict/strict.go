// Package strict checks JSON bodies and query strings against the message that
// they are to become, before anything is made of them. It takes what protojson
// takes, but for two members of one name, and says of what it refuses where it
// is, without repeating values.
package strict

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/hygia-suite/hygia/pkg/fault"
)

// MaxDepth bounds how deeply a body is nested. No request of the suite's needs
// more than five levels.
const MaxDepth = 32

// What is refused; all are INVALID_ARGUMENT.
var (
	ErrSyntax  = fault.New(codes.InvalidArgument, "JSON_INVALID", "the body is not valid JSON")
	ErrUnknown = fault.New(codes.InvalidArgument, "UNKNOWN_FIELD", "the request holds a field that this method does not know").
			WithHint("compare the names with /openapi.json")
	ErrTwice = fault.New(codes.InvalidArgument, "DUPLICATE_FIELD", "the request holds a field more than once")
	ErrType  = fault.New(codes.InvalidArgument, "FIELD_TYPE", "a field of the request has a value of another type").
			WithHint("compare the types with /openapi.json")
	ErrDeep = fault.New(codes.InvalidArgument, "JSON_TOO_DEEP", fmt.Sprintf("the body is nested more than %d levels deep", MaxDepth))
)

// Body checks a JSON body. An empty one stands for {}.
func Body(data []byte, message protoreflect.MessageDescriptor) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	if !utf8.Valid(data) {
		return &fault.Error{Code: ErrSyntax.Code, Reason: ErrSyntax.Reason, Message: "the body is not UTF-8"}
	}
	c := &checker{data: data, d: json.NewDecoder(bytes.NewReader(data))}
	c.d.UseNumber()
	first, err := c.token()
	if err != nil {
		return err
	}
	if first != json.Delim('{') {
		return ErrType.WithField("", "the body must be an object")
	}
	if err := c.object(message, "", 1); err != nil {
		return err
	}
	if _, err := c.d.Token(); !errors.Is(err, io.EOF) {
		return c.syntax("something follows the body's object")
	}
	return nil
}

// checker walks a body once.
type checker struct {
	data []byte
	d    *json.Decoder
}

// object checks the members of an object whose brace was read.
func (c *checker) object(message protoreflect.MessageDescriptor, path string, depth int) error {
	seen := map[protoreflect.FieldNumber]bool{}
	for {
		token, err := c.token()
		if err != nil {
			return err
		}
		name, ok := token.(string)
		if !ok { // the closing brace: the decoder lets nothing else through
			return nil
		}
		at := join(path, name)
		field := find(message, name)
		switch {
		case field == nil:
			return ErrUnknown.WithField(bounded(join(path, shown(name))), "is not known here")
		case seen[field.Number()]:
			return ErrTwice.WithField(bounded(at), "must be there once")
		}
		seen[field.Number()] = true
		if err := c.field(field, at, depth); err != nil {
			return err
		}
	}
}

// field checks the value of a field.
func (c *checker) field(field protoreflect.FieldDescriptor, path string, depth int) error {
	start := c.d.InputOffset()
	token, err := c.token()
	switch {
	case err != nil:
		return err
	case token == nil: // null: the field is not set
		return nil
	case field.IsMap():
		return c.mapped(field, token, path, depth)
	case field.IsList():
		return c.list(field, token, path, depth)
	}
	return c.single(field, token, start, path, depth)
}

// list checks the elements of a repeated field.
func (c *checker) list(field protoreflect.FieldDescriptor, first json.Token, path string, depth int) error {
	if first != json.Delim('[') {
		return ErrType.WithField(bounded(path), "must be an array")
	}
	if depth >= MaxDepth {
		return ErrDeep
	}
	for i := 0; ; i++ {
		start := c.d.InputOffset()
		token, err := c.token()
		if err != nil {
			return err
		}
		if token == json.Delim(']') {
			return nil
		}
		if err := c.single(field, token, start, fmt.Sprintf("%s[%d]", path, i), depth+1); err != nil {
			return err
		}
	}
}

// mapped checks the values of a map; its keys are data.
func (c *checker) mapped(field protoreflect.FieldDescriptor, first json.Token, path string, depth int) error {
	if first != json.Delim('{') {
		return ErrType.WithField(bounded(path), "must be an object")
	}
	if depth >= MaxDepth {
		return ErrDeep
	}
	seen := map[string]bool{}
	for {
		token, err := c.token()
		if err != nil {
			return err
		}
		key, ok := token.(string)
		if !ok {
			return nil
		}
		if seen[key] {
			return ErrTwice.WithField(bounded(path), "must hold each key once")
		}
		seen[key] = true
		start := c.d.InputOffset()
		if token, err = c.token(); err != nil {
			return err
		}
		if err := c.single(field.MapValue(), token, start, path+"[…]", depth+1); err != nil {
			return err
		}
	}
}

// single checks one value, whose first token was read from start on.
func (c *checker) single(field protoreflect.FieldDescriptor, first json.Token, start int64, path string, depth int) error {
	if message := field.Message(); message != nil && !wellKnown(message) {
		if first != json.Delim('{') {
			return ErrType.WithField(bounded(path), "must be an object")
		}
		if depth >= MaxDepth {
			return ErrDeep
		}
		return c.object(message, path, depth+1)
	}
	if field.Kind() == protoreflect.StringKind {
		if _, ok := first.(string); !ok {
			return ErrType.WithField(bounded(path), "must be a string")
		}
		return nil
	}
	if err := c.skip(first, depth); err != nil {
		return err
	}
	if !fits(field, bytes.TrimLeft(c.data[start:c.d.InputOffset()], " \t\r\n:,")) {
		return ErrType.WithField(bounded(path), expected(field))
	}
	return nil
}

// skip reads the rest of a value whose first token was read.
func (c *checker) skip(first json.Token, depth int) error {
	for open := opens(first); open > 0; {
		if depth+open > MaxDepth {
			return ErrDeep
		}
		token, err := c.token()
		if err != nil {
			return err
		}
		open += opens(token)
	}
	return nil
}

func opens(token json.Token) int {
	switch token {
	case json.Delim('{'), json.Delim('['):
		return 1
	case json.Delim('}'), json.Delim(']'):
		return -1
	}
	return 0
}

// token reads a token and makes every failure a fault.
func (c *checker) token() (json.Token, error) {
	token, err := c.d.Token()
	switch {
	case err == nil:
		return token, nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, c.syntax("the body ends too early")
	}
	return nil, c.syntax("the body is not valid JSON")
}

// syntax says where the decoder stands.
func (c *checker) syntax(what string) error {
	at := min(int(c.d.InputOffset()), len(c.data))
	line := 1 + bytes.Count(c.data[:at], []byte("\n"))
	column := at - bytes.LastIndexByte(c.data[:at], '\n')
	return &fault.Error{Code: ErrSyntax.Code, Reason: ErrSyntax.Reason,
		Message: fmt.Sprintf("%s, at line %d, column %d", what, line, column)}
}

// fits asks protojson itself if a value is one of the field's.
func fits(field protoreflect.FieldDescriptor, value []byte) bool {
	container := field.ContainingMessage() // of a map's value: the entry
	if field.IsList() {
		value = append(append([]byte("["), value...), ']')
	}
	document := append(append([]byte(`{"`+field.JSONName()+`":`), value...), '}')
	return protojson.Unmarshal(document, dynamicpb.NewMessage(container)) == nil
}

func find(message protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	if f := message.Fields().ByJSONName(name); f != nil {
		return f
	}
	return message.Fields().ByTextName(name)
}

// wellKnown are messages with a JSON form of their own.
func wellKnown(message protoreflect.MessageDescriptor) bool {
	return strings.HasPrefix(string(message.FullName()), "google.protobuf.")
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// bounded cuts a path: its last name is the client's.
func bounded(path string) string {
	const most = 200
	if len(path) <= most {
		return path
	}
	return strings.ToValidUTF8(path[:most], "") + "…"
}
