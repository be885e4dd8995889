package chunk_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/hygia-suite/hygia/pkg/component/internal/chunk"
	"github.com/hygia-suite/hygia/pkg/component/internal/wasmbin"
)

func TestModule(t *testing.T) {
	for name, test := range map[string]struct {
		text    string
		changed bool
	}{
		"nothing":                  {`(module)`, false},
		"loads and stores":         {`(module (memory 1) (func (i64.store offset=8 (i32.const 0) (i64.const -1))))`, false},
		"growing":                  {`(module (memory 1) (func (drop (memory.grow (i32.const 1)))))`, true},
		"growing tables and all":   {`(module (import "" "" (global i32)) (import "" "" (memory i64 1)) (import "" "" (table 1 externref)) (global i32 (global.get 0)) (func (export "f") (drop (memory.grow (i64.const 1))) (drop (table.grow (ref.null extern) (i32.const 1)))))`, true},
		"growing under our name":   {`(module (memory 1) (func (export "hygia:chunk/pages") (drop (memory.grow (i32.const 1)))))`, true},
		"a fill":                   {`(module (memory 1) (func (memory.fill (i32.const 0) (i32.const 1) (i32.const 2))))`, true},
		"a fill of what is given":  {`(module (import "" "" (func)) (import "" "" (memory 1)) (func (memory.fill (i32.const 0) (i32.const 1) (i32.const 2))))`, true},
		"a fill that is not met":   {`(module (memory 1) (func unreachable memory.fill))`, true},
		"a small segment":          {`(module (memory 1) (data $d "x") (func (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1))))`, true},
		"dropping":                 {`(module (memory 1) (data $d "x") (func (data.drop $d)))`, false},
		"a table of host's values": {`(module (table 1 externref) (func (param externref) (table.fill (i32.const 0) (local.get 0) (i32.const 1))))`, true},
		"elements by expressions": {`(module (table $t 1 funcref) (elem $e funcref (ref.null func) (ref.func $f)) (elem declare func $f) (elem (i32.const 0) func $f)
			(elem (table $t) (i32.const 0) funcref (ref.func $f)) (func $f (table.init $e (i32.const 0) (i32.const 0) (i32.const 1))))`, true},
		"tail calls": {`(module (func $f (return_call $f)))`, false},
		"everything else": {`(module (memory $m 1) (memory $n 1) (global i32 (i32.add (i32.const 1) (i32.const 2))) (table 1 externref) (table $f 1 funcref)
			(type $t (func (param i32) (result i32)))
			(func (param i32) (result i32) (local v128 f32 externref)
			  (block (loop (br_table 0 1 1 (i32.const 0))))
			  (if (type $t) (i32.const 1) (i32.const 1) (then) (else)) drop
			  (drop (select (result externref) (ref.null extern) (local.get 3) (i32.const 1)))
			  (drop (f64.add (f64.const 1) (f64.const nan))) (drop (f32.const 1)) (drop (i32.load $n (i32.const 0)))
			  (drop (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (v128.const i64x2 1 2) (v128.load (i32.const 0))))
			  (drop (v128.load8_lane 3 (i32.const 0) (local.get 1))) (drop (i8x16.extract_lane_s 2 (local.get 1)))
			  (drop (v128.load32_zero (i32.const 0))) (drop (i32x4.relaxed_trunc_f32x4_s (local.get 1)))
			  (drop (i32.trunc_sat_f32_s (f32.const 1))) (table.set (i32.const 0) (table.get (i32.const 0)))
			  (call_indirect $f (type $t) (i32.const 1) (i32.const 0))))`, true},
	} {
		before := wasm(t, test.text)
		after, _, err := chunk.Module(before, none)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if same := &before[0] == &after[0]; same == test.changed {
			t.Errorf("%s: changed: %v", name, !same)
		}
		valid(t, name, after)
		again, _, err := chunk.Module(after, none)
		if err != nil {
			t.Errorf("%s: again: %v", name, err)
		}
		valid(t, name, again)
	}
}

// The engine's compiler takes time in the square of loops: so code with many calls looks
// at the clock in loops at first, and then in calls.
func TestModuleOfManyCalls(t *testing.T) {
	before := wasm(t, `(module (func $f) (func `+strings.Repeat(`(call $f)`, 5000)+`))`)
	after, _, err := chunk.Module(before, none)
	if err != nil {
		t.Fatal(err)
	}
	valid(t, "many calls", after)
	if n := bytes.Count(after, []byte{0x03, 0x40, 0x0b}); n != 1000 {
		t.Errorf("%d loops", n)
	}
	if added := len(after) - len(before); added < 1000*3+4000*2 {
		t.Errorf("%d bytes more are not a look after each call", added)
	}
}

