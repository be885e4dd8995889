package witjson

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/hygia-suite/hygia/pkg/component"
)

// Decode reads what a guest gave: a value as Parse would make of its JSON. It is
// of no use where the decoder has an error.
func Decode(dec *component.Decoder, t *component.Type) any {
	return decode(dec, t, 0)
}

func decode(dec *component.Decoder, t *component.Type, depth int) any {
	if depth > maxDepth {
		dec.Fail(&ValueError{"result", t, fmt.Sprintf("nested more than %d deep", maxDepth)})
		return nil
	}
	switch t.Kind() {
	case component.KindBool:
		return dec.Bool()
	case component.KindF32:
		return floatJSON(float64(dec.F32()), 32)
	case component.KindF64:
		return floatJSON(dec.F64(), 64)
	case component.KindChar:
		return string(dec.Char())
	case component.KindString:
		return dec.String()
	case component.KindEnum:
		return label(dec, t.Labels(), dec.Case())
	case component.KindFlags:
		bits, names := dec.Flags(), []any{}
		for i, name := range t.Labels() {
			if bits>>i&1 == 1 {
				names = append(names, name)
			}
		}
		return names
	case component.KindOption:
		return decodeOption(dec, t, depth)
	case component.KindList:
		return decodeList(dec, t, depth)
	case component.KindTuple:
		var items []any
		for _, inner := range t.Elems() {
			items = append(items, decode(dec, inner, depth+1))
		}
		return items
	case component.KindRecord:
		names, object := t.Labels(), map[string]any{}
		for i, inner := range t.Elems() {
			object[names[i]] = decode(dec, inner, depth+1)
		}
		return object
	case component.KindVariant, component.KindResult:
		at := dec.Case()
		name := label(dec, labels(t), at)
		if dec.Err() != nil {
			return nil
		}
		if inner := t.Elems()[at]; inner != nil {
			return map[string]any{name: decode(dec, inner, depth+1)}
		}
		return name
	default:
		return decodeInteger(dec, t)
	}
}

// label is the name of a case, or "" where the decoder has failed.
func label(dec *component.Decoder, names []string, at int) string {
	if dec.Err() != nil || at < 0 || at >= len(names) {
		return ""
	}
	return names[at]
}

func decodeOption(dec *component.Decoder, t *component.Type, depth int) any {
	if !dec.Option() {
		return nil
	}
	inner := t.Elems()[0]
	value := decode(dec, inner, depth+1)
	if inner.Kind() == component.KindOption {
		return map[string]any{"some": value}
	}
	return value
}

func decodeList(dec *component.Decoder, t *component.Type, depth int) any {
	inner := t.Elems()[0]
	if inner.Kind() == component.KindU8 {
		return base64.StdEncoding.EncodeToString(dec.Bytes())
	}
	items := make([]any, 0, dec.List())
	for range cap(items) {
		items = append(items, decode(dec, inner, depth+1))
	}
	return items
}

func decodeInteger(dec *component.Decoder, t *component.Type) any {
	var signed int64
	switch t.Kind() {
	case component.KindS8:
		signed = int64(dec.S8())
	case component.KindS16:
		signed = int64(dec.S16())
	case component.KindS32:
		signed = int64(dec.S32())
	case component.KindS64:
		signed = dec.S64()
	case component.KindU8:
		signed = int64(dec.U8())
	case component.KindU16:
		signed = int64(dec.U16())
	case component.KindU32:
		signed = int64(dec.U32())
	case component.KindU64:
		return json.Number(strconv.FormatUint(dec.U64(), 10))
	default:
		dec.Fail(&ValueError{"result", t, "has no JSON"})
		return nil
	}
	return json.Number(strconv.FormatInt(signed, 10))
}

func floatJSON(f float64, bits int) any {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return json.Number(strconv.FormatFloat(f, 'g', -1, bits))
}
