package witvalue

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/tools/internal/wast"
)

// FromLiteral makes a value of type t of a literal of a .wast script:
//
//	bool, integers      (bool.const true), (s8.const -0x1), (u32.const 1_000)
//	floats              (f64.const 1.5), (f32.const nan:canonical), which is any NaN
//	char, string        (char.const "é"), (str.const "text")
//	list, tuple         (list.const (u8.const 1)), (tuple.const …)
//	record              (record.const (field "x" (u8.const 1)))
//	flags               (flags.const "read" "write")
//	variant, enum       (variant.const "label" (str.const "CPF")), (enum.const "cpf")
//	option, result      (option.some …), (option.none), (result.ok …), (result.err)
//
// Resources have no literals.
func FromLiteral(t *component.Type, n *wast.Node) (any, error) {
	v, ok := fromLiteral(t, n)
	if !ok {
		return nil, fmt.Errorf("line %d: a literal of another type than %s", n.Line, t)
	}
	return v, nil
}

func fromLiteral(t *component.Type, n *wast.Node) (any, bool) {
	kind, name, _ := strings.Cut(n.Head(), ".")
	rest := n.Rest()
	switch {
	case kind != word(t.Kind()):
		return nil, false
	case t.Kind() == component.KindOption || t.Kind() == component.KindResult:
		return caseFromLiteral(t, name, rest)
	case name != "const":
		return nil, false
	}
	switch t.Kind() {
	case component.KindList, component.KindTuple:
		return listFromLiteral(t, rest)
	case component.KindRecord:
		return recordFromLiteral(t, rest)
	case component.KindFlags:
		return flagsFromLiteral(t, rest)
	case component.KindEnum, component.KindVariant:
		if len(rest) == 0 {
			return nil, false
		}
		return caseFromLiteral(t, rest[0].Text, rest[1:])
	}
	if len(rest) != 1 {
		return nil, false
	}
	return scalarFromLiteral(t.Kind(), rest[0])
}

// word is what a literal of a kind begins with.
func word(k component.Kind) string {
	if k == component.KindString {
		return "str"
	}
	return k.String()
}

func scalarFromLiteral(k component.Kind, n *wast.Node) (any, bool) {
	switch k {
	case component.KindBool:
		return n.Atom == "true", n.Atom == "true" || n.Atom == "false"
	case component.KindS8, component.KindS16, component.KindS32, component.KindS64:
		digits, base := number(n.Atom)
		v, err := strconv.ParseInt(digits, base, width(k))
		return v, err == nil
	case component.KindU8, component.KindU16, component.KindU32, component.KindU64:
		digits, base := number(n.Atom)
		v, err := strconv.ParseUint(digits, base, width(k))
		return v, err == nil
	case component.KindF32:
		f, ok := floatFromLiteral(n.Atom, 32)
		return float32(f), ok
	case component.KindF64:
		return floatFromLiteral(n.Atom, 64)
	case component.KindChar:
		r, size := utf8.DecodeRuneInString(n.Text)
		return r, size > 0 && size == len(n.Text) && utf8.ValidString(n.Text)
	case component.KindString:
		return n.Text, n.Kind == wast.String && utf8.ValidString(n.Text)
	}
	return nil, false
}

// number takes an integer of the text format apart: a zero in front is no base.
func number(atom string) (digits string, base int) {
	atom = strings.TrimPrefix(strings.ReplaceAll(atom, "_", ""), "+")
	sign := ""
	if rest, negative := strings.CutPrefix(atom, "-"); negative {
		sign, atom = "-", rest
	}
	if rest, hex := strings.CutPrefix(atom, "0x"); hex {
		return sign + rest, 16
	}
	return sign + atom, 10
}

func floatFromLiteral(atom string, bits int) (float64, bool) {
	if strings.HasPrefix(strings.TrimLeft(atom, "+-"), "nan") {
		return math.NaN(), true
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(atom, "_", ""), bits)
	return f, err == nil
}

