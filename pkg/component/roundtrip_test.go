package component_test

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/component"
)

// A value of any type, for tests: a Go number, rune, string or bool, flags as
// uint64, a list<u8> as []byte, or one of these.
type (
	owned  uint32 // a resource of the host's
	seq    []any  // of a list, record or tuple
	choice struct {
		at      int
		payload any // nil when the case carries nothing
	}
	maybe struct{ v any } // nil for none
)

// parcel is the resource that echo hands around.
var parcel = &component.Resource{Name: "parcel"}

func encode(e *component.Encoder, t *component.Type, v any) {
	switch v := v.(type) {
	case owned:
		e.Own(parcel, v)
	case bool:
		e.Bool(v)
	case uint8:
		e.U8(v)
	case int8:
		e.S8(v)
	case uint16:
		e.U16(v)
	case int16:
		e.S16(v)
	case uint32:
		e.U32(v)
	case int32:
		if t.Kind() == component.KindChar {
			e.Char(v)
		} else {
			e.S32(v)
		}
	case uint64:
		if t.Kind() == component.KindFlags {
			e.Flags(v)
		} else {
			e.U64(v)
		}
	case int64:
		e.S64(v)
	case float32:
		e.F32(v)
	case float64:
		e.F64(v)
	case string:
		e.String(v)
	case []byte:
		e.Bytes(v)
	case maybe:
		if e.Option(v.v != nil); v.v != nil {
			encode(e, t.Elems()[0], v.v)
		}
	case choice:
		if e.Case(v.at); v.payload != nil {
			encode(e, t.Elems()[v.at], v.payload)
		}
	case seq:
		encodeSeq(e, t, v)
	}
}

func encodeSeq(e *component.Encoder, t *component.Type, v seq) {
	if t.Kind() == component.KindList {
		e.List(len(v))
	}
	for i, x := range v {
		encode(e, t.Elems()[min(i, len(t.Elems())-1)], x)
	}
}

func decode(d *component.Decoder, t *component.Type) any {
	switch t.Kind() {
	case component.KindBool:
		return d.Bool()
	case component.KindU8:
		return d.U8()
	case component.KindS8:
		return d.S8()
	case component.KindU16:
		return d.U16()
	case component.KindS16:
		return d.S16()
	case component.KindU32:
		return d.U32()
	case component.KindS32:
		return d.S32()
	case component.KindU64:
		return d.U64()
	case component.KindS64:
		return d.S64()
	case component.KindF32:
		return d.F32()
	case component.KindF64:
		return d.F64()
	case component.KindChar:
		return d.Char()
	case component.KindString:
		return d.String()
	case component.KindFlags:
		return d.Flags()
	case component.KindOwn:
		return d.Own(parcel)
	}
	return decodeCompound(d, t)
}

func isBytes(t *component.Type) bool { return t.Equal(component.ListOf(component.U8)) }

func decodeCompound(d *component.Decoder, t *component.Type) any {
	elems := t.Elems()
	switch t.Kind() {
	case component.KindOption:
		if !d.Option() {
			return maybe{}
		}
		return maybe{decode(d, elems[0])}
	case component.KindEnum, component.KindVariant, component.KindResult:
		c := choice{at: d.Case()}
		if d.Err() == nil && c.at < len(elems) && elems[c.at] != nil {
			c.payload = decode(d, elems[c.at])
		}
		return c
	case component.KindList:
		if isBytes(t) {
			return append([]byte{}, d.Bytes()...)
		}
		v := seq{}
		for range d.List() {
			v = append(v, decode(d, elems[0]))
		}
		return v
	}
	v := seq{}
	for _, e := range elems {
		v = append(v, decode(d, e))
	}
	return v
}

// anyType draws a type of at most the depth.
func anyType(depth int) *rapid.Generator[*component.Type] {
	return rapid.Custom(func(t *rapid.T) *component.Type {
		kinds := component.KindString
		if depth > 0 {
			kinds = component.KindFlags
		}
		k := component.Kind(rapid.IntRange(0, int(kinds)+1).Draw(t, "kind"))
		if k > kinds {
			k = component.KindOwn
		}
		return typeOf(t, k, depth)
	})
}

var primitives = []*component.Type{
	component.Bool, component.S8, component.U8, component.S16, component.U16, component.S32,
	component.U32, component.S64, component.U64, component.F32, component.F64, component.Char,
	component.String,
}

func typeOf(t *rapid.T, k component.Kind, depth int) *component.Type {
	inner := func() *component.Type { return anyType(depth-1).Draw(t, "inner") }
	maybe := func() *component.Type {
		if rapid.Bool().Draw(t, "payload") {
			return inner()
		}
		return nil
	}
	n := 0
	if k > component.KindString {
		n = rapid.IntRange(1, 9).Draw(t, "members")
	}
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("n%d%s", i, strings.Repeat("x", i))
	}
	switch k {
	case component.KindList:
		return component.ListOf(inner())
	case component.KindOption:
		return component.OptionOf(inner())
	case component.KindResult:
		return component.ResultOf(maybe(), maybe())
	case component.KindEnum:
		return component.EnumOf("e", names...)
	case component.KindFlags:
		return component.FlagsOf("f", names...)
	case component.KindTuple, component.KindRecord:
		var fs []component.Field
		var ts []*component.Type
		for _, name := range names {
			ts = append(ts, inner())
			fs = append(fs, component.Field{Name: name, Type: ts[len(ts)-1]})
		}
		if k == component.KindTuple {
			return component.TupleOf(ts...)
		}
		return component.RecordOf("r", fs...)
	case component.KindVariant:
		var cs []component.Case
		for _, name := range names {
			cs = append(cs, component.Case{Name: name, Type: maybe()})
		}
		return component.VariantOf("v", cs...)
	}
	if k == component.KindOwn {
		return component.OwnOf(parcel)
	}
	return primitives[k]
}

