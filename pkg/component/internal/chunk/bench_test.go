package chunk_test

import (
	"fmt"
	"testing"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/hygia-suite/hygia/pkg/component/internal/chunk"
)

// What an operation costs in a guest, as it was and in pieces: a thousand each time.
func BenchmarkOperations(b *testing.B) {
	for _, op := range []struct {
		name  string
		bytes int
	}{{"memory.copy", 64}, {"memory.copy", 4 << 10}, {"memory.copy", 1 << 20}, {"memory.fill", 64}, {"memory.fill", 1 << 20}} {
		from := op.bytes
		if op.name == "memory.fill" {
			from = 1
		}
		before := wasm(b, fmt.Sprintf(`(module (memory 32) (func (export "run") (local $i i32)
			(loop (%s (i32.const 0) (i32.const %d) (i32.const %d))
			  (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))))`, op.name, from, op.bytes))
		after, _, err := chunk.Module(before, none)
		if err != nil {
			b.Fatal(err)
		}
		for _, m := range []struct {
			name   string
			module []byte
		}{{"before", before}, {"after", after}} {
			b.Run(fmt.Sprintf("%s/%d/%s", op.name, op.bytes, m.name), func(b *testing.B) {
				cfg := wasmtime.NewConfig()
				cfg.SetEpochInterruption(true)
				r := start(b, wasmtime.NewEngineWithConfig(cfg), m.module)
				r.store.SetEpochDeadline(1)
				run := r.inst.GetFunc(r.store, "run")
				b.SetBytes(1000 * int64(op.bytes))
				for b.Loop() {
					if _, err := run.Call(r.store); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
