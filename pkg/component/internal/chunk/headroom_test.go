package chunk_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bytecodealliance/wasmtime-go/v44"
	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/component/internal/chunk"
)

// Which memories begin with headroom, and with how much.
func TestHeadroomOfMemories(t *testing.T) {
	grows := func(memory string) string {
		return fmt.Sprintf(`(module %s (func (drop (memory.grow (i32.const 1)))))`, memory)
	}
	asks := chunk.Headroom{Pages: 4, Most: 100}
	for name, test := range map[string]struct {
		text string
		want []chunk.Begin
	}{
		"one that grows":            {grows(`(memory 3)`), []chunk.Begin{{Said: 3, Pages: 7}}},
		"an empty one":              {grows(`(memory 0)`), []chunk.Begin{{Pages: 4}}},
		"one with a bound":          {grows(`(memory 3 50)`), []chunk.Begin{{Said: 3, Pages: 7}}},
		"one with a near bound":     {grows(`(memory 3 5)`), []chunk.Begin{{Said: 3, Pages: 5}}},
		"one that may not":          {grows(`(memory 3 3)`), nil},
		"one near the engine's":     {grows(`(memory 98)`), []chunk.Begin{{Said: 98, Pages: 100}}},
		"one beyond the engine's":   {grows(`(memory 200)`), nil},
		"one that never grows":      {`(module (memory 3) (func (drop (memory.size))))`, nil},
		"one that is not asked for": {`(module (memory 3) (func $f) (func (call $f)))`, nil},
		"one of 64 bits":            {`(module (memory i64 3) (func (drop (memory.grow (i64.const 1)))))`, nil},
		"with a name of ours":       {`(module (memory 3) (func (export "hygia:chunk/pages") (drop (memory.grow (i32.const 1)))))`, nil},
		"measured, with a name of ours": {`(module (memory 3)
			(func (export "hygia:chunk/pages") (drop (memory.size)) (drop (memory.grow (i32.const 1)))))`, nil},
		"a large one": {grows(`(memory 90)`), []chunk.Begin{{Said: 90, Pages: 94}}},
		"behind an imported one": {`(module (import "" "" (memory 1)) (memory $m 3) (memory 7) (memory $n i64 5)
			(func (drop (memory.grow $m (i32.const 1))) (drop (memory.grow $n (i64.const 1)))))`, []chunk.Begin{{Said: 3, Pages: 7}}},
		"the second and third": {`(module (memory 3) (memory $b 5 50) (memory $c 7) (memory $d i64 1)
			(func (drop (memory.grow $b (i32.const 1))) (drop (memory.grow $c (i32.const 1))) (drop (memory.grow $d (i64.const 1)))
			  (drop (memory.size 0))))`,
			[]chunk.Begin{{Said: 5, Pages: 9}, {Said: 7, Pages: 11}}},
	} {
		after, begins, err := chunk.Module(wasm(t, test.text), asks)
		if err != nil || !slices.Equal(begins, test.want) {
			t.Errorf("%s: %v, %v", name, begins, err)
		}
		valid(t, name, after)
		if _, begins, err := chunk.Module(after, asks); err != nil || len(begins) > 0 && name != "one that never grows" {
			t.Errorf("%s: again: %v, %v", name, begins, err)
		}
	}
}

// A memory of several modules has no headroom, of which only one of them would know, and
// no other memory of the component has.
func TestSharedMemoriesHaveNoHeadroom(t *testing.T) {
	const own = `(core module (memory 1) (func (drop (memory.grow (i32.const 1)))))`
	for name, test := range map[string]struct {
		text   string
		shared bool
	}{
		"none imports one":                         {own, false},
		"imported, and neither grown nor measured": {own + `(core module (import "" "" (memory 1)) (func (i32.store (i32.const 0) (i32.const 0))))`, false},
		"grown":        {own + `(core module (import "" "" (memory 1)) (func (drop (memory.grow (i32.const 1)))))`, true},
		"measured":     {own + `(core module (import "" "" (memory 1)) (func (drop (memory.size))))`, true},
		"within":       {own + `(component (core module (import "" "" (memory 1)) (func (drop (memory.size)))))`, true},
		"in the first": {`(core module (import "" "" (memory 1)) (func (drop (memory.size))))` + own, true},
	} {
		component := wasm(t, `(component `+test.text+`)`)
		after, begins, err := chunk.Component(component, chunk.Headroom{Pages: 4, Most: 100})
		if err != nil || len(begins) > 0 == test.shared {
			t.Errorf("%s: %v, %v", name, begins, err)
		}
		without, _, err := chunk.Component(component, none)
		if err != nil || bytes.Equal(after, without) != test.shared {
			t.Errorf("%s: as without: %v, %v", name, !test.shared, err)
		}
	}
}

