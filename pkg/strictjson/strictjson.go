// Package strictjson reads the JSON that machines trust and people write: one
// object, whose keys are there once, and nothing behind it. What it refuses, it
// says where.
package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// maxDepth bounds how deep arrays and objects may lie in each other.
const maxDepth = 32

// Decode reads text, of at most maxBytes, into what v points to. An unknown key is
// refused, and one that is not in lower case. What is wrong at a place is an *Error.
func Decode(text []byte, maxBytes int, v any) error {
	if len(text) > maxBytes {
		return fmt.Errorf("more than %d bytes", maxBytes)
	}
	if err := Check(text); err != nil {
		return err
	}
	if err := checkKeys(text, reflect.TypeOf(v)); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	return placed(text, dec.Decode(v))
}

// DecodeOpen reads a JSON text whose format others extend: unknown keys are left
// aside, but no key may be there twice, in whatever case.
func DecodeOpen(text []byte, maxBytes int, v any) error {
	if len(text) > maxBytes {
		return fmt.Errorf("more than %d bytes", maxBytes)
	}
	if err := Check(text); err != nil {
		return err
	}
	if err := checkKeys(text, nil); err != nil {
		return err
	}
	return placed(text, json.Unmarshal(text, v))
}

// Check says where a text that is not one JSON value ceases to be one, by an *Error.
func Check(text []byte) error {
	var value json.RawMessage
	return placed(text, json.Unmarshal(text, &value))
}
