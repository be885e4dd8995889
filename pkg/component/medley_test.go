package component_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/component"
)

// medley draws components whose definitions lie in any order, and knows what each of
// their functions returns.
type medley struct {
	*rapid.T
	outer     *medley
	fields    strings.Builder
	modules   map[string]uint32        // what a new instance's function returns
	instances map[string]*uint32       // what its function returns, until its destructor is told something else
	types     map[string]*uint32       // what the destructor changes, or nil
	returns   map[string]func() uint32 // of core functions
	exports   map[string]func() uint32
	made      int // core instances
	serial    int
}

func newMedley(t *rapid.T, outer *medley) *medley {
	return &medley{T: t, outer: outer, modules: map[string]uint32{}, instances: map[string]*uint32{}, types: map[string]*uint32{},
		returns: map[string]func() uint32{}, exports: map[string]func() uint32{}}
}

func (m *medley) add(format string, args ...any) { fmt.Fprintf(&m.fields, format+"\n", args...) }

func (m *medley) name(kind string) string {
	for m.outer != nil {
		m = m.outer // names within must not hide those around
	}
	m.serial++
	return fmt.Sprintf("$%s%d", kind, m.serial)
}

func (m *medley) number() uint32 { return rapid.Uint32Range(1, 1<<30).Draw(m.T, "n") }

// one draws one of some names, or returns "" where there is none.
func one[V any](m *medley, of map[string]V) string {
	if len(of) == 0 {
		return ""
	}
	return rapid.SampledFrom(slices.Sorted(maps.Keys(of))).Draw(m.T, "which")
}

func (m *medley) module() {
	name, n := m.name("m"), m.number()
	m.add(`(core module %s (global $n (mut i32) (i32.const %d)) (func (export "f") (result i32) (global.get $n))
	    (func (export "dtor") (param i32) (global.set $n (local.get 0))))`, name, n)
	m.modules[name] = n
}

func (m *medley) instance() {
	if of := one(m, m.modules); of != "" {
		name, n := m.name("i"), m.modules[of]
		m.add(`(core instance %s (instantiate %s))`, name, of)
		m.instances[name] = &n
		m.made++
	}
}

func (m *medley) function() {
	if of := one(m, m.instances); of != "" {
		name, n := m.name("f"), m.instances[of]
		m.add(`(core func %s (alias core export %s "f"))`, name, of)
		m.returns[name] = func() uint32 { return *n }
	}
}

// bag is an instance of a function.
func (m *medley) bag() {
	if f := one(m, m.returns); f != "" {
		name := m.name("b")
		m.add(`(core instance %s (export "f" (func %s))) (core func %s.f (alias core export %s "f"))`, name, f, name, name)
		m.returns[name+".f"] = m.returns[f]
	}
}

func (m *medley) resource() {
	name, dtor := m.name("r"), ""
	if of := one(m, m.instances); of != "" && rapid.Bool().Draw(m.T, "dtor") {
		dtor = fmt.Sprintf(`(dtor (func %s "dtor"))`, of)
		m.types[name] = m.instances[of]
	} else {
		m.types[name] = new(uint32)
	}
	m.add(`(type %s (resource (rep i32) %s))`, name, dtor)
}

// maker is a function that makes a resource, drops it and returns what it carried.
func (m *medley) maker() {
	t := one(m, m.types)
	if t == "" {
		return
	}
	name, n, told := m.name("new"), m.number(), m.types[t]
	m.add(`(core func %s (canon resource.new %s)) (core func %s.rep (canon resource.rep %s)) (core func %s.drop (canon resource.drop %s))
	  (core module %s.m (import "" "new" (func $new (param i32) (result i32))) (import "" "rep" (func $rep (param i32) (result i32)))
	    (import "" "drop" (func $drop (param i32)))
	    (func (export "f") (result i32) (local i32 i32) (local.set 0 (call $new (i32.const %d)))
	      (local.set 1 (call $rep (local.get 0))) (call $drop (local.get 0)) (local.get 1)))
	  (core instance %s.i (instantiate %s.m (with "" (instance
	    (export "new" (func %s)) (export "rep" (func %s.rep)) (export "drop" (func %s.drop))))))
	  (core func %s.f (alias core export %s.i "f"))`, name, t, name, t, name, t, name, n, name, name, name, name, name, name, name)
	m.returns[name+".f"] = func() uint32 {
		*told = n
		return n
	}
	m.made++
}

