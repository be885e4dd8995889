package main

import (
	"context"
	"fmt"

	"github.com/hygia-suite/hygia/pkg/component"
)

// callbacks are calls that come back from a guest: a thousand in each call.
func callbacks(ctx context.Context) ([]contender, func(), error) {
	const each = 1000
	host := component.NewHost()
	host.Func(&component.Import{Name: "back"},
		func(context.Context, *component.Decoder, *component.Encoder) error { return nil })
	instance, end, err := live(ctx, `(component
	  (import "back" (func $back))
	  (core func $low (canon lower (func $back)))
	  (core module $m
	    (import "host" "back" (func $back))
	    (func (export "nop") (local $i i32)
	      (local.set $i (i32.const 1000))
	      (loop (call $back)
	        (br_if 0 (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))))
	  (core instance $i (instantiate $m (with "host" (instance (export "back" (func $low))))))
	  (func (export "nop") (canon lift (core func $i "nop"))))`, host, nopExport)
	if err != nil {
		return nil, nil, err
	}
	return []contender{{name: "guest to Go callback", beside: coreCall, op: callNop(instance), each: each}}, end, nil //nolint:contextcheck // see callNop
}

// echoRecord takes a record of five fields and returns it.
//
//nolint:gochecknoglobals // constants, as generated code has them
var (
	kinds  = component.EnumOf("kind", "generic", "reference", "similar")
	record = component.RecordOf("medicine",
		component.Field{Name: "id", Type: component.U64},
		component.Field{Name: "name", Type: component.String},
		component.Field{Name: "strength", Type: component.F64},
		component.Field{Name: "kind", Type: kinds},
		component.Field{Name: "listed", Type: component.Bool})
	echoRecord = &component.Export{Name: "echo", Signature: component.Signature{
		Params: []component.Field{{Name: "v", Type: record}}, Result: record}}
)

const recordText = `(component
  (type $kind' (enum "generic" "reference" "similar"))
  (import "kind" (type $kind (eq $kind')))
  (type $record' (record (field "id" u64) (field "name" string) (field "strength" f64)
    (field "kind" $kind) (field "listed" bool)))
  (import "medicine" (type $record (eq $record')))
  (core module $m
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "echo") (param $id i64) (param $p i32) (param $n i32) (param $s f64) (param $k i32) (param $l i32)
      (result i32)
      (i64.store (i32.const 64) (local.get $id))
      (i32.store (i32.const 72) (local.get $p))
      (i32.store (i32.const 76) (local.get $n))
      (f64.store (i32.const 80) (local.get $s))
      (i32.store8 (i32.const 88) (local.get $k))
      (i32.store8 (i32.const 89) (local.get $l))
      (i32.const 64)))
  (core instance $i (instantiate $m))
  (func (export "echo") (param "v" $record) (result $record)
    (canon lift (core func $i "echo") (memory $i "memory") (realloc (func $i "realloc")))))`

// records go into a guest and come back.
func records(ctx context.Context) ([]contender, func(), error) {
	instance, end, err := live(ctx, recordText, component.NewHost(), echoRecord)
	if err != nil {
		return nil, nil, err
	}
	op := callEcho(instance) //nolint:contextcheck // see callNop
	return []contender{{name: "record of 5 fields, in and out", beside: coreCall, op: op}}, end, nil
}

func callEcho(caller component.Caller) func() error {
	const name = "paracetamol"
	var got string
	args := func(e *component.Encoder) {
		e.U64(7)
		e.String(name)
		e.F64(0.5)
		e.Case(1)
		e.Bool(true)
	}
	results := func(d *component.Decoder) {
		d.U64()
		got = d.String()
		d.F64()
		d.Case()
		d.Bool()
	}
	ctx := context.Background() // see callNop
	return func() error {
		if err := caller.Call(ctx, echoRecord, args, results); err != nil {
			return err
		}
		if got != name {
			return fmt.Errorf("%d bytes came back", len(got))
		}
		return nil
	}
}

// lanes are fresh instances with a call each, on one core and on two. Where each
// goroutine has an engine of its own, they share nothing of ours or of wasmtime's.
func lanes(ctx context.Context) ([]contender, func(), error) {
	var ops []func() error
	var engines []*component.Engine
	end := func() {
		for _, e := range engines {
			_ = e.Close()
		}
	}
	for range 2 {
		engine, err := component.NewEngine(component.Config{})
		if err != nil {
			return nil, end, err
		}
		engines = append(engines, engine)
		program, err := link(ctx, engine, nopText, component.NewHost(), nopExport)
		if err != nil {
			return nil, end, err
		}
		ops = append(ops, callNop(program)) //nolint:contextcheck // see callNop
	}
	const one = "fresh instance + no-op, on one core"
	return []contender{
		{name: one, lanes: ops[:1], confined: true, spare: true},
		{name: "the same, one goroutine on two", beside: one, lanes: ops[:1], spare: true},
		{name: "the same, two goroutines on two", beside: one, lanes: []func() error{ops[0], ops[0]}, spare: true},
		{name: "the same, an engine for each", beside: one, lanes: ops, spare: true},
	}, end, nil
}

// live links a component and makes an instance that stays alive.
func live(ctx context.Context, text string, host *component.Host, fn *component.Export) (*component.Instance, func(), error) {
	engine, err := component.NewEngine(component.Config{})
	if err != nil {
		return nil, nil, err
	}
	program, err := link(ctx, engine, text, host, fn)
	if err != nil {
		return nil, nil, err
	}
	instance, err := program.Instance(ctx)
	if err != nil {
		return nil, nil, err
	}
	return instance, func() {
		instance.Close()
		_ = engine.Close()
	}, nil
}
