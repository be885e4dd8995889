// Package echotest makes, for tests, components that give back any value that they
// are given.
package echotest

import (
	"context"
	"fmt"
	"strings"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/hygia-suite/hygia/pkg/component"
)

// padding makes a parameter and a result too wide for the core function's own
// parameters and results, so that both are pointers to memory of one layout: the
// component that gives back any value is then the identity.
const padding = 17

// Echo is a component that gives back what it is given.
type Echo struct {
	program *component.Program
	export  *component.Export
}

// New compiles an echo of values of a type without resources. Close it when done.
func New(ctx context.Context, engine *component.Engine, value *component.Type) (*Echo, error) {
	elems := []*component.Type{value}
	for range padding {
		elems = append(elems, component.U64)
	}
	padded := component.TupleOf(elems...)
	w := &componentText{}
	ref := w.ref(padded)
	wasm, err := wasmtime.Wat2Wasm(fmt.Sprintf(echoText, w.types.String(), ref, ref))
	if err != nil {
		return nil, err
	}
	compiled, err := engine.Compile(ctx, wasm)
	if err != nil {
		return nil, err
	}
	defer compiled.Close()
	export := &component.Export{Name: "echo", Signature: component.Signature{
		Params: []component.Field{{Name: "v", Type: padded}},
		Result: padded,
	}}
	program, err := engine.Link(compiled, component.LinkOptions{Exports: []*component.Export{export}})
	return &Echo{program: program, export: export}, err
}

// Close frees the component.
func (e *Echo) Close() { e.program.Close() }

// Call lowers a value, and lifts what comes back.
func (e *Echo) Call(ctx context.Context, lower func(*component.Encoder), lift func(*component.Decoder)) error {
	return e.program.Call(ctx, e.export,
		func(enc *component.Encoder) {
			lower(enc)
			for range padding {
				enc.U64(0)
			}
		},
		func(dec *component.Decoder) {
			lift(dec)
			for range padding {
				dec.U64()
			}
		})
}

const echoText = `(component
  %s
  (core module $m
    (memory (export "memory") 1)
    (global $at (mut i32) (i32.const 8))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $p i32)
      (local.set $p (i32.and (i32.add (global.get $at) (i32.const 7)) (i32.const -8)))
      (global.set $at (i32.add (local.get $p) (local.get 3)))
      (block $done (loop $grow
        (br_if $done (i32.le_u (global.get $at) (i32.mul (memory.size) (i32.const 65536))))
        (br_if $grow (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))
        unreachable))
      (local.get $p))
    (func (export "echo") (param i32) (result i32) (local.get 0)))
  (core instance $i (instantiate $m))
  (func (export "echo") (param "v" %s) (result %s)
    (canon lift (core func $i "echo") (memory $i "memory") (realloc (func $i "realloc")))))`

// componentText defines types in a component's text. Records, variants, enums
// and flags need a name there, which importing them gives.
type componentText struct {
	types strings.Builder
	count int
}

func (w *componentText) ref(t *component.Type) string {
	if t == nil {
		return ""
	}
	elems, labels := t.Elems(), t.Labels()
	var body strings.Builder
	switch t.Kind() {
	case component.KindList, component.KindOption, component.KindTuple:
		for _, e := range elems {
			body.WriteString(" " + w.ref(e))
		}
		return w.define("(" + t.Kind().String() + body.String() + ")")
	case component.KindResult:
		body.WriteString("(result " + w.ref(elems[0]))
		if elems[1] != nil {
			body.WriteString(" (error " + w.ref(elems[1]) + ")")
		}
		return w.define(body.String() + ")")
	case component.KindRecord, component.KindVariant:
		member := map[component.Kind]string{component.KindRecord: "field", component.KindVariant: "case"}[t.Kind()]
		for i, label := range labels {
			fmt.Fprintf(&body, " (%s %q %s)", member, label, w.ref(elems[i]))
		}
	case component.KindEnum, component.KindFlags:
		for _, label := range labels {
			fmt.Fprintf(&body, " %q", label)
		}
	default:
		return t.Kind().String()
	}
	anonymous := w.define("(" + t.Kind().String() + body.String() + ")")
	w.count++
	fmt.Fprintf(&w.types, "(import \"t%d\" (type $t%d (eq %s)))\n", w.count, w.count, anonymous)
	return fmt.Sprintf("$t%d", w.count)
}

func (w *componentText) define(body string) string {
	w.count++
	fmt.Fprintf(&w.types, "(type $t%d %s)\n", w.count, body)
	return fmt.Sprintf("$t%d", w.count)
}
