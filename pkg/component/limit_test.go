package component_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
)

// late is how much later than its deadline a call may end on a busy machine.
const late = 2 * time.Second

func TestInvariant5DeadlineStopsALoop(t *testing.T) {
	p := linkSuspect(t, newEngine(t, component.Config{}), component.Limits{Deadline: 20 * time.Millisecond})
	inst := instance(t, p)
	for name, c := range map[string]component.Caller{"fresh": p, "live": inst} {
		start := time.Now()
		err := c.Call(context.Background(), spin, nil, nil)
		took := time.Since(start)
		if !errors.Is(err, component.ErrDeadline) || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("%s: %v", name, err)
		}
		if took < 20*time.Millisecond || took > late {
			t.Fatalf("%s: ended after %v", name, took)
		}
	}
	if err := inst.Call(context.Background(), &nop, nil, nil); !errors.Is(err, component.ErrPoisoned) {
		t.Fatalf("after a deadline: %v", err)
	}
	if err := p.Call(context.Background(), &nop, nil, nil); err != nil {
		t.Fatalf("the next call: %v", err)
	}
}

// The time of whoever writes arguments and reads results counts too. An instance that saw
// nothing of the call is none the worse for it.
func TestInvariant5DeadlineCountsWhatIsDoneForACall(t *testing.T) {
	const deadline = 5 * time.Millisecond
	wait := func() { <-time.After(20 * deadline) }
	p := linkSuspect(t, newEngine(t, component.Config{}), component.Limits{Deadline: deadline})
	inst := instance(t, p)
	for name, c := range map[string]component.Caller{"fresh": p, "live": inst} {
		err := c.Call(t.Context(), grow, func(e *component.Encoder) { wait(); e.U32(0) }, nil)
		if !errors.Is(err, component.ErrDeadline) {
			t.Errorf("%s: arguments that came late: %v", name, err)
		}
	}
	if err := inst.Call(t.Context(), &nop, nil, nil); err != nil {
		t.Errorf("after arguments that came late: %v", err)
	}
	for name, c := range map[string]component.Caller{"fresh": p, "live": inst} {
		err := c.Call(t.Context(), count, nil, func(d *component.Decoder) { _ = d.U32(); wait() })
		if !errors.Is(err, component.ErrDeadline) {
			t.Errorf("%s: results that were read late: %v", name, err)
		}
	}
	if err := inst.Call(t.Context(), &nop, nil, nil); !errors.Is(err, component.ErrPoisoned) {
		t.Errorf("after results that were read late: %v", err)
	}
}

func TestContextStopsALoop(t *testing.T) {
	p := linkSuspect(t, newEngine(t, component.Config{}), component.Limits{})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := p.Call(ctx, spin, nil, nil); !errors.Is(err, component.ErrDeadline) {
		t.Fatalf("a context's deadline: %v", err)
	}
	cause := errors.New("the caller went away")
	ctx, stop := context.WithCancelCause(context.Background())
	time.AfterFunc(10*time.Millisecond, func() { stop(cause) })
	err := p.Call(ctx, spin, nil, nil)
	if !errors.Is(err, context.Canceled) || !errors.Is(err, cause) {
		t.Fatalf("a cancelled context: %v", err)
	}
	if err := p.Call(ctx, &nop, nil, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("a context cancelled before: %v", err)
	}
}

func TestOneCallsDeadlineLeavesOthersAlone(t *testing.T) {
	e := newEngine(t, component.Config{})
	short := linkSuspect(t, e, component.Limits{Deadline: 5 * time.Millisecond})
	long := linkSuspect(t, e, component.Limits{Deadline: 300 * time.Millisecond})
	ended := make(chan time.Duration)
	go func() {
		start := time.Now()
		_ = long.Call(context.Background(), spin, nil, nil)
		ended <- time.Since(start)
	}()
	for range 10 {
		if err := short.Call(context.Background(), spin, nil, nil); !errors.Is(err, component.ErrDeadline) {
			t.Fatal(err)
		}
	}
	if took := <-ended; took < 300*time.Millisecond {
		t.Fatalf("the long call ended after %v", took)
	}
}

func TestInvariant5MemoryLimit(t *testing.T) {
	p := linkSuspect(t, newEngine(t, component.Config{}), component.Limits{MemoryBytes: 4 << 16})
	inst := instance(t, p)
	got := func(pages uint32) (was int32) {
		err := inst.Call(context.Background(), grow,
			func(e *component.Encoder) { e.U32(pages) }, func(d *component.Decoder) { was = d.S32() })
		if err != nil {
			t.Fatal(err)
		}
		return was
	}
	if was := got(3); was != 1 {
		t.Fatalf("growing to the limit: %d", was)
	}
	if was := got(1); was != -1 {
		t.Fatalf("growing over the limit: %d", was)
	}
	small := linkSuspect(t, newEngine(t, component.Config{}), component.Limits{MemoryBytes: 1})
	if err := small.Call(context.Background(), &nop, nil, nil); !errors.Is(err, component.ErrMemory) {
		t.Fatalf("a first page over the limit: %v", err)
	}
}

