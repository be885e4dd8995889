package component_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/component"
)

// What an export's name stands for is found by the names of what components are given:
// these let one be taken for another's.
func TestInvariant5TheExportedFunctionIsCalled(t *testing.T) {
	const module = `
	  (core module $m (func (export "right") (result i32) (i32.const 1)) (func (export "wrong") (result i32) (i32.const 2)))
	  (core instance $i (instantiate $m))
	  (func $right (result u32) (canon lift (core func $i "right")))
	  (func $wrong (result u32) (canon lift (core func $i "wrong")))`
	e := newEngine(t, component.Config{})
	for name, text := range map[string]string{
		"given beside an argument without a name": `
		  (instance $in (export "f" (func $right)))
		  (component $c (import "in" (instance $in (export "f" (func (result u32))))) (export "f" (func $in "f")))
		  (instance $o (instantiate $c (with "in" (instance $in)) (with "" (func $wrong))))
		  (export "f" (func $o "f"))`,
		"of a component that is taken from an instance": `
		  (component $outer (import "a" (func (result u32)))
		    (component $c (import "a" (func $a (result u32))) (export "f" (func $a)))
		    (export "c" (component $c)))
		  (instance $in (instantiate $outer (with "a" (func $wrong))))
		  (alias export $in "c" (component $c))
		  (instance $o (instantiate $c (with "a" (func $right))))
		  (export "f" (func $o "f"))`,
		"under a name that is another's elsewhere": `
		  (component $c (import "f" (func $f (result u32))) (import "g" (func $g (result u32)))
		    (export "g" (func $f)) (export "f" (func $g)))
		  (instance $o (instantiate $c (with "f" (func $wrong)) (with "g" (func $right))))
		  (export "g" (func $wrong)) (export "f" (func $o "f"))`,
	} {
		text = "(component " + module + text + ")"
		x := &component.Export{Name: "f", Signature: sig(component.U32)}
		o := component.LinkOptions{Exports: []*component.Export{x}}
		for lane, p := range map[string]*component.Program{
			"lane": link(t, e, text, o), "exposed": exposed(t, e, text, o), "plain": plain(t, e, text, o)} {
			if got := number(t, p, x); got != 1 {
				t.Errorf("one %s, %s: %d", name, lane, got)
			}
		}
	}
}

// A watcher is a guest that keeps what it is passed: each number, as its bits, and what
// it is asked for room, in its memory from 4096 on. The first 8192 bytes can be had.
// It can be told to give another address one of the times.
type watcher struct {
	ty                *component.Type
	take, dump, spoil *component.Export
	programs          [2]*component.Program // with the lane and without
}

