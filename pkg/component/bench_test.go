package component_test

import (
	"context"
	"testing"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/hygia-suite/hygia/pkg/component"
)

var nop = component.Export{Name: "nop"}

const nopComponent = `(component
  (core module $m (func (export "nop")))
  (core instance $i (instantiate $m))
  (func (export "nop") (canon lift (core func $i "nop"))))`

// BenchmarkCoreCall is what the others are measured against: wasmtime-go's own
// call of a core function of two numbers.
func BenchmarkCoreCall(b *testing.B) {
	store := wasmtime.NewStore(wasmtime.NewEngine())
	code, err := wasmtime.Wat2Wasm(`(module (func (export "add") (param i32 i32) (result i32)
		(i32.add (local.get 0) (local.get 1))))`)
	if err != nil {
		b.Fatal(err)
	}
	module, err := wasmtime.NewModule(store.Engine, code)
	if err != nil {
		b.Fatal(err)
	}
	instance, err := wasmtime.NewInstance(store, module, nil)
	if err != nil {
		b.Fatal(err)
	}
	add := instance.GetFunc(store, "add")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := add.Call(store, int32(2), int32(40)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNop(b *testing.B) {
	p := link(b, newEngine(b, component.Config{}), nopComponent, component.LinkOptions{
		Exports: []*component.Export{&nop},
	})
	ctx := context.Background()
	inst, err := p.Instance(ctx)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(inst.Close)
	b.ReportAllocs()
	for b.Loop() {
		if err := inst.Call(ctx, &nop, nil, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFreshNop(b *testing.B) {
	p := link(b, newEngine(b, component.Config{}), nopComponent, component.LinkOptions{
		Exports: []*component.Export{&nop},
	})
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Call(ctx, &nop, nil, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	p := link(b, newEngine(b, component.Config{}), adder, component.LinkOptions{
		Exports: []*component.Export{&add},
	})
	ctx := context.Background()
	inst, err := p.Instance(ctx)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(inst.Close)
	b.ReportAllocs()
	for b.Loop() {
		var sum uint32
		err := inst.Call(ctx, &add,
			func(e *component.Encoder) { e.U32(2); e.U32(40) },
			func(d *component.Decoder) { sum = d.U32() })
		if err != nil || sum != 42 {
			b.Fatal(err)
		}
	}
}
