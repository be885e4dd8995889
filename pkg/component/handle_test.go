package component_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
)

// bank is a guest with a resource of its own. What its destructor does is in the
// counter that it destroys: 13 traps, 14 loops, 15 calls the host, 16 takes all
// of the stack; another is added to what dropped returns.
const bank = `(component
  (import "note" (func $note))
  (core func $note' (canon lower (func $note)))
  (core module $d
    (import "" "note" (func $note))
    (global $sum (mut i32) (i32.const 0))
    (func $deep (call $deep))
    (func (export "dtor") (param i32)
      (if (i32.eq (local.get 0) (i32.const 13)) (then unreachable))
      (if (i32.eq (local.get 0) (i32.const 14)) (then (loop (br 0))))
      (if (i32.eq (local.get 0) (i32.const 15)) (then (call $note)))
      (if (i32.eq (local.get 0) (i32.const 16)) (then (call $deep)))
      (global.set $sum (i32.add (global.get $sum) (local.get 0))))
    (func (export "dropped") (result i32) (global.get $sum)))
  (core instance $d (instantiate $d (with "" (instance (export "note" (func $note'))))))
  (type $counter (resource (rep i32) (dtor (func $d "dtor"))))
  (core func $new (canon resource.new $counter))
  (core func $rep (canon resource.rep $counter))
  (core func $drop (canon resource.drop $counter))
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "rep" (func $rep (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (memory (export "memory") 1)
    (global $at (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (global.get $at)
      (global.set $at (i32.add (global.get $at) (local.get 3))))
    (func (export "new") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "get") (param i32) (result i32) (local.get 0))
    (func (export "merge") (param i32 i32) (result i32) (local $sum i32)
      (local.set $sum (i32.add (call $rep (local.get 0)) (call $rep (local.get 1))))
      (call $drop (local.get 0)) (call $drop (local.get 1))
      (call $new (local.get $sum)))
    (func (export "many") (param i32) (result i32) (local $i i32)
      (i32.store (i32.const 0) (i32.const 16))
      (i32.store (i32.const 4) (local.get 0))
      (loop
        (if (i32.lt_u (local.get $i) (local.get 0)) (then
          (i32.store (i32.add (i32.const 16) (i32.mul (local.get $i) (i32.const 4))) (call $new (i32.const 100)))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br 1))))
      (i32.const 0))
    (func (export "total") (param i32 i32) (result i32) (local $sum i32)
      (loop
        (if (local.get 1) (then
          (local.set $sum (i32.add (local.get $sum) (i32.load (local.get 0))))
          (local.set 0 (i32.add (local.get 0) (i32.const 4)))
          (local.set 1 (i32.sub (local.get 1) (i32.const 1)))
          (br 1))))
      (local.get $sum)))
  (core instance $m (instantiate $m (with "" (instance
    (export "new" (func $new)) (export "rep" (func $rep)) (export "drop" (func $drop))))))
  (func $new (param "n" u32) (result (own $counter)) (canon lift (core func $m "new")))
  (func $get (param "self" (borrow $counter)) (result u32) (canon lift (core func $m "get")))
  (func $merge (param "a" (own $counter)) (param "b" (own $counter)) (result (own $counter))
    (canon lift (core func $m "merge")))
  (func $many (param "n" u32) (result (list (own $counter))) (canon lift (core func $m "many") (memory $m "memory")))
  (func $total (param "all" (list (borrow $counter))) (result u32)
    (canon lift (core func $m "total") (memory $m "memory") (realloc (func $m "realloc"))))
  (func $dropped (result u32) (canon lift (core func $d "dropped")))
  (component $shape
    (import "counter" (type $counter (sub resource)))
    (import "new" (func $new (param "n" u32) (result (own $counter))))
    (import "get" (func $get (param "self" (borrow $counter)) (result u32)))
    (import "merge" (func $merge (param "a" (own $counter)) (param "b" (own $counter)) (result (own $counter))))
    (import "many" (func $many (param "n" u32) (result (list (own $counter)))))
    (import "total" (func $total (param "all" (list (borrow $counter))) (result u32)))
    (import "dropped" (func $dropped (result u32)))
    (export $c "counter" (type $counter))
    (export "[constructor]counter" (func $new) (func (param "n" u32) (result (own $c))))
    (export "[method]counter.get" (func $get) (func (param "self" (borrow $c)) (result u32)))
    (export "[static]counter.merge" (func $merge) (func (param "a" (own $c)) (param "b" (own $c)) (result (own $c))))
    (export "many" (func $many) (func (param "n" u32) (result (list (own $c)))))
    (export "total" (func $total) (func (param "all" (list (borrow $c))) (result u32)))
    (export "dropped" (func $dropped) (func (result u32))))
  (instance $counters (instantiate $shape
    (with "counter" (type $counter)) (with "new" (func $new)) (with "get" (func $get)) (with "merge" (func $merge))
    (with "many" (func $many)) (with "total" (func $total)) (with "dropped" (func $dropped))))
  (export "test:bank/counters@1.0.0" (instance $counters)))`