func (m *medley) export() {
	if f := one(m, m.returns); f != "" {
		name := fmt.Sprintf("f%d", len(m.exports))
		m.add(`(func (export "%s") (result u32) (canon lift (core func %s)))`, name, f)
		m.exports[name] = m.returns[f]
	}
}

// nested is a component within, which may take a module of this one, by its index or
// as an argument, and give one.
func (m *medley) nested() {
	if m.outer != nil && m.outer.outer != nil {
		return
	}
	in, with := newMedley(m.T, m), ""
	if of := one(m, m.modules); of != "" && rapid.Bool().Draw(m.T, "outer") {
		name := in.name("o")
		in.add(`(alias outer 1 %s (core module %s))`, of, name)
		in.modules[name] = m.modules[of]
	}
	if of := one(m, m.modules); of != "" && rapid.Bool().Draw(m.T, "argument") {
		name := in.name("a")
		in.add(`(import "m" (core module %s (export "f" (func (result i32))) (export "dtor" (func (param i32)))))`, name)
		in.modules[name], with = m.modules[of], fmt.Sprintf(`(with "m" (core module %s))`, of)
	}
	in.fill()
	gives := one(in, in.modules)
	if gives != "" {
		in.add(`(export "x" (core module %s))`, gives)
	}
	name := m.name("c")
	m.add(`(component %s %s)`, name, in.fields.String())
	if rapid.Bool().Draw(m.T, "made") {
		m.inside(in, name, with, gives)
	}
	for range rapid.IntRange(0, 2).Draw(m.T, "others") { // whose state is their own
		m.add(`(instance (instantiate %s %s))`, name, with)
		m.made += in.made
	}
}

// inside makes an instance of a component and takes what it exports.
func (m *medley) inside(in *medley, name, with, gives string) {
	i := m.name("ci")
	m.add(`(instance %s (instantiate %s %s))`, i, name, with)
	m.made += in.made
	for f, n := range in.exports {
		as := fmt.Sprintf("f%d", len(m.exports))
		m.add(`(alias export %s "%s" (func %s.%s)) (export "%s" (func %s.%s))`, i, f, i, f, as, i, f)
		m.exports[as] = n
	}
	if gives != "" {
		m.add(`(alias export %s "x" (core module %s.x))`, i, i)
		m.modules[i+".x"] = in.modules[gives]
	}
}

func (m *medley) fill() {
	for range rapid.IntRange(3, 25).Draw(m.T, "definitions") {
		rapid.SampledFrom([]func(){m.module, m.instance, m.function, m.bag, m.resource, m.maker, m.export, m.nested}).Draw(m.T, "what")()
	}
}

// Whatever a component is made of, each of its functions and destructors stays the one
// that it was, and it has its core instances to itself.
func TestOwnResourcesLeaveTheRestAsItWas(t *testing.T) {
	e := newEngine(t, component.Config{MaxInstances: 200, CoreInstances: 64})
	rapid.Check(t, func(rt *rapid.T) {
		m := newMedley(rt, nil)
		m.fill()
		text := `(component ` + m.fields.String() + `)`
		c, err := e.Compile(context.Background(), wasm(t, text))
		if err != nil {
			rt.Fatal(err, text)
		}
		defer c.Close()
		var exports []*component.Export
		for _, name := range slices.Sorted(maps.Keys(m.exports)) {
			exports = append(exports, &component.Export{Name: name, Signature: sig(component.U32)})
		}
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
		for _, x := range slices.Concat(exports, exports) {
			if got, want := number(t, inst, x), m.exports[x.Name](); got != want {
				rt.Fatalf("%s: got %d, want %d of %s", x.Name, got, want, text)
			}
		}
	})
}
