package component_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
)

const logged = `(component
	(import "hygia:host/log@0.1.1" (instance $log
		(type $level (enum "low" "high"))
		(export "level" (type (eq $level)))
		(export "write" (func (param "text" string)))
		(export "flush" (func))))
	(core module $m (func (export "nop")))
	(core instance $i (instantiate $m))
	(func $nop (canon lift (core func $i "nop")))
	(instance $x (export "nop" (func $nop)))
	(export "hygia:test/runs@1.2.3" (instance $x)))`

var (
	noop     = func(context.Context, *component.Decoder, *component.Encoder) error { return nil }
	logWrite = component.Signature{Params: []component.Field{{Name: "text", Type: component.String}}}
)

func TestImportsAndExportsAreListed(t *testing.T) {
	c := compile(t, newEngine(t, component.Config{}), logged)
	if got := fmt.Sprint(c.Imports()); got != "[hygia:host/log@0.1.1#write hygia:host/log@0.1.1#flush]" {
		t.Error(got)
	}
	if got := c.Imports()[0].Signature; !got.Equal(logWrite) {
		t.Error(got)
	}
	if got := fmt.Sprint(c.Exports()); got != "[hygia:test/runs@1.2.3#nop]" {
		t.Error(got)
	}
	types := compile(t, newEngine(t, component.Config{}),
		`(component (import "a:b/types@0.1.0" (instance (type $t (enum "x")) (export "t" (type (eq $t))))))`)
	if got := fmt.Sprint(types.Imports()); got != "[a:b/types@0.1.0]" {
		t.Error("an interface without functions:", got)
	}
}

func TestInvariant7MissingImportIsNamed(t *testing.T) {
	e := newEngine(t, component.Config{})
	c := compile(t, e, logged)
	h := component.NewHost()
	h.Func(&component.Import{Interface: "hygia:host/log@0.1.1", Name: "write", Signature: logWrite}, noop)
	for _, host := range []*component.Host{h, nil} {
		_, err := e.Link(c, component.LinkOptions{Host: host})
		var missing *component.ImportError
		if !errors.As(err, &missing) || missing.Interface != "hygia:host/log@0.1.1" {
			t.Fatalf("%v", err)
		}
		if host != nil && missing.Name != "flush" {
			t.Fatalf("%v", err)
		}
	}
}

func TestImportOfAnotherTypeIsNamed(t *testing.T) {
	e := newEngine(t, component.Config{})
	h := component.NewHost()
	h.Func(&component.Import{Interface: "hygia:host/log@0.1.1", Name: "write"}, noop)
	_, err := e.Link(compile(t, e, logged), component.LinkOptions{Host: h})
	var mismatch *component.TypeError
	if !errors.As(err, &mismatch) || mismatch.Name != "write" ||
		mismatch.Want != "func()" || mismatch.Got != "func(text: string)" {
		t.Fatalf("%v", err)
	}
}

func TestExportMismatchIsNamed(t *testing.T) {
	e := newEngine(t, component.Config{})
	c := compile(t, e, adder)
	param := func(name string, ty *component.Type) component.Field {
		return component.Field{Name: name, Type: ty}
	}
	u32 := component.U32
	for _, sig := range []component.Signature{
		{},
		{Params: []component.Field{param("a", u32), param("b", u32)}},
		{Params: []component.Field{param("a", u32)}, Result: u32},
		{Params: []component.Field{param("a", u32), param("c", u32)}, Result: u32},
		{Params: []component.Field{param("a", u32), param("b", component.S32)}, Result: u32},
		{Params: []component.Field{param("a", u32), param("b", nil)}, Result: u32},
		{Params: []component.Field{param("a", u32), param("b", component.ListOf(nil))}, Result: u32},
		{Params: []component.Field{param("a", u32), param("b", u32)}, Result: component.RecordOf("empty")},
	} {
		_, err := e.Link(c, component.LinkOptions{Exports: []*component.Export{{Name: "add", Signature: sig}}})
		var mismatch *component.TypeError
		if !errors.As(err, &mismatch) || mismatch.Name != "add" || mismatch.Want != sig.String() {
			t.Errorf("%v: %v", sig, err)
		}
	}
	for _, x := range []*component.Export{{Name: "sub"}, {Interface: "a:b/c", Name: "add"}} {
		_, err := e.Link(c, component.LinkOptions{Exports: []*component.Export{x}})
		var missing *component.ExportError
		if !errors.As(err, &missing) || missing.Name != x.Name || missing.Interface != x.Interface {
			t.Errorf("%v: %v", x, err)
		}
	}
}

func TestCallOfAnExportThatWasNotLinked(t *testing.T) {
	p := link(t, newEngine(t, component.Config{}), nopComponent, component.LinkOptions{})
	var missing *component.ExportError
	if err := p.Call(context.Background(), &nop, nil, nil); !errors.As(err, &missing) {
		t.Fatalf("%v", err)
	}
}

