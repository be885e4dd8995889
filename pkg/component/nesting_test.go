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

// A nest is a component that is being drawn: functions that differ in the number that
// they return, which instances and components hand on under other names.
type nest struct {
	t     *rapid.T
	text  *strings.Builder
	n     *int     // of names that were given
	scope []*thing // what there is to use
}

// thing is a function, an instance or a component: where it is one of the latter, with
// what it exports and imports.
type thing struct {
	kind, id string
	exports  map[string]*thing
	imports  map[string]*thing
}

func (n *nest) name() string {
	*n.n++
	return fmt.Sprintf("$x%d", *n.n)
}

func (n *nest) add(th thing, format string, args ...any) *thing {
	th.id = n.name()
	fmt.Fprintf(n.text, format+"\n", append([]any{th.id}, args...)...)
	n.scope = append(n.scope, &th)
	return &th
}

func (n *nest) pick(what string, fits func(*thing) bool) *thing {
	var all []*thing
	for _, th := range n.scope {
		if fits(th) {
			all = append(all, th)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return rapid.SampledFrom(all).Draw(n.t, what)
}

func is(kind string) func(*thing) bool { return func(th *thing) bool { return th.kind == kind } }

func givesF(th *thing) bool {
	return th.kind == "instance" && th.exports["f"] != nil && th.exports["f"].kind == "func"
}

func (n *nest) names(what string) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"f", "g", "h", "k"}), 1, 3, rapid.ID[string]).Draw(n.t, what)
}

// component draws one within.
func (n *nest) component(depth int) {
	in := &nest{t: n.t, text: &strings.Builder{}, n: n.n}
	imports := map[string]*thing{}
	for _, name := range n.names("imports") {
		if rapid.Bool().Draw(n.t, "a function") {
			imports[name] = in.add(thing{kind: "func"}, `(import "%[2]s" (func %[1]s (result u32)))`, name)
			continue
		}
		f := map[string]*thing{"f": {kind: "func"}}
		imports[name] = in.add(thing{kind: "instance", exports: f}, `(import "%[2]s" (instance %[1]s (export "f" (func (result u32)))))`, name)
	}
	in.steps(depth - 1)
	exports := in.export(func(*thing) bool { return true })
	n.add(thing{kind: "component", exports: exports, imports: imports}, "(component %s\n%s)", in.text.String())
}

// holdsNone reports whether there is no component in a thing: the outermost component
// exports none.
func holdsNone(th *thing) bool {
	for _, e := range th.exports {
		if !holdsNone(e) {
			return false
		}
	}
	return th.kind != "component"
}

// export draws what a component exports of what fits.
func (n *nest) export(fits func(*thing) bool) map[string]*thing {
	exports := map[string]*thing{}
	for _, name := range n.names("exports") {
		th := n.pick("export", fits)
		if th == nil {
			continue
		}
		fmt.Fprintf(n.text, `(export "%s" (%s %s))`+"\n", name, th.kind, th.id)
		exports[name] = th
	}
	return exports
}

func (n *nest) instantiate() {
	c := n.pick("component", is("component"))
	if c == nil {
		return
	}
	args := ""
	for _, name := range slices.Sorted(maps.Keys(c.imports)) {
		fits := is("func")
		if c.imports[name].kind == "instance" {
			fits = givesF
		}
		arg := n.pick("argument", fits)
		if arg == nil {
			return
		}
		args += fmt.Sprintf(`(with "%s" (%s %s))`, name, arg.kind, arg.id)
	}
	for _, name := range []string{"", "k", "f"} {
		if extra := n.pick("extra", is("func")); extra != nil && c.imports[name] == nil && rapid.Bool().Draw(n.t, "more") {
			args += fmt.Sprintf(`(with "%s" (func %s))`, name, extra.id)
		}
	}
	n.add(thing{kind: "instance", exports: c.exports}, "(instance %s (instantiate %s %s))", c.id, args)
}

func (n *nest) steps(depth int) {
	for range rapid.IntRange(1, 6).Draw(n.t, "steps") {
		switch rapid.IntRange(0, 5).Draw(n.t, "step") {
		case 0:
			if depth > 0 {
				n.component(depth)
			}
		case 1, 2:
			n.instantiate()
		case 3, 4:
			in := n.pick("instance", func(th *thing) bool { return th.kind == "instance" && len(th.exports) > 0 })
			if in == nil {
				continue
			}
			name := rapid.SampledFrom(slices.Sorted(maps.Keys(in.exports))).Draw(n.t, "alias")
			of := in.exports[name]
			n.add(thing{kind: of.kind, exports: of.exports, imports: of.imports}, `(alias export %[2]s "%[3]s" (%[4]s %[1]s))`, in.id, name, of.kind)
		case 5:
			exports, text := map[string]*thing{}, ""
			for _, name := range n.names("members") {
				if th := n.pick("member", func(th *thing) bool { return true }); th != nil {
					exports[name] = th
					text += fmt.Sprintf(`(export "%s" (%s %s))`, name, th.kind, th.id)
				}
			}
			n.add(thing{kind: "instance", exports: exports}, "(instance %s %s)", text)
		}
	}
}

// However functions are handed on, what an export's name stands for is what is called.
func TestInvariant5NestedNamesStandForTheirFunctions(t *testing.T) {
	e := newEngine(t, component.Config{})
	lanes, calls := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		n := &nest{t: rt, text: &strings.Builder{}, n: new(int)}
		for i := range 3 {
			fmt.Fprintf(n.text, `(core module $m%[1]d (func (export "f") (result i32) (i32.const %[1]d)))
			  (core instance $i%[1]d (instantiate $m%[1]d))`, i)
			n.add(thing{kind: "func"}, `(func %s (result u32) (canon lift (core func $i%d "f")))`, i)
		}
		n.steps(3)
		n.steps(3)
		n.component(3)
		n.instantiate()
		n.instantiate()
		n.export(holdsNone)
		text := "(component " + n.text.String() + ")"
		c, err := e.Compile(context.Background(), wasm(t, text))
		if err != nil {
			if strings.Contains(err.Error(), "exporting a component from the root") { // inside an instance
				rt.Skip(err)
			}
			rt.Fatalf("%v\n%s", err, text)
		}
		defer c.Close()
		var exports []*component.Export
		for _, x := range c.Exports() {
			if x.Name != "" {
				exports = append(exports, &component.Export{Interface: x.Interface, Name: x.Name, Signature: x.Signature})
			}
		}
		if len(exports) == 0 {
			rt.Skip("nothing to call")
		}
		if c.Lane() == nil {
			lanes++
		}
		o := component.LinkOptions{Exports: exports}
		fast, err := e.Link(c, o)
		if err != nil {
			rt.Fatal(err)
		}
		defer fast.Close()
		slow := plain(t, e, text, o)
		defer slow.Close()
		near := exposed(t, e, text, o)
		defer near.Close()
		for _, x := range exports {
			want := number(t, slow, x)
			if got := []uint32{number(t, fast, x), number(t, near, x)}; got[0] != want || got[1] != want {
				rt.Fatalf("%s#%s is %d, not %d:\n%s", x.Interface, x.Name, got, want, text)
			}
			calls++
		}
	})
	t.Log(lanes, calls)
}