func newWatcher(t testing.TB, e *component.Engine, ty *component.Type) *watcher {
	t.Helper()
	w := &watcher{
		ty:    ty,
		take:  &component.Export{Name: "take", Signature: sig(nil, "before", component.U8, "v", ty, "after", component.S8)},
		dump:  &component.Export{Name: "dump", Signature: sig(bytesType)},
		spoil: &component.Export{Name: "spoil", Signature: sig(nil, "time", component.U32, "address", component.U32)},
	}
	core := slices.Concat([]string{"i32"}, flatten(ty), []string{"i32"})
	if len(core) > 16 {
		core = []string{"i32"}
	}
	var keep strings.Builder
	for i, k := range core {
		bits := map[string]string{"i32": "(i64.extend_i32_u %s)", "i64": "%s", "f32": "(i64.extend_i32_u (i32.reinterpret_f32 %s))",
			"f64": "(i64.reinterpret_f64 %s)"}[k]
		fmt.Fprintf(&keep, "(call $keep "+bits+")\n", fmt.Sprintf("(local.get %d)", i))
	}
	tw := &textWriter{}
	ref := tw.ref(ty)
	text := `(component ` + tw.types.String() + `
	  (core module $m
	    (memory (export "memory") 1)
	    (global $room (mut i32) (i32.const 1021))
	    (global $kept (mut i32) (i32.const 4096))
	    (global $time (mut i32) (i32.const 0))
	    (global $address (mut i32) (i32.const 0))
	    (func $keep (param i64)
	      (i64.store (global.get $kept) (local.get 0))
	      (global.set $kept (i32.add (global.get $kept) (i32.const 8))))
	    (func (export "realloc") (param $was i32) (param $had i32) (param $align i32) (param $size i32) (result i32)
	      (call $keep (i64.extend_i32_u (local.get $was)))
	      (call $keep (i64.extend_i32_u (local.get $had)))
	      (call $keep (i64.extend_i32_u (local.get $align)))
	      (call $keep (i64.extend_i32_u (local.get $size)))
	      (drop (memory.grow (i32.const 1)))
	      (global.set $time (i32.sub (global.get $time) (i32.const 1)))
	      (if (i32.eqz (global.get $time)) (then (return (global.get $address))))
	      (global.set $room (i32.and (i32.add (global.get $room) (i32.sub (local.get $align) (i32.const 1)))
	        (i32.sub (i32.const 0) (local.get $align))))
	      (global.get $room)
	      (global.set $room (i32.add (i32.const 1) (i32.add (global.get $room) (local.get $size)))))
	    (func (export "take") (param ` + strings.Join(core, " ") + `) ` + keep.String() + `)
	    (func (export "spoil") (param i32 i32) (global.set $time (local.get 0)) (global.set $address (local.get 1)))
	    (func (export "dump") (result i32) (i32.store (i32.const 0) (i32.const 8)) (i32.store (i32.const 4) (i32.const 8184)) (i32.const 0)))
	  (core instance $i (instantiate $m))
	  (func (export "take") (param "before" u8) (param "v" ` + ref + `) (param "after" s8)
	    (canon lift (core func $i "take") (memory $i "memory") (realloc (func $i "realloc"))))
	  (func (export "spoil") (param "time" u32) (param "address" u32) (canon lift (core func $i "spoil")))
	  (func (export "dump") (result (list u8)) (canon lift (core func $i "dump") (memory $i "memory"))))`
	o := component.LinkOptions{Exports: []*component.Export{w.take, w.dump, w.spoil}}
	if c := compile(t, e, text); c.Lane() != nil {
		t.Fatalf("%v: %v", ty, c.Lane())
	}
	w.programs = [2]*component.Program{link(t, e, text, o), plain(t, e, text, o)}
	return w
}

func (w *watcher) close() {
	for _, p := range w.programs {
		p.Close()
	}
}

