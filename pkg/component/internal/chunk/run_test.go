package chunk_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bytecodealliance/wasmtime-go/v44"
	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/component/internal/chunk"
)

var none chunk.Headroom //nolint:gochecknoglobals // as a constant

func wasm(t testing.TB, text string) []byte {
	t.Helper()
	b, err := wasmtime.Wat2Wasm(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What the operations are tried on: sizes of several pieces and a bit.
const (
	memoryPages   = 5
	memoryBytes   = memoryPages << 16
	tableElements = 3*chunk.TablePiece + 100
	segmentBytes  = 2*chunk.MemoryPiece + 100
	segmentElems  = 2*chunk.TablePiece + 100
)

// operations is a module that exports each instruction, on memories and tables whose
// index types are a's and b's, and a number that stands for what the tables hold.
func operations(a, b string) string {
	least := func(x, y string) string {
		if x == "i64" {
			return y
		}
		return x
	}
	w := &strings.Builder{}
	fmt.Fprintf(w, `(module
	  (memory $a (export "a") %[1]s %[3]d) (memory $b (export "b") %[2]s %[3]d)
	  (table $s (export "s") %[1]s %[4]d funcref) (table $t (export "t") %[2]s %[4]d funcref)
	  (type $f (func (result i32)))`, a, b, memoryPages, tableElements)
	for i := range 7 {
		fmt.Fprintf(w, `(func $f%d (type $f) (i32.const %d))`, i, i+1)
	}
	w.WriteString(`(data $d "`)
	for i := range segmentBytes {
		fmt.Fprintf(w, `\%02x`, (i*7+i>>8)&0xff)
	}
	w.WriteString(`") (data $few "0123456789") (elem $few func $f0 $f1) (elem $e func`)
	for i := range segmentElems {
		fmt.Fprintf(w, ` $f%d`, (i+i>>5)%7)
	}
	w.WriteString(`)`)
	op := func(name, to, value, n, text string) {
		fmt.Fprintf(w, `(func (export "%s") (param %s %s %s) (%s (local.get 0) (local.get 1) (local.get 2)))`, name, to, value, n, text)
	}
	op("memory.fill a", a, "i32", a, "memory.fill $a")
	op("memory.fill b", b, "i32", b, "memory.fill $b")
	op("memory.copy a a", a, a, a, "memory.copy $a $a")
	op("memory.copy a b", a, b, least(a, b), "memory.copy $a $b")
	op("memory.copy b a", b, a, least(a, b), "memory.copy $b $a")
	op("memory.init a", a, "i32", "i32", "memory.init $a $d")
	op("memory.init b", b, "i32", "i32", "memory.init $b $few")
	op("table.init s", a, "i32", "i32", "table.init $s $e")
	op("table.init t", b, "i32", "i32", "table.init $t $few")
	op("table.copy s s", a, a, a, "table.copy $s $s")
	op("table.copy s t", a, b, least(a, b), "table.copy $s $t")
	op("table.copy t s", b, a, least(a, b), "table.copy $t $s")
	for name, index := range map[string]string{"s": a, "t": b} {
		fmt.Fprintf(w, `(func (export "table.fill %[1]s") (param %[2]s i32 %[2]s)
		    (table.fill $%[1]s (local.get 0) (table.get $%[1]s (%[2]s.const 1)) (local.get 2)))
		  (func (export "hash %[1]s") (result i64) (local $i %[2]s) (local $h i64)
		    (loop
		      (local.set $h (i64.mul (local.get $h) (i64.const 1099511628211)))
		      (if (i32.eqz (ref.is_null (table.get $%[1]s (local.get $i)))) (then
		        (local.set $h (i64.add (local.get $h) (i64.extend_i32_u (call_indirect $%[1]s (type $f) (local.get $i)))))))
		      (local.set $i (%[2]s.add (local.get $i) (%[2]s.const 1)))
		      (br_if 0 (%[2]s.lt_u (local.get $i) (%[2]s.const %[3]d))))
		    (local.get $h))`, name, index, tableElements)
	}
	w.WriteString(`(func (export "data.drop") (data.drop $d)) (func (export "elem.drop") (elem.drop $e)))`)
	return w.String()
}

// running is an instance of a module.
type running struct {
	store *wasmtime.Store
	inst  *wasmtime.Instance
}

func start(t testing.TB, e *wasmtime.Engine, module []byte) *running {
	t.Helper()
	m, err := wasmtime.NewModule(e, module)
	if err != nil {
		t.Fatal(err)
	}
	return restart(t, e, m)
}

func restart(t rapid.TB, e *wasmtime.Engine, m *wasmtime.Module) *running {
	store := wasmtime.NewStore(e)
	inst, err := wasmtime.NewInstance(store, m, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &running{store, inst}
}

func (r *running) close() { r.store.Close() }

// call returns what a function returned and why it trapped, if it did.
func (r *running) call(t rapid.TB, name string, args ...uint64) (result any, trap int) {
	f := r.inst.GetFunc(r.store, name)
	given := make([]any, len(args))
	for i, p := range f.Type(r.store).Params() {
		if given[i] = int32(args[i]); p.Kind() == wasmtime.KindI64 {
			given[i] = int64(args[i])
		}
	}
	result, err := f.Call(r.store, given...)
	var why *wasmtime.Trap
	if errors.As(err, &why) && why.Code() != nil {
		return nil, int(*why.Code())
	}
	if err != nil {
		t.Fatalf("%s%v: %v", name, args, err)
	}
	return result, -1
}

func (r *running) memory(name string) []byte {
	return r.inst.GetExport(r.store, name).Memory().UnsafeData(r.store)
}

// operand is a number that is near where something changes.
func operand(piece, end uint64) *rapid.Generator[uint64] {
	return rapid.Custom(func(t *rapid.T) uint64 {
		near := rapid.SampledFrom([]uint64{0, 0, piece, piece, 2 * piece, 3 * piece, end, 1 << 32}).Draw(t, "near")
		return near + uint64(rapid.Int64Range(-200, 200).Draw(t, "off"))
	})
}

// Operations do with memories and tables what they did, and trap where they did.
func TestInvariant5OperationsStayTheSame(t *testing.T) {
	engine := wasmtime.NewEngine()
	for _, kinds := range [][2]string{{"i32", "i32"}, {"i64", "i64"}, {"i32", "i64"}} {
		before := wasm(t, operations(kinds[0], kinds[1]))
		after, _, err := chunk.Module(before, none)
		if err != nil || bytes.Equal(before, after) {
			t.Fatal("not rewritten: ", err)
		}
		var modules [2]*wasmtime.Module
		for i, b := range [][]byte{before, after} {
			if modules[i], err = wasmtime.NewModule(engine, b); err != nil {
				t.Fatal(err)
			}
		}
		names := []string{"data.drop", "elem.drop"}
		for _, e := range modules[0].Exports() {
			if f := e.Type().FuncType(); f != nil && len(f.Params()) == 3 {
				names = append(names, e.Name())
			}
		}
		t.Run(kinds[0]+" "+kinds[1], rapid.MakeCheck(func(t *rapid.T) {
			was, is := restart(t, engine, modules[0]), restart(t, engine, modules[1])
			defer was.close()
			defer is.close()
			for _, r := range []*running{was, is} { // so that what moves can be told apart
				r.call(t, "memory.init a", 0, 0, segmentBytes)
				r.call(t, "table.init s", 0, 0, segmentElems)
			}
			for range rapid.IntRange(1, 12).Draw(t, "steps") {
				compare(t, was, is, rapid.SampledFrom(names).Draw(t, "name"))
			}
		}))
	}
}

func compare(t *rapid.T, was, is *running, name string) {
	var args []uint64
	if !strings.HasSuffix(name, ".drop") {
		numbers := operand(chunk.MemoryPiece, memoryBytes)
		if strings.HasPrefix(name, "table") {
			numbers = operand(chunk.TablePiece, tableElements)
		}
		for _, operand := range []string{"to", "from", "count"} {
			args = append(args, numbers.Draw(t, operand))
		}
	}
	_, want := was.call(t, name, args...)
	if _, got := is.call(t, name, args...); got != want {
		t.Fatalf("%s%v: trap %d, was %d", name, args, got, want)
	}
	for _, memory := range []string{"a", "b"} {
		if !bytes.Equal(was.memory(memory), is.memory(memory)) {
			t.Fatalf("%s%v: memory %s differs", name, args, memory)
		}
	}
	for _, hash := range []string{"hash s", "hash t"} {
		want, _ := was.call(t, hash)
		if got, _ := is.call(t, hash); got != want {
			t.Fatalf("%s%v: table %s differs", name, args, hash)
		}
	}
}

// A module that is given one memory twice has two indices for it: a copy from one to the
// other may overlap with itself.
func TestInvariant5OneMemoryByTwoIndices(t *testing.T) {
	const by, count = 100, 3*chunk.MemoryPiece + 5
	engine := wasmtime.NewEngine()
	before := wasm(t, `(module (import "" "a" (memory $a 5)) (import "" "b" (memory $b 5)) (data $d "0123456789abcdef")
	  (func (export "fill") (local $i i32)
	    (loop (i32.store (local.get $i) (i32.mul (local.get $i) (i32.const 40503)))
	      (local.set $i (i32.add (local.get $i) (i32.const 4)))
	      (br_if 0 (i32.lt_u (local.get $i) (i32.const 300000)))))
	  (func (export "copy") (param i32 i32 i32) (memory.copy $b $a (local.get 0) (local.get 1) (local.get 2))))`)
	after, _, err := chunk.Module(before, none)
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]any{{int32(by), int32(0), int32(count)}, {int32(0), int32(by), int32(count)}} {
		var got [2][]byte
		for i, module := range [][]byte{before, after} {
			store := wasmtime.NewStore(engine)
			defer store.Close()
			typ, err := wasmtime.NewMemoryType(5, false, 0, false)
			if err != nil {
				t.Fatal(err)
			}
			memory, err := wasmtime.NewMemory(store, typ)
			if err != nil {
				t.Fatal(err)
			}
			m, err := wasmtime.NewModule(engine, module)
			if err != nil {
				t.Fatal(err)
			}
			inst, err := wasmtime.NewInstance(store, m, []wasmtime.AsExtern{memory, memory})
			if err != nil {
				t.Fatal(err)
			}
			for _, call := range []func() (any, error){
				func() (any, error) { return inst.GetFunc(store, "fill").Call(store) },
				func() (any, error) { return inst.GetFunc(store, "copy").Call(store, args...) },
			} {
				if _, err := call(); err != nil {
					t.Fatal(err)
				}
			}
			got[i] = bytes.Clone(memory.UnsafeData(store))
		}
		if !bytes.Equal(got[0], got[1]) {
			t.Errorf("copy%v made something else", args)
		}
	}
}

// Growing answers as it did, and what was refused is told.
func TestGrowing(t *testing.T) {
	for _, index := range []string{"i32", "i64"} {
		before := wasm(t, fmt.Sprintf(`(module
		  (import "" "had" (global $had i32)) (memory $other 1) (memory $m (export "m") %[1]s 1) (table $t (export "t") %[1]s 10 externref)
		  (global $own (mut i32) (i32.const 7))
		  (func (export "own") (result i32) (global.get $own))
		  (func (export "memory") (param %[1]s) (result %[1]s) (memory.grow $m (local.get 0)))
		  (func (export "table") (param %[1]s) (result %[1]s) (table.grow $t (ref.null extern) (local.get 0))))`, index))
		after, _, err := chunk.Module(before, none)
		if err != nil {
			t.Fatal(err)
		}
		for name, module := range map[string][]byte{"before": before, "after": after} {
			engine := wasmtime.NewEngine()
			store := wasmtime.NewStore(engine)
			store.Limiter(5<<16, 30, -1, -1, -1)
			m, err := wasmtime.NewModule(engine, module)
			if err != nil {
				t.Fatal(err)
			}
			had, err := wasmtime.NewGlobal(store, wasmtime.NewGlobalType(wasmtime.NewValType(wasmtime.KindI32), false), wasmtime.ValI32(1))
			if err != nil {
				t.Fatal(err)
			}
			inst, err := wasmtime.NewInstance(store, m, []wasmtime.AsExtern{had})
			if err != nil {
				t.Fatal(err)
			}
			asked := func(name string) any {
				if e := inst.GetExport(store, name); e != nil {
					return e.Global().Get(store).I64()
				}
				return int64(0)
			}
			call := func(fn string, by int64) string {
				var arg any = by
				if index == "i32" {
					arg = int32(by)
				}
				was, err := inst.GetFunc(store, fn).Call(store, arg)
				return fmt.Sprint(was, err, " ", asked(chunk.AskedPages), asked(chunk.AskedElements))
			}
			got := []string{call("memory", 3), call("memory", 0), call("memory", 2), call("table", 20), call("table", 11), call("memory", 1), call("memory", 70)}
			want := []string{"1 <nil> 0 0", "4 <nil> 0 0", "-1 <nil> 6 0", "10 <nil> 6 0", "-1 <nil> 6 41", "4 <nil> 6 41", "-1 <nil> 75 41"}
			if name == "before" {
				for i := range want {
					want[i] = want[i][:strings.LastIndex(want[i], "<nil>")] + "<nil> 0 0"
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s, %s: got %q, want %q", index, name, got, want)
			}
			if own, err := inst.GetFunc(store, "own").Call(store); err != nil || own != int32(7) {
				t.Errorf("%s, %s: its own global is %v, %v", index, name, own, err)
			}
		}
	}
}
