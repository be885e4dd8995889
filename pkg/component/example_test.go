package component_test

import (
	"context"
	"fmt"
	"time"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/hygia-suite/hygia/pkg/component"
)

// A guest that asks its host for a number and doubles it.
func Example() {
	const text = `(component
	  (import "example:host/numbers@0.1.0" (instance $numbers (export "next" (func (result u32)))))
	  (core func $next (canon lower (func $numbers "next")))
	  (core module $m
	    (import "host" "next" (func $next (result i32)))
	    (func (export "twice") (result i32) (i32.mul (i32.const 2) (call $next))))
	  (core instance $i (instantiate $m (with "host" (instance (export "next" (func $next))))))
	  (func (export "twice") (result u32) (canon lift (core func $i "twice"))))`
	wasm, err := wasmtime.Wat2Wasm(text)
	if err != nil {
		fmt.Println(err)
		return
	}
	next := &component.Import{
		Interface: "example:host/numbers@0.1.0", Name: "next", Signature: component.Signature{Result: component.U32},
	}
	twice := &component.Export{Name: "twice", Signature: component.Signature{Result: component.U32}}

	engine, err := component.NewEngine(component.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = engine.Close() }()
	ctx := context.Background()
	compiled, err := engine.Compile(ctx, wasm)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer compiled.Close()
	host := component.NewHost()
	host.Func(next, func(_ context.Context, _ *component.Decoder, results *component.Encoder) error {
		results.U32(21)
		return nil
	})
	program, err := engine.Link(compiled, component.LinkOptions{
		Host: host, Exports: []*component.Export{twice}, Limits: component.Limits{Deadline: time.Second},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer program.Close()
	var n uint32
	if err := program.Call(ctx, twice, nil, func(d *component.Decoder) { n = d.U32() }); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(n)
	// Output: 42
}
