package component_test

import (
	"context"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
)

var add = component.Export{Name: "add", Signature: component.Signature{
	Params: []component.Field{{Name: "a", Type: component.U32}, {Name: "b", Type: component.U32}},
	Result: component.U32,
}}

const adder = `(component
  (core module $m (func (export "add") (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1))))
  (core instance $i (instantiate $m))
  (func (export "add") (param "a" u32) (param "b" u32) (result u32)
    (canon lift (core func $i "add"))))`

func TestCall(t *testing.T) {
	p := link(t, newEngine(t, component.Config{}), adder, component.LinkOptions{
		Exports: []*component.Export{&add},
	})
	var sum uint32
	err := p.Call(context.Background(), &add,
		func(e *component.Encoder) { e.U32(2); e.U32(40) },
		func(d *component.Decoder) { sum = d.U32() })
	if err != nil || sum != 42 {
		t.Fatalf("got %d, %v", sum, err)
	}
}