// Whatever headroom a memory has, growing and sizes answer as they did, of memories
// beside it too, what is within keeps what is written, and what was refused is told.
func TestInvariant5HeadroomIsNotSeen(t *testing.T) {
	const text = `(module
	  (memory $first (export "first") 2) (memory $m (export "m") 3 40) (global $own (mut i32) (i32.const 7))
	  (data (memory $m) (i32.const 0) "data")
	  (func (export "own") (result i32) (global.get $own))
	  (func (export "size first") (result i32) (memory.size $first))
	  (func (export "grow first") (param i32) (result i32) (memory.grow $first (local.get 0)))
	  (func (export "size m") (result i32) (memory.size $m))
	  (func (export "grow m") (param i32) (result i32) (memory.grow $m (local.get 0)))
	  (func (export "last m") (result i32) (local $at i32) ;; adds one to the last byte
	    (local.set $at (i32.sub (i32.shl (memory.size $m) (i32.const 16)) (i32.const 1)))
	    (i32.store8 $m (local.get $at) (i32.add (i32.load8_u $m (local.get $at)) (i32.const 1)))
	    (i32.load8_u $m (local.get $at))))`
	engine := wasmtime.NewEngine()
	before := wasm(t, text)
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(20, 60).Draw(t, "limit") // no less than what begins
		asks := chunk.Headroom{Pages: rapid.Uint32Range(1, 10).Draw(t, "headroom"), Most: rapid.Uint32Range(1, 60).Draw(t, "most")}
		after, _, err := chunk.Module(before, asks)
		if err != nil {
			t.Fatal(err)
		}
		without, _, err := chunk.Module(before, none)
		if err != nil {
			t.Fatal(err)
		}
		var both [2]*running
		for i, module := range [][]byte{without, after} {
			m, err := wasmtime.NewModule(engine, module)
			if err != nil {
				t.Fatal(err)
			}
			store := wasmtime.NewStore(engine)
			defer store.Close()
			store.Limiter(limit<<16, -1, -1, -1, -1)
			inst, err := wasmtime.NewInstance(store, m, nil)
			if err != nil {
				t.Fatal(err)
			}
			both[i] = &running{store, inst}
		}
		asked := func(r *running) int64 { return r.inst.GetExport(r.store, chunk.AskedPages).Global().Get(r.store).I64() }
		names := []string{"size first", "grow first", "size m", "grow m", "last m", "own"}
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			name := rapid.SampledFrom(names).Draw(t, "name")
			var args []uint64
			if strings.HasPrefix(name, "grow") {
				args = append(args, uint64(rapid.OneOf(rapid.Uint32Range(0, 8), rapid.Uint32()).Draw(t, "by")))
			}
			want, _ := both[0].call(t, name, args...)
			if got, trap := both[1].call(t, name, args...); got != want || trap >= 0 {
				t.Fatalf("%s%v: %v, was %v", name, args, got, want)
			}
			if got, want := asked(both[1]), asked(both[0]); got != want {
				t.Fatalf("%s%v: asked for %d, was %d", name, args, got, want)
			}
		}
		if got := both[1].memory("m"); string(got[:4]) != "data" || len(got) < len(both[0].memory("m")) {
			t.Fatal("the memory is not the module's")
		}
	})
}

// Growing within headroom does not grow the memory.
func TestHeadroomIsThere(t *testing.T) {
	after, _, err := chunk.Module(wasm(t, `(module (memory (export "m") 1)
	  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`), chunk.Headroom{Pages: 4, Most: 100})
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, wasmtime.NewEngine(), after)
	defer r.close()
	for _, step := range []struct{ by, had, pages int }{{0, 1, 5}, {3, 1, 5}, {1, 4, 5}, {2, 5, 7}, {1, 7, 8}} {
		had, _ := r.call(t, "grow", uint64(step.by))
		if pages := len(r.memory("m")) >> 16; had != int32(step.had) || pages != step.pages {
			t.Errorf("by %d: had %v, has %d, want %d and %d", step.by, had, pages, step.had, step.pages)
		}
	}
}
