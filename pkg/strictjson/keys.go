package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// level is an object or an array that has begun.
type level struct {
	of    reflect.Type // what it is read into; nil where that is not known
	name  string       // how it is reached, as in "grants.folders"
	array bool
	keys  map[string]bool // that were there
	value bool            // whether a key's value comes next

	// next and nextName are of the value that comes next.
	next     reflect.Type
	nextName string
}

// within begins a level for the value that comes next in this one.
func (l *level) within(array bool) level {
	in := level{of: l.next, name: l.nextName, array: array, keys: map[string]bool{}, nextName: l.nextName}
	for in.of != nil && in.of.Kind() == reflect.Pointer {
		in.of = in.of.Elem()
	}
	if in.of != nil && in.of.Kind() == reflect.Slice {
		in.next = in.of.Elem()
	}
	return in
}

// checkKeys walks the tokens of a JSON text: encoding/json takes the last of two
// equal keys, where a reader may have seen the first, and takes "Name" for "name".
// With a type to read it into, each key must be a field's, in lower case.
func checkKeys(text []byte, into reflect.Type) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	levels := []level{{array: true, next: into}} // of the one value
	for {
		before := dec.InputOffset()
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		top := &levels[len(levels)-1]
		if key, ok := token.(string); ok && !top.array && !top.value {
			if reason := top.take(key, into != nil); reason != "" {
				return newError(text, begin(text, before), reason)
			}
			continue
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			if len(levels) > maxDepth {
				return newError(text, begin(text, before), fmt.Sprintf("deeper than %d levels", maxDepth))
			}
			levels = append(levels, top.within(token == json.Delim('[')))
			continue
		case json.Delim('}'), json.Delim(']'):
			levels = levels[:len(levels)-1]
			top = &levels[len(levels)-1]
		}
		top.value = false
	}
}

// take notes a key of an object, or says why it may not be there.
func (l *level) take(key string, strict bool) (reason string) {
	folded := strings.ToLower(strings.ToUpper(key)) // as encoding/json does: "ſ" is "s"
	if strict && key != folded {
		return fmt.Sprintf("the key %.40q is not in lower case", key)
	}
	if l.keys[folded] {
		return fmt.Sprintf("the key %.40q is there twice", key)
	}
	l.keys[folded], l.value = true, true
	l.next, l.nextName = nil, strings.TrimPrefix(l.name+"."+key, ".")
	if l.of == nil || l.of.Kind() != reflect.Struct {
		return ""
	}
	var names []string
	for field := range l.of.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == key {
			l.next = field.Type
			return ""
		}
		names = append(names, name)
	}
	where := ""
	if l.name != "" {
		where = " in " + l.name
	}
	return fmt.Sprintf("unknown key %.40q%s: want %s", key, where, strings.Join(names, ", "))
}
