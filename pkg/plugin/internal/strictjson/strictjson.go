// Package strictjson reads the JSON that machines trust: one object, whose keys
// are there once, and nothing behind it.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxDepth bounds how deep arrays and objects may lie in each other.
const maxDepth = 32

// Decode reads text, of at most maxBytes, into what v points to. An unknown key is
// refused, and one that is not in lower case.
func Decode(text []byte, maxBytes int, v any) error {
	if len(text) > maxBytes {
		return fmt.Errorf("more than %d bytes", maxBytes)
	}
	if err := checkKeys(text, true); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the object")
	}
	return nil
}

// DecodeOpen reads a JSON text whose format others extend: unknown keys are left
// aside, but no key may be there twice, in whatever case.
func DecodeOpen(text []byte, maxBytes int, v any) error {
	if len(text) > maxBytes {
		return fmt.Errorf("more than %d bytes", maxBytes)
	}
	if err := checkKeys(text, false); err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

// checkKeys walks the tokens of a JSON text: encoding/json takes the last of two
// equal keys, where a reader may have seen the first, and takes "Name" for "name".
func checkKeys(text []byte, lower bool) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	type level struct {
		keys  map[string]bool
		key   bool // whether the next token is a key
		array bool
	}
	var levels []level
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		top := len(levels) - 1
		switch t := token.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				if len(levels) == maxDepth {
					return fmt.Errorf("deeper than %d levels", maxDepth)
				}
				levels = append(levels, level{keys: map[string]bool{}, key: t == '{', array: t == '['})
				continue
			}
			levels = levels[:top]
			top--
		case string:
			if top >= 0 && levels[top].key {
				folded := strings.ToLower(strings.ToUpper(t)) // as encoding/json does: "ſ" is "s"
				if lower && t != folded {
					return fmt.Errorf("the key %.40q is not in lower case", t)
				}
				if levels[top].keys[folded] {
					return fmt.Errorf("the key %.40q is there twice", t)
				}
				levels[top].keys[folded] = true
				levels[top].key = false
				continue
			}
		}
		if top >= 0 && !levels[top].array {
			levels[top].key = true
		}
	}
}
