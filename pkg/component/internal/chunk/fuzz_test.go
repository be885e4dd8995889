package chunk_test

import (
	"testing"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/hygia-suite/hygia/pkg/component/internal/chunk"
	"github.com/hygia-suite/hygia/pkg/component/internal/wasmbin"
)

// Whatever bytes come, they end in an error or in a module, which is valid if they were.
func FuzzModule(f *testing.F) {
	f.Add(wasm(f, operations("i32", "i64")))
	f.Add(wasm(f, `(module (import "" "" (table 1 externref)) (memory 1) (data $d "x") (func (param externref)
		(table.fill (i32.const 0) (local.get 0) (i32.const 1)) (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1))))`))
	f.Add(wasm(f, `(module (memory 1 9) (memory $m 2) (func (drop (memory.grow (memory.size $m))) (drop (memory.grow $m (memory.size)))))`))
	f.Add(wasm(f, `(module (import "" "" (memory 1)) (memory $m 300) (memory $n i64 2 7) (global i32 (i32.const 1))
		(func (drop (memory.grow $m (memory.size $m))) (drop (memory.grow $n (memory.size $n)))))`))
	engine := wasmtime.NewEngine()
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<20 {
			return
		}
		was := wasmtime.ModuleValidate(engine, b)
		for _, asks := range []chunk.Headroom{none, {Pages: 4, Most: 1 << 16}} {
			out, _, err := chunk.Module(b, asks)
			if err != nil || was != nil {
				continue
			}
			if err := wasmtime.ModuleValidate(engine, out); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// The same of components, which the engine's own tests compile.
func FuzzComponent(f *testing.F) {
	f.Add(wasm(f, `(component (core module (memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))))
		(component (core module) (component (core module (table 1 funcref) (func (table.copy (i32.const 0) (i32.const 0) (i32.const 0)))))))`))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, asks := range []chunk.Headroom{none, {Pages: 4, Most: 1 << 16}} {
			out, _, err := chunk.Component(b, asks)
			if err != nil {
				continue
			}
			if len(out) > 64*len(b) {
				t.Fatalf("%d bytes of %d", len(out), len(b))
			}
			if r := (&wasmbin.Reader{In: out}); string(r.Take(8)) != wasmbin.Component {
				t.Fatal("no component")
			}
			if _, _, err := chunk.Component(out, asks); err != nil {
				t.Fatal(err)
			}
		}
	})
}
