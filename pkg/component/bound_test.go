package component_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/component/internal/bound"
)

// maker is a component that makes resources of its own without end, of a type with a
// destructor or without.
func maker(dtor bool) string {
	destructor, body := "", `(loop (drop (call $new (i32.const 1))) (br 0))`
	if dtor {
		destructor = `(dtor (func $d "dtor"))`
	}
	return `(component
	  (core module $d (func (export "dtor") (param i32)))
	  (core instance $d (instantiate $d))
	  (type $r (resource (rep i32) ` + destructor + `))
	  (core func $new (canon resource.new $r))
	  (core module $m (import "" "new" (func $new (param i32) (result i32))) (func (export "attack") ` + body + `))
	  (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
	  (func (export "attack") (canon lift (core func $i "attack"))))`
}

// shop is a component whose inner one makes resources for another, which keeps them.
const shop = `(component
  (component $maker
    (type $r (resource (rep i32)))
    (core func $new (canon resource.new $r))
    (core module $m (import "" "new" (func $new (param i32) (result i32)))
      (func (export "make") (result i32) (call $new (i32.const 1))))
    (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
    (export $r' "r" (type $r))
    (func (export "make") (result (own $r')) (canon lift (core func $i "make"))))
  (component $keeper
    (import "r" (type $r (sub resource)))
    (import "make" (func $make (result (own $r))))
    (core func $make (canon lower (func $make)))
    (core module $m (import "" "make" (func $make (result i32)))
      (func (export "attack") (loop (drop (call $make)) (br 0))))
    (core instance $i (instantiate $m (with "" (instance (export "make" (func $make))))))
    (func (export "attack") (canon lift (core func $i "attack"))))
  (instance $a (instantiate $maker))
  (instance $b (instantiate $keeper (with "r" (type $a "r")) (with "make" (func $a "make"))))
  (export "attack" (func $b "attack")))`

// nestIn puts a component into others, each of which passes its function on.
func nestIn(text string, depth int) string {
	for range depth {
		text = `(component ` + strings.Replace(text, "(component", "(component $c", 1) +
			` (instance $i (instantiate $c)) (export "attack" (func $i "attack")))`
	}
	return text
}

// A guest that makes resources of its own without end is ended by their number, long
// before its deadline, and the host's memory stays where it was.
func TestInvariant5OwnResourcesAreBounded(t *testing.T) {
	const most = 40 << 20
	attack := &component.Export{Name: "attack"}
	for name, text := range map[string]string{
		"with a destructor": maker(true), "without": maker(false), "nested": nestIn(maker(true), 3), "kept by another": shop,
	} {
		for _, cfg := range []component.Config{{}, {Crowd: true, MaxInstances: 20}} {
			p := link(t, newEngine(t, cfg), text, component.LinkOptions{Exports: []*component.Export{attack}})
			peak := watchMemory(t)
			start := time.Now()
			err := p.Call(context.Background(), attack, nil, nil)
			if moved := peak(); moved > most {
				t.Errorf("%s: memory moved by %d MiB", name, moved>>20)
			}
			var limit *component.LimitError
			if !errors.Is(err, component.ErrOwnResources) || !errors.As(err, &limit) || limit.Max != component.OwnResources {
				t.Errorf("%s: %v, after %v", name, err, time.Since(start))
			}
		}
	}
}

// lender is a component that lends another the same handle, in a list of the same
// lists.
const lender = `(component
  (component $A
    (type $r (resource (rep i32)))
    (core func $new (canon resource.new $r))
    (core module $m (import "" "new" (func $new (param i32) (result i32)))
      (func (export "make") (result i32) (call $new (i32.const 1))))
    (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
    (export $r' "r" (type $r))
    (func (export "make") (result (own $r')) (canon lift (core func $i "make"))))
  (component $B
    (import "r" (type $r (sub resource)))
    (core module $m
      (memory (export "memory") 2)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
      (func (export "take") (param i32 i32) (loop (br 0))))
    (core instance $i (instantiate $m))
    (func (export "take") (param "l" (list (list (borrow $r)))) (canon lift (core func $i "take") (memory $i "memory") (realloc (func $i "realloc")))))
  (component $C
    (import "r" (type $r (sub resource)))
    (import "make" (func $make (result (own $r))))
    (import "take" (func $take (param "l" (list (list (borrow $r))))))
    (core module $libc (memory (export "memory") 16))
    (core instance $libc (instantiate $libc))
    (core func $make' (canon lower (func $make)))
    (core func $take' (canon lower (func $take) (memory $libc "memory")))
    (core module $m
      (import "" "memory" (memory 1))
      (import "" "make" (func $make (result i32)))
      (import "" "take" (func $take (param i32 i32)))
      (func (export "attack") (local $h i32) (local $i i32)
         (local.set $h (call $make))
         (loop (i32.store (local.get $i) (local.get $h))
            (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 65536))))
         (loop (i32.store (local.get $i) (i32.const 0)) (i32.store offset=4 (local.get $i) (i32.const 16384))
            (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8))) (i32.const 131072))))
         (call $take (i32.const 65536) (i32.const 1024))))
    (core instance $i (instantiate $m (with "" (instance (export "memory" (memory $libc "memory")) (export "make" (func $make')) (export "take" (func $take'))))))
    (func (export "attack") (canon lift (core func $i "attack"))))
  (instance $a (instantiate $A))
  (instance $b (instantiate $B (with "r" (type $a "r"))))
  (instance $c (instantiate $C (with "r" (type $a "r")) (with "make" (func $a "make")) (with "take" (func $b "take"))))
  (export "attack" (func $c "attack")))`

