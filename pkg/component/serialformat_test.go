//go:build !wasmtime_lts

package component_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/component/internal/bound"
	"github.com/hygia-suite/hygia/pkg/component/internal/chunk"
	"github.com/hygia-suite/hygia/pkg/component/internal/lane"
)

// What is kept of compiled components would else go on being what an earlier version of
// this package made of them, with a fault that this one has mended. Where this fails, what
// Compile writes has changed: give serialFormat another number and pin both here.
func TestSerialFormatChangesWithWhatCompileDoes(t *testing.T) {
	const format, digest = "hygia component 11\n", "4fc89378078ddd0e6f50937f529cf77b3c20d3f5cfe981317eed63265a2d3439"
	sum := sha256.New()
	for _, text := range []string{echoText(component.ListOf(component.RecordOf("r",
		component.Field{Name: "text", Type: component.String}, component.Field{Name: "bytes", Type: bytesType}))), moverText, shelf, everyRewriting()} {
		wasm := wasm(t, text)
		for _, asks := range []chunk.Headroom{{}, {Pages: 4, Most: 100}} {
			pieces, _, err := chunk.Component(wasm, asks)
			if err != nil {
				t.Fatal(err)
			}
			bounded, err := bound.Component(pieces)
			if err != nil {
				t.Fatal(err)
			}
			for _, by := range []func([]byte) (*lane.Rewritten, error){lane.Rewrite, lane.Expose} {
				rewritten, err := by(bounded.Wasm)
				if err != nil {
					t.Fatal(err)
				}
				sum.Write(rewritten.Wasm)
			}
		}
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != digest || component.SerialFormat != format {
		t.Errorf("%q with %s, pinned were %q and %s", component.SerialFormat, got, format, digest)
	}
}

// everyRewriting is a component in which there is something to do for each rewriter.
func everyRewriting() string {
	var ops strings.Builder
	for _, op := range []string{
		"(drop (memory.grow $m (i32.const 1)))", "(drop (memory.size $m))", "(drop (memory.grow $w (i64.const 1)))", "(drop (table.grow $t (ref.null func) (i32.const 1)))",
		"(memory.fill $m (i32.const 0) (i32.const 1) (i32.const 2))", "(memory.fill $w (i64.const 0) (i32.const 1) (i64.const 2))",
		"(memory.copy $m $m (i32.const 0) (i32.const 1) (i32.const 2))", "(memory.copy $m $w (i32.const 0) (i64.const 1) (i32.const 2))",
		"(memory.init $m $d (i32.const 0) (i32.const 0) (i32.const 1))", "(table.fill $t (i32.const 0) (ref.null func) (i32.const 1))",
		"(table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 2))", "(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1))",
	} {
		ops.WriteString(op)
	}
	return fmt.Sprintf(`(component
	  (core module $dtor (func (export "gone") (param i32)))
	  (core instance $dtor (instantiate $dtor))
	  (type $r (resource (rep i32) (dtor (func $dtor "gone"))))
	  (core func $new (canon resource.new $r))
	  (core func $drop (canon resource.drop $r))
	  (core module $m
	    (import "" "new" (func $new (param i32) (result i32))) (import "" "drop" (func $drop (param i32)))
	    (memory $m (export "memory") 1) (memory $w i64 1) (table $t 10 funcref) (global i32 (i32.const 1))
	    (data $d "%s") (elem $e func %s)
	    (func $f) (func $long %s) (func $many %s) (func $ops %s)
	    (func (export "text") (result i32) (call $drop (call $new (i32.const 1))) (call $f) (i32.const 0))
	    (func (export "read") (param i32)))
	  (core instance $i (instantiate $m (with "" (instance (export "new" (func $new)) (export "drop" (func $drop))))))
	  (func (export "text") (result string) (canon lift (core func $i "text") (memory $i "memory") (post-return (func $i "read")))))`,
		strings.Repeat("x", 70_000), strings.Repeat("$f ", 5000), strings.Repeat("(i32.store $m (i32.const 0) (i32.const 1))", 1000),
		strings.Repeat("(call $f)", 1100), ops.String())
}