// anyValue draws a value of the type.
func anyValue(t *rapid.T, ty *component.Type) any {
	elems := ty.Elems()
	switch ty.Kind() {
	case component.KindBool:
		return rapid.Bool().Draw(t, "bool")
	case component.KindU8:
		return rapid.Uint8().Draw(t, "u8")
	case component.KindS8:
		return rapid.Int8().Draw(t, "s8")
	case component.KindU16:
		return rapid.Uint16().Draw(t, "u16")
	case component.KindS16:
		return rapid.Int16().Draw(t, "s16")
	case component.KindU32:
		return rapid.Uint32().Draw(t, "u32")
	case component.KindS32:
		return rapid.Int32().Draw(t, "s32")
	case component.KindU64:
		return rapid.Uint64().Draw(t, "u64")
	case component.KindS64:
		return rapid.Int64().Draw(t, "s64")
	case component.KindF32:
		return rapid.Float32().Draw(t, "f32")
	case component.KindF64:
		return rapid.Float64().Draw(t, "f64")
	case component.KindChar:
		return rapid.Rune().Filter(utf8.ValidRune).Draw(t, "char")
	case component.KindString:
		return rapid.String().Draw(t, "string")
	case component.KindOwn:
		return owned(rapid.Uint32().Draw(t, "resource"))
	case component.KindFlags:
		return rapid.Uint64Range(0, 1<<len(ty.Labels())-1).Draw(t, "flags")
	case component.KindList:
		if isBytes(ty) {
			return append([]byte{}, rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "bytes")...)
		}
		v := seq{}
		for range rapid.IntRange(0, 4).Draw(t, "len") {
			v = append(v, anyValue(t, elems[0]))
		}
		return v
	case component.KindOption:
		if rapid.Bool().Draw(t, "some") {
			return maybe{anyValue(t, elems[0])}
		}
		return maybe{}
	case component.KindEnum, component.KindVariant, component.KindResult:
		c := choice{at: rapid.IntRange(0, max(len(elems), len(ty.Labels()))-1).Draw(t, "case")}
		if len(elems) > 0 && elems[c.at] != nil {
			c.payload = anyValue(t, elems[c.at])
		}
		return c
	}
	v := seq{}
	for _, e := range elems {
		v = append(v, anyValue(t, e))
	}
	return v
}

// echo links the component of echoText for a type; its host function decodes
// and encodes each value again.
func echo(t testing.TB, e *component.Engine, ty *component.Type) (*component.Program, *component.Export) {
	return echoLimited(t, e, ty, component.Limits{})
}

func echoLimited(t testing.TB, e *component.Engine, ty *component.Type, l component.Limits) (*component.Program, *component.Export) {
	o, x := echoOptions(ty)
	o.Limits = l
	return link(t, e, echoText(ty), o), x
}

func echoOptions(ty *component.Type) (component.LinkOptions, *component.Export) {
	sig := component.Signature{Params: []component.Field{{Name: "v", Type: ty}}, Result: ty}
	host := component.NewHost()
	host.Resource(parcel, nil)
	host.Func(&component.Import{Name: "host", Signature: sig},
		func(_ context.Context, args *component.Decoder, results *component.Encoder) error {
			v := decode(args, ty)
			encode(results, ty, v)
			return nil
		})
	x := &component.Export{Name: "echo", Signature: sig}
	return component.LinkOptions{Host: host, Exports: []*component.Export{x}}, x
}

func TestAnyValueOfAnyTypeCrosses(t *testing.T) {
	e := newEngine(t, component.Config{})
	rapid.Check(t, func(rt *rapid.T) {
		ty := anyType(3).Draw(rt, "type")
		if len(ty.String()) > 400 {
			rt.Skip("a type too large to be worth its compilation")
		}
		p, x := echo(t, e, ty)
		defer p.Close()
		for range 4 {
			want := anyValue(rt, ty)
			var got any
			err := p.Call(context.Background(), x,
				func(e *component.Encoder) { encode(e, ty, want) },
				func(d *component.Decoder) { got = decode(d, ty) })
			if err != nil || !reflect.DeepEqual(got, want) {
				rt.Fatalf("%v: sent %#v, got %#v, %v", ty, want, got, err)
			}
		}
	})
}

func TestNaNStaysNaN(t *testing.T) {
	p, x := echo(t, newEngine(t, component.Config{}), component.TupleOf(component.F32, component.F64))
	var a float32
	var b float64
	err := p.Call(context.Background(), x,
		func(e *component.Encoder) { e.F32(float32(math.NaN())); e.F64(math.NaN()) },
		func(d *component.Decoder) { a, b = d.F32(), d.F64() })
	if err != nil || !math.IsNaN(float64(a)) || !math.IsNaN(b) {
		t.Fatal(a, b, err)
	}
}
