package witvalue_test

import (
	"math"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/tools/internal/witvalue"
)

func TestFromLiteral(t *testing.T) {
	option := component.OptionOf(component.U8)
	result := component.ResultOf(component.U8, nil)
	for _, c := range []struct {
		typ  *component.Type
		text string
		want any // nil where it is refused
	}{
		{component.Bool, `(bool.const true)`, true},
		{component.Bool, `(bool.const maybe)`, nil},
		{component.U8, `(u8.const 0xf_f)`, uint64(255)},
		{component.U8, `(u8.const 256)`, nil},
		{component.U8, `(u8.const -1)`, nil},
		{component.U8, `(u8.const)`, nil},
		{component.U8, `(u8.const 1 2)`, nil},
		{component.U8, `(u16.const 1)`, nil},
		{component.U8, `(u8 1)`, nil},
		{component.U8, `()`, nil},
		{component.U8, `1`, nil},
		{component.U32, `(u32.const 1_000)`, uint64(1000)},
		{component.U32, `(u32.const 010)`, uint64(10)},
		{component.U32, `(u32.const +7)`, uint64(7)},
		{component.S16, `(s16.const -0x8000)`, int64(math.MinInt16)},
		{component.S16, `(s16.const 0x8000)`, nil},
		{component.S64, `(s64.const -9223372036854775808)`, int64(math.MinInt64)},
		{component.F32, `(f32.const nan:canonical)`, float32(math.NaN())},
		{component.F32, `(f32.const -0)`, float32(math.Copysign(0, -1))},
		{component.F64, `(f64.const -inf)`, math.Inf(-1)},
		{component.F64, `(f64.const 0x1p-3)`, 0.125},
		{component.F64, `(f64.const one)`, nil},
		{component.Char, `(char.const "\u{e9}")`, 'é'},
		{component.Char, `(char.const "ab")`, nil},
		{component.Char, `(char.const "\ff")`, nil},
		{component.String, `(str.const "\c3\a9")`, "é"},
		{component.String, `(str.const "\ff")`, nil},
		{component.String, `(str.const text)`, nil},
		{component.ListOf(component.U8), `(list.const (u8.const 1) (u8.const 2))`, []byte{1, 2}},
		{component.ListOf(component.U8), `(list.const)`, []byte{}},
		{component.ListOf(component.U16), `(list.const (u16.const 1) (u8.const 2))`, nil},
		{component.TupleOf(component.U8, component.Bool), `(tuple.const (u8.const 1) (bool.const false))`, []any{uint64(1), false}},
		{component.TupleOf(component.U8, component.Bool), `(tuple.const (u8.const 1))`, nil},
		{point, `(record.const (field "x" (s32.const 1)) (field "label" (option.none)))`, []any{int64(1), witvalue.Case{}}},
		{point, `(record.const (field "x" (s32.const 1)) (field "y" (option.none)))`, nil},
		{point, `(record.const (field "x" (s32.const 1)))`, nil},
		{point, `(record.const (s32.const 1) (option.none))`, nil},
		{rights, `(flags.const "write" "read")`, uint64(3)},
		{rights, `(flags.const "run")`, nil},
		{colour, `(enum.const "dark-blue")`, witvalue.Case{Index: 1}},
		{colour, `(enum.const)`, nil},
		{shape, `(variant.const "none")`, witvalue.Case{}},
		{shape, `(variant.const "none" (u8.const 1))`, nil},
		{shape, `(variant.const "dot")`, nil},
		{option, `(option.some (u8.const 1))`, witvalue.Case{Index: 1, Payload: uint64(1)}},
		{option, `(option.some)`, nil},
		{option, `(option.const "none")`, nil},
		{result, `(result.ok (u8.const 1))`, witvalue.Case{Payload: uint64(1)}},
		{result, `(result.err)`, witvalue.Case{Index: 1}},
		{component.OwnOf(&component.Resource{Name: "blob"}), `(own.const 1)`, nil},
	} {
		n, err := literal(c.text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := witvalue.FromLiteral(c.typ, n)
		if (err != nil) != (c.want == nil) || err == nil && !witvalue.Same(got, c.want) {
			t.Errorf("%s: %#v, %v", c.text, got, err)
		}
	}
}

// FuzzFromLiteral: what is read can be written and read again, and is the same.
func FuzzFromLiteral(f *testing.F) {
	f.Add(`(tuple.const (record.const (field "x" (s32.const -1)) (field "label" (option.some (str.const "\u{e9}"))))
		(enum.const "red") (variant.const "none") (flags.const "read") (list.const (u8.const 0xf)) (f32.const nan)
		(char.const "é") (result.err (u64.const 1_0)) (option.some (option.none)))`)
	f.Add(`(tuple.const)`)
	f.Fuzz(func(t *testing.T, text string) {
		n, err := literal(text)
		if err != nil {
			return
		}
		if v, err := witvalue.FromLiteral(everything, n); err == nil {
			sameAgain(t, v, overLiteral(t, everything, v))
		}
	})
}
