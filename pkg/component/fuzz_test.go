package component_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"reflect"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/component/internal/lane"
)

// fuzzType has every kind of type in it.
var fuzzType = component.RecordOf("all",
	component.Field{Name: "numbers", Type: component.TupleOf(component.Bool, component.S8, component.U8, component.S16,
		component.U16, component.S32, component.U32, component.S64, component.U64, component.F32, component.F64)},
	component.Field{Name: "char", Type: component.Char},
	component.Field{Name: "texts", Type: component.ListOf(component.String)},
	component.Field{Name: "pick", Type: component.VariantOf("v", component.Case{Name: "a"}, component.Case{Name: "b", Type: component.String})},
	component.Field{Name: "kind", Type: component.EnumOf("e", "x", "y", "z")},
	component.Field{Name: "some", Type: component.OptionOf(component.ListOf(component.U16))},
	component.Field{Name: "done", Type: component.ResultOf(component.U8, component.String)},
	component.Field{Name: "set", Type: component.FlagsOf("f", "p", "q", "r")},
	component.Field{Name: "bytes", Type: component.ListOf(component.U8)},
)

// flatType has what crosses as numbers alone, and numbers that stand for several types.
var flatType = component.TupleOf(
	component.VariantOf("v", component.Case{Name: "a", Type: component.F32}, component.Case{Name: "b", Type: component.S64},
		component.Case{Name: "c", Type: component.String}, component.Case{Name: "d"}),
	component.OptionOf(component.ListOf(component.OptionOf(component.S16))),
	component.ResultOf(component.U8, component.F64),
	component.S8, component.S16, component.Char,
	component.FlagsOf("f", "p", "q", "r"), component.EnumOf("e", "x", "y"),
)

// script calls an encoder as a run of bytes says: whatever it writes, right or
// wrong, must come back equal or be refused.
type script struct {
	b  []byte
	ty *component.Type // of the values that it makes
}

func (s *script) next() uint64 {
	if len(s.b) == 0 {
		return 0
	}
	v := s.b[0]
	s.b = s.b[1:]
	return uint64(v)
}

func (s *script) text() string {
	n := min(int(s.next()), len(s.b))
	t := string(s.b[:n])
	s.b = s.b[n:]
	return t
}

func (s *script) run(e *component.Encoder) {
	for len(s.b) > 0 && e.Err() == nil {
		switch s.next() % 19 {
		case 0:
			e.Bool(s.next()&1 != 0)
		case 1:
			e.S8(int8(s.next()))
		case 2:
			e.U8(uint8(s.next()))
		case 3:
			e.S16(int16(s.next() << 8))
		case 4:
			e.U16(uint16(s.next() << 8))
		case 5:
			e.S32(int32(s.next() << 24))
		case 6:
			e.U32(uint32(s.next() << 24))
		case 7:
			e.S64(int64(s.next() << 56))
		case 8:
			e.U64(s.next() << 56)
		case 9:
			e.F32(math.Float32frombits(uint32(s.next() << 24)))
		case 10:
			e.F64(math.Float64frombits(s.next() << 56))
		case 11:
			e.Char(rune(s.next()<<8 | s.next()))
		case 12:
			e.String(s.text())
		case 13:
			e.List(int(s.next()))
		case 14:
			e.Option(s.next()&1 != 0)
		case 15:
			e.Case(int(s.next()) - 1)
		case 16:
			e.Flags(s.next() >> 4)
		case 17:
			e.Bytes([]byte(s.text()))
		case 18: // a value of the right type
			encode(e, s.ty, anyOf(s, s.ty))
		}
	}
}

