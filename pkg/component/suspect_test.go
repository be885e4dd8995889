package component_test

import (
	"context"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
)

// suspect is a guest that does what guests must not: most of its functions take
// and return nothing.
const suspect = `(component
  (core module $m
    (memory 1)
    (table 1 funcref)
    (global $n (mut i32) (i32.const 0))
    (func (export "nop"))
    (func (export "spin") (loop (br 0)))
    (func $deep (export "overflow") (call $deep))
    (func (export "unreachable") unreachable)
    (func (export "outside") (drop (i32.load (i32.const -8))))
    (func (export "divide") (drop (i32.div_u (i32.const 1) (global.get $n))))
    (func (export "indirect") (call_indirect (i32.const 0)))
    (func (export "count") (result i32)
      (global.set $n (i32.add (global.get $n) (i32.const 1)))
      (global.get $n))
    ;; what it finds in its memory, first page and last, where it then leaves a mark
    (func (export "mark") (result i32) (local $end i32)
      (local.set $end (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)))
      (i32.or (i32.load (i32.const 1000)) (i32.load (local.get $end)))
      (i32.store (i32.const 1000) (i32.const 7)) (i32.store (local.get $end) (i32.const 7))
      (drop (memory.grow (i32.const 3)))
      (i32.store (i32.const 200000) (i32.const 7)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
  (core instance $i (instantiate $m))
  (func (export "nop") (canon lift (core func $i "nop")))
  (func (export "spin") (canon lift (core func $i "spin")))
  (func (export "overflow") (canon lift (core func $i "overflow")))
  (func (export "unreachable") (canon lift (core func $i "unreachable")))
  (func (export "outside") (canon lift (core func $i "outside")))
  (func (export "divide") (canon lift (core func $i "divide")))
  (func (export "indirect") (canon lift (core func $i "indirect")))
  (func (export "count") (result u32) (canon lift (core func $i "count")))
  (func (export "mark") (result u32) (canon lift (core func $i "mark")))
  (func (export "grow") (param "pages" u32) (result s32) (canon lift (core func $i "grow"))))`

var (
	spin        = &component.Export{Name: "spin"}
	overflow    = &component.Export{Name: "overflow"}
	unreachable = &component.Export{Name: "unreachable"}
	outside     = &component.Export{Name: "outside"}
	divide      = &component.Export{Name: "divide"}
	indirect    = &component.Export{Name: "indirect"}
	count       = &component.Export{Name: "count", Signature: component.Signature{Result: component.U32}}
	mark        = &component.Export{Name: "mark", Signature: component.Signature{Result: component.U32}}
	grow        = &component.Export{Name: "grow", Signature: component.Signature{
		Params: []component.Field{{Name: "pages", Type: component.U32}}, Result: component.S32}}
	everySuspect = []*component.Export{&nop, spin, overflow, unreachable, outside, divide, indirect, count, mark, grow}
)

func linkSuspect(t testing.TB, e *component.Engine, l component.Limits) *component.Program {
	return link(t, e, suspect, component.LinkOptions{Exports: everySuspect, Limits: l})
}

func instance(t testing.TB, p *component.Program) *component.Instance {
	t.Helper()
	inst, err := p.Instance(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(inst.Close)
	return inst
}

// number calls a function without parameters that returns a u32.
func number(t testing.TB, c component.Caller, fn *component.Export) uint32 {
	t.Helper()
	var n uint32
	err := c.Call(context.Background(), fn, nil, func(d *component.Decoder) { n = d.U32() })
	if err != nil {
		t.Fatal(err)
	}
	return n
}