var (
	counter       = &component.Resource{Interface: "test:bank/counters@1.0.0", Name: "counter"}
	ownCounter    = component.OwnOf(counter)
	borrowCounter = component.BorrowOf(counter)

	newCounter = counterExport("[constructor]counter", sig(ownCounter, "n", component.U32))
	getCounter = counterExport("[method]counter.get", sig(component.U32, "self", borrowCounter))
	sumCounter = counterExport("[static]counter.merge", sig(ownCounter, "a", ownCounter, "b", ownCounter))
	many       = counterExport("many", sig(component.ListOf(ownCounter), "n", component.U32))
	total      = counterExport("total", sig(component.U32, "all", component.ListOf(borrowCounter)))
	dropped    = counterExport("dropped", sig(component.U32))
)

func counterExport(name string, s component.Signature) *component.Export {
	return &component.Export{Interface: counter.Interface, Name: name, Signature: s}
}

func linkBank(t testing.TB, l component.Limits, note component.HostFunc) *component.Program {
	h := component.NewHost()
	h.Func(&component.Import{Name: "note"}, note)
	return link(t, newEngine(t, component.Config{}), bank, component.LinkOptions{Host: h, Limits: l,
		Exports: []*component.Export{newCounter, getCounter, sumCounter, many, total, dropped}})
}

