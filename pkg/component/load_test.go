package component_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/component"
)

// A loader is a guest that is given its memory and returns what lies at an address
// of it, as a value of a type that takes more than one number. It is there twice:
// with the lane, where this package reads the value, and without, where wasmtime
// does.
type loader struct {
	ty        *component.Type
	fill, get *component.Export
	programs  [2]*component.Program
}

func newLoader(t testing.TB, e *component.Engine, of *component.Type) *loader {
	t.Helper()
	ty := component.TupleOf(of, component.Bool)
	l := &loader{
		ty:   ty,
		fill: &component.Export{Name: "fill", Signature: sig(nil, "memory", bytesType)},
		get:  &component.Export{Name: "get", Signature: sig(ty, "at", component.U32)},
	}
	w := &textWriter{}
	ref := w.ref(ty)
	text := fmt.Sprintf(`(component
	  %s
	  (core module $m
	    (memory (export "memory") 1)
	    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
	    (func (export "fill") (param i32 i32))
	    (func (export "get") (param i32) (result i32) (local.get 0)))
	  (core instance $i (instantiate $m))
	  (func (export "fill") (param "memory" (list u8))
	    (canon lift (core func $i "fill") (memory $i "memory") (realloc (func $i "realloc"))))
	  (func (export "get") (param "at" u32) (result %s) (canon lift (core func $i "get") (memory $i "memory"))))`,
		w.types.String(), ref)
	o := component.LinkOptions{Exports: []*component.Export{l.fill, l.get}}
	l.programs = [2]*component.Program{link(t, e, text, o), plain(t, e, text, o)}
	return l
}

// check holds that the lane reads what wasmtime reads, and traps where it does.
func (l *loader) check(t rapid.TB, memory []byte, at uint32) {
	t.Helper()
	var got [2]string
	var errs [2]error
	for i, p := range l.programs {
		inst, err := p.Instance(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		err = inst.Call(context.Background(), l.fill, func(e *component.Encoder) { e.Bytes(memory) }, nil)
		if err != nil {
			t.Fatal(err)
		}
		errs[i] = inst.Call(context.Background(), l.get, func(e *component.Encoder) { e.U32(at) },
			func(d *component.Decoder) { got[i] = fmt.Sprintf("%#v", decode(d, l.ty)) })
		inst.Close()
	}
	if errors.As(errs[0], new(*component.LimitError)) || errors.As(errs[1], new(*component.LimitError)) {
		return // which of several faults is found first is not the same
	}
	var traps [2]*component.TrapError
	if errors.As(errs[0], &traps[0]) != errors.As(errs[1], &traps[1]) || got[0] != got[1] ||
		traps[0] != nil && (traps[0].Code != component.TrapValue || traps[1].Code != component.TrapValue) {
		t.Fatalf("%v at %d of %x:\n%s, %v\nwithout the lane:\n%s, %v",
			l.ty, at, memory, got[0], errs[0], got[1], errs[1])
	}
}

// somePage is a guest's memory, of words that are often right as numbers, lengths
// and addresses, and often not.
func somePage(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 0))
	var page []byte
	for range 128 {
		word := [...]uint32{0, 0, 0, 1, r.Uint32N(9), r.Uint32N(256), 4 * r.Uint32N(64), 65536 - r.Uint32N(64),
			r.Uint32() & 0x0101_0101, r.Uint32() & 0x8f07_0703, r.Uint32()}[r.IntN(11)]
		page = binary.LittleEndian.AppendUint32(page, word)
	}
	return page
}

func (l *loader) checkAny(t *rapid.T, pages int) {
	for range pages {
		page := somePage(rapid.Uint64().Draw(t, "page"))
		at := rapid.OneOf(rapid.Just(uint32(0)), rapid.Map(rapid.Uint32Range(0, 16), func(n uint32) uint32 { return 4 * n }),
			rapid.Uint32Range(65500, 65540), rapid.Uint32()).Draw(t, "at")
		l.check(t, page, at)
	}
}

func TestInvariant5ResultsAreReadAsWasmtimeReadsThem(t *testing.T) {
	e := newEngine(t, component.Config{})
	rapid.Check(t, func(rt *rapid.T) {
		ty := anyType(3).Draw(rt, "type")
		if len(ty.String()) > 400 || strings.Contains(ty.String(), "own<") {
			rt.Skip("a type too large to be worth its compilation, or one that the lane leaves alone")
		}
		l := newLoader(t, e, ty)
		defer l.programs[0].Close()
		defer l.programs[1].Close()
		l.checkAny(rt, 16)
	})
}

