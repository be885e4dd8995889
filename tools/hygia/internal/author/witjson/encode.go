package witjson

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/hygia-suite/hygia/pkg/component"
)

// maxDepth bounds how deep values nest.
const maxDepth = 64

// ValueError says that a JSON value does not fit its type.
type ValueError struct {
	Path   string // as in "document.authors[0].credential"
	Type   *component.Type
	Reason string
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("%s: %s, for %s", e.Path, e.Reason, short(e.Type))
}

// short names a type without the body of what is large.
func short(t *component.Type) string {
	const most = 100
	text := t.String()
	if len(text) > most {
		text = text[:most] + "…"
	}
	return text
}

// Check reports whether a value, of Parse's making, fits a type. Encode relies on
// it.
func Check(t *component.Type, value any, path string) error {
	return check(t, value, path, 0)
}

func check(t *component.Type, value any, path string, depth int) error {
	wrong := func(format string, args ...any) error {
		return &ValueError{path, t, fmt.Sprintf(format, args...)}
	}
	if depth > maxDepth {
		return wrong("nested more than %d deep", maxDepth)
	}
	switch kind := t.Kind(); kind {
	case component.KindBool:
		if _, ok := value.(bool); !ok {
			return wrong("want true or false")
		}
	case component.KindF32, component.KindF64:
		if _, ok := float(value, kind); !ok {
			return wrong("want a number in range")
		}
	case component.KindChar:
		if s, ok := value.(string); !ok || utf8.RuneCountInString(s) != 1 {
			return wrong("want a string of one character")
		}
	case component.KindString:
		if _, ok := value.(string); !ok {
			return wrong("want a string")
		}
	case component.KindEnum:
		if s, ok := value.(string); !ok || !slices.Contains(t.Labels(), s) {
			return wrong("want one of its cases, as a string")
		}
	case component.KindFlags:
		return checkFlags(t, value, wrong)
	case component.KindOption:
		return checkOption(t, value, path, depth, wrong)
	case component.KindList:
		return checkList(t, value, path, depth, wrong)
	case component.KindTuple:
		return checkTuple(t, value, path, depth, wrong)
	case component.KindRecord:
		return checkRecord(t, value, path, depth, wrong)
	case component.KindVariant, component.KindResult:
		at, payload, err := pick(t, value)
		if err != nil {
			return wrong("%v", err)
		}
		if inner := t.Elems()[at]; inner != nil {
			return check(inner, payload, path+"."+labels(t)[at], depth+1)
		}
	default:
		if bits, signed, ok := integer(kind); ok {
			if !fits(value, bits, signed) {
				return wrong("want a whole number in range")
			}
			return nil
		}
		return wrong("has no JSON")
	}
	return nil
}

func checkFlags(t *component.Type, value any, wrong func(string, ...any) error) error {
	list, ok := value.([]any)
	if !ok {
		return wrong("want an array of its flags' names")
	}
	for i, name := range list {
		if s, ok := name.(string); !ok || !slices.Contains(t.Labels(), s) || slices.Contains(list[:i], name) {
			return wrong("[%d] is none of its flags, or there twice", i)
		}
	}
	return nil
}

func checkOption(t *component.Type, value any, path string, depth int, wrong func(string, ...any) error) error {
	if value == nil {
		return nil
	}
	inner := t.Elems()[0]
	if inner.Kind() == component.KindOption {
		some, ok := value.(map[string]any)
		payload, there := some["some"]
		if !ok || !there || len(some) != 1 {
			return wrong(`want null or {"some": …}`)
		}
		value = payload
	}
	return check(inner, value, path, depth+1)
}

func checkList(t *component.Type, value any, path string, depth int, wrong func(string, ...any) error) error {
	inner := t.Elems()[0]
	if inner.Kind() == component.KindU8 {
		s, ok := value.(string)
		if _, err := base64.StdEncoding.DecodeString(s); !ok || err != nil {
			return wrong("want bytes, as base64")
		}
		return nil
	}
	list, ok := value.([]any)
	if !ok {
		return wrong("want an array")
	}
	for i, item := range list {
		if err := check(inner, item, path+"["+strconv.Itoa(i)+"]", depth+1); err != nil {
			return err
		}
	}
	return nil
}

