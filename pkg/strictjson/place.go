package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

// Error is what is wrong at a place in a text.
type Error struct {
	Line, Column int // from 1; columns are characters
	Reason       string
}

func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Reason)
}

// In names the file that an error is of, as editors and compilers do:
// "manifest.json:7:19: …" where it has a place.
func In(file string, err error) error {
	var e *Error
	if errors.As(err, &e) {
		return fmt.Errorf("%s:%d:%d: %s", file, e.Line, e.Column, e.Reason)
	}
	return fmt.Errorf("%s: %w", file, err)
}

func newError(text []byte, offset int64, reason string) *Error {
	before := text[:min(offset, int64(len(text)))]
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	return &Error{1 + bytes.Count(before, []byte("\n")), 1 + utf8.RuneCount(line), reason}
}

// begin is where the token begins that comes next.
func begin(text []byte, offset int64) int64 {
	rest := text[offset:]
	return offset + int64(len(rest)-len(bytes.TrimLeft(rest, " \t\r\n,:")))
}

// placed finds the place of what encoding/json says, and says it in words of JSON.
func placed(text []byte, err error) error {
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		if len(bytes.TrimSpace(text)) == 0 {
			return newError(text, 0, "the text is empty")
		}
		if syntax.Offset >= int64(len(text)) && strings.HasPrefix(syntax.Error(), "unexpected end") {
			return newError(text, int64(len(text)), "the text ends in the middle of a value")
		}
		return newError(text, syntax.Offset-1, syntax.Error()) // it counts the character that it does not want
	case errors.As(err, &wrong):
		return newError(text, tokenBefore(text, wrong.Offset), strings.TrimSpace(wrong.Field+" must be "+want(wrong.Field, wrong.Type)))
	}
	return err
}

// tokenBefore is where the token begins that ends at an offset.
func tokenBefore(text []byte, end int64) int64 {
	dec := json.NewDecoder(bytes.NewReader(text))
	for {
		before := dec.InputOffset()
		if _, err := dec.Token(); err != nil || dec.InputOffset() >= end {
			return begin(text, before)
		}
	}
}

// want says what a key's value is, whose name ends with its unit as all of ours do.
func want(key string, t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "an array"
	case reflect.Struct, reflect.Map:
		return "an object"
	}
	switch {
	case strings.HasSuffix(key, "_bytes"):
		return "a whole number of bytes, such as 16777216"
	case strings.HasSuffix(key, "_ms"):
		return "a whole number of milliseconds, such as 1000"
	}
	return "a whole number"
}