func listFromLiteral(t *component.Type, ns []*wast.Node) (any, bool) {
	elems, out := t.Elems(), make([]any, len(ns))
	if t.Kind() == component.KindTuple && len(ns) != len(elems) {
		return nil, false
	}
	for i, n := range ns {
		var ok bool
		if out[i], ok = fromLiteral(elems[min(i, len(elems)-1)], n); !ok {
			return nil, false
		}
	}
	if !isBytes(t) {
		return out, true
	}
	raw := make([]byte, len(out))
	for i, v := range out {
		raw[i] = byte(v.(uint64))
	}
	return raw, true
}

func recordFromLiteral(t *component.Type, ns []*wast.Node) (any, bool) {
	names, out := t.Labels(), make([]any, len(ns))
	if len(ns) != len(names) {
		return nil, false
	}
	for i, elem := range t.Elems() {
		field := ns[i].Rest()
		if ns[i].Head() != "field" || len(field) != 2 || field[0].Text != names[i] {
			return nil, false
		}
		var ok bool
		if out[i], ok = fromLiteral(elem, field[1]); !ok {
			return nil, false
		}
	}
	return out, true
}

func flagsFromLiteral(t *component.Type, ns []*wast.Node) (any, bool) {
	var bits uint64
	for _, n := range ns {
		i := slices.Index(t.Labels(), n.Text)
		if i < 0 {
			return nil, false
		}
		bits |= 1 << i
	}
	return bits, true
}

func caseFromLiteral(t *component.Type, name string, ns []*wast.Node) (any, bool) {
	names, payloads := cases(t)
	at := slices.Index(names, name)
	if at < 0 || (payloads[at] == nil) != (len(ns) == 0) || len(ns) > 1 {
		return nil, false
	}
	if len(ns) == 0 {
		return Case{Index: at}, true
	}
	v, ok := fromLiteral(payloads[at], ns[0])
	return Case{at, v}, ok
}

// Literal writes a value of type t as FromLiteral reads it; a resource as its type.
func Literal(t *component.Type, v any) string {
	if t.Resource() != nil {
		return "(" + t.String() + ")"
	}
	parts := []string{word(t.Kind()) + ".const"}
	switch v := v.(type) {
	case float32:
		parts = append(parts, floatLiteral(float64(v), 32))
	case float64:
		parts = append(parts, floatLiteral(v, 64))
	case rune:
		parts = append(parts, quoted(string(v)))
	case string:
		parts = append(parts, quoted(v))
	case []byte:
		for _, b := range v {
			parts = append(parts, Literal(component.U8, uint64(b)))
		}
	case []any:
		parts = append(parts, listLiterals(t, v)...)
	case Case:
		parts = caseLiteral(t, v)
	case uint64:
		if t.Kind() == component.KindFlags {
			parts = append(parts, flagsLiterals(t, v)...)
		} else {
			parts = append(parts, strconv.FormatUint(v, 10))
		}
	default: // a bool or an int64
		parts = append(parts, fmt.Sprint(v))
	}
	return "(" + strings.Join(parts, " ") + ")"
}

func floatLiteral(f float64, bits int) string {
	return strings.ToLower(strconv.FormatFloat(f, 'g', -1, bits)) // "nan", "+inf"
}

// quoted is a text as the text format writes it.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		if r == '"' || r == '\\' || !unicode.IsPrint(r) {
			fmt.Fprintf(&b, `\u{%x}`, r)
		} else {
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func listLiterals(t *component.Type, list []any) []string {
	elems, labels, out := t.Elems(), t.Labels(), make([]string, len(list))
	for i, item := range list {
		out[i] = Literal(elems[min(i, len(elems)-1)], item)
		if labels != nil {
			out[i] = "(field " + quoted(labels[i]) + " " + out[i] + ")"
		}
	}
	return out
}

func flagsLiterals(t *component.Type, bits uint64) (out []string) {
	for i, name := range t.Labels() {
		if bits>>i&1 == 1 {
			out = append(out, quoted(name))
		}
	}
	return out
}

func caseLiteral(t *component.Type, c Case) []string {
	names, payloads := cases(t)
	name, inner := names[c.Index], payloads[c.Index]
	parts := []string{t.Kind().String() + ".const", quoted(name)}
	if t.Kind() == component.KindOption || t.Kind() == component.KindResult {
		parts = []string{t.Kind().String() + "." + name}
	}
	if inner != nil {
		parts = append(parts, Literal(inner, c.Payload))
	}
	return parts
}
