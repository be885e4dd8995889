package script

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/tools/conformance/internal/wast"
)

// A value is a bool, an int64 or uint64, a float32 or float64, a rune, a string, a
// []byte, a []any (list, record, tuple), a choice or a *component.Handle or other
// value of a resource.
type choice struct {
	index   int
	payload any // nil where there is none
}

var errLiteral = errors.New("a literal of another type")

// literal reads a value of type t from a script.
func literal(n *wast.Node, t *component.Type) (any, error) {
	word, rest := n.Head(), n.Rest()
	atom := ""
	if len(rest) > 0 {
		atom = rest[0].Atom
	}
	switch t.Kind() {
	case component.KindBool:
		return atom == "true", want(word, "bool.const")
	case component.KindU8, component.KindU16, component.KindU32, component.KindU64:
		return unsigned(word, atom, t)
	case component.KindS8, component.KindS16, component.KindS32, component.KindS64:
		v, err := strconv.ParseInt(strings.ReplaceAll(atom, "_", ""), 0, 64)
		return v, errors.Join(err, want(word, t.String()+".const"))
	case component.KindF32:
		v, err := float(atom, 32)
		return float32(v), errors.Join(err, want(word, "f32.const"))
	case component.KindF64:
		v, err := float(atom, 64)
		return v, errors.Join(err, want(word, "f64.const"))
	case component.KindChar:
		return []rune(text(rest) + "\x00")[0], want(word, "char.const")
	case component.KindString:
		return text(rest), want(word, "str.const")
	case component.KindList:
		return items(rest, t, word)
	case component.KindRecord, component.KindTuple:
		return fields(rest, t, word)
	case component.KindFlags:
		return flags(rest, t, word)
	case component.KindEnum, component.KindVariant, component.KindOption, component.KindResult:
		return chosen(word, rest, t)
	}
	return nil, errLiteral
}

func want(got, word string) error {
	if got != word {
		return fmt.Errorf("%w: %s and not %s", errLiteral, got, word)
	}
	return nil
}

func text(ns []*wast.Node) string {
	if len(ns) == 0 {
		return ""
	}
	return ns[0].Text
}

func unsigned(word, atom string, t *component.Type) (any, error) {
	v, err := strconv.ParseUint(strings.ReplaceAll(atom, "_", ""), 0, 64)
	return v, errors.Join(err, want(word, t.String()+".const"))
}

func float(atom string, bits int) (float64, error) {
	if strings.HasPrefix(strings.TrimLeft(atom, "+-"), "nan") {
		return math.NaN(), nil
	}
	return strconv.ParseFloat(strings.ReplaceAll(atom, "_", ""), bits)
}

func items(ns []*wast.Node, t *component.Type, word string) (any, error) {
	elem := t.Elems()[0]
	out := make([]any, len(ns))
	for i, n := range ns {
		var err error
		if out[i], err = literal(n, elem); err != nil {
			return nil, err
		}
	}
	if elem.Kind() != component.KindU8 {
		return out, want(word, "list.const")
	}
	raw := make([]byte, len(out))
	for i, v := range out {
		raw[i] = byte(v.(uint64))
	}
	return raw, want(word, "list.const")
}

// fields reads (record.const (field "a" …) …) and (tuple.const …).
func fields(ns []*wast.Node, t *component.Type, word string) (any, error) {
	elems := t.Elems()
	if len(ns) != len(elems) {
		return nil, errLiteral
	}
	out := make([]any, len(ns))
	for i, n := range ns {
		if t.Kind() == component.KindRecord {
			if n.Head() != "field" || len(n.List) != 3 || n.List[1].Text != t.Labels()[i] {
				return nil, errLiteral
			}
			n = n.List[2]
		}
		var err error
		if out[i], err = literal(n, elems[i]); err != nil {
			return nil, err
		}
	}
	return out, want(word, t.Kind().String()+".const")
}

func flags(ns []*wast.Node, t *component.Type, word string) (any, error) {
	var bits uint64
	for _, n := range ns {
		i := slices.Index(t.Labels(), n.Text)
		if i < 0 {
			return nil, errLiteral
		}
		bits |= 1 << i
	}
	return bits, want(word, "flags.const")
}

// chosen reads a case: by its name, or of an option or result by the keyword.
func chosen(word string, ns []*wast.Node, t *component.Type) (any, error) {
	kind, name, _ := strings.Cut(word, ".")
	if kind != t.Kind().String() {
		return nil, errLiteral
	}
	labels, elems := t.Labels(), t.Elems()
	switch t.Kind() {
	case component.KindOption:
		labels, elems = []string{"none", "some"}, []*component.Type{nil, elems[0]}
	case component.KindResult:
		labels = []string{"ok", "err"}
	default:
		name = text(ns)
		ns = ns[min(1, len(ns)):]
	}
	c := choice{index: slices.Index(labels, name)}
	if c.index < 0 {
		return nil, errLiteral
	}
	var payload *component.Type
	if t.Kind() != component.KindEnum {
		payload = elems[c.index]
	}
	if payload == nil || len(ns) == 0 {
		return c, nil
	}
	var err error
	c.payload, err = literal(ns[0], payload)
	return c, err
}
