// Package witvalue is values of WIT by the types that a component itself declares:
// given to a guest and taken from one, compared, and spelled as JSON, in which
// plugins' fixtures are written, and as the literals of .wast scripts.
//
// A value is one of
//
//	bool                            bool
//	s8, s16, s32, s64               int64
//	u8, u16, u32, u64               uint64
//	f32; f64                        float32; float64
//	char, string                    rune, string
//	list<u8>                        []byte
//	any other list, record, tuple   []any
//	flags                           uint64, bit i for flag i
//	variant, enum, option, result   Case
//	own, borrow                     *component.Handle, or what the host made it of
//
// and no deeper than its type. Who writes a value of another type than is said
// has a defect, and panics.
package witvalue

import (
	"bytes"
	"math"
	"reflect"
	"slices"

	"github.com/hygia-suite/hygia/pkg/component"
)

// Case is a value of a variant, an enum, an option (0 is none, 1 is some) or a
// result (0 is ok, 1 is err).
type Case struct {
	Index   int
	Payload any // nil where the case has none
}

// cases are the names of such a type's cases, and what each carries: nil for
// nothing.
func cases(t *component.Type) (names []string, payloads []*component.Type) {
	names, payloads = t.Labels(), t.Elems()
	switch t.Kind() {
	case component.KindEnum:
		payloads = make([]*component.Type, len(names))
	case component.KindOption:
		names, payloads = []string{"none", "some"}, []*component.Type{nil, payloads[0]}
	case component.KindResult:
		names = []string{"ok", "err"}
	}
	return names, payloads
}

func isBytes(t *component.Type) bool {
	return t.Kind() == component.KindList && t.Elems()[0].Kind() == component.KindU8
}

// width is how many bits an integer has, or a float.
func width(k component.Kind) int {
	switch k {
	case component.KindF32:
		return 32
	case component.KindF64:
		return 64
	default:
		return 8 << ((k - component.KindS8) / 2)
	}
}

// Same reports whether two values of a type are the same. Any NaN is like any
// other, since the component model does not keep their payloads; the two zeros
// are not.
func Same(a, b any) bool {
	switch a := a.(type) {
	case float32:
		b, ok := b.(float32)
		return ok && sameFloat(float64(a), float64(b))
	case float64:
		b, ok := b.(float64)
		return ok && sameFloat(a, b)
	case []byte:
		b, ok := b.([]byte)
		return ok && bytes.Equal(a, b)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, Same)
	case Case:
		b, ok := b.(Case)
		return ok && a.Index == b.Index && Same(a.Payload, b.Payload)
	}
	return reflect.DeepEqual(a, b)
}

func sameFloat(a, b float64) bool {
	return a == b && math.Signbit(a) == math.Signbit(b) || a != a && b != b
}