func valid(t testing.TB, name string, module []byte) {
	t.Helper()
	if err := wasmtime.ModuleValidate(wasmtime.NewEngine(), module); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// What may be in a module but must not run, since nobody here knows what it does.
func TestModuleRefusesWhatItDoesNotKnow(t *testing.T) {
	for name, text := range map[string]string{
		"an atomic instruction": `(module (memory 1 1 shared) (func (drop (i32.atomic.load (i32.const 0)))))`,
		"an exception":          `(module (tag $t) (func (throw $t)))`,
		"a structure":           `(module (type $s (struct)) (func (drop (struct.new $s))))`,
		"wide arithmetic":       `(module (func (param i64) (result i64 i64) (i64.mul_wide_s (local.get 0) (local.get 0))))`,
		"a shared memory":       `(module (memory 1 1 shared) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))))`,
		"pages of a byte":       `(module (memory 1 (pagesize 1)) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))))`,
	} {
		if _, _, err := chunk.Module(wasm(t, text), none); !errors.Is(err, wasmbin.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A module cannot make much of little.
func TestModuleBoundsWhatItAdds(t *testing.T) {
	w := &strings.Builder{}
	w.WriteString("(module ")
	for range 101 {
		w.WriteString("(memory 1)")
	}
	w.WriteString("(func (param i32)")
	for i := range 101 * 101 {
		fmt.Fprintf(w, "(memory.copy %d %d (local.get 0) (local.get 0) (local.get 0))", i/101, i%101)
	}
	w.WriteString("))")
	if _, _, err := chunk.Module(wasm(t, w.String()), none); err == nil || !strings.Contains(err.Error(), "too many") {
		t.Errorf("%v", err)
	}
}

// Code looks at the clock soon after it might: of a function whose call is stopped as
// it begins, few of the instructions are still run.
func TestInvariant5CodeLooksAtTheClock(t *testing.T) {
	const stores = 20_000
	mark := func(w *strings.Builder, n int) {
		fmt.Fprintf(w, "(i32.store (i32.const 0) (i32.const %d))", n)
	}
	straight, inits := &strings.Builder{}, &strings.Builder{}
	for i := range stores {
		mark(straight, i+1)
		mark(inits, i+1)
		inits.WriteString("(memory.init $d (i32.const 8) (i32.const 0) (i32.const 4))")
	}
	for name, test := range map[string]struct {
		body string
		most int32
	}{
		"straight code":  {straight.String(), 600},
		"small segments": {inits.String(), 1},
		"a fill":         {"(memory.fill (i32.const 0) (i32.const 1) (i32.const 4))", 0},
	} {
		module, _, err := chunk.Module(wasm(t, `(module (import "" "stop" (func $stop)) (memory (export "a") 1) (data $d "data")
			(func (export "run") (call $stop) `+test.body+`))`), none)
		if err != nil {
			t.Fatal(err)
		}
		ran := stopped(t, module)
		if ran > test.most {
			t.Errorf("%s: went on for %d instructions", name, ran)
		}
	}
}

// stopped runs a module that calls to be stopped, and returns the mark it left.
func stopped(t *testing.T, wasm []byte) int32 {
	t.Helper()
	cfg := wasmtime.NewConfig()
	cfg.SetEpochInterruption(true)
	engine := wasmtime.NewEngineWithConfig(cfg)
	store := wasmtime.NewStore(engine)
	store.SetEpochDeadline(1)
	module, err := wasmtime.NewModule(engine, wasm)
	if err != nil {
		t.Fatal(err)
	}
	stop := wasmtime.WrapFunc(store, engine.IncrementEpoch)
	inst, err := wasmtime.NewInstance(store, module, []wasmtime.AsExtern{stop})
	if err != nil {
		t.Fatal(err)
	}
	r := &running{store, inst}
	if _, trap := r.call(t, "run"); trap != int(wasmtime.Interrupt) {
		t.Fatalf("ended with trap %d", trap)
	}
	return int32(binary.LittleEndian.Uint32(r.memory("a")))
}
