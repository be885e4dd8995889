package witvalue_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/tools/internal/echotest"
	"github.com/hygia-suite/hygia/tools/internal/wast"
	"github.com/hygia-suite/hygia/tools/internal/witvalue"
)

// Any value of any type is the same in both spellings.
func TestSpellings(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		typ := anyType(rt, 3)
		v := anyValue(rt, typ)
		sameAgain(rt, v, overJSON(rt, typ, v))
		sameAgain(rt, v, overLiteral(rt, typ, v))
	})
}

// Any value of any type goes into a guest and comes back.
func TestValuesCross(t *testing.T) {
	engine, err := component.NewEngine(component.Config{MaxInstances: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	rapid.Check(t, func(rt *rapid.T) {
		typ := anyType(rt, 2)
		echo, err := echotest.New(t.Context(), engine, typ)
		if err != nil {
			rt.Fatal(err)
		}
		defer echo.Close()
		var own witvalue.Resources
		for range 3 {
			var got any
			v := anyValue(rt, typ)
			err := echo.Call(t.Context(),
				func(e *component.Encoder) { own.Encode(e, typ, v) },
				func(d *component.Decoder) { got = own.Decode(d, typ) })
			if err != nil {
				rt.Fatal(err)
			}
			sameAgain(rt, v, got)
		}
	})
}

func TestSame(t *testing.T) {
	values := []any{
		math.NaN(), float32(math.NaN()), 0.0, float32(0), math.Copysign(0, -1), float32(math.Copysign(0, -1)),
		true, false, int64(1), uint64(1), float32(1), float64(1), '1', "1", []byte{1}, []byte{1, 2}, []any{uint64(1)}, []any{uint64(1), uint64(2)},
		witvalue.Case{}, witvalue.Case{Index: 1}, witvalue.Case{Payload: "1"}, &component.Handle{},
	}
	for i, a := range values {
		for k, b := range values {
			if witvalue.Same(a, b) != (i == k) {
				t.Errorf("%#v and %#v", a, b)
			}
		}
	}
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func sameAgain(t failer, want, got any) {
	t.Helper()
	if !witvalue.Same(want, got) || !witvalue.Same(got, want) {
		t.Fatalf("got %#v, want %#v", got, want)
	}
}

// overJSON writes a value as JSON and reads that.
func overJSON(t failer, typ *component.Type, v any) any {
	t.Helper()
	tree, err := witvalue.ToJSON(typ, v)
	if err != nil {
		t.Fatalf("%v", err)
	}
	text, err := witvalue.FormatJSON(tree)
	if err != nil {
		t.Fatalf("%v", err)
	}
	if tree, err = witvalue.ParseJSON([]byte(text)); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	got, err := witvalue.FromJSON(typ, tree, "value")
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return got
}

// overLiteral writes a value as a literal and reads that.
func overLiteral(t failer, typ *component.Type, v any) any {
	t.Helper()
	text := witvalue.Literal(typ, v)
	n, err := literal(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	got, err := witvalue.FromLiteral(typ, n)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return got
}

// literal takes a literal apart, as what a script expects of a call.
func literal(text string) (*wast.Node, error) {
	script, err := wast.Parse(`(assert_return (invoke "f") ` + text + `)`)
	if err != nil {
		return nil, err
	}
	if len(script) != 1 || len(script[0].Results) != 1 {
		return nil, fmt.Errorf("%q is not one literal", text)
	}
	return script[0].Results[0], nil
}

var scalars = []*component.Type{
	component.Bool, component.S8, component.U8, component.S16, component.U16, component.S32, component.U32,
	component.S64, component.U64, component.F32, component.F64, component.Char, component.String,
	component.ListOf(component.U8), colour, rights,
}

// anyType draws a type without resources, at most so deep.
func anyType(t *rapid.T, depth int) *component.Type {
	if depth == 0 || rapid.Bool().Draw(t, "scalar") {
		return rapid.SampledFrom(scalars).Draw(t, "type")
	}
	members := make([]*component.Type, rapid.IntRange(1, 4).Draw(t, "members"))
	var fields []component.Field
	var cases []component.Case
	for i := range members {
		members[i] = anyType(t, depth-1)
		fields = append(fields, component.Field{Name: fmt.Sprintf("field-%d", i), Type: members[i]})
		cases = append(cases, component.Case{Name: fmt.Sprintf("case-%d", i), Type: members[i]})
	}
	empty := rapid.IntRange(0, len(cases)-1).Draw(t, "without a payload")
	cases[empty].Type = nil
	return rapid.SampledFrom([]*component.Type{
		component.ListOf(members[0]), component.OptionOf(members[0]), component.TupleOf(members...),
		component.RecordOf("record", fields...), component.VariantOf("variant", cases...),
		component.ResultOf(cases[0].Type, cases[len(cases)-1].Type),
	}).Draw(t, "type")
}

// anyValue draws a value of a type.
func anyValue(t *rapid.T, typ *component.Type) any {
	elems := typ.Elems()
	bits := map[component.Kind]int{
		component.KindS8: 8, component.KindU8: 8, component.KindS16: 16, component.KindU16: 16,
		component.KindS32: 32, component.KindU32: 32, component.KindS64: 64, component.KindU64: 64,
	}[typ.Kind()]
	switch typ.Kind() {
	case component.KindBool:
		return rapid.Bool().Draw(t, "bool")
	case component.KindS8, component.KindS16, component.KindS32, component.KindS64:
		return rapid.Int64Range(-1<<(bits-1), 1<<(bits-1)-1).Draw(t, "signed")
	case component.KindU8, component.KindU16, component.KindU32, component.KindU64:
		return rapid.Uint64Range(0, 1<<bits-1).Draw(t, "unsigned")
	case component.KindF32:
		return rapid.Float32().Draw(t, "f32")
	case component.KindF64:
		return rapid.Float64().Draw(t, "f64")
	case component.KindChar:
		return rapid.Rune().Draw(t, "char")
	case component.KindString:
		return rapid.String().Draw(t, "string")
	case component.KindFlags:
		return rapid.Uint64Range(0, 1<<len(typ.Labels())-1).Draw(t, "flags")
	case component.KindEnum:
		return witvalue.Case{Index: rapid.IntRange(0, len(typ.Labels())-1).Draw(t, "case")}
	case component.KindOption:
		if !rapid.Bool().Draw(t, "some") {
			return witvalue.Case{}
		}
		return witvalue.Case{Index: 1, Payload: anyValue(t, elems[0])}
	case component.KindVariant, component.KindResult:
		c := witvalue.Case{Index: rapid.IntRange(0, len(elems)-1).Draw(t, "case")}
		if elems[c.Index] != nil {
			c.Payload = anyValue(t, elems[c.Index])
		}
		return c
	case component.KindList:
		if elems[0].Kind() == component.KindU8 {
			return rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		}
		elems = make([]*component.Type, rapid.IntRange(0, 4).Draw(t, "length"))
		for i := range elems {
			elems[i] = typ.Elems()[0]
		}
	}
	out := make([]any, len(elems))
	for i, elem := range elems {
		out[i] = anyValue(t, elem)
	}
	return out
}