func checkTuple(t *component.Type, value any, path string, depth int, wrong func(string, ...any) error) error {
	list, ok := value.([]any)
	if elems := t.Elems(); ok && len(list) == len(elems) {
		for i, inner := range elems {
			if err := check(inner, list[i], path+"["+strconv.Itoa(i)+"]", depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return wrong("want an array of %d", len(t.Elems()))
}

func checkRecord(t *component.Type, value any, path string, depth int, wrong func(string, ...any) error) error {
	object, ok := value.(map[string]any)
	if !ok {
		return wrong("want an object")
	}
	names := t.Labels()
	for name := range object {
		if !slices.Contains(names, name) {
			return wrong("has no field %.60q", name)
		}
	}
	for i, inner := range t.Elems() {
		field, there := object[names[i]]
		if !there {
			return wrong("lacks the field %q", names[i])
		}
		if err := check(inner, field, path+"."+names[i], depth+1); err != nil {
			return err
		}
	}
	return nil
}

// labels are the names of a variant's or a result's cases.
func labels(t *component.Type) []string {
	if t.Kind() == component.KindResult {
		return []string{"ok", "err"}
	}
	return t.Labels()
}

// pick finds which case of a variant or a result a value is.
func pick(t *component.Type, value any) (at int, payload any, err error) {
	name, bare := value.(string)
	if object, ok := value.(map[string]any); ok && len(object) == 1 {
		for key, inner := range object {
			name, payload = key, inner
		}
	} else if !bare {
		return 0, nil, fmt.Errorf(`want {"case": value}, or a case's name where it has no value`)
	}
	if at = slices.Index(labels(t), name); at < 0 {
		return 0, nil, fmt.Errorf("it has no case %.60q", name)
	}
	if has := t.Elems()[at] != nil; has && bare {
		return 0, nil, fmt.Errorf("the case %q has a value", name)
	} else if !has && !bare {
		return 0, nil, fmt.Errorf("the case %q has no value: want the string %q", name, name)
	}
	return at, payload, nil
}

func integer(k component.Kind) (bits int, signed, ok bool) {
	switch k {
	case component.KindU8, component.KindU16, component.KindU32, component.KindU64:
		return 8 << ((k - component.KindU8) / 2), false, true
	case component.KindS8, component.KindS16, component.KindS32, component.KindS64:
		return 8 << ((k - component.KindS8) / 2), true, true
	}
	return 0, false, false
}

func fits(value any, bits int, signed bool) bool {
	n, ok := value.(json.Number)
	if !ok {
		return false
	}
	var err error
	if signed {
		_, err = strconv.ParseInt(n.String(), 10, bits)
	} else {
		_, err = strconv.ParseUint(n.String(), 10, bits)
	}
	return err == nil
}

func float(value any, k component.Kind) (float64, bool) {
	bits := 64
	if k == component.KindF32 {
		bits = 32
	}
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

// Encode writes a value for a guest. One that does not fit fails the encoder with
// a *ValueError.
func Encode(enc *component.Encoder, t *component.Type, value any, path string) {
	if err := Check(t, value, path); err != nil {
		enc.Fail(err)
		return
	}
	encode(enc, t, value)
}

// encode writes a value that was checked.
func encode(enc *component.Encoder, t *component.Type, value any) {
	switch kind := t.Kind(); kind {
	case component.KindBool:
		enc.Bool(value.(bool))
	case component.KindF32, component.KindF64:
		f, _ := float(value, kind)
		if kind == component.KindF32 {
			enc.F32(float32(f))
		} else {
			enc.F64(f)
		}
	case component.KindChar:
		r, _ := utf8.DecodeRuneInString(value.(string))
		enc.Char(r)
	case component.KindString:
		enc.String(value.(string))
	case component.KindEnum:
		enc.Case(slices.Index(t.Labels(), value.(string)))
	case component.KindFlags:
		var bits uint64
		for _, name := range value.([]any) {
			bits |= 1 << slices.Index(t.Labels(), name.(string))
		}
		enc.Flags(bits)
	case component.KindOption:
		encodeOption(enc, t, value)
	case component.KindList:
		encodeList(enc, t, value)
	case component.KindTuple:
		for i, inner := range t.Elems() {
			encode(enc, inner, value.([]any)[i])
		}
	case component.KindRecord:
		names := t.Labels()
		for i, inner := range t.Elems() {
			encode(enc, inner, value.(map[string]any)[names[i]])
		}
	case component.KindVariant, component.KindResult:
		at, payload, _ := pick(t, value)
		enc.Case(at)
		if inner := t.Elems()[at]; inner != nil {
			encode(enc, inner, payload)
		}
	default:
		encodeInteger(enc, kind, value.(json.Number).String())
	}
}

func encodeOption(enc *component.Encoder, t *component.Type, value any) {
	enc.Option(value != nil)
	if value == nil {
		return
	}
	inner := t.Elems()[0]
	if inner.Kind() == component.KindOption {
		value = value.(map[string]any)["some"]
	}
	encode(enc, inner, value)
}

func encodeList(enc *component.Encoder, t *component.Type, value any) {
	inner := t.Elems()[0]
	if inner.Kind() == component.KindU8 {
		data, _ := base64.StdEncoding.DecodeString(value.(string))
		enc.Bytes(data)
		return
	}
	list := value.([]any)
	enc.List(len(list))
	for _, item := range list {
		encode(enc, inner, item)
	}
}

func encodeInteger(enc *component.Encoder, k component.Kind, text string) {
	signed, _ := strconv.ParseInt(text, 10, 64)
	unsigned, _ := strconv.ParseUint(text, 10, 64)
	switch k {
	case component.KindS8:
		enc.S8(int8(signed))
	case component.KindS16:
		enc.S16(int16(signed))
	case component.KindS32:
		enc.S32(int32(signed))
	case component.KindS64:
		enc.S64(signed)
	case component.KindU8:
		enc.U8(uint8(unsigned))
	case component.KindU16:
		enc.U16(uint16(unsigned))
	case component.KindU32:
		enc.U32(uint32(unsigned))
	default:
		enc.U64(unsigned)
	}
}
