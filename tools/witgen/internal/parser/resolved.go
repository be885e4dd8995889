package parser

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Resolved is what wit-parser calls a Resolve: arenas of worlds, interfaces,
// types and packages, which refer to each other by index.
type Resolved struct {
	// JSON is all of it, as the parser gave it.
	JSON       json.RawMessage
	Worlds     []World
	Interfaces []Interface
	Types      []Type
	Packages   []Declared

	places places
}

// Declared is a package that is declared: its name is "namespace:name@version".
type Declared struct {
	Name       string
	Docs       Docs
	Interfaces Ordered[int]
	Worlds     Ordered[int]
}

// Docs is a declaration's documentation.
type Docs struct{ Contents string }

// Stability says of a declaration, stable or not, since which version of its package
// it is deprecated; empty where it is not.
type Stability struct{ Stable, Unstable struct{ Deprecated string } }

// World is a world, with all that it includes. An item is named by itself, or as
// "interface-N" by the index of an interface.
type World struct {
	Name      string
	Docs      Docs
	Stability Stability
	Package   int
	Imports   Ordered[Item]
	Exports   Ordered[Item]

	Place Place `json:"-"`
}

// Item is something that a world imports or exports: one of the three is set.
type Item struct {
	Interface *struct {
		ID   int
		Docs Docs
	}
	Function *Function
	Type     *int

	Place Place `json:"-"`
}

// Interface is an interface; Name is empty where a world declares it.
type Interface struct {
	Name      string
	Docs      Docs
	Stability Stability
	Package   int
	Types     Ordered[int]
	Functions Ordered[Function]

	Place Place `json:"-"`
}

// Function is a function. Result is nil where it gives nothing.
type Function struct {
	Name      string
	Kind      FunctionKind
	Docs      Docs
	Stability Stability
	Params    []Param
	Result    *Ref

	Place Place `json:"-"`
}

// FunctionKind is "freestanding", "method", "static" or "constructor", or one of
// the first three with "async-" before it; the latter three with a resource.
type FunctionKind struct {
	Word     string
	Resource int
}

// UnmarshalJSON reads a word, or an object that has one for its only key.
func (k *FunctionKind) UnmarshalJSON(data []byte) error {
	return word(data, &k.Word, &k.Resource)
}

// Param is a parameter.
type Param struct {
	Name string
	Type Ref

	Place Place `json:"-"`
}

// Type is a declared or composed type. Kind is what it is; of the rest, what
// belongs to that is set.
type Type struct {
	Name      string
	Docs      Docs
	Stability Stability
	Owner     Owner
	Kind      Kind

	Place Place `json:"-"`
}

// Owner is where a type is declared: at most one is set.
type Owner struct{ World, Interface *int }

// Kind says what a type is, by the parser's word for it.
type Kind struct {
	// Word is "record", "variant", "enum", "flags", "resource", "own", "borrow",
	// "tuple", "option", "list", "result", "type" (another name for Elem), or one
	// of those that no synchronous host has: "future", "stream", "map",
	// "fixed-length-list".
	Word string
	// Members are a record's fields, a variant's or enum's cases, or flags.
	Members []Member
	// Elem is what a list or option holds, or what a name or handle stands for.
	Elem Ref
	// Types are a tuple's.
	Types []Ref
	// OK and Err are a result's.
	OK, Err *Ref
}

// Member is a field, case or flag. Type is nil where it has none.
type Member struct {
	Name string
	Docs Docs
	Type *Ref

	Place Place `json:"-"`
}

// UnmarshalJSON reads "resource", or an object that has the word for its only
// key.
func (k *Kind) UnmarshalJSON(data []byte) error {
	var body json.RawMessage
	if err := word(data, &k.Word, &body); err != nil || body == nil {
		return err
	}
	var inner struct {
		Fields, Cases, Flags []Member
		Types                []Ref
		OK, Err              *Ref
	}
	switch k.Word {
	case "handle":
		return word(body, &k.Word, &k.Elem)
	case "type", "list", "option":
		return json.Unmarshal(body, &k.Elem)
	case "record", "variant", "enum", "flags", "tuple", "result":
		if err := json.Unmarshal(body, &inner); err != nil {
			return err
		}
		k.Members = append(append(inner.Fields, inner.Cases...), inner.Flags...)
		k.Types, k.OK, k.Err = inner.Types, inner.OK, inner.Err
		return nil
	default:
		return nil // No generator needs to know more.
	}
}

// Ref refers to a type: a primitive one by its name, else by its index.
type Ref struct {
	Primitive string
	Index     int
}

// UnmarshalJSON reads a name or an index.
func (r *Ref) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &r.Primitive)
	}
	return json.Unmarshal(data, &r.Index)
}

// word reads "word", or {"word": body}.
func word(data []byte, word *string, body any) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, word)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil {
		return err
	}
	if len(object) != 1 {
		return fmt.Errorf("an object of %d keys, where one is a word", len(object))
	}
	for key, value := range object {
		*word = key
		if raw, ok := body.(*json.RawMessage); ok {
			*raw = value
			return nil
		}
		return json.Unmarshal(value, body)
	}
	return nil
}

// Ordered is an object whose keys keep their order.
type Ordered[T any] []Entry[T]

// Entry is one key and its value.
type Entry[T any] struct {
	Key   string
	Value T
}

// UnmarshalJSON reads an object.
func (o *Ordered[T]) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		name, ok := key.(string)
		if !ok {
			return errors.New("a key is no string")
		}
		var value T
		if err := d.Decode(&value); err != nil {
			return err
		}
		*o = append(*o, Entry[T]{Key: name, Value: value})
	}
	return nil
}