// Nor can what is lent fill the host's memory: wasmtime 44 does not compile components
// that lend each other handles, and later ones count them.
func TestInvariant5LentHandlesAreBounded(t *testing.T) {
	const most = 40 << 20
	attack, e := &component.Export{Name: "attack"}, newEngine(t, component.Config{})
	c, err := e.Compile(context.Background(), wasm(t, lender))
	if errors.As(err, new(*component.CompileError)) && component.EngineName() == "wasmtime 44.0.0" {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	p, err := e.Link(c, component.LinkOptions{Exports: []*component.Export{attack}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	peak := watchMemory(t)
	if err := p.Call(context.Background(), attack, nil, nil); !errors.Is(err, component.ErrOwnResources) {
		t.Error(err)
	}
	if moved := peak(); moved > most {
		t.Errorf("memory moved by %d MiB", moved>>20)
	}
}

// watchMemory looks at resident memory until the function that it returns is called,
// which tells by how many bytes it rose at most.
func watchMemory(t *testing.T) func() int64 {
	before, peak := resident(t), int64(0)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			peak = max(peak, pagesResident())
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	return func() int64 {
		close(stop)
		<-done
		return max(peak, pagesResident()) - before
	}
}

// pagesResident is resident, as it is at the moment.
func pagesResident() (bytes int64) {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, pages int64
	if _, err := fmt.Sscan(string(b), &size, &pages); err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// turnover makes and drops resources of two types, one with a destructor and one
// without, and keeps some alive: "churn" makes and drops n of each, "hold" makes n of
// each, "release" drops those from the first to the last handle.
const turnover = `(component
  (core module $d (func (export "dtor") (param i32)))
  (core instance $d (instantiate $d))
  (type $a (resource (rep i32) (dtor (func $d "dtor"))))
  (type $b (resource (rep i32)))
  (core func $new-a (canon resource.new $a))
  (core func $drop-a (canon resource.drop $a))
  (core func $new-b (canon resource.new $b))
  (core func $drop-b (canon resource.drop $b))
  (core module $m
    (import "" "new-a" (func $new-a (param i32) (result i32))) (import "" "drop-a" (func $drop-a (param i32)))
    (import "" "new-b" (func $new-b (param i32) (result i32))) (import "" "drop-b" (func $drop-b (param i32)))
    (func (export "churn") (param i32) (loop
      (call $drop-a (call $new-a (i32.const 1))) (call $drop-b (call $new-b (i32.const 1)))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "hold") (param i32) (loop
      (drop (call $new-a (i32.const 1))) (drop (call $new-b (i32.const 1)))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))
  (core instance $i (instantiate $m (with "" (instance
    (export "new-a" (func $new-a)) (export "drop-a" (func $drop-a))
    (export "new-b" (func $new-b)) (export "drop-b" (func $drop-b))))))
  (func (export "churn") (param "n" u32) (canon lift (core func $i "churn")))
  (func (export "hold") (param "n" u32) (canon lift (core func $i "hold"))))`

// Only those that live count, and those of all types together.
func TestOwnResourcesThatWereDroppedDoNotCount(t *testing.T) {
	n, all := uint32(10_000_000), uint32(component.OwnResources/2)
	if raceEnabled || collects {
		n = 1_000_000
	}
	churn := &component.Export{Name: "churn", Signature: sig(nil, "n", component.U32)}
	hold := &component.Export{Name: "hold", Signature: sig(nil, "n", component.U32)}
	p := link(t, newEngine(t, component.Config{}), turnover, component.LinkOptions{
		Exports: []*component.Export{churn, hold}, Limits: component.Limits{Deadline: time.Minute}})
	inst := instance(t, p)
	calls := func(fn *component.Export, n uint32) error {
		return inst.Call(context.Background(), fn, func(e *component.Encoder) { e.U32(n) }, nil)
	}
	for _, step := range []struct {
		fn *component.Export
		n  uint32
	}{{hold, all - 1}, {churn, n / 2}, {hold, 1}} {
		if err := calls(step.fn, step.n); err != nil {
			t.Fatal(err)
		}
	}
	if err := calls(hold, 1); !errors.Is(err, component.ErrOwnResources) {
		t.Fatalf("one more: %v", err)
	}
}

// What the host drops, the guest may make again.
func TestOwnResourcesThatTheHostDroppedDoNotCount(t *testing.T) {
	ctx, n := context.Background(), component.OwnResources+10
	if raceEnabled || collects {
		n = 1000
	}
	inst := instance(t, linkBank(t, component.Limits{}, noop))
	for range n {
		if err := openCounter(t, inst, 1).Drop(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// OwnResources is a guest's, and Limits.Resources the host's: neither is the other.
func TestOwnResourcesAreNotTheHosts(t *testing.T) {
	inst := instance(t, linkBank(t, component.Limits{Resources: 2}, noop))
	openCounter(t, inst, 1)
	openCounter(t, inst, 1)
	err := inst.Call(context.Background(), newCounter, func(e *component.Encoder) { e.U32(1) }, func(d *component.Decoder) { d.Handle(counter) })
	if !errors.Is(err, component.ErrResources) || errors.Is(err, component.ErrOwnResources) {
		t.Fatal(err)
	}
}

// What wasmtime takes, it takes with counters in it, or it is refused with a reason.
func FuzzComponent(f *testing.F) {
	e := newEngine(f, component.Config{MaxInstances: 10})
	for _, text := range []string{maker(true), maker(false), shop, turnover, bank, manyKinds} {
		b := wasm(f, text)
		f.Add(b)
		if !compiles(e, b) {
			f.Fatalf("wasmtime does not take %s", text)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 16<<10 || !bytes.HasPrefix(b, []byte("\x00asm")) {
			return
		}
		before := bytes.Clone(b)
		out, err := bound.Component(b)
		if !bytes.Equal(b, before) {
			t.Fatal("changed in place")
		}
		if err != nil || len(out.Wasm) == len(b) {
			return
		}
		if most := len(b) + (bound.InstancesMax+len(b)/8)*512; len(out.Wasm) > most {
			t.Fatalf("%d bytes became %d", len(b), len(out.Wasm))
		}
		if compiles(e, b) && !compiles(e, out.Wasm) {
			t.Fatal("wasmtime does not take it any more")
		}
	})
}

func compiles(e *component.Engine, b []byte) bool {
	c, err := e.CompileAlone(b)
	if err == nil {
		c.Close()
	}
	return err == nil
}

// manyKinds is a component of every kind of definition, which makes resources.
const manyKinds = `(component
  (core module $m (memory (export "memory") 1) (func (export "dtor") (param i32)) (func (export "post") (param i32))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8))
    (func (export "f") (param i32 i32) (result i32) (i32.const 8)))
  (core instance $i (instantiate $m))
  (type $a (resource (rep i32) (dtor (func $i "dtor"))))
  (type $b (resource (rep i32)))
  (core func $new (canon resource.new $a)) (core func $drop (canon resource.drop $b)) (core func $rep (canon resource.rep $b))
  (func (export "new") (param "rep" u32) (result u32) (canon lift (core func $new)))
  (func (export "f") (param "l" (list u32)) (result string) (canon lift (core func $i "f")
    (memory $i "memory") (realloc (func $i "realloc")) (post-return (func $i "post"))))
  (type $record (record (field "a" u8) (field "b" string)))
  (type $variant (variant (case "a") (case "b" $record)))
  (type $flags (flags "a" "b")) (type $enum (enum "a" "b"))
  (type $option (option $variant)) (type $result (result $option (error $enum)))
  (type $tuple (tuple $result (list $flags) f64 char s64))
  (type (func (param "b" (borrow $b)) (param "t" $tuple) (result (own $a))))
  (type $instance (instance (export "r" (type $r (sub resource)))
    (export "f" (func (param "r" (borrow $r)) (result u32)))))
  (import "i" (instance $in (type $instance)))
  (alias export $in "r" (type $theirs)) (alias export $in "f" (func $f))
  (core func $f' (canon lower (func $f)))
  (core instance $bag (export "f" (func $f')) (export "m" (memory $i "memory")))
  (component $inner (alias outer 1 $m (core module $mine)) (core instance (instantiate $mine))
    (type $r (resource (rep i32))) (core func (canon resource.new $r)))
  (instance (instantiate $inner))
  (export "a" (type $a)) (export "b" (type $b) (type (eq $b))))`

// A component whose resources are counted has the lane, and its core instances to
// itself, also when it comes out of a cache.
func TestOwnResourcesLeaveTheLaneAndTheInstances(t *testing.T) {
	ctx, e, h := context.Background(), newEngine(t, component.Config{}), component.NewHost()
	h.Func(&component.Import{Name: "note"}, noop)
	c := compile(t, e, bank)
	code, err := c.Serialize()
	if err != nil {
		t.Fatal(err)
	}
	again, err := e.Deserialize(ctx, code)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	for _, c := range []*component.Component{c, again} {
		if err := c.Lane(); err != nil {
			t.Error(err)
		}
		for _, instances := range []int{2, 1} {
			p, err := e.Link(c, component.LinkOptions{Host: h, Exports: []*component.Export{newCounter, dropped},
				Limits: component.Limits{Instances: instances}})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			inst, err := p.Instance(ctx)
			if instances == 1 {
				// What counts starts before the last of the guest's own, which is one too many.
				if !errors.Is(err, component.ErrInstances) {
					t.Error("one instance too few:", err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			defer inst.Close()
			if err := openCounter(t, inst, 5).Drop(ctx); err != nil || number(t, inst, dropped) != 5 {
				t.Error("the destructor was not told:", err)
			}
		}
	}
}