// anyOf makes a value of a type from a script.
func anyOf(s *script, t *component.Type) any {
	elems := t.Elems()
	switch t.Kind() {
	case component.KindBool:
		return s.next()&1 != 0
	case component.KindU8:
		return uint8(s.next())
	case component.KindS8:
		return int8(s.next())
	case component.KindU16:
		return uint16(s.next() << 7)
	case component.KindS16:
		return int16(s.next() << 7)
	case component.KindU32:
		return uint32(s.next() << 20)
	case component.KindS32:
		return int32(s.next() << 20)
	case component.KindU64:
		return s.next() << 50
	case component.KindS64:
		return int64(s.next() << 50)
	case component.KindF32:
		return float32(s.next())
	case component.KindF64:
		return float64(s.next()) / 3
	case component.KindChar:
		return rune(s.next() << 5)
	case component.KindString:
		return string(bytes.ToValidUTF8([]byte(s.text()), []byte("?")))
	case component.KindFlags:
		return s.next() & (1<<len(t.Labels()) - 1)
	case component.KindOption:
		if s.next()&1 == 0 {
			return maybe{}
		}
		return maybe{anyOf(s, elems[0])}
	case component.KindEnum, component.KindVariant, component.KindResult:
		c := choice{at: int(s.next()) % max(len(elems), len(t.Labels()))}
		if len(elems) > 0 && elems[c.at] != nil {
			c.payload = anyOf(s, elems[c.at])
		}
		return c
	case component.KindList:
		if isBytes(t) {
			return append([]byte{}, s.text()...)
		}
		v := seq{}
		for range s.next() % 5 {
			v = append(v, anyOf(s, elems[0]))
		}
		return v
	}
	v := seq{}
	for _, e := range elems {
		v = append(v, anyOf(s, e))
	}
	return v
}

// echoer is a guest that gives back what it gets.
type echoer struct {
	*component.Program
	echo *component.Export
	ty   *component.Type
}

// echoers are of a type whose values lie in memory, and of one whose values are numbers.
func echoers(f *testing.F) []echoer {
	e := newEngine(f, component.Config{})
	var all []echoer
	for _, ty := range []*component.Type{fuzzType, flatType} {
		p, x := echo(f, e, ty)
		all = append(all, echoer{p, x, ty})
	}
	return all
}

// FuzzLower drives an encoder with any calls in any order. The guest must get
// well-formed values of the function's type, or nothing.
func FuzzLower(f *testing.F) {
	all := echoers(f)
	f.Add([]byte{18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 2, 1, 'a', 2, 'b', 'c', 1, 1, 'x', 2, 1, 2, 3, 4, 0, 9, 7})
	f.Add([]byte{12, 2, 0xff, 0xfe})
	f.Add([]byte{0, 1, 1, 1, 13, 200})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, p := range all {
			s := &script{b, p.ty}
			err := p.Call(context.Background(), p.echo, s.run, func(d *component.Decoder) { decode(d, p.ty) })
			var codec *component.CodecError
			var value *component.ValueError
			if err != nil && !errors.As(err, &codec) && !errors.As(err, &value) && !errors.Is(err, component.ErrListItems) {
				t.Fatal(err)
			}
		}
	})
}

// FuzzLift sends values of the right type and reads them twice: rightly, when
// they must be what was sent, and by calls in any order, which must end in an
// error or nothing.
func FuzzLift(f *testing.F) {
	all := echoers(f)
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 2, 1, 'a', 2, 'b', 'c', 1, 1, 'x', 2, 1, 2, 3, 4, 0, 9, 7}, []byte{0, 1, 2, 3})
	f.Add([]byte("dipirona 500 mg"), []byte{13, 12, 12, 11})
	f.Fuzz(func(t *testing.T, b, reads []byte) {
		for _, p := range all {
			want := anyOf(&script{b, p.ty}, p.ty)
			send := func(e *component.Encoder) { encode(e, p.ty, want) }
			var got any
			err := p.Call(context.Background(), p.echo, send, func(d *component.Decoder) { got = decode(d, p.ty) })
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("sent %#v, got %#v, %v", want, got, err)
			}
			err = p.Call(context.Background(), p.echo, send, func(d *component.Decoder) { misread(d, reads) })
			if err == nil {
				t.Fatal("reading it all by chance")
			}
		}
	})
}

