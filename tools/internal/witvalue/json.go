package witvalue

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/strictjson"
)

// ParseJSON reads one JSON value, with its numbers exact: nil, bool, json.Number,
// string, []any or map[string]any. It refuses what is not UTF-8 and, with its place
// (*strictjson.Error), what is not one value. The caller bounds the text;
// encoding/json bounds its depth.
func ParseJSON(text []byte) (any, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("not UTF-8")
	}
	if err := strictjson.Check(text); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}

// FormatJSON writes what ParseJSON or ToJSON made as one line.
func FormatJSON(value any) (string, error) {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return strings.TrimSuffix(out.String(), "\n"), err
}

// JSONError says that JSON does not fit a type. It repeats no value.
type JSONError struct {
	Path   string // as in "document.authors[0].credential"
	Type   *component.Type
	Reason string
}

func (e *JSONError) Error() string {
	const most = 100 // of a type, whose body may be large
	name := e.Type.String()
	if len(name) > most {
		name = name[:most] + "…"
	}
	return fmt.Sprintf("%s: %s, for %s", e.Path, e.Reason, name)
}

// FromJSON makes a value of type t of JSON, as ParseJSON gives it:
//
//	bool, integers, floats   true, 42, 1.5; "NaN", "Infinity", "-Infinity"
//	char, string             "é", "text"
//	list, tuple              [1, 2]; list<u8> is base64
//	record                   {"display-name": "…"}: WIT's names, every field
//	enum                     "cpf"
//	flags                    ["read", "write"]
//	variant                  {"label": "[CPF]"}; "keep" for a case without a value
//	option                   null, or the value; of an option: {"some": null}
//	result                   {"ok": 1}, {"err": "…"}; "ok" or "err" without a value
//
// An integer is exact whatever its size. Resources have no JSON. Nothing is
// filled in and nothing is ignored: a missing field and an unknown one are a
// *JSONError, whose path begins with the one given.
func FromJSON(t *component.Type, value any, path string) (any, error) {
	v, err := fromJSON(t, value, path)
	var placed *JSONError
	if err != nil && !errors.As(err, &placed) {
		err = &JSONError{path, t, err.Error()}
	}
	return v, err
}

// fromJSON is FromJSON, whose own errors do not say yet where they are.
func fromJSON(t *component.Type, value any, path string) (any, error) {
	text, isText := value.(string)
	number, _ := value.(json.Number)
	switch kind := t.Kind(); kind {
	case component.KindBool:
		b, ok := value.(bool)
		return b, want(ok, "true or false")
	case component.KindS8, component.KindS16, component.KindS32, component.KindS64:
		n, err := strconv.ParseInt(number.String(), 10, width(kind))
		return n, want(err == nil, "a whole number in range")
	case component.KindU8, component.KindU16, component.KindU32, component.KindU64:
		n, err := strconv.ParseUint(number.String(), 10, width(kind))
		return n, want(err == nil, "a whole number in range")
	case component.KindF32:
		f, ok := floatFromJSON(value, 32)
		return float32(f), want(ok, "a number in range")
	case component.KindF64:
		f, ok := floatFromJSON(value, 64)
		return f, want(ok, "a number in range")
	case component.KindChar:
		r, size := utf8.DecodeRuneInString(text)
		return r, want(size > 0 && size == len(text), "a string of one character")
	case component.KindString:
		return text, want(isText, "a string")
	case component.KindEnum:
		at := slices.Index(t.Labels(), text)
		return Case{Index: at}, want(at >= 0, "one of its cases, as a string")
	case component.KindFlags:
		return flagsFromJSON(t, value)
	case component.KindOption:
		return optionFromJSON(t, value, path)
	case component.KindList, component.KindTuple:
		return listFromJSON(t, value, path)
	case component.KindRecord:
		return recordFromJSON(t, value, path)
	case component.KindVariant, component.KindResult:
		return caseFromJSON(t, value, path)
	default:
		return nil, errors.New("has no JSON")
	}
}

func want(ok bool, what string) error {
	if ok {
		return nil
	}
	return errors.New("want " + what)
}

func floatFromJSON(value any, bits int) (float64, bool) {
	switch v := value.(type) {
	case json.Number:
		f, err := strconv.ParseFloat(v.String(), bits)
		return f, err == nil
	case string:
		switch v {
		case "NaN":
			return math.NaN(), true
		case "Infinity":
			return math.Inf(1), true
		case "-Infinity":
			return math.Inf(-1), true
		}
	}
	return 0, false
}

func flagsFromJSON(t *component.Type, value any) (any, error) {
	list, ok := value.([]any)
	if !ok {
		return nil, errors.New("want an array of its flags' names")
	}
	var bits uint64
	for i, item := range list {
		name, _ := item.(string)
		at := slices.Index(t.Labels(), name)
		if at < 0 || bits>>at&1 == 1 {
			return nil, fmt.Errorf("[%d] is none of its flags, or there twice", i)
		}
		bits |= 1 << at
	}
	return bits, nil
}

func optionFromJSON(t *component.Type, value any, path string) (any, error) {
	if value == nil {
		return Case{}, nil
	}
	inner := t.Elems()[0]
	if inner.Kind() == component.KindOption {
		object, _ := value.(map[string]any)
		some, there := object["some"]
		if !there || len(object) != 1 {
			return nil, errors.New(`want null or {"some": …}`)
		}
		value = some
	}
	payload, err := FromJSON(inner, value, path)
	return Case{1, payload}, err
}

func listFromJSON(t *component.Type, value any, path string) (any, error) {
	if isBytes(t) {
		text, ok := value.(string)
		data, err := base64.StdEncoding.DecodeString(text)
		return data, want(ok && err == nil, "bytes, as base64")
	}
	elems := t.Elems()
	list, ok := value.([]any)
	if t.Kind() == component.KindTuple && (!ok || len(list) != len(elems)) {
		return nil, fmt.Errorf("want an array of %d", len(elems))
	}
	if !ok {
		return nil, errors.New("want an array")
	}
	out := make([]any, len(list))
	for i, item := range list {
		var err error
		if out[i], err = FromJSON(elems[min(i, len(elems)-1)], item, path+"["+strconv.Itoa(i)+"]"); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func recordFromJSON(t *component.Type, value any, path string) (any, error) {
	object, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("want an object")
	}
	names := t.Labels()
	for name := range object {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("has no field %.60q", name)
		}
	}
	out := make([]any, len(names))
	for i, elem := range t.Elems() {
		field, there := object[names[i]]
		if !there {
			return nil, fmt.Errorf("lacks the field %q", names[i])
		}
		var err error
		if out[i], err = FromJSON(elem, field, path+"."+names[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func caseFromJSON(t *component.Type, value any, path string) (any, error) {
	var payload any
	name, bare := value.(string)
	if object, ok := value.(map[string]any); ok && len(object) == 1 {
		for key, inner := range object {
			name, payload = key, inner
		}
	} else if !bare {
		return nil, errors.New(`want {"case": value}, or a case's name where it has no value`)
	}
	names, payloads := cases(t)
	at := slices.Index(names, name)
	switch {
	case at < 0:
		return nil, fmt.Errorf("it has no case %.60q", name)
	case bare && payloads[at] != nil:
		return nil, fmt.Errorf("the case %q has a value", name)
	case bare:
		return Case{Index: at}, nil
	case payloads[at] == nil:
		return nil, fmt.Errorf("the case %q has no value: want the string %q", name, name)
	}
	v, err := FromJSON(payloads[at], payload, path+"."+name)
	return Case{at, v}, err
}
