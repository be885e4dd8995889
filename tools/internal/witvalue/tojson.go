package witvalue

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/hygia-suite/hygia/pkg/component"
)

// ToJSON makes JSON of a value of type t, such as ParseJSON would give. It fails
// where there is a resource in it.
func ToJSON(t *component.Type, v any) (any, error) {
	if t.Resource() != nil {
		return nil, fmt.Errorf("%s has no JSON", t)
	}
	switch v := v.(type) {
	case int64:
		return json.Number(strconv.FormatInt(v, 10)), nil
	case uint64:
		if t.Kind() == component.KindFlags {
			return flagsToJSON(t, v), nil
		}
		return json.Number(strconv.FormatUint(v, 10)), nil
	case float32:
		return floatToJSON(float64(v), 32), nil
	case float64:
		return floatToJSON(v, 64), nil
	case rune:
		return string(v), nil
	case []byte:
		return base64.StdEncoding.EncodeToString(v), nil
	case []any:
		return listToJSON(t, v)
	case Case:
		return caseToJSON(t, v)
	default: // a bool or a string
		return v, nil
	}
}

func floatToJSON(f float64, bits int) any {
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

func flagsToJSON(t *component.Type, bits uint64) any {
	names := []any{}
	for i, name := range t.Labels() {
		if bits>>i&1 == 1 {
			names = append(names, name)
		}
	}
	return names
}

func listToJSON(t *component.Type, list []any) (any, error) {
	elems, out := t.Elems(), make([]any, len(list))
	for i, item := range list {
		var err error
		if out[i], err = ToJSON(elems[min(i, len(elems)-1)], item); err != nil {
			return nil, err
		}
	}
	if t.Kind() != component.KindRecord {
		return out, nil
	}
	object := map[string]any{}
	for i, name := range t.Labels() {
		object[name] = out[i]
	}
	return object, nil
}

func caseToJSON(t *component.Type, c Case) (any, error) {
	names, payloads := cases(t)
	name, inner := names[c.Index], payloads[c.Index]
	option := t.Kind() == component.KindOption
	switch {
	case inner == nil && option:
		return nil, nil
	case inner == nil:
		return name, nil
	}
	payload, err := ToJSON(inner, c.Payload)
	if option && inner.Kind() != component.KindOption {
		return payload, err
	}
	return map[string]any{name: payload}, err
}