// check holds that the guest sees the same from this package as from wasmtime, and that
// the call ends in the same way, where it gives an address one of the times.
func (w *watcher) check(t rapid.TB, v any, time, address uint32) {
	t.Helper()
	var seen [2][]byte
	var ends [2]string
	for i, p := range w.programs {
		inst, err := p.Instance(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		err = inst.Call(context.Background(), w.spoil, func(e *component.Encoder) { e.U32(time); e.U32(address) }, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = inst.Call(context.Background(), w.take, func(e *component.Encoder) { e.U8(0xfe); encode(e, w.ty, v); e.S8(-2) }, nil)
		if ends[i] = component.Cause(err); err == nil {
			err = inst.Call(context.Background(), w.dump, nil, func(d *component.Decoder) { seen[i] = d.Bytes() })
		}
		if err != nil && (time == 0 || !errors.As(err, new(*component.TrapError))) {
			t.Fatalf("%v: %#v: %v", w.ty, v, err)
		}
		inst.Close()
	}
	if ends[0] != ends[1] {
		t.Fatalf("%v: %#v, %#x at %d: %q, of wasmtime %q", w.ty, v, address, time, ends[0], ends[1])
	}
	for i := range seen[0] {
		if seen[0][i] != seen[1][i] {
			t.Fatalf("%v: %#v: at %d the guest sees %x, of wasmtime %x", w.ty, v, i+8, seen[0][i&^7:][:16], seen[1][i&^7:][:16])
		}
	}
}

// checkAny does it with any value, as it should go and with an address that may be bad.
func (w *watcher) checkAny(t *rapid.T) {
	v := anyValue(t, w.ty)
	w.check(t, v, 0, 0)
	address := rapid.OneOf(rapid.SampledFrom([]uint32{0, 1, 2, 4, 8, 1<<32 - 8, 1<<32 - 1}), rapid.Uint32Range(2000, 2100)).Draw(t, "address")
	w.check(t, v, rapid.Uint32Range(1, 4).Draw(t, "time"), address)
}

// The guest sees the same numbers, the same memory and the same requests for room,
// in the same order, whoever passes them: also where its memory moves with each.
func TestTheGuestSeesWhatWasmtimeWouldPass(t *testing.T) {
	e := newEngine(t, component.Config{MaxInstances: 8, Crowd: true})
	rapid.Check(t, func(rt *rapid.T) {
		ty := anyType(3).Draw(rt, "type")
		if len(ty.String()) > 400 || strings.Contains(ty.String(), "own<") {
			rt.Skip("a type too large to be worth its compilation, or one that wasmtime passes")
		}
		w := newWatcher(t, e, ty)
		defer w.close()
		for range 4 {
			w.checkAny(rt)
		}
	})
}

func TestTheGuestSeesWhatWasmtimeWouldPassOfWideTypes(t *testing.T) {
	e := newEngine(t, component.Config{})
	names := func(n int) (out []string) {
		for i := range n {
			out = append(out, fmt.Sprintf("n%d", i))
		}
		return out
	}
	var cases []component.Case
	for i, name := range names(257) {
		cases = append(cases, component.Case{Name: name, Type: []*component.Type{nil, component.U8, component.S16}[i%3]})
	}
	wide := make([]*component.Type, 14)
	for i := range wide {
		wide[i] = primitives[i%len(primitives)]
	}
	for _, ty := range []*component.Type{
		fuzzType, flatType,
		component.VariantOf("v", cases...),
		component.TupleOf(component.EnumOf("e", names(256)...), component.EnumOf("e", names(257)...)),
		component.ListOf(component.TupleOf(component.U8, component.EnumOf("e", names(300)...))),
		component.TupleOf(component.FlagsOf("f", names(8)...), component.FlagsOf("f", names(9)...)),
		component.ListOf(component.TupleOf(component.FlagsOf("f", names(17)...), component.FlagsOf("f", names(32)...))),
		component.TupleOf(wide[:14]...), component.TupleOf(wide[:13]...), component.TupleOf(wide[:12]...),
		component.VariantOf("v", component.Case{Name: "a", Type: component.TupleOf(wide...)}, component.Case{Name: "b", Type: component.S64}),
	} {
		w := newWatcher(t, e, ty)
		rapid.Check(t, w.checkAny)
	}
}

// What a function returned is what it is told was read, also where functions share who
// is told, or are exported under several names.
func TestGuestsAreToldWhatWasRead(t *testing.T) {
	e := newEngine(t, component.Config{})
	kinds := map[string]struct {
		ty         *component.Type
		core, body string // of the result, and what gives it
		bits       string // of what it is told
	}{
		"u64":    {component.U64, "i64", "(i64.const -2)", "(local.get 0)"},
		"f32":    {component.F32, "f32", "(f32.const -0.1)", "(i64.extend_i32_u (i32.reinterpret_f32 (local.get 0)))"},
		"f64":    {component.F64, "f64", "(f64.const nan:0x8000000000001)", "(i64.reinterpret_f64 (local.get 0))"},
		"s8":     {component.S8, "i32", "(i32.const 0x12345fe)", "(i64.extend_i32_u (local.get 0))"},
		"string": {component.String, "i32", "(i32.const 16)", "(i64.extend_i32_u (local.get 0))"},
	}
	for name, k := range kinds {
		lift := `(canon lift (core func $i "f") (memory $i "memory") (post-return (func $i "post")))`
		text := `(component
		  (core module $m
		    (memory (export "memory") 1)
		    (global $told (mut i64) (i64.const 0))
		    (global $times (mut i64) (i64.const 0))
		    (func (export "f") (result ` + k.core + `) ` + k.body + `)
		    (func (export "post") (param ` + k.core + `)
		      (global.set $told ` + k.bits + `) (global.set $times (i64.add (i64.const 1) (global.get $times))))
		    (func (export "told") (result i64) (global.get $told))
		    (func (export "times") (result i64) (global.get $times)))
		  (core instance $i (instantiate $m))
		  (func $f (result ` + name + `) ` + lift + `)
		  (func $g (result ` + name + `) ` + lift + `)
		  (instance $in (export "f" (func $f)) (export "g" (func $g)))
		  (export "f" (func $f)) (export "h" (func $f)) (export "a:b/c@0.1.0" (instance $in)) (export "a:b/c@0.2.0" (instance $in))
		  (func (export "told") (result u64) (canon lift (core func $i "told")))
		  (func (export "times") (result u64) (canon lift (core func $i "times"))))`
		told, times := &component.Export{Name: "told", Signature: sig(component.U64)}, &component.Export{Name: "times", Signature: sig(component.U64)}
		all := []*component.Export{told, times}
		for _, n := range [][2]string{{"", "f"}, {"", "h"}, {"a:b/c@0.1.0", "f"}, {"a:b/c@0.2.0", "g"}} {
			all = append(all, &component.Export{Interface: n[0], Name: n[1], Signature: sig(k.ty)})
		}
		if c := compile(t, e, text); c.Lane() != nil {
			t.Errorf("%s: %v", name, c.Lane())
		}
		o := component.LinkOptions{Exports: all}
		var got [3][]string
		for i, p := range []*component.Program{plain(t, e, text, o), link(t, e, text, o), exposed(t, e, text, o)} {
			inst := instance(t, p)
			call := func(x *component.Export) {
				err := inst.Call(context.Background(), x, nil, func(d *component.Decoder) {
					v := decode(d, x.Signature.Result)
					if f, ok := v.(float64); ok {
						v = math.Float64bits(f)
					}
					got[i] = append(got[i], fmt.Sprint(v))
				})
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			for _, x := range all[2:] {
				call(x)
				call(told)
				call(times)
			}
		}
		if !slices.Equal(got[1], got[0]) || !slices.Equal(got[2], got[0]) {
			t.Errorf("%s: %v, of wasmtime %v", name, got[1:], got[0])
		}
	}
}

// However a call ends, it ends as wasmtime has it end.
func TestInvariant5CallsEndAsWasmtimeEndsThem(t *testing.T) {
	const answer, room = `(i32.const 16)`, `(i32.const 64)`
	const far = `(i32.store (i32.const 20) (i32.const 40000)) ` + answer
	e := newEngine(t, component.Config{})
	for name, bodies := range map[string]struct{ f, post, realloc string }{
		"ok":                {answer, ``, room},
		"far":               {far, ``, room},
		"invalid to host":   {`(call $host (i32.const 60000) (i32.const 3)) ` + answer, ``, room},
		"beyond to host":    {`(call $host (i32.const 65535) (i32.const 3)) ` + answer, ``, room},
		"post loops":        {answer, `(loop (br 0))`, room},
		"post loops, far":   {far, `(loop (br 0))`, room},
		"post calls":        {answer, `(call $host (i32.const 16) (i32.const 0))`, room},
		"post traps":        {answer, `unreachable`, room},
		"post traps, far":   {far, `unreachable`, room},
		"post overflows":    {answer, `(call $deep)`, room},
		"f overflows":       {`(call $deep) ` + answer, ``, room},
		"realloc loops":     {answer, ``, `(loop (br 0)) (i32.const 64)`},
		"realloc calls":     {answer, ``, `(call $host (i32.const 16) (i32.const 0)) (i32.const 64)`},
		"realloc overflows": {answer, ``, `(call $deep) (i32.const 64)`},
		"odd result":        {`(i32.const 17)`, ``, room},
		"result beyond":     {`(i32.const 65532)`, ``, room},
		"divides":           {`(i32.div_u (i32.const 17) (i32.const 0))`, ``, room},
		"reads beyond":      {`(i32.load (i32.const -1))`, ``, room},
		"host panics":       {`(call $host (i32.const 16) (i32.const 1)) ` + answer, ``, room},
		"host fails":        {`(call $host (i32.const 16) (i32.const 2)) ` + answer, ``, room},
		"host calls":        {`(loop (call $host (i32.const 16) (i32.const 0)) (br 0)) ` + answer, ``, room},
	} {
		text := `(component
		  (import "host" (func $host (param "v" string)))
		  (core module $mem (memory (export "memory") 1))
		  (core instance $mem (instantiate $mem))
		  (core func $host' (canon lower (func $host) (memory $mem "memory")))
		  (core module $m
		    (import "" "memory" (memory 1))
		    (import "" "host" (func $host (param i32 i32)))
		    (data (i32.const 16) "\40") (data (i32.const 60000) "a\c3(")
		    (func $deep (call $deep))
		    (func (export "realloc") (param i32 i32 i32 i32) (result i32) ` + bodies.realloc + `)
		    (func (export "post") (param i32) ` + bodies.post + `)
		    (func (export "f") (param i32 i32) (result i32) ` + bodies.f + `))
		  (core instance $i (instantiate $m (with "" (instance (export "host" (func $host')) (export "memory" (memory $mem "memory"))))))
		  (func (export "f") (param "v" string) (result string)
		    (canon lift (core func $i "f") (memory $mem "memory") (realloc (func $i "realloc")) (post-return (func $i "post")))))`
		h := component.NewHost()
		h.Func(&component.Import{Name: "host", Signature: sig(nil, "v", component.String)},
			func(_ context.Context, a *component.Decoder, r *component.Encoder) error {
				switch len(a.String()) {
				case 1:
					panic("x")
				case 2:
					return errors.New("no")
				}
				return nil
			})
		x := &component.Export{Name: "f", Signature: sig(component.String, "v", component.String)}
		limits := component.Limits{Deadline: late, HostCalls: 20}
		if strings.Contains(name, "loops") {
			limits.Deadline = 20 * time.Millisecond
		}
		o := component.LinkOptions{Host: h, Exports: []*component.Export{x}, Limits: limits}
		var got [3][]string
		for i, p := range []*component.Program{plain(t, e, text, o), link(t, e, text, o), exposed(t, e, text, o)} {
			for _, c := range []component.Caller{p, instance(t, p), p} {
				for _, read := range []func(*component.Decoder){func(d *component.Decoder) { _ = d.String() }, nil} {
					got[i] = append(got[i], ending(c, x, read))
				}
			}
		}
		if !slices.Equal(got[1], got[0]) || !slices.Equal(got[2], got[0]) {
			t.Errorf("%s:\n%q, of wasmtime\n%q", name, got[1:], got[0])
		}
	}
}

// ending says how a call that is passed a text ends.
func ending(c component.Caller, x *component.Export, read func(*component.Decoder)) string {
	err := c.Call(context.Background(), x, func(e *component.Encoder) { e.String("abc") }, read)
	var trap *component.TrapError
	if errors.As(err, &trap) {
		return string(trap.Code)
	}
	return component.Cause(err)
}

// Where a guest gives no room for one of several values, the rest are not looked at: what
// was left unread would be taken for their lengths.
func TestInvariant5ArgumentsEndWhereRoomDoes(t *testing.T) {
	e := newEngine(t, component.Config{})
	ty := component.TupleOf(component.ListOf(component.U64), component.String, component.U32, component.ListOf(component.U8))
	w := &textWriter{}
	ref := w.ref(ty)
	text := `(component ` + w.types.String() + `
	  (core module $m
	    (memory (export "memory") 1)
	    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1))
	    (func (export "take") (param i32 i32 i32 i32 i32 i32 i32)))
	  (core instance $i (instantiate $m))
	  (func (export "take") (param "v" ` + ref + `)
	    (canon lift (core func $i "take") (memory $i "memory") (realloc (func $i "realloc")))))`
	x := &component.Export{Name: "take", Signature: sig(nil, "v", ty)}
	p := link(t, e, text, component.LinkOptions{Exports: []*component.Export{x}})
	err := p.Call(context.Background(), x, func(e *component.Encoder) {
		encode(e, ty, seq{seq{uint64(0xffff_fff0)}, "", uint32(0), []byte{}})
	}, nil)
	var trap *component.TrapError
	if !errors.As(err, &trap) || trap.Code != component.TrapValue {
		t.Error(err)
	}
}
