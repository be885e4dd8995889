package component_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
)

// Shapes at the edge of what the engine takes: it refuses types that lie deeper
// than 98 in each other.
func TestWideAndDeepTypesCross(t *testing.T) {
	e := newEngine(t, component.Config{})
	wide, wideValue := make([]*component.Type, 100), seq{}
	for i := range wide {
		wide[i] = component.U16
		wideValue = append(wideValue, uint16(i))
	}
	deep, deepValue := component.U8, any(uint8(7))
	for range 97 {
		deep, deepValue = component.OptionOf(deep), maybe{deepValue}
	}
	for name, c := range map[string]struct {
		ty    *component.Type
		value any
	}{
		"tuple of one": {component.TupleOf(component.U8), seq{uint8(1)}},
		"wide tuple":   {component.TupleOf(wide...), wideValue},
		"deep option":  {deep, deepValue},
	} {
		p, x := echo(t, e, c.ty)
		var got any
		err := p.Call(context.Background(), x, func(e *component.Encoder) { encode(e, c.ty, c.value) },
			func(d *component.Decoder) { got = decode(d, c.ty) })
		if err != nil || !reflect.DeepEqual(got, c.value) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A world may have functions and resources of its own, and interfaces between.
func TestFunctionsOfTheWorldItself(t *testing.T) {
	session := &component.Resource{Name: "user-session"}
	own := component.OwnOf(session)
	open := &component.Import{Name: "[constructor]user-session", Signature: sig(own)}
	current := &component.Export{Name: "open-a-2nd-session", Signature: sig(own)}
	h := component.NewHost()
	h.Resource(session, nil)
	h.Func(open, func(_ context.Context, _ *component.Decoder, r *component.Encoder) error {
		r.Own(session, "mine")
		return nil
	})
	e := newEngine(t, component.Config{})
	c := compile(t, e, `(component
		(import "user-session" (type $s (sub resource)))
		(import "[constructor]user-session" (func $open (result (own $s))))
		(core func $open' (canon lower (func $open)))
		(core module $m (import "" "open" (func $open (result i32))) (func (export "open") (result i32) (call $open)))
		(core instance $i (instantiate $m (with "" (instance (export "open" (func $open'))))))
		(func (export "open-a-2nd-session") (result (own $s)) (canon lift (core func $i "open"))))`)
	if got := fmt.Sprint(c.Imports(), c.Exports()); got != "[[constructor]user-session] [open-a-2nd-session]" {
		t.Error(got)
	}
	p, err := e.Link(c, component.LinkOptions{Host: h, Exports: []*component.Export{current}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var got any
	if err := p.Call(context.Background(), current, nil, func(d *component.Decoder) { got = d.Own(session) }); err != nil || got != "mine" {
		t.Fatal(got, err)
	}
}

// A component that wraps an interface imports it and exports it too: its
// resources are two types then, of one name.
func TestResourcesOfAnInterfaceBothImportedAndExported(t *testing.T) {
	const text = `(component
	  (import "test:bank/counters@1.0.0" (instance $in (export "counter" (type (sub resource)))))
	  (alias export $in "counter" (type $theirs))
	  (type $ours (resource (rep i32)))
	  (core func $new (canon resource.new $ours))
	  (core func $drop (canon resource.drop $theirs))
	  (core module $m
	    (import "" "new" (func $new (param i32) (result i32)))
	    (import "" "drop" (func $drop (param i32)))
	    (func (export "wrap") (param i32) (result i32) (call $drop (local.get 0)) (call $new (i32.const 5)))
	    (func (export "new") (param i32) (result i32) (call $new (local.get 0)))
	    (func (export "get") (param i32) (result i32) (local.get 0)))
	  (core instance $m (instantiate $m (with "" (instance (export "new" (func $new)) (export "drop" (func $drop))))))
	  (func $new (param "n" u32) (result (own $ours)) (canon lift (core func $m "new")))
	  (func $get (param "self" (borrow $ours)) (result u32) (canon lift (core func $m "get")))
	  (component $shape
	    (import "counter" (type $c' (sub resource)))
	    (import "new" (func $new (param "n" u32) (result (own $c'))))
	    (import "get" (func $get (param "self" (borrow $c')) (result u32)))
	    (export $c "counter" (type $c'))
	    (export "[constructor]counter" (func $new) (func (param "n" u32) (result (own $c))))
	    (export "[method]counter.get" (func $get) (func (param "self" (borrow $c)) (result u32))))
	  (instance $out (instantiate $shape
	    (with "counter" (type $ours)) (with "new" (func $new)) (with "get" (func $get))))
	  (export $out' "test:bank/counters@1.0.0" (instance $out))
	  (alias export $out' "counter" (type $c))
	  (func (export "wrap") (param "theirs" (own $theirs)) (result (own $c)) (canon lift (core func $m "wrap"))))`
	wrap := &component.Export{Name: "wrap", Signature: sig(ownCounter, "theirs", ownCounter)}
	var ended []any
	h := component.NewHost()
	h.Resource(counter, func(_ context.Context, v any) error { ended = append(ended, v); return nil })
	p := link(t, newEngine(t, component.Config{}), text, component.LinkOptions{
		Host: h, Exports: []*component.Export{wrap, newCounter, getCounter}})
	inst := instance(t, p)
	mine := openCounter(t, inst, 3)
	var wrapped *component.Handle
	err := inst.Call(context.Background(), wrap, func(e *component.Encoder) { e.Own(counter, "the host's") },
		func(d *component.Decoder) { wrapped = d.Handle(counter) })
	if err != nil || fmt.Sprint(ended) != "[the host's]" {
		t.Fatal(ended, err)
	}
	for h, want := range map[*component.Handle]uint32{mine: 3, wrapped: 5} {
		if got, err := readCounter(h); got != want || err != nil {
			t.Errorf("got %d, %v, want %d", got, err, want)
		}
	}
	var codec *component.CodecError
	err = inst.Call(context.Background(), wrap, func(e *component.Encoder) { e.Give(mine) }, nil)
	if !errors.As(err, &codec) {
		t.Errorf("the guest's in place of the host's: %v", err)
	}
	err = inst.Call(context.Background(), getCounter, func(e *component.Encoder) { e.Borrow(counter, 1) }, nil)
	if !errors.As(err, &codec) {
		t.Errorf("the host's in place of the guest's: %v", err)
	}
}

// Calls within calls share a thread's stack, and each of their guests may fill
// its own part of it.
func TestInvariant5CallsWithinCallsAreBounded(t *testing.T) {
	const text = `(component
	  (import "f" (func $f))
	  (core func $f' (canon lower (func $f)))
	  (core module $m
	    (import "" "f" (func $f))
	    (func $down (param i32) (result i32)
	      (if (result i32) (local.get 0)
	        (then (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))
	        (else (call $f) (i32.const 0))))
	    (func (export "nop") (drop (call $down (i32.const 7000)))))
	  (core instance $i (instantiate $m (with "" (instance (export "f" (func $f'))))))
	  (func (export "nop") (canon lift (core func $i "nop"))))`
	engines := []*component.Engine{newEngine(t, component.Config{}), newEngine(t, component.Config{StackBytes: 1 << 20})}
	var programs []*component.Program
	depth := 0
	h := component.NewHost()
	h.Func(&component.Import{Name: "f"}, func(ctx context.Context, _ *component.Decoder, _ *component.Encoder) error {
		depth++
		return programs[depth%len(programs)].Call(ctx, &nop, nil, nil)
	})
	for _, e := range engines {
		programs = append(programs, link(t, e, text, component.LinkOptions{Host: h, Exports: []*component.Export{&nop}}))
	}
	for range 100 {
		depth = 0
		err := programs[0].Call(context.Background(), &nop, nil, nil)
		if !errors.Is(err, component.ErrNesting) || depth < 2 {
			t.Fatalf("%v at depth %d", err, depth)
		}
	}
}

// A call that a host function makes on behalf of a guest ends with the guest's
// own deadline, however long the callee may take and however deep it lies.
func TestInvariant5ACallWithinCallsEndsWithTheOutermostDeadline(t *testing.T) {
	const deep = 10
	e := newEngine(t, component.Config{MaxCalls: 1})
	spinning := linkSuspect(t, e, component.Limits{Deadline: time.Minute})
	var p *component.Program
	depth := 0
	p = linkAsk(t, e, component.Limits{Deadline: 100 * time.Millisecond},
		func(ctx context.Context, a *component.Decoder, r *component.Encoder) error {
			r.String(a.String())
			if depth++; depth < deep {
				_, err := askIt(ctx, p, "?")
				return err
			}
			return spinning.Call(ctx, spin, nil, nil)
		})
	start := time.Now()
	_, err := askIt(context.Background(), p, "?")
	if took := time.Since(start); !errors.Is(err, component.ErrDeadline) || took > late || depth != deep {
		t.Fatalf("%v after %v at depth %d", err, took, depth)
	}
	if err := spinning.Call(context.Background(), &nop, nil, nil); err != nil {
		t.Fatal(err)
	}
}
