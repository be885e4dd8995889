package component_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
)

// Each of these would end the process if it got to wasmtime.
func TestInvariant5MalformedValuesAreRefused(t *testing.T) {
	e := newEngine(t, component.Config{})
	enum := component.EnumOf("e", "a", "b")
	variant := component.VariantOf("v", component.Case{Name: "a", Type: component.U8}, component.Case{Name: "b"})
	record := component.RecordOf("r", component.Field{Name: "a", Type: component.U8}, component.Field{Name: "b", Type: component.String})
	for name, test := range map[string]struct {
		ty    *component.Type
		write func(*component.Encoder)
		value bool // whether the fault is in the value and not in the code
	}{
		"invalid UTF-8":         {component.String, func(e *component.Encoder) { e.String("a\xc3(") }, true},
		"surrogate in a string": {component.String, func(e *component.Encoder) { e.String("\xed\xa0\x80") }, true},
		"surrogate":             {component.Char, func(e *component.Encoder) { e.Char(0xD800) }, true},
		"char too large":        {component.Char, func(e *component.Encoder) { e.Char(0x110000) }, true},
		"negative char":         {component.Char, func(e *component.Encoder) { e.Char(-1) }, true},
		"negative case":         {enum, func(e *component.Encoder) { e.Case(-1) }, true},
		"unknown enum":          {enum, func(e *component.Encoder) { e.Case(2) }, false},
		"unknown variant":       {variant, func(e *component.Encoder) { e.Case(2) }, false},
		"missing payload":       {variant, func(e *component.Encoder) { e.Case(0) }, false},
		"unwanted payload":      {variant, func(e *component.Encoder) { e.Case(1); e.U8(1) }, false},
		"unknown flag":          {component.FlagsOf("f", "a"), func(e *component.Encoder) { e.Flags(2) }, false},
		"another type":          {component.U32, func(e *component.Encoder) { e.S32(1) }, false},
		"enum for flags":        {component.FlagsOf("f", "a"), func(e *component.Encoder) { e.Case(0) }, false},
		"half a record":         {record, func(e *component.Encoder) { e.U8(1) }, false},
		"a record's wrong order": {record, func(e *component.Encoder) {
			e.String("x")
			e.U8(1)
		}, false},
		"a short list": {component.ListOf(component.S8), func(e *component.Encoder) { e.List(2); e.S8(1) }, false},
		"a long list": {component.ListOf(component.S8), func(e *component.Encoder) {
			e.List(1)
			e.S8(1)
			e.S8(1)
		}, false},
		"bytes one by one":     {component.ListOf(component.U8), func(e *component.Encoder) { e.List(1); e.U8(1) }, false},
		"bytes for a list":     {component.ListOf(component.S8), func(e *component.Encoder) { e.Bytes([]byte{1}) }, false},
		"bytes for a text":     {component.String, func(e *component.Encoder) { e.Bytes([]byte("a")) }, false},
		"a text for bytes":     {component.ListOf(component.U8), func(e *component.Encoder) { e.String("a") }, false},
		"a list without items": {component.ListOf(component.String), func(e *component.Encoder) { e.List(999_999) }, false},
		"a negative list":      {component.ListOf(component.U8), func(e *component.Encoder) { e.List(-1) }, true},
		"nothing":              {component.U8, func(*component.Encoder) {}, false},
		"too much":             {component.U8, func(e *component.Encoder) { e.U8(1); e.U8(1) }, false},
	} {
		p, x := echo(t, e, test.ty)
		inst := instance(t, p)
		err := inst.Call(context.Background(), x, test.write, func(d *component.Decoder) { t.Errorf("%s: has results", name) })
		var codec *component.CodecError
		if err == nil || errors.As(err, &codec) == test.value {
			t.Errorf("%s: %v", name, err)
		}
		p.Close()
		inst.Close()
	}
}

func TestRefusedArgumentsLeaveTheInstanceUsable(t *testing.T) {
	p := linkSuspect(t, newEngine(t, component.Config{}), component.Limits{})
	inst := instance(t, p)
	for range 3 {
		if err := inst.Call(context.Background(), grow, func(e *component.Encoder) { e.String("") }, nil); err == nil {
			t.Fatal("accepted")
		}
	}
	if n := number(t, inst, count); n != 1 {
		t.Fatal(n)
	}
}

