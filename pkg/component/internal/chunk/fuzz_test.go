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
	engine := wasmtime.NewEngine()
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<20 {
			return
		}
		out, err := chunk.Module(b)
		if err != nil || wasmtime.ModuleValidate(engine, b) != nil {
			return
		}
		if err := wasmtime.ModuleValidate(engine, out); err != nil {
			t.Fatal(err)
		}
	})
}

// The same of components, which the engine's own tests compile.
func FuzzComponent(f *testing.F) {
	f.Add(wasm(f, `(component (core module (memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))))
		(component (core module) (component (core module (table 1 funcref) (func (table.copy (i32.const 0) (i32.const 0) (i32.const 0)))))))`))
	f.Fuzz(func(t *testing.T, b []byte) {
		out, err := chunk.Component(b)
		if err != nil {
			return
		}
		if len(out) > 64*len(b) {
			t.Fatalf("%d bytes of %d", len(out), len(b))
		}
		if r := (&wasmbin.Reader{In: out}); string(r.Take(8)) != wasmbin.Component {
			t.Fatal("no component")
		}
		if _, err := chunk.Component(out); err != nil {
			t.Fatal(err)
		}
	})
}
