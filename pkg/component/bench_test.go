package component_test

import (
	"context"
	"fmt"
	"strings"
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

// bench measures a call in a live instance and in a fresh one.
func bench(b *testing.B, p *component.Program, fn *component.Export, args func(*component.Encoder), results func(*component.Decoder)) {
	ctx := context.Background()
	for name, c := range map[string]component.Caller{"live": instance(b, p), "fresh": p} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.Call(ctx, fn, args, results); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkNop(b *testing.B) {
	p := link(b, newEngine(b, component.Config{}), nopComponent, component.LinkOptions{
		Exports: []*component.Export{&nop},
	})
	bench(b, p, &nop, nil, nil)
}

// A call of two numbers, as BenchmarkCoreCall's.
func BenchmarkAdd(b *testing.B) {
	p := link(b, newEngine(b, component.Config{}), adder, component.LinkOptions{
		Exports: []*component.Export{&add},
	})
	bench(b, p, &add, func(e *component.Encoder) { e.U32(2); e.U32(40) }, func(d *component.Decoder) { d.U32() })
}

// sinkText is a guest whose take gets a value and drops it. It uses its memory as
// compiled code does: a stack below 1 MiB, data from there, then the heap.
func sinkText(t *component.Type) string {
	w := &textWriter{}
	ref := w.ref(t)
	return fmt.Sprintf(`(component %s
	  (core module $m
	    (memory (export "memory") 40)
	    (data (i32.const 0x100000) "%s")
	    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0x110000))
	    (func (export "take") (param %s)
	      (i32.store (i32.const 0xfff00) (i32.const 1)) (i32.store (i32.const 0x100100) (i32.const 1))))
	  (core instance $i (instantiate $m))
	  (func (export "take") (param "v" %s)
	    (canon lift (core func $i "take") (memory $i "memory") (realloc (func $i "realloc")))))`,
		w.types.String(), strings.Repeat("data", 2048), strings.Join(flatten(t), " "), ref)
}

func benchTake(b *testing.B, t *component.Type, args func(*component.Encoder)) {
	take := &component.Export{Name: "take", Signature: component.Signature{
		Params: []component.Field{{Name: "v", Type: t}}}}
	p := link(b, newEngine(b, component.Config{}), sinkText(t), component.LinkOptions{
		Exports: []*component.Export{take},
	})
	bench(b, p, take, args, nil)
}

func BenchmarkString1KiB(b *testing.B) {
	s := strings.Repeat("saúde é ", 114)[:1024]
	benchTake(b, component.String, func(e *component.Encoder) { e.String(s) })
}

func BenchmarkString1MiB(b *testing.B) {
	s := strings.Repeat("saúde é\n", 1<<20/9)
	benchTake(b, component.String, func(e *component.Encoder) { e.String(s) })
}

func BenchmarkRecord(b *testing.B) {
	f := func(n string, t *component.Type) component.Field { return component.Field{Name: n, Type: t} }
	benchTake(b, component.RecordOf("r", f("id", component.U64), f("name", component.String), f("ratio", component.F64),
		f("kind", component.EnumOf("k", "a", "b", "c")), f("found", component.Bool)),
		func(e *component.Encoder) {
			e.U64(7)
			e.String("dipirona")
			e.F64(0.5)
			e.Case(1)
			e.Bool(true)
		})
}

// A guest that calls the host once, and so crosses twice.
func BenchmarkHostCall(b *testing.B) {
	h := component.NewHost()
	h.Func(&component.Import{Name: "host", Signature: component.Signature{
		Params: []component.Field{{Name: "v", Type: component.U32}}, Result: component.U32}},
		func(_ context.Context, a *component.Decoder, r *component.Encoder) error {
			r.U32(a.U32())
			return nil
		})
	x := &component.Export{Name: "echo", Signature: component.Signature{
		Params: []component.Field{{Name: "v", Type: component.U32}}, Result: component.U32}}
	p := link(b, newEngine(b, component.Config{}), echoText(component.U32), component.LinkOptions{
		Host: h, Exports: []*component.Export{x},
	})
	bench(b, p, x, func(e *component.Encoder) { e.U32(7) }, func(d *component.Decoder) { d.U32() })
}

// A hundred host calls in one call.
func BenchmarkHundredHostCalls(b *testing.B) {
	h := component.NewHost()
	h.Func(&component.Import{Name: "f"}, noop)
	p := link(b, newEngine(b, component.Config{}), `(component
		(import "f" (func $f))
		(core func $f' (canon lower (func $f)))
		(core module $m (import "" "f" (func $f)) (func (export "nop") (local $i i32)
			(loop (call $f)
				(br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))))
		(core instance $i (instantiate $m (with "" (instance (export "f" (func $f'))))))
		(func (export "nop") (canon lift (core func $i "nop"))))`,
		component.LinkOptions{Host: h, Exports: []*component.Export{&nop}})
	bench(b, p, &nop, nil, nil)
}

// Each import costs an instance a little.
func BenchmarkTwentyImports(b *testing.B) {
	h := component.NewHost()
	var imports, lowers strings.Builder
	for i := range 20 {
		name := fmt.Sprintf("f%d", i)
		h.Func(&component.Import{Interface: "a:b/c", Name: name, Signature: logWrite}, noop)
		fmt.Fprintf(&imports, `(export %q (func (param "text" string)))`, name)
		fmt.Fprintf(&lowers, `(core func $%s (canon lower (func $c %q) (memory $mem "m") (realloc (func $mem "r"))))`, name, name)
	}
	var with, wants strings.Builder
	for i := range 20 {
		fmt.Fprintf(&with, `(export "f%d" (func $f%d))`, i, i)
		fmt.Fprintf(&wants, `(import "" "f%d" (func (param i32 i32)))`, i)
	}
	p := link(b, newEngine(b, component.Config{}), `(component
		(import "a:b/c" (instance $c `+imports.String()+`))
		(core module $mem (memory (export "m") 1) (func (export "r") (param i32 i32 i32 i32) (result i32) unreachable))
		(core instance $mem (instantiate $mem))
		`+lowers.String()+`
		(core module $m `+wants.String()+` (func (export "nop")))
		(core instance $i (instantiate $m (with "" (instance `+with.String()+`))))
		(func (export "nop") (canon lift (core func $i "nop"))))`,
		component.LinkOptions{Host: h, Exports: []*component.Export{&nop}})
	bench(b, p, &nop, nil, nil)
}

// BenchmarkParallelFresh is what all CPUs do together.
func BenchmarkParallelFresh(b *testing.B) {
	p := link(b, newEngine(b, component.Config{}), nopComponent, component.LinkOptions{
		Exports: []*component.Export{&nop},
	})
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := p.Call(context.Background(), &nop, nil, nil); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkParallelLive is the same of instances that live.
func BenchmarkParallelLive(b *testing.B) {
	p := link(b, newEngine(b, component.Config{}), nopComponent, component.LinkOptions{
		Exports: []*component.Export{&nop},
	})
	b.RunParallel(func(pb *testing.PB) {
		i, err := p.Instance(context.Background())
		if err != nil {
			b.Error(err)
			return
		}
		defer i.Close()
		for pb.Next() {
			if err := i.Call(context.Background(), &nop, nil, nil); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// Text and bytes in and out again, of a guest that copies nothing.
func benchEcho(b *testing.B, t *component.Type, args func(*component.Encoder), results func(*component.Decoder)) {
	w := &textWriter{}
	ref := w.ref(t)
	x := &component.Export{Name: "echo", Signature: component.Signature{
		Params: []component.Field{{Name: "v", Type: t}}, Result: t}}
	p := link(b, newEngine(b, component.Config{}), fmt.Sprintf(`(component %s
	  (core module $m
	    (memory (export "memory") 40)
	    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
	    (func (export "echo") (param i32 i32) (result i32)
	      (i32.store (i32.const 64) (local.get 0)) (i32.store (i32.const 68) (local.get 1)) (i32.const 64)))
	  (core instance $i (instantiate $m))
	  (func (export "echo") (param "v" %s) (result %s)
	    (canon lift (core func $i "echo") (memory $i "memory") (realloc (func $i "realloc")))))`, w.types.String(), ref, ref),
		component.LinkOptions{Exports: []*component.Export{x}})
	bench(b, p, x, args, results)
}

func BenchmarkStringEcho1MiB(b *testing.B) {
	s := strings.Repeat("a plain text. ", 1<<20/14)
	benchEcho(b, component.String, func(e *component.Encoder) { e.String(s) }, func(d *component.Decoder) { _ = d.String() })
}

func BenchmarkBytesEcho1MiB(b *testing.B) {
	s := make([]byte, 1<<20)
	benchEcho(b, bytesType, func(e *component.Encoder) { e.Bytes(s) }, func(d *component.Decoder) { d.Bytes() })
}

// BenchmarkOwnResource is what it costs that a guest's own resources are counted: a
// constructor's call, and the same as wasmtime alone compiles it.
func BenchmarkOwnResource(b *testing.B) {
	e := newEngine(b, component.Config{})
	for name, compile := range map[string]func([]byte) (*component.Component, error){
		"counted": func(code []byte) (*component.Component, error) { return e.Compile(context.Background(), code) },
		"alone":   e.CompileAlone,
	} {
		c, err := compile(wasm(b, bank))
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		h := component.NewHost()
		h.Func(&component.Import{Name: "note"}, noop)
		p, err := e.Link(c, component.LinkOptions{Host: h, Exports: []*component.Export{newCounter}})
		if err != nil {
			b.Fatal(err)
		}
		defer p.Close()
		ctx := context.Background()
		args := func(e *component.Encoder) { e.U32(1) }
		b.Run(name+"/fresh", func(b *testing.B) {
			for b.Loop() {
				if err := p.Call(ctx, newCounter, args, func(d *component.Decoder) { d.Handle(counter) }); err != nil {
					b.Fatal(err)
				}
			}
		})
		inst := instance(b, p)
		b.Run(name+"/live", func(b *testing.B) {
			for b.Loop() {
				if err := openCounter(b, inst, 1).Drop(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