func TestCodersErrorsStickAndEndTheCall(t *testing.T) {
	p, x := echo(t, newEngine(t, component.Config{}), component.String)
	first, second := errors.New("first"), errors.New("second")
	err := p.Call(context.Background(), x, func(e *component.Encoder) {
		e.Fail(first)
		e.Fail(second)
		e.String("not written")
		if !errors.Is(e.Err(), first) {
			t.Error(e.Err())
		}
	}, nil)
	if err != first { //nolint:errorlint // the contract says: as it is
		t.Errorf("encoder: %v", err)
	}
	err = p.Call(context.Background(), x, func(e *component.Encoder) { e.String("x") },
		func(d *component.Decoder) {
			d.Fail(first)
			d.Fail(second)
			if s := d.String(); s != "" || !errors.Is(d.Err(), first) {
				t.Errorf("read %q, %v", s, d.Err())
			}
		})
	if err != first { //nolint:errorlint // the contract says: as it is
		t.Errorf("decoder: %v", err)
	}
}

func TestReadersOfAnotherTypeFail(t *testing.T) {
	p, x := echo(t, newEngine(t, component.Config{}), component.TupleOf(component.U8, component.String))
	for name, read := range map[string]func(*component.Decoder){
		"nothing":      func(*component.Decoder) {},
		"half":         func(d *component.Decoder) { d.U8() },
		"another type": func(d *component.Decoder) { d.S8() },
		"too much":     func(d *component.Decoder) { d.U8(); _ = d.String(); d.U8() },
		"a list":       func(d *component.Decoder) { d.U8(); d.List() },
	} {
		err := p.Call(context.Background(), x, func(e *component.Encoder) { e.U8(1); e.String("x") }, read)
		var codec *component.CodecError
		if !errors.As(err, &codec) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A guest's own malformed values are its trap.
func TestInvariant5MalformedValuesFromAGuest(t *testing.T) {
	e := newEngine(t, component.Config{})
	for name, test := range map[string]struct{ ty, body string }{
		"text":   {"string", `(i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 1)) (i32.store8 (i32.const 64) (i32.const 255)) (i32.const 0)`},
		"range":  {"string", `(i32.store (i32.const 0) (i32.const -9)) (i32.store (i32.const 4) (i32.const 99)) (i32.const 0)`},
		"char":   {"char", `(i32.const 0xD800)`},
		"option": {"(option u32)", `(i32.store (i32.const 0) (i32.const 7)) (i32.const 0)`},
		"enum":   {"$e", `(i32.const 7)`},
		"align":  {"string", `(i32.const 3)`},
		"beyond": {"string", `(i32.const -4)`},
	} {
		bad := &component.Export{Name: "bad", Signature: component.Signature{Result: map[string]*component.Type{
			"string": component.String, "char": component.Char, "(option u32)": component.OptionOf(component.U32),
			"$e": component.EnumOf("e", "a"),
		}[test.ty]}}
		p := link(t, e, `(component
			(type $raw (enum "a")) (import "e" (type $e (eq $raw)))
			(core module $m (memory (export "memory") 1) (func (export "bad") (result i32) `+test.body+`))
			(core instance $i (instantiate $m))
			(func (export "bad") (result `+test.ty+`) (canon lift (core func $i "bad") (memory $i "memory"))))`,
			component.LinkOptions{Exports: []*component.Export{bad}})
		err := p.Call(context.Background(), bad, nil, func(*component.Decoder) { t.Errorf("%s: has results", name) })
		var trap *component.TrapError
		if !errors.As(err, &trap) || trap.Code != component.TrapValue {
			t.Errorf("%s: %#v", name, err)
		}
	}
}

func TestTypeText(t *testing.T) {
	ty := component.ResultOf(
		component.ListOf(component.RecordOf("r", component.Field{Name: "a", Type: component.OptionOf(component.U8)})),
		component.VariantOf("v", component.Case{Name: "x"}, component.Case{Name: "y", Type: component.String}))
	if got := ty.String(); got != "result<list<record{a: option<u8>}>, variant{x, y: string}>" {
		t.Error(got)
	}
	if got := component.ResultOf(nil, component.EnumOf("e", "a", "b")).String(); got != "result<_, enum{a, b}>" {
		t.Error(got)
	}
	long := component.EnumOf("e", strings.Split(strings.Repeat("case,", 1000), ",")...)
	if n := len(component.TupleOf(long, long, long).String()); n > 2000 {
		t.Errorf("%d bytes of text", n)
	}
}
