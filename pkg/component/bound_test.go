package component_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/component"
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

// medley draws components whose definitions lie in any order, and knows what each of
// their functions returns.
type medley struct {
	*rapid.T
	fields             strings.Builder
	modules, instances map[string]uint32 // what f returns of each
	funcs, types       []string
	returns            map[string]uint32 // of core functions
	exports            map[string]uint32
	made, serial       int
	outer              *medley
}

func (m *medley) name(kind string) string {
	m.serial++
	return fmt.Sprintf("$%s%d", kind, m.serial)
}

func (m *medley) add(format string, args ...any) { fmt.Fprintf(&m.fields, format+"\n", args...) }

func sorted(m map[string]uint32) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (m *medley) module() {
	name, n := m.name("m"), rapid.Uint32Range(1, 1<<30).Draw(m.T, "n")
	m.add(`(core module %s (func (export "f") (result i32) (i32.const %d)) (func (export "dtor") (param i32)))`, name, n)
	m.modules[name] = n
}

func (m *medley) instance() {
	if len(m.modules) == 0 {
		return
	}
	of, name := rapid.SampledFrom(sorted(m.modules)).Draw(m.T, "of"), m.name("i")
	m.add(`(core instance %s (instantiate %s))`, name, of)
	m.instances[name] = m.modules[of]
	m.made++
}

func (m *medley) function() {
	if len(m.instances) == 0 {
		return
	}
	of, name := rapid.SampledFrom(sorted(m.instances)).Draw(m.T, "of"), m.name("f")
	m.add(`(core func %s (alias core export %s "f"))`, name, of)
	m.returns[name] = m.instances[of]
}

// bag is an instance of a function.
func (m *medley) bag() {
	if len(m.returns) == 0 {
		return
	}
	f, name := rapid.SampledFrom(sorted(m.returns)).Draw(m.T, "f"), m.name("b")
	m.add(`(core instance %s (export "f" (func %s)))`, name, f)
	m.add(`(core func %s.f (alias core export %s "f"))`, name, name)
	m.returns[name+".f"] = m.returns[f]
}

func (m *medley) resource() {
	name, dtor := m.name("r"), ""
	if of := m.destructible(); len(of) > 0 && rapid.Bool().Draw(m.T, "dtor") {
		dtor = fmt.Sprintf(`(dtor (func %s "dtor"))`, rapid.SampledFrom(of).Draw(m.T, "of"))
	}
	m.add(`(type %s (resource (rep i32) %s))`, name, dtor)
	m.types = append(m.types, name)
}

func (m *medley) destructible() []string { return sorted(m.instances) }

// maker is a function that makes a resource, drops it and returns what it carried.
func (m *medley) maker() {
	if len(m.types) == 0 {
		return
	}
	t, name, n := rapid.SampledFrom(m.types).Draw(m.T, "type"), m.name("new"), rapid.Uint32Range(1, 1<<30).Draw(m.T, "rep")
	m.add(`(core func %s (canon resource.new %s)) (core func %s.rep (canon resource.rep %s)) (core func %s.drop (canon resource.drop %s))`,
		name, t, name, t, name, t)
	m.add(`(core module %s.m (import "" "new" (func $new (param i32) (result i32))) (import "" "rep" (func $rep (param i32) (result i32)))
	    (import "" "drop" (func $drop (param i32)))
	    (func (export "f") (result i32) (local i32 i32) (local.set 0 (call $new (i32.const %d)))
	      (local.set 1 (call $rep (local.get 0))) (call $drop (local.get 0)) (local.get 1)))`, name, n)
	m.add(`(core instance %s.i (instantiate %s.m (with "" (instance
	    (export "new" (func %s)) (export "rep" (func %s.rep)) (export "drop" (func %s.drop))))))`, name, name, name, name, name)
	m.add(`(core func %s.f (alias core export %s.i "f"))`, name, name)
	m.returns[name+".f"] = n
	m.made++
}

func (m *medley) export() {
	if len(m.returns) == 0 {
		return
	}
	f, name := rapid.SampledFrom(sorted(m.returns)).Draw(m.T, "f"), fmt.Sprintf("f%d", len(m.exports))
	m.add(`(func (export "%s") (result u32) (canon lift (core func %s)))`, name, f)
	m.exports[name] = m.returns[f]
}

// nested is a component within, which may take modules of this one.
func (m *medley) nested() {
	if m.outer != nil && m.outer.outer != nil {
		return
	}
	in := newMedley(m.T, m)
	in.serial = 1000 * (m.serial + 1)
	if len(m.modules) > 0 && rapid.Bool().Draw(m.T, "outer") {
		of, name := rapid.SampledFrom(sorted(m.modules)).Draw(m.T, "of"), in.name("o")
		in.add(`(alias outer 1 %s (core module %s))`, of, name)
		in.modules[name] = m.modules[of]
	}
	in.fill()
	name := m.name("c")
	m.add(`(component %s %s)`, name, in.fields.String())
	for range rapid.IntRange(0, 2).Draw(m.T, "instances") {
		i := m.name("ci")
		m.add(`(instance %s (instantiate %s))`, i, name)
		m.made += in.made
		for f, n := range in.exports {
			as := fmt.Sprintf("f%d", len(m.exports))
			m.add(`(alias export %s "%s" (func %s.%s)) (export "%s" (func %s.%s))`, i, f, i, f, as, i, f)
			m.exports[as] = n
		}
	}
}

func newMedley(t *rapid.T, outer *medley) *medley {
	return &medley{T: t, outer: outer, modules: map[string]uint32{}, instances: map[string]uint32{},
		returns: map[string]uint32{}, exports: map[string]uint32{}}
}

func (m *medley) fill() {
	for range rapid.IntRange(3, 25).Draw(m.T, "definitions") {
		rapid.SampledFrom([]func(){m.module, m.instance, m.function, m.bag, m.resource, m.maker, m.export, m.nested}).Draw(m.T, "what")()
	}
}

// Whatever a component is made of, each of its functions stays the one that it was,
// and it has its core instances to itself.
func TestOwnResourcesLeaveTheRestAsItWas(t *testing.T) {
	e := newEngine(t, component.Config{MaxInstances: 10, CoreInstances: 64})
	rapid.Check(t, func(rt *rapid.T) {
		m := newMedley(rt, nil)
		m.fill()
		text := `(component ` + m.fields.String() + `)`
		var exports []*component.Export
		for name := range m.exports {
			exports = append(exports, &component.Export{Name: name, Signature: sig(component.U32)})
		}
		c, err := e.Compile(context.Background(), wasm(t, text))
		if err != nil {
			rt.Fatal(err, text)
		}
		defer c.Close()
		p, err := e.Link(c, component.LinkOptions{Exports: exports, Limits: component.Limits{Instances: max(m.made, 1)}})
		if err != nil {
			rt.Fatal(err, text)
		}
		defer p.Close()
		inst, err := p.Instance(context.Background())
		if err != nil {
			rt.Fatal(err, text)
		}
		defer inst.Close()
		for _, x := range exports {
			if got := number(t, inst, x); got != m.exports[x.Name] {
				rt.Fatalf("%s: got %d, want %d of %s", x.Name, got, m.exports[x.Name], text)
			}
		}
	})
}
