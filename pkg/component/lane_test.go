package component_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/component"
)

// plain compiles a component's text without the lane, and links it.
func plain(t testing.TB, e *component.Engine, text string, o component.LinkOptions) *component.Program {
	t.Helper()
	return linkBy(t, e, e.CompileBare, text, o)
}

// exposed compiles a component's text with the lane only where the host calls it, and
// links it.
func exposed(t testing.TB, e *component.Engine, text string, o component.LinkOptions) *component.Program {
	t.Helper()
	return linkBy(t, e, e.CompilePlain, text, o)
}

func linkBy(t testing.TB, e *component.Engine, compile func(context.Context, []byte) (*component.Component, error),
	text string, o component.LinkOptions,
) *component.Program {
	t.Helper()
	c, err := compile(context.Background(), wasm(t, text))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	p, err := e.Link(c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// moverText is a guest whose code is spread over core instances: memory in one,
// realloc in another. While it is started, it tells the host a text and gets one.
// Its functions tell the host what they get, give back what the host answers, at
// an odd address, and count how often they were told that a result was read.
const moverText = `(component
  (import "host" (func $host (param "text" string) (param "bytes" (list u8)) (result (tuple string (list u8)))))
  (core module $none (func (export "x")))
  (core instance (instantiate $none))
  (core instance (instantiate $none))
  (core module $mem
    (memory (export "memory") 1)
    (data (i32.const 16) "início"))
  (core instance $mem (instantiate $mem))
  (core module $alloc
    (import "" "memory" (memory 1))
    (global $at (mut i32) (i32.const 1025))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $p i32)
      (local.set $p (i32.and
        (i32.add (global.get $at) (i32.sub (local.get 2) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get 2))))
      (global.set $at (i32.add (i32.const 1) (i32.add (local.get $p) (local.get 3))))
      (if (i32.gt_u (global.get $at) (i32.mul (memory.size) (i32.const 65536)))
        (then (drop (memory.grow (i32.add (i32.const 1) (i32.div_u (local.get 3) (i32.const 65536)))))))
      (local.get $p)))
  (core instance $alloc (instantiate $alloc (with "" (instance $mem))))
  (core func $host' (canon lower (func $host) (memory $mem "memory") (realloc (func $alloc "realloc"))))
  (core module $m
    (import "" "host" (func $host (param i32 i32 i32 i32 i32)))
    (global $read (mut i32) (i32.const 0))
    (func $start (call $host (i32.const 16) (i32.const 7) (i32.const 16) (i32.const 7) (i32.const 64)))
    (start $start)
    (func (export "both") (param i32 i32 i32 i32) (result i32)
      (call $host (local.get 0) (local.get 1) (local.get 2) (local.get 3) (i32.const 96))
      (i32.const 96))
    (func (export "read-both") (param i32) (if (i32.ne (local.get 0) (i32.const 96)) (then unreachable))
      (global.set $read (i32.add (global.get $read) (i32.const 1))))
    (func (export "text") (param i32 i32 i32 i32) (result i32)
      (call $host (local.get 0) (local.get 1) (local.get 2) (local.get 3) (i32.const 128))
      (i32.const 128))
    (func (export "read-text") (param i32) (if (i32.ne (local.get 0) (i32.const 128)) (then unreachable))
      (global.set $read (i32.add (global.get $read) (i32.const 100))))
    (func (export "started") (result i32) (i32.const 64))
    (func (export "reads") (result i32) (global.get $read)))
  (core instance $i (instantiate $m (with "" (instance (export "host" (func $host'))))))
  (func (export "both") (param "text" string) (param "bytes" (list u8)) (result (tuple string (list u8)))
    (canon lift (core func $i "both") (memory $mem "memory") (realloc (func $alloc "realloc")) (post-return (func $i "read-both"))))
  (func (export "text") (param "text" string) (param "bytes" (list u8)) (result string)
    (canon lift (core func $i "text") (memory $mem "memory") (realloc (func $alloc "realloc")) (post-return (func $i "read-text"))))
  (func (export "started") (result (tuple string (list u8)))
    (canon lift (core func $i "started") (memory $mem "memory")))
  (func (export "reads") (result u32) (canon lift (core func $i "reads"))))`

var (
	bytesType  = component.ListOf(component.U8)
	moverPair  = component.TupleOf(component.String, bytesType)
	moverTakes = []component.Field{{Name: "text", Type: component.String}, {Name: "bytes", Type: bytesType}}
	moverBoth  = &component.Export{Name: "both", Signature: component.Signature{Params: moverTakes, Result: moverPair}}
	moverText1 = &component.Export{Name: "text", Signature: component.Signature{Params: moverTakes, Result: component.String}}
	moverStart = &component.Export{Name: "started", Signature: component.Signature{Result: moverPair}}
	moverReads = &component.Export{Name: "reads", Signature: component.Signature{Result: component.U32}}
)

// moverOptions links moverText with a host that turns texts and bytes round.
func moverOptions() component.LinkOptions {
	h := component.NewHost()
	h.Func(&component.Import{Name: "host", Signature: moverBoth.Signature},
		func(_ context.Context, a *component.Decoder, r *component.Encoder) error {
			s, b := a.String(), a.Bytes()
			r.String("<" + s + ">")
			r.Bytes(append([]byte{0xff}, b...))
			return nil
		})
	return component.LinkOptions{Host: h, Exports: []*component.Export{moverBoth, moverText1, moverStart, moverReads},
		Limits: component.Limits{ArgBytes: 64 << 20, ResultBytes: 64 << 20, MemoryBytes: 256 << 20}}
}

// Core instances are found by their number, which wasmtime gives them, from zero
// up: this fails, or ends the process, where an engine counts otherwise.
func TestLaneFindsCoreInstances(t *testing.T) {
	e := newEngine(t, component.Config{})
	c := compile(t, e, moverText)
	if c.Lane() != nil {
		t.Fatal(c.Lane())
	}
	p := link(t, e, moverText, moverOptions())
	inst := instance(t, p)
	for round := uint32(1); round <= 3; round++ {
		for name, caller := range map[string]component.Caller{"fresh": p, "live": inst} {
			checkMover(t, name, caller)
		}
		if n := number(t, inst, moverReads); n != round*101 {
			t.Fatalf("%d of the results were given back", n)
		}
	}
}

// A component may give u8 a name of its own, as WIT's type byte = u8 does. One that
// takes such bytes and no other text must still have said what makes room for them:
// to look for that in vain ends the process.
func TestInvariant5LaneKnowsBytesByAnyName(t *testing.T) {
	e := newEngine(t, component.Config{})
	named := strings.ReplaceAll(moverText, "(list u8)", "(list $octet)")
	text := strings.Replace(named, "(component", "(component (type $octet u8)", 1)
	if c := compile(t, e, text); c.Lane() != nil {
		t.Fatal(c.Lane())
	}
	p := link(t, e, text, moverOptions())
	checkMover(t, "fresh", p)
	checkMover(t, "live", instance(t, p))

	length := &component.Export{Name: "length", Signature: sig(component.U32, "bytes", bytesType)}
	p = link(t, e, `(component
	  (type $octet u8)
	  (core module $m
	    (memory (export "memory") 1)
	    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
	    (func (export "length") (param i32 i32) (result i32) (local.get 1))
	    (func (export "name") (result i32) (i32.const 64)))
	  (core instance $i (instantiate $m))
	  (func (export "length") (param "bytes" (list $octet)) (result u32)
	    (canon lift (core func $i "length") (memory $i "memory") (realloc (func $i "realloc"))))
	  (func (export "name") (result string) (canon lift (core func $i "name") (memory $i "memory"))))`,
		component.LinkOptions{Exports: []*component.Export{length}})
	var n uint32
	err := p.Call(context.Background(), length, func(e *component.Encoder) { e.Bytes([]byte("abc")) },
		func(d *component.Decoder) { n = d.U32() })
	if err != nil || n != 3 {
		t.Errorf("got %d, %v", n, err)
	}
}

func checkMover(t *testing.T, name string, c component.Caller) {
	t.Helper()
	var text, only string
	var data []byte
	read := func(d *component.Decoder) { text, data = d.String(), d.Bytes() }
	err := c.Call(context.Background(), moverStart, nil, read)
	if err != nil || text != "<início>" || string(data) != "\xffin\xc3\xadcio" {
		t.Fatalf("%s: %q %q %v", name, text, data, err)
	}
	give := func(e *component.Encoder) { e.String("saúde"); e.Bytes([]byte{0, 0x80, 0xff}) }
	err = c.Call(context.Background(), moverBoth, give, read)
	if err != nil || text != "<saúde>" || !bytes.Equal(data, []byte{0xff, 0, 0x80, 0xff}) {
		t.Fatalf("%s: %q %q %v", name, text, data, err)
	}
	err = c.Call(context.Background(), moverText1, give, func(d *component.Decoder) { only = d.String() })
	if err != nil || only != "<saúde>" {
		t.Fatalf("%s: %q %v", name, only, err)
	}
}

func TestLaneCarriesSixteenMebibytes(t *testing.T) {
	defaults := moverOptions()
	defaults.Limits = component.Limits{}
	one := link(t, newEngine(t, component.Config{}), moverText, defaults)
	n := 0
	err := one.Call(context.Background(), moverBoth,
		func(e *component.Encoder) { e.String(""); e.Bytes(make([]byte, 16<<20)) },
		func(d *component.Decoder) { _, n = d.String(), len(d.Bytes()) })
	if err != nil || n != 16<<20+1 {
		t.Fatal(n, err)
	}
	p := link(t, newEngine(t, component.Config{}), moverText, moverOptions())
	text, data := strings.Repeat("saúde ", 16<<20/7), bytes.Repeat([]byte{0xff, 0, 7}, 16<<20/3)
	err = p.Call(context.Background(), moverBoth,
		func(e *component.Encoder) { e.String(text); e.Bytes(data) },
		func(d *component.Decoder) {
			if d.String() != "<"+text+">" || !bytes.Equal(d.Bytes(), append([]byte{0xff}, data...)) {
				t.Error("another value")
			}
		})
	if err != nil {
		t.Fatal(err)
	}
}

// The same component gives the same values with the lane and without.
func TestLaneChangesNoValue(t *testing.T) {
	e := newEngine(t, component.Config{})
	rapid.Check(t, func(rt *rapid.T) {
		ty := anyType(3).Draw(rt, "type")
		if len(ty.String()) > 400 {
			rt.Skip("a type too large to be worth its compilation")
		}
		o, x := echoOptions(ty)
		fast := link(t, e, echoText(ty), o)
		defer fast.Close()
		slow := plain(t, e, echoText(ty), o)
		defer slow.Close()
		near := exposed(t, e, echoText(ty), o)
		defer near.Close()
		for range 4 {
			want := anyValue(rt, ty)
			for name, p := range map[string]*component.Program{"with": fast, "without": slow, "near": near} {
				var got any
				err := p.Call(context.Background(), x,
					func(e *component.Encoder) { encode(e, ty, want) },
					func(d *component.Decoder) { got = decode(d, ty) })
				if err != nil || !reflect.DeepEqual(got, want) {
					rt.Fatalf("%s the lane: %v: sent %#v, got %#v, %v", name, ty, want, got, err)
				}
			}
		}
	})
}

// What a guest gives for text and bytes and is none ends it in the same way.
func TestInvariant5LaneHostileGuests(t *testing.T) {
	e := newEngine(t, component.Config{})
	for name, test := range map[string]struct {
		give  string // realloc's body
		take  string // the address and length of the result
		value bool   // whether plain wasmtime says the same
	}{
		"invalid UTF-8":          {`(i32.const 8)`, `(i32.const 1024) (i32.const 3)`, true},
		"a surrogate":            {`(i32.const 8)`, `(i32.const 1032) (i32.const 3)`, true},
		"half a sequence":        {`(i32.const 8)`, `(i32.const 1040) (i32.const 1)`, true},
		"beyond":                 {`(i32.const 8)`, `(i32.const 65535) (i32.const 2)`, true},
		"far beyond":             {`(i32.const 8)`, `(i32.const -1) (i32.const -1)`, true},
		"nothing, but beyond":    {`(i32.const 8)`, `(i32.const -1) (i32.const 0)`, true},
		"the tag of UTF-16":      {`(i32.const 8)`, `(i32.const 0) (i32.const 0x80000001)`, true},
		"room beyond":            {`(i32.const 65531)`, `(i32.const 0) (i32.const 0)`, false},
		"room far beyond":        {`(i32.const -1)`, `(i32.const 0) (i32.const 0)`, false},
		"no room":                {`unreachable`, `(i32.const 0) (i32.const 0)`, false},
		"a call while making it": {`(call $host) (i32.const 8)`, `(i32.const 0) (i32.const 0)`, false},
	} {
		text := `(component
		  (import "host" (func $host))
		  (core func $host' (canon lower (func $host)))
		  (core module $m
		    (import "" "host" (func $host))
		    (memory (export "memory") 1)
		    (data (i32.const 1024) "a\c3(") (data (i32.const 1032) "\ed\a0\80") (data (i32.const 1040) "\c3")
		    (func (export "realloc") (param i32 i32 i32 i32) (result i32) ` + test.give + `)
		    (func $set (param i32 i32) (i32.store (i32.const 64) (local.get 0)) (i32.store (i32.const 68) (local.get 1)))
		    (func (export "echo") (param i32 i32) (result i32) (call $set ` + test.take + `) (i32.const 64)))
		  (core instance $i (instantiate $m (with "" (instance (export "host" (func $host'))))))
		  (func (export "echo") (param "v" string) (result string)
		    (canon lift (core func $i "echo") (memory $i "memory") (realloc (func $i "realloc")))))`
		h := component.NewHost()
		h.Func(&component.Import{Name: "host"}, noop)
		x := &component.Export{Name: "echo", Signature: component.Signature{
			Params: []component.Field{{Name: "v", Type: component.String}}, Result: component.String}}
		o := component.LinkOptions{Host: h, Exports: []*component.Export{x}}
		for lane, p := range map[string]*component.Program{
			"lane": link(t, e, text, o), "exposed": exposed(t, e, text, o), "plain": plain(t, e, text, o)} {
			inst := instance(t, p)
			call := func() error {
				return inst.Call(context.Background(), x, func(e *component.Encoder) { e.String("a text") },
					func(d *component.Decoder) { t.Errorf("%s, %s: a result", lane, name) })
			}
			var trap *component.TrapError
			if err := call(); !errors.As(err, &trap) || test.value && trap.Code != component.TrapValue {
				t.Errorf("%s, %s: %v", lane, name, err)
			}
			if err := call(); !errors.Is(err, component.ErrPoisoned) {
				t.Errorf("%s, %s: not the instance's end: %v", lane, name, err)
			}
		}
	}
}

// Where arguments lie in memory, what the guest gives as room must be there and fit.
func TestInvariant5LaneHostileRoom(t *testing.T) {
	e := newEngine(t, component.Config{})
	wide := make([]*component.Type, 17)
	for i := range wide {
		wide[i] = component.U64
	}
	for name, test := range map[string]struct {
		ty   *component.Type
		room string
		trap bool
	}{
		"a list":                 {component.ListOf(component.U64), `(i32.const 16)`, false},
		"at an odd address":      {component.ListOf(component.U64), `(i32.const 17)`, true},
		"beyond":                 {component.ListOf(component.U64), `(i32.const 65528)`, true},
		"many numbers":           {component.TupleOf(wide...), `(i32.const 16)`, false},
		"many, at an odd one":    {component.TupleOf(wide...), `(i32.const 12)`, true},
		"many, beyond":           {component.TupleOf(wide...), `(i32.const 65408)`, true},
		"many, at the very end":  {component.TupleOf(wide...), `(i32.const 65400)`, false},
		"texts, all in one room": {component.ListOf(component.String), `(i32.const 16)`, false},
	} {
		core := flatten(test.ty)
		if len(core) > 16 {
			core = []string{"i32"}
		}
		w := &textWriter{}
		ref := w.ref(test.ty)
		text := `(component ` + w.types.String() + `
		  (core module $m
		    (memory (export "memory") 1)
		    (func (export "realloc") (param i32 i32 i32 i32) (result i32) ` + test.room + `)
		    (func (export "take") (param ` + strings.Join(core, " ") + `)))
		  (core instance $i (instantiate $m))
		  (func (export "take") (param "v" ` + ref + `) (canon lift (core func $i "take") (memory $i "memory") (realloc (func $i "realloc")))))`
		x := &component.Export{Name: "take", Signature: sig(nil, "v", test.ty)}
		o := component.LinkOptions{Exports: []*component.Export{x}}
		for lane, p := range map[string]*component.Program{
			"lane": link(t, e, text, o), "exposed": exposed(t, e, text, o), "plain": plain(t, e, text, o)} {
			var value any = seq{uint64(1), uint64(2)}
			if test.ty.Kind() == component.KindTuple {
				value = seq(slices.Repeat([]any{uint64(7)}, len(wide)))
			} else if test.ty.Elems()[0].Kind() == component.KindString {
				value = seq{"saúde", "", "olá"}
			}
			err := p.Call(context.Background(), x, func(e *component.Encoder) { encode(e, test.ty, value) }, nil)
			if got := errors.As(err, new(*component.TrapError)); got != test.trap || !got && err != nil {
				t.Errorf("%s, %s: %v", lane, name, err)
			}
		}
	}
}

// A guest that never makes room, or never takes a result back, meets its deadline.
func TestInvariant5LaneEndless(t *testing.T) {
	e := newEngine(t, component.Config{})
	for name, at := range map[string]string{"realloc": "realloc", "post-return": "post"} {
		spin := map[string]string{at: "(loop (br 0))"}
		text := `(component
		  (core module $m
		    (memory (export "memory") 1)
		    (func (export "realloc") (param i32 i32 i32 i32) (result i32) ` + spin["realloc"] + ` (i32.const 8))
		    (func (export "post") (param i32) ` + spin["post"] + `)
		    (func (export "echo") (param i32 i32) (result i32) (i32.const 64)))
		  (core instance $i (instantiate $m))
		  (func (export "echo") (param "v" string) (result string)
		    (canon lift (core func $i "echo") (memory $i "memory") (realloc (func $i "realloc")) (post-return (func $i "post")))))`
		x := &component.Export{Name: "echo", Signature: component.Signature{
			Params: []component.Field{{Name: "v", Type: component.String}}, Result: component.String}}
		inst := instance(t, link(t, e, text, component.LinkOptions{Exports: []*component.Export{x},
			Limits: component.Limits{Deadline: 20 * time.Millisecond}}))
		err := inst.Call(context.Background(), x, func(e *component.Encoder) { e.String("a text") }, nil)
		if !errors.Is(err, component.ErrDeadline) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLaneSaysWhyNot(t *testing.T) {
	e := newEngine(t, component.Config{})
	for want, text := range map[string]string{
		"no function": `(component)`,
		"not UTF-8": strings.ReplaceAll(sinkText(component.String), `(memory $i "memory")`,
			`string-encoding=utf16 (memory $i "memory")`),
		"composed": `(component (component (core module)))`,
		"<nil>":    sinkText(component.RecordOf("r", component.Field{Name: "f", Type: component.OptionOf(bytesType)})),
	} {
		if got := fmt.Sprint(compile(t, e, text).Lane()); !strings.Contains(got, want) {
			t.Errorf("want %s, got %s", want, got)
		}
	}
}

// A function's type may be met twice: where the component imports or declares it,
// and where its result could be an address. Then no result is one, and all is well.
func TestLaneWhereResultsStayAsTheyAre(t *testing.T) {
	const (
		module = `(core module $m
		    (memory (export "memory") 1)
		    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8))
		    (func (export "echo") (param i32 i32) (result i32)
		      (i32.store (i32.const 64) (local.get 0)) (i32.store (i32.const 68) (local.get 1)) (i32.const 64)))
		  (core instance $i (instantiate $m))`
		lifted = `(canon lift (core func $i "echo") (memory $i "memory") (realloc (func $i "realloc")))`
	)
	x := &component.Export{Name: "echo", Signature: sig(component.String, "v", component.String)}
	host := component.NewHost()
	echo := func(_ context.Context, d *component.Decoder, e *component.Encoder) error {
		e.String(d.String())
		return nil
	}
	host.Func(&component.Import{Name: "f", Signature: x.Signature}, echo)
	host.Func(&component.Import{Interface: "a:b/c", Name: "f", Signature: x.Signature}, echo)
	e := newEngine(t, component.Config{})
	for name, text := range map[string]string{
		"imported": `(type $t (func (param "v" string) (result string))) (import "f" (func (type $t))) ` + module +
			`(func (export "echo") (type $t) ` + lifted + `)`,
		"imported, by an alias": `(type $t (func (param "v" string) (result string)))
		  (import "a:b/c" (instance (alias outer 1 $t (type $u)) (export "f" (func (type $u))))) ` + module +
			`(func (export "echo") (type $t) ` + lifted + `)`,
		"imported, and given to a component": `(import "f" (func $f (param "v" string) (result string))) ` + module + `
		  (func (export "echo") (param "v" string) (result string) ` + lifted + `)
		  (component $c (import "g" (func $g (param "v" string) (result string))) (export "g" (func $g)))
		  (instance (instantiate $c (with "g" (func $f))))`,
		"in an instance given to a component": module + `
		  (func $f (export "echo") (param "v" string) (result string) ` + lifted + `)
		  (instance $in (export "g" (func $f)))
		  (component $c (import "in" (instance $in (export "g" (func (param "v" string) (result string))))))
		  (instance (instantiate $c (with "in" (instance $in))))`,
		"in an instance that is declared": module + `
		  (func $f (export "echo") (param "v" string) (result string) ` + lifted + `)
		  (instance $in (export "g" (func $f)))
		  (export "in" (instance $in) (instance (export "g" (func (param "v" string) (result string)))))`,
	} {
		text = "(component " + text + ")"
		if c := compile(t, e, text); c.Lane() != nil {
			t.Errorf("%s: %v", name, c.Lane())
		}
		var got string
		err := link(t, e, text, component.LinkOptions{Host: host, Exports: []*component.Export{x}}).Call(context.Background(), x,
			func(e *component.Encoder) { e.String("olá") }, func(d *component.Decoder) { got = d.String() })
		if err != nil || got != "olá" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestLaneSurvivesSerializing(t *testing.T) {
	e := newEngine(t, component.Config{})
	ctx := context.Background()
	for _, compile := range []func(context.Context, []byte) (*component.Component, error){e.Compile, e.CompilePlain, e.CompileBare} {
		c, err := compile(ctx, wasm(t, moverText))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		code, err := c.Serialize()
		if err != nil {
			t.Fatal(err)
		}
		again, err := e.Deserialize(ctx, code)
		if err != nil {
			t.Fatal(err)
		}
		defer again.Close()
		if got, want := fmt.Sprint(again.Lane()), fmt.Sprint(c.Lane()); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		p, err := e.Link(again, moverOptions())
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		checkMover(t, "serialized", p)
	}
}

// What is kept of a component's types must be what its code was compiled for.
func TestInvariant5LaneTakesNoOtherTypes(t *testing.T) {
	e := newEngine(t, component.Config{})
	kept := func(text string) (types, code []byte) {
		all, err := compile(t, e, text).Serialize()
		if err != nil {
			t.Fatal(err)
		}
		at := bytes.Index(all, []byte("\x7fELF"))
		if at < 0 {
			t.Fatal("no compiled code")
		}
		return all[:at], all[at:]
	}
	types, code := kept(moverText)
	for name, replace := range map[string][2]string{
		"its own":         {"", ""},
		"another value":   {"string", "(option u32)"},
		"another result":  {`(result u32) (canon`, `(result s32) (canon`},
		"another name":    {`(func (export "started") (result (tuple`, `(func (export "begun") (result (tuple`},
		"a function more": {`(func (export "reads") (result u32)`, `(func (export "more") (canon lift (core func $none "x"))) (func (export "reads") (result u32)`},
	} {
		text := strings.Replace(moverText, "(core instance (instantiate $none))", "(core instance $none (instantiate $none))", 1)
		_, other := kept(strings.ReplaceAll(text, replace[0], replace[1]))
		if replace[0] == "" {
			other = code
		}
		c, err := e.Deserialize(context.Background(), append(bytes.Clone(types), other...))
		if err == nil {
			c.Close()
		}
		if refused := errors.As(err, new(*component.CompileError)); refused == (replace[0] == "") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What was kept may name functions that the code does not give to the host: a call of
// one fails, and ends nothing.
func TestInvariant5LaneMissesWhatIsNotThere(t *testing.T) {
	e := newEngine(t, component.Config{})
	parts := func(compile func(context.Context, []byte) (*component.Component, error)) (kept, code []byte) {
		c, err := compile(context.Background(), wasm(t, nopComponent))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		all, err := c.Serialize()
		if err != nil {
			t.Fatal(err)
		}
		at := bytes.Index(all, []byte("\x7fELF"))
		return all[:at], all[at:]
	}
	kept, _ := parts(e.Compile)
	_, code := parts(e.CompileBare)
	c, err := e.Deserialize(context.Background(), append(kept, code...))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	x := &nop
	p, err := e.Link(c, component.LinkOptions{Exports: []*component.Export{x}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Call(context.Background(), x, nil, nil); err == nil {
		t.Error("it was called")
	}
}

// Large values lie in the guest's memory until they were read, and then the guest
// takes them back, also when whoever read them panicked.
func TestLaneGivesLargeResultsBack(t *testing.T) {
	p := link(t, newEngine(t, component.Config{}), moverText, moverOptions())
	inst := instance(t, p)
	give := func(e *component.Encoder) { e.String(strings.Repeat("é", 1<<20)); e.Bytes(make([]byte, 1<<20)) }
	reads := func() uint32 { return number(t, inst, moverReads) }
	for name, read := range map[string]func(*component.Decoder){
		"all": func(d *component.Decoder) { _, _ = d.String(), d.Bytes() }, "nothing": nil,
		"half": func(d *component.Decoder) { _ = d.String() }, "panic": func(*component.Decoder) { panic("reading") },
	} {
		was := reads()
		func() {
			defer func() { _ = recover() }()
			_ = inst.Call(context.Background(), moverBoth, give, read)
		}()
		if got := reads(); got != was+1 {
			t.Errorf("%s: %d results given back", name, got-was)
		}
		func() {
			defer func() { _ = recover() }()
			_ = p.Call(context.Background(), moverBoth, give, read)
		}()
	}
}

// What the host gives may change or go as soon as the encoder has it.
func TestLaneCopiesBytes(t *testing.T) {
	p := link(t, newEngine(t, component.Config{}), moverText, moverOptions())
	data := bytes.Repeat([]byte{7}, 1<<20)
	var got []byte
	err := p.Call(context.Background(), moverBoth,
		func(e *component.Encoder) { e.String(""); e.Bytes(data); clear(data) },
		func(d *component.Decoder) { _, got = d.String(), d.Bytes() })
	if err != nil || len(got) != len(data)+1 || got[1] != 7 || got[len(data)] != 7 {
		t.Fatal(err)
	}
}

func TestLaneCountsLargeValues(t *testing.T) {
	for name, test := range map[string]struct {
		limits component.Limits
		want   error
	}{
		"in":  {component.Limits{ArgBytes: 1 << 20}, component.ErrArgBytes},
		"out": {component.Limits{ResultBytes: 1 << 20}, component.ErrResult},
	} {
		o := moverOptions()
		o.Limits = test.limits
		p := link(t, newEngine(t, component.Config{}), moverText, o)
		err := p.Call(context.Background(), moverBoth, func(e *component.Encoder) {
			e.String(strings.Repeat("a", 600<<10))
			e.Bytes(make([]byte, 600<<10))
		}, nil)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Where wasmtime's own WASI serves what a component imports, types stay as they are. Its
// exports have the lane all the same: bytes of any size, within records.
func TestExportsHaveTheLaneBesideWASI(t *testing.T) {
	const text = `(component
	  (import "wasi:random/random@0.2.0" (instance $random (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))
	  (core module $libc
	    (memory (export "memory") 1)
	    (global $at (mut i32) (i32.const 1024))
	    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $p i32)
	      (local.set $p (i32.and (i32.add (global.get $at) (i32.const 7)) (i32.const -8)))
	      (global.set $at (i32.add (local.get $p) (local.get 3)))
	      (drop (memory.grow (i32.div_u (local.get 3) (i32.const 65000))))
	      (local.get $p)))
	  (core instance $libc (instantiate $libc))
	  (core func $bytes (canon lower (func $random "get-random-bytes") (memory $libc "memory") (realloc (func $libc "realloc"))))
	  (core module $m
	    (import "libc" "memory" (memory 1))
	    (import "random" "bytes" (func $bytes (param i64 i32)))
	    (func (export "echo") (param i32 i32 i32 i32) (result i32)
	      (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1))
	      (i32.store (i32.const 24) (local.get 2)) (i32.store (i32.const 28) (local.get 3)) (i32.const 16))
	    (func (export "draw") (param i64) (result i32) (call $bytes (local.get 0) (i32.const 32)) (i32.const 32)))
	  (core instance $i (instantiate $m (with "libc" (instance $libc))
	    (with "random" (instance (export "bytes" (func $bytes))))))
	  (type $both' (record (field "text" string) (field "bytes" (list u8))))
	  (export $both "both" (type $both'))
	  (func (export "echo") (param "v" $both) (result $both)
	    (canon lift (core func $i "echo") (memory $libc "memory") (realloc (func $libc "realloc"))))
	  (func (export "draw") (param "len" u64) (result (list u8)) (canon lift (core func $i "draw") (memory $libc "memory"))))`
	both := component.RecordOf("both", component.Field{Name: "text", Type: component.String},
		component.Field{Name: "bytes", Type: bytesType})
	echo := &component.Export{Name: "echo", Signature: sig(both, "v", both)}
	draw := &component.Export{Name: "draw", Signature: sig(bytesType, "len", component.U64)}
	o := component.LinkOptions{WASI: &component.WASI{}, Exports: []*component.Export{echo, draw},
		Limits: component.Limits{ArgBytes: 32 << 20, ResultBytes: 32 << 20}}
	p := exposed(t, newEngine(t, component.Config{}), text, o)
	words, many := strings.Repeat("ação ", 1<<20), bytes.Repeat([]byte{7}, 5<<20) // more than wasmtime lets through
	for name, caller := range map[string]component.Caller{"fresh": p, "live": instance(t, p)} {
		var gotWords string
		var gotMany, drawn []byte
		err := caller.Call(context.Background(), echo,
			func(e *component.Encoder) { e.String(words); e.Bytes(many) },
			func(d *component.Decoder) { gotWords, gotMany = d.String(), d.Bytes() })
		if err != nil || gotWords != words || !bytes.Equal(gotMany, many) {
			t.Fatalf("%s: %d and %d bytes came back: %v", name, len(gotWords), len(gotMany), err)
		}
		err = caller.Call(context.Background(), draw, func(e *component.Encoder) { e.U64(300) },
			func(d *component.Decoder) { drawn = d.Bytes() })
		if err != nil || len(drawn) != 300 || bytes.Equal(drawn, make([]byte, 300)) {
			t.Fatalf("%s: %d bytes were drawn: %v", name, len(drawn), err)
		}
	}
}