func TestVersionsMatchAsSemverHasIt(t *testing.T) {
	e := newEngine(t, component.Config{})
	c := compile(t, e, logged)
	for imported, want := range map[string]bool{
		"hygia:host/log@0.1.0": true, "hygia:host/log@0.1.9": true, "hygia:host/log@0.2.0": false,
		"hygia:host/log@1.1.1": false, "hygia:host/log": false, "hygia:host/log@0.1.1-rc1": false,
	} {
		h := component.NewHost()
		h.Func(&component.Import{Interface: imported, Name: "write", Signature: logWrite}, noop)
		h.Func(&component.Import{Interface: imported, Name: "flush"}, noop)
		p, err := e.Link(c, component.LinkOptions{Host: h})
		if (err == nil) != want {
			t.Errorf("a host with %s: %v", imported, err)
		}
		if err == nil {
			p.Close()
		}
	}
	h := component.NewHost()
	h.Func(&component.Import{Interface: "hygia:host/log@0.1.1", Name: "write", Signature: logWrite}, noop)
	h.Func(&component.Import{Interface: "hygia:host/log@0.1.1", Name: "flush"}, noop)
	for exported, want := range map[string]bool{
		"hygia:test/runs@1.2.3": true, "hygia:test/runs@1.0.0": true, "hygia:test/runs@1.9.0": true,
		"hygia:test/runs@2.2.3": false, "hygia:test/runs@0.2.3": false,
	} {
		x := &component.Export{Interface: exported, Name: "nop"}
		p, err := e.Link(c, component.LinkOptions{Host: h, Exports: []*component.Export{x}})
		if (err == nil) != want {
			t.Errorf("an export %s: %v", exported, err)
		}
		if err == nil {
			if err := p.Call(context.Background(), x, nil, nil); err != nil {
				t.Errorf("calling %s: %v", exported, err)
			}
			p.Close()
		}
	}
}

// What would abort the process, or cannot be given, never gets as far as running.
func TestInvariant5TypesThatCannotCrossAreRefused(t *testing.T) {
	e := newEngine(t, component.Config{})
	for name, text := range map[string]string{
		"resource": `(component (import "a:b/c" (instance (export "r" (type (sub resource))))))`,
		"own": `(component (import "r" (type $r (sub resource)))
			(import "f" (func (param "r" (own $r)))))`,
		"module": `(component (import "m" (core module)))`,
		"nested": `(component (import "a:b/c" (instance (export "d" (instance)))))`,
	} {
		_, err := e.Link(compile(t, e, text), component.LinkOptions{Host: component.NewHost()})
		var missing *component.ImportError
		if !errors.As(err, &missing) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"component": `(component (import "c" (component)))`,
		"stream":    `(component (import "f" (func (param "s" (stream u8)))))`,
		"future":    `(component (import "f" (func (param "s" (future u8)))))`,
		"async":     `(component (import "f" (func async)))`,
		"map":       `(component (import "f" (func (param "m" (map string u8)))))`,
		"gc":        `(component (core module (type (struct))))`,
		"thread":    `(component (core module (memory 1 1 shared)))`,
	} {
		b, err := e.Compile(context.Background(), wasm(t, text))
		if err == nil {
			_, err = e.Link(b, component.LinkOptions{Host: component.NewHost()})
			b.Close()
		}
		if err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestResourceOfAnotherTypeIsNamed(t *testing.T) {
	e := newEngine(t, component.Config{})
	c := compile(t, e, `(component
		(type $r (resource (rep i32)))
		(core func $new (canon resource.new $r))
		(core module $m (import "" "new" (func $new (param i32) (result i32)))
			(func (export "make") (result i32) (call $new (i32.const 1))))
		(core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
		(export $r' "r" (type $r))
		(func (export "make") (result (own $r')) (canon lift (core func $i "make"))))`)
	x := &component.Export{Name: "make", Signature: component.Signature{Result: component.U32}}
	_, err := e.Link(c, component.LinkOptions{Exports: []*component.Export{x}})
	var mismatch *component.TypeError
	if !errors.As(err, &mismatch) || mismatch.Got != "func() -> own<r>" {
		t.Fatalf("%v", err)
	}
}

func TestCompileRefusesWhatIsNoComponent(t *testing.T) {
	e := newEngine(t, component.Config{MaxComponentBytes: 1000})
	for name, b := range map[string][]byte{
		"nothing":   nil,
		"text":      []byte(nopComponent),
		"a module":  wasm(t, `(module)`),
		"truncated": wasm(t, adder)[:40],
		"large":     append(wasm(t, adder), make([]byte, 1000)...),
	} {
		_, err := e.Compile(context.Background(), b)
		var refused *component.CompileError
		if !errors.As(err, &refused) || strings.Contains(refused.Reason, "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := e.Compile(ctx, wasm(t, adder)); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled context: %v", err)
	}
}

// A small component can describe a type that is exponentially large in full.
func TestInvariant5TypeOfExponentialSizeIsRefused(t *testing.T) {
	var b strings.Builder
	b.WriteString(`(component (type $t0 (tuple u8 u8))`)
	for i := range 24 {
		fmt.Fprintf(&b, `(type $t%d (tuple $t%d $t%d))`, i+1, i, i)
	}
	b.WriteString(`(import "f" (func (param "v" $t24))))`)
	c, err := newEngine(t, component.Config{}).Compile(context.Background(), wasm(t, b.String()))
	if err == nil {
		c.Close()
		t.Fatal("accepted")
	}
	t.Log(err)
}

func TestLinkRefusesAComponentOfAnotherEngine(t *testing.T) {
	c := compile(t, newEngine(t, component.Config{}), nopComponent)
	if _, err := newEngine(t, component.Config{Fuel: true}).Link(c, component.LinkOptions{}); !errors.Is(err, component.ErrEngine) {
		t.Fatal(err)
	}
}