func misread(d *component.Decoder, calls []byte) {
	reads := []func(){
		func() { d.Bool() }, func() { d.S8() }, func() { d.U8() }, func() { d.S16() }, func() { d.U16() },
		func() { d.S32() }, func() { d.U32() }, func() { d.S64() }, func() { d.U64() }, func() { d.F32() },
		func() { d.F64() }, func() { d.Char() }, func() { _ = d.String() }, func() { d.List() },
		func() { d.Option() }, func() { d.Case() }, func() { d.Flags() }, func() { d.Bytes() },
	}
	if len(calls) > 8 {
		calls = calls[:8] // fewer than it takes to read all of the value
	}
	for _, c := range calls {
		reads[int(c)%len(reads)]()
	}
}

// checkRewrite holds that what has the lane is as valid as it was before.
func checkRewrite(t *testing.T, e *component.Engine, b []byte) {
	before := bytes.Clone(b)
	rewritten, err := lane.Rewrite(b)
	if !bytes.Equal(b, before) {
		t.Fatal("the component was changed in place")
	}
	if err != nil {
		return
	}
	was, err := e.CompileBare(context.Background(), b)
	if err != nil {
		return
	}
	defer was.Close()
	for _, wasm := range [][]byte{rewritten.Wasm, rewritten.Outline} {
		is, err := e.CompileBare(context.Background(), wasm)
		if err != nil {
			t.Fatalf("valid before it had the lane: %v", err)
		}
		defer is.Close()
		if bytes.Equal(wasm, rewritten.Outline) && !reflect.DeepEqual(is.Exports(), was.Exports()) {
			t.Fatal("the outline has other types")
		}
	}
	c, err := e.Compile(context.Background(), b)
	if err != nil || c.Lane() != nil {
		t.Fatalf("what was made of its types is not what they are taken for: %v, %v", err, c.Lane())
	}
	defer c.Close()
	if _, err := lane.Rewrite(rewritten.Wasm); err == nil {
		t.Fatal("it got the lane twice")
	}
}

// checkExpose holds that what the host can call itself is as valid as it was before,
// and that its types are the same.
func checkExpose(t *testing.T, e *component.Engine, b []byte) {
	before := bytes.Clone(b)
	exposed, err := lane.Expose(b)
	if !bytes.Equal(b, before) {
		t.Fatal("the component was changed in place")
	}
	if err != nil {
		return
	}
	was, err := e.CompileBare(context.Background(), b)
	if err != nil {
		return
	}
	defer was.Close()
	is, err := e.CompileBare(context.Background(), exposed.Wasm)
	if err != nil {
		t.Fatalf("valid before it was exposed: %v", err)
	}
	defer is.Close()
	if !reflect.DeepEqual(is.Exports(), was.Exports()) || !reflect.DeepEqual(is.Imports(), was.Imports()) {
		t.Fatal("what is exposed has other types")
	}
	if _, err := lane.Expose(exposed.Wasm); err == nil {
		t.Fatal("it was exposed twice")
	}
}

// FuzzCompile gives the compiler any bytes: it must refuse them or describe a
// component whose link says what is missing.
func FuzzCompile(f *testing.F) {
	e := newEngine(f, component.Config{})
	for _, text := range []string{nopComponent, adder, suspect, logged, echoText(fuzzType), moverText} {
		f.Add(wasm(f, text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		checkRewrite(t, e, b)
		checkExpose(t, e, b)
		c, err := e.Compile(context.Background(), b)
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = c.Imports(), c.Exports()
		if p, err := e.Link(c, component.LinkOptions{Host: component.NewHost()}); err == nil {
			defer p.Close()
			if inst, err := p.Instance(context.Background()); err == nil {
				inst.Close()
			}
		}
	})
}