// How much memory a guest had is known where a value has crossed by it.
func TestMemoryThatAGuestHad(t *testing.T) {
	take := &component.Export{Name: "take", Signature: component.Signature{
		Params: []component.Field{{Name: "v", Type: component.String}}}}
	p := link(t, newEngine(t, component.Config{}), `(component
		(core module $m
			(memory (export "memory") 1)
			(func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
			(func (export "take") (param i32 i32)
				(loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
				(if (i32.eq (local.get 1) (i32.const 4)) (then unreachable))))
		(core instance $i (instantiate $m))
		(func (export "take") (param "v" string)
			(canon lift (core func $i "take") (memory $i "memory") (realloc (func $i "realloc")))))`,
		component.LinkOptions{Exports: []*component.Export{take}, Limits: component.Limits{MemoryBytes: 7 << 16}})
	for name, c := range map[string]component.Caller{"fresh": p, "live": instance(t, p)} {
		call := func(text string) (used component.Usage, err error) {
			err = c.Call(component.WithUsage(t.Context(), &used), take, func(e *component.Encoder) { e.String(text) }, nil)
			return used, err
		}
		if used, err := call("go"); err != nil || used.MemoryBytes != 7<<16 {
			t.Errorf("%s: used %+v: %v", name, used, err)
		}
		used, err := call("trap")
		var trap *component.TrapError
		if !errors.As(err, &trap) || trap.MemoryBytes != 7<<16 || used.MemoryBytes != 7<<16 {
			t.Errorf("%s: used %+v: %v", name, used, err)
		}
	}
	q := linkSuspect(t, newEngine(t, component.Config{}), component.Limits{})
	var trap *component.TrapError
	if err := q.Call(t.Context(), unreachable, nil, nil); !errors.As(err, &trap) || trap.MemoryBytes != 0 {
		t.Errorf("by whose memory nothing crossed: %v", err)
	}
}

func TestInstanceAndTableLimits(t *testing.T) {
	e := newEngine(t, component.Config{})
	p := link(t, e, `(component
		(core module $m)
		(core instance (instantiate $m)) (core instance (instantiate $m)) (core instance (instantiate $m)))`,
		component.LinkOptions{Limits: component.Limits{Instances: 2}})
	if _, err := p.Instance(context.Background()); !errors.Is(err, component.ErrInstances) {
		t.Fatalf("core instances: %v", err)
	}
	p = link(t, e, `(component (core module $m (table 100 funcref)) (core instance (instantiate $m)))`,
		component.LinkOptions{Limits: component.Limits{TableElements: 99}})
	if _, err := p.Instance(context.Background()); !errors.Is(err, component.ErrTable) {
		t.Fatalf("table: %v", err)
	}
}

func TestPoolLimit(t *testing.T) {
	p := linkSuspect(t, newEngine(t, component.Config{MaxInstances: 3, CoreInstances: 1}), component.Limits{})
	var last *component.Instance
	for range 3 {
		last = instance(t, p)
	}
	if _, err := p.Instance(context.Background()); !errors.Is(err, component.ErrPool) {
		t.Fatalf("one more: %v", err)
	}
	last.Close()
	instance(t, p)
}

func TestArgumentAndResultLimits(t *testing.T) {
	e := newEngine(t, component.Config{})
	text := component.String
	p, x := echoLimited(t, e, text, component.Limits{ArgBytes: 100, ResultBytes: 50})
	call := func(n int) error {
		return p.Call(context.Background(), x,
			func(e *component.Encoder) { e.String(strings.Repeat("a", n)) },
			func(d *component.Decoder) { _ = d.String() })
	}
	if err := call(45); err != nil {
		t.Fatal(err)
	}
	if err := call(46); !errors.Is(err, component.ErrResult) {
		t.Fatalf("a result of 51 bytes: %v", err)
	}
	if err := call(96); !errors.Is(err, component.ErrArgBytes) {
		t.Fatalf("arguments of 101 bytes: %v", err)
	}
}

func TestListLimit(t *testing.T) {
	p, x := echoLimited(t, newEngine(t, component.Config{}), component.ListOf(component.U16),
		component.Limits{ListItems: 10})
	call := func(n int) error {
		return p.Call(context.Background(), x, func(e *component.Encoder) {
			e.List(n)
			for range n {
				e.U16(1)
			}
		}, func(d *component.Decoder) { decode(d, component.ListOf(component.U16)) })
	}
	if err := call(10); err != nil {
		t.Fatal(err)
	}
	if err := call(11); !errors.Is(err, component.ErrListItems) {
		t.Fatal(err)
	}
}