func openCounter(t testing.TB, c component.Caller, n uint32) *component.Handle {
	t.Helper()
	var h *component.Handle
	err := c.Call(context.Background(), newCounter, func(e *component.Encoder) { e.U32(n) },
		func(d *component.Decoder) { h = d.Handle(counter) })
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func readCounter(h *component.Handle) (n uint32, err error) {
	err = h.Call(context.Background(), getCounter, func(e *component.Encoder) { e.Lend(h) },
		func(d *component.Decoder) { n = d.U32() })
	return n, err
}

func TestGuestResourceMakesTheRound(t *testing.T) {
	ctx := context.Background()
	inst := instance(t, linkBank(t, component.Limits{}, noop))
	a, b := openCounter(t, inst, 20), openCounter(t, inst, 3)
	if n, err := readCounter(a); n != 20 || err != nil {
		t.Fatal(n, err)
	}
	var c *component.Handle
	err := inst.Call(ctx, sumCounter, func(e *component.Encoder) { e.Give(a); e.Give(b) },
		func(d *component.Decoder) { c = d.Handle(counter) })
	if err != nil {
		t.Fatal(err)
	}
	if n, err := readCounter(c); n != 23 || err != nil {
		t.Fatal(n, err)
	}
	if _, err := readCounter(a); !errors.Is(err, component.ErrHandle) {
		t.Fatalf("a handle that was given away: %v", err)
	}
	if got := number(t, inst, dropped); got != 23 {
		t.Fatalf("the guest dropped %d", got)
	}
	for range 2 {
		if err := errors.Join(a.Drop(ctx), c.Drop(ctx)); err != nil {
			t.Fatal(err)
		}
	}
	if got := number(t, inst, dropped); got != 46 {
		t.Fatalf("all destructors together: %d", got)
	}
}

func TestGuestResourcesInAList(t *testing.T) {
	n := repeated(1000)
	inst := instance(t, linkBank(t, component.Limits{Resources: n}, noop))
	var hs []*component.Handle
	open := func() error {
		return inst.Call(context.Background(), many, func(e *component.Encoder) { e.U32(uint32(n)) }, func(d *component.Decoder) {
			for range d.List() {
				hs = append(hs, d.Handle(counter))
			}
		})
	}
	for range 3 { // places in the table are used again
		if err := open(); err != nil {
			t.Fatal(err)
		}
		var sum uint32
		err := inst.Call(context.Background(), total, func(e *component.Encoder) {
			e.List(len(hs))
			for _, h := range hs {
				e.Lend(h)
			}
		}, func(d *component.Decoder) { sum = d.U32() })
		if err != nil || sum != uint32(100*n) {
			t.Fatal(sum, err)
		}
		for i := range hs {
			if err := hs[(i*7)%n].Drop(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		hs = nil
	}
	if err := open(); err != nil {
		t.Fatal(err)
	}
	if err := open(); !errors.Is(err, component.ErrResources) {
		t.Fatalf("more than %d: %v", n, err)
	}
}

func TestHandlesMisusedByTheHost(t *testing.T) {
	p := linkBank(t, component.Limits{}, noop)
	inst, other := instance(t, p), instance(t, p)
	mine, fresh := openCounter(t, inst, 1), openCounter(t, p, 1)
	for name, c := range map[string]struct {
		fn   *component.Export
		to   component.Caller
		args func(*component.Encoder)
	}{
		"lent to another instance":  {getCounter, other, func(e *component.Encoder) { e.Lend(mine) }},
		"given to another instance": {sumCounter, other, func(e *component.Encoder) { e.Give(mine); e.Give(mine) }},
		"lent to a fresh one":       {getCounter, p, func(e *component.Encoder) { e.Lend(mine) }},
		"of a fresh one":            {getCounter, inst, func(e *component.Encoder) { e.Lend(fresh) }},
		"given twice":               {sumCounter, inst, func(e *component.Encoder) { e.Give(mine); e.Give(mine) }},
		"lent and given":            {sumCounter, inst, func(e *component.Encoder) { e.Lend(mine); e.Give(mine) }},
		"nil":                       {getCounter, inst, func(e *component.Encoder) { e.Lend(nil) }},
	} {
		if err := c.to.Call(context.Background(), c.fn, c.args, nil); !errors.Is(err, component.ErrHandle) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, args := range map[string]func(*component.Encoder){
		"given, not lent":     func(e *component.Encoder) { e.Give(mine) },
		"a value of its name": func(e *component.Encoder) { e.Borrow(counter, 1) },
		"nothing":             func(*component.Encoder) {},
	} {
		var codec *component.CodecError
		if err := inst.Call(context.Background(), getCounter, args, nil); !errors.As(err, &codec) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n, err := readCounter(mine); n != 1 || err != nil {
		t.Errorf("after all that: %d, %v", n, err)
	}
	if _, err := readCounter(fresh); !errors.Is(err, component.ErrClosed) {
		t.Errorf("a call in an instance that is gone: %v", err)
	}
	if err := fresh.Drop(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestHandlesEndWithTheirInstance(t *testing.T) {
	ctx := context.Background()
	inst := instance(t, linkBank(t, component.Limits{}, noop))
	left, bad := openCounter(t, inst, 1), openCounter(t, inst, 13)
	var trap *component.TrapError
	if err := bad.Drop(ctx); !errors.As(err, &trap) || trap.Code != component.TrapUnreachable {
		t.Fatal(err)
	}
	if _, err := readCounter(left); !errors.Is(err, component.ErrPoisoned) {
		t.Fatal(err)
	}
	if err := errors.Join(left.Drop(ctx), bad.Drop(ctx)); err != nil {
		t.Fatal(err)
	}
	inst.Close()
	if err := left.Drop(ctx); err != nil {
		t.Fatal(err)
	}
}

// A destructor is a call like any other.
func TestInvariant5DestructorIsContained(t *testing.T) {
	notes, fail := 0, errors.New("not now")
	deadline := 30 * time.Millisecond
	if collects {
		deadline = time.Second // which the other destructors must not meet
	}
	p := linkBank(t, component.Limits{Deadline: deadline},
		func(context.Context, *component.Decoder, *component.Encoder) error {
			if notes++; notes > 1 {
				return fail
			}
			return nil
		})
	var trap *component.TrapError
	for n, want := range map[uint32]func(error) bool{
		13: func(err error) bool { return errors.As(err, &trap) && trap.Code == component.TrapUnreachable },
		14: func(err error) bool { return errors.Is(err, component.ErrDeadline) },
		16: func(err error) bool { return errors.As(err, &trap) && trap.Code == component.TrapStackOverflow },
	} {
		dropping := instance(t, p)
		if err := openCounter(t, dropping, n).Drop(context.Background()); !want(err) {
			t.Errorf("%d dropped by the host: %v", n, err)
		}
		merging := instance(t, p)
		a, b := openCounter(t, merging, n), openCounter(t, merging, 1)
		err := merging.Call(context.Background(), sumCounter, func(e *component.Encoder) { e.Give(a); e.Give(b) }, nil)
		if !want(err) {
			t.Errorf("%d dropped by the guest: %v", n, err)
		}
	}
	inst := instance(t, p)
	if err := openCounter(t, inst, 15).Drop(context.Background()); err != nil || notes != 1 {
		t.Errorf("a destructor that calls the host: %v", err)
	}
	if err := openCounter(t, inst, 15).Drop(context.Background()); !errors.Is(err, fail) {
		t.Errorf("a destructor whose host function fails: %v", err)
	}
}

func TestDropWithinACallOfTheInstance(t *testing.T) {
	var h *component.Handle
	var inside, calling error
	inst := instance(t, linkBank(t, component.Limits{}, func(ctx context.Context, _ *component.Decoder, _ *component.Encoder) error {
		inside = h.Drop(ctx)
		_, calling = readCounter(h)
		return nil
	}))
	h = openCounter(t, inst, 1)
	if err := openCounter(t, inst, 15).Drop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(inside, component.ErrBusy) || !errors.Is(calling, component.ErrBusy) {
		t.Fatal(inside, calling)
	}
	if err := h.Drop(context.Background()); err != nil || number(t, inst, dropped) != 16 {
		t.Fatal(err)
	}
}

// Neither C's memory nor Go's grows with handles that were dropped, given away,
// left behind or never read.
func TestHandlesLeakNothing(t *testing.T) {
	p := linkBank(t, component.Limits{}, noop)
	s := linkShelf(t, &store{}, component.Limits{})
	ctx := context.Background()
	round := func(n int) {
		inst, shelf := instance(t, p), instance(t, s)
		defer inst.Close()
		defer shelf.Close()
		for i := range n {
			a, b := openCounter(t, inst, 1), openCounter(t, inst, 2)
			if err := inst.Call(ctx, sumCounter, func(e *component.Encoder) { e.Give(a); e.Give(b) },
				func(d *component.Decoder) { a = d.Handle(counter) }); err != nil {
				t.Fatal(err)
			}
			err := errors.Join(a.Drop(ctx),
				p.Call(ctx, many, func(e *component.Encoder) { e.U32(100) }, nil),
				shelf.Call(ctx, makeBlob, func(e *component.Encoder) { e.U32(1) }, func(d *component.Decoder) { d.Own(blob) }),
				shelf.Call(ctx, measure, func(e *component.Encoder) { e.Borrow(blob, &blobValue{}) }, nil),
				s.Call(ctx, keepBlob, own(&blobValue{}), nil))
			if err != nil {
				t.Fatalf("round %d: %v", i, err)
			}
		}
	}
	round(repeated(500))
	before := resident(t)
	round(repeated(2000))
	if grown := resident(t) - before; grown > 8<<20 {
		t.Errorf("grew by %d KiB", grown>>10)
	}
}