// Types that a drawn one seldom has in it, or never.
func TestInvariant5ResultsOfWideTypesAreReadAsWasmtimeReadsThem(t *testing.T) {
	e := newEngine(t, component.Config{})
	names := func(n int) (out []string) {
		for i := range n {
			out = append(out, fmt.Sprintf("n%d", i))
		}
		return out
	}
	var cases []component.Case
	for i, name := range names(300) {
		cases = append(cases, component.Case{Name: name, Type: []*component.Type{nil, component.U8, component.Bool}[i%3]})
	}
	for _, ty := range []*component.Type{
		fuzzType,
		component.TupleOf(component.U8, component.VariantOf("v", cases...), component.U8),
		component.TupleOf(component.U8, component.EnumOf("e", names(256)...), component.EnumOf("e", names(257)...)),
		component.TupleOf(component.U8, component.FlagsOf("f", names(3)...), component.FlagsOf("f", names(9)...)),
		component.TupleOf(component.U8, component.FlagsOf("f", names(31)...), component.FlagsOf("f", names(32)...)),
		component.ListOf(component.U64),
		component.ListOf(component.ListOf(component.TupleOf(component.U8, component.U16))),
		component.OptionOf(component.ResultOf(component.F64, component.Char)),
	} {
		l := newLoader(t, e, ty)
		rapid.Check(t, func(rt *rapid.T) { l.checkAny(rt, 4) })
	}
}

// FuzzLoad gives a guest any memory.
func FuzzLoad(f *testing.F) {
	l := newLoader(f, newEngine(f, component.Config{}), fuzzType)
	for seed := range uint64(4) {
		f.Add(somePage(seed), uint32(8*seed))
	}
	f.Fuzz(func(t *testing.T, page []byte, at uint32) {
		if len(page) <= 1<<16 {
			l.check(t, page, at)
		}
	})
}

// A result of one number is taken as wasmtime takes it, whatever lies above its bits.
func TestLoadedNumbersAreWhatWasmtimeReads(t *testing.T) {
	e := newEngine(t, component.Config{})
	flags := make([]string, 32)
	for i := range flags {
		flags[i] = fmt.Sprintf("f%d", i)
	}
	for _, ty := range []*component.Type{
		component.Bool, component.S8, component.U8, component.S16, component.U16, component.S32, component.U32, component.Char,
		component.F32, component.S64, component.F64,
		component.EnumOf("e", "a", "b", "c"), component.FlagsOf("f", "a", "b", "c"), component.FlagsOf("f", flags...),
		component.RecordOf("r", component.Field{Name: "one", Type: component.TupleOf(component.Bool)}),
		component.ResultOf(nil, nil), component.VariantOf("v", component.Case{Name: "a"}, component.Case{Name: "b"}),
	} {
		w := &textWriter{}
		core := flatten(ty)[0]
		convert := map[string]string{"i32": "", "i64": "(i64.extend_i32_s)", "f32": "(f32.reinterpret_i32)",
			"f64": "(i64.extend_i32_s) (f64.reinterpret_i64)"}[core]
		ref := w.ref(ty)
		text := `(component ` + w.types.String() + `
		  (core module $m (func (export "get") (param i32) (result ` + core + `) (local.get 0) ` + convert + `))
		  (core instance $i (instantiate $m))
		  (func (export "get") (param "bits" u32) (result ` + ref + `) (canon lift (core func $i "get"))))`
		get := &component.Export{Name: "get", Signature: sig(ty, "bits", component.U32)}
		o := component.LinkOptions{Exports: []*component.Export{get}}
		if c := compile(t, e, text); c.Lane() != nil {
			t.Errorf("%v: %v", ty, c.Lane())
		}
		programs := [2]*component.Program{link(t, e, text, o), plain(t, e, text, o)}
		for _, bits := range []uint32{0, 1, 2, 3, 0x41, 0x7f, 0x80, 0xff, 0x100, 0x101, 0x8000, 0xd7ff, 0xd800, 0xdfff, 0xe000,
			0x10000, 0x10ffff, 0x110000, 0x7fffffff, 0x80000000, 0xffffff00, 0xffffffff} {
			var got [2]string
			var failed [2]bool
			for i, p := range programs {
				err := p.Call(context.Background(), get, func(e *component.Encoder) { e.U32(bits) },
					func(d *component.Decoder) { got[i] = fmt.Sprintf("%#v", decode(d, ty)) })
				var trap *component.TrapError
				failed[i] = errors.As(err, &trap) && trap.Code == component.TrapValue
				if err != nil && !failed[i] {
					t.Errorf("%v of %#x: %v", ty, bits, err)
				}
			}
			if got[0] != got[1] || failed[0] != failed[1] {
				t.Errorf("%v of %#x: %s, %v; wasmtime: %s, %v", ty, bits, got[0], failed[0], got[1], failed[1])
			}
		}
	}
}