func TestInvariant5HostCallLimit(t *testing.T) {
	var calls atomic.Int32
	h := component.NewHost()
	h.Func(&component.Import{Name: "f"}, func(context.Context, *component.Decoder, *component.Encoder) error {
		calls.Add(1)
		return nil
	})
	p := link(t, newEngine(t, component.Config{}), `(component
		(import "f" (func $f))
		(core func $f' (canon lower (func $f)))
		(core module $m (import "" "f" (func $f)) (func (export "nop") (loop (call $f) (br 0))))
		(core instance $i (instantiate $m (with "" (instance (export "f" (func $f'))))))
		(func (export "nop") (canon lift (core func $i "nop"))))`,
		component.LinkOptions{Host: h, Exports: []*component.Export{&nop}, Limits: component.Limits{HostCalls: 7}})
	err := p.Call(context.Background(), &nop, nil, nil)
	if !errors.Is(err, component.ErrHostCalls) || calls.Load() != 7 {
		t.Fatalf("%v after %d calls", err, calls.Load())
	}
}

// A list of bytes costs wasmtime some 32 times its size on the host, which it
// bounds at 128 MiB: a guest that returns more is refused, not served, and so is
// a host that sends more.
func TestInvariant5HugeListFromAGuest(t *testing.T) {
	bytes := component.ListOf(component.U8)
	huge := &component.Export{Name: "huge", Signature: component.Signature{Result: bytes}}
	p := link(t, newEngine(t, component.Config{}), `(component
		(core module $m
			(memory (export "memory") 500)
			(func (export "huge") (result i32)
				(i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 32000000))
				(i32.const 0)))
		(core instance $i (instantiate $m))
		(func (export "huge") (result (list u8)) (canon lift (core func $i "huge") (memory $i "memory"))))`,
		component.LinkOptions{Exports: []*component.Export{huge}})
	err := p.Call(context.Background(), huge, nil, func(d *component.Decoder) { decode(d, bytes) })
	if !errors.Is(err, component.ErrResult) {
		t.Fatalf("%v", err)
	}
}

func TestHugeListToAGuest(t *testing.T) {
	bytes := component.ListOf(component.U8)
	take := &component.Export{Name: "take", Signature: component.Signature{
		Params: []component.Field{{Name: "v", Type: bytes}}}}
	e := newEngine(t, component.Config{})
	c, err := e.CompileBare(context.Background(), wasm(t, sinkText(bytes)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	p, err := e.Link(c, component.LinkOptions{Exports: []*component.Export{take}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	err = p.Call(context.Background(), take, func(e *component.Encoder) { e.Bytes(make([]byte, 5<<20)) }, nil)
	if !errors.Is(err, component.ErrArgBytes) {
		t.Fatalf("%v", err)
	}
}

func TestLargestStack(t *testing.T) {
	p := linkSuspect(t, newEngine(t, component.Config{StackBytes: 2 << 20}), component.Limits{})
	var trap *component.TrapError
	err := p.Call(context.Background(), overflow, nil, nil)
	if !errors.As(err, &trap) || trap.Code != component.TrapStackOverflow {
		t.Fatal(err)
	}
}

func TestLimitsAreChecked(t *testing.T) {
	e := newEngine(t, component.Config{})
	c := compile(t, e, nopComponent)
	for _, l := range []component.Limits{{Deadline: -1}, {MemoryBytes: -1}, {ListItems: -1}, {HostCalls: 1 << 40}} {
		if _, err := e.Link(c, component.LinkOptions{Limits: l}); err == nil {
			t.Errorf("%+v was accepted", l)
		}
	}
	for _, cfg := range []component.Config{
		{MaxInstances: -1}, {MaxInstances: 1 << 20}, {MaxCalls: -1}, {MaxMemoryBytes: 1 << 40}, {StackBytes: 1}, {StackBytes: 2<<20 + 1},
		{CoreInstances: 100}, {Tick: -1}, {KeepBytes: -1}, {KeepBytes: 4<<30 + 1}, {KeepBytes: 1, Crowd: true},
		{HeadroomBytes: -1}, {HeadroomBytes: 1<<30 + 1}, {HeadroomBytes: 1 << 20, MaxMemoryBytes: 1 << 19},
	} {
		if e, err := component.NewEngine(cfg); err == nil {
			_ = e.Close()
			t.Errorf("%+v was accepted", cfg)
		}
	}
}
