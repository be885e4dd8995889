package witjson_test

import (
	"testing"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/witjson"
)

// echo gives back what it gets: both flat values of a point, by memory.
const echo = `(component
  (core module $m
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "double") (param i64) (result i64) (i64.add (local.get 0) (local.get 0)))
    (func (export "text") (param i32 i32) (result i32)
      (i32.store (i32.const 0) (local.get 0))
      (i32.store (i32.const 4) (local.get 1))
      (i32.const 0))
    (func (export "flip") (param i32) (result i32) (i32.sub (i32.const 1) (local.get 0))))
  (core instance $i (instantiate $m))
  (type $colour' (enum "red" "dark-blue"))
  (export $colour "colour" (type $colour'))
  (func (export "double") (param "n" u64) (result u64) (canon lift (core func $i "double")))
  (func (export "text") (param "t" string) (result string)
    (canon lift (core func $i "text") (memory $i "memory") (realloc (func $i "realloc"))))
  (func (export "bytes") (param "b" (list u8)) (result (list u8))
    (canon lift (core func $i "text") (memory $i "memory") (realloc (func $i "realloc"))))
  (func (export "flip") (param "c" $colour) (result $colour) (canon lift (core func $i "flip"))))`

// Values go into a guest and come back by the types that the component declares.
func TestValuesCross(t *testing.T) {
	wasm, err := wasmtime.Wat2Wasm(echo)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := component.NewEngine(component.Config{MaxInstances: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	compiled, err := engine.Compile(t.Context(), wasm)
	if err != nil {
		t.Fatal(err)
	}
	defer compiled.Close()
	exports := map[string]*component.Export{}
	var list []*component.Export
	for _, item := range compiled.Exports() {
		e := &component.Export{Interface: item.Interface, Name: item.Name, Signature: item.Signature}
		exports[item.Name], list = e, append(list, e)
	}
	program, err := engine.Link(compiled, component.LinkOptions{Exports: list})
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	for _, c := range []struct{ fn, arg, want string }{
		{"double", "9007199254740993", "18014398509481986"},
		{"text", `"coração"`, `"coração"`},
		{"bytes", `"AAECAw=="`, `"AAECAw=="`},
		{"flip", `"red"`, `"dark-blue"`},
	} {
		fn := exports[c.fn]
		var got any
		err := program.Call(t.Context(), fn,
			func(enc *component.Encoder) { witjson.Encode(enc, fn.Signature.Params[0].Type, parse(t, c.arg), "arg") },
			func(dec *component.Decoder) { got = witjson.Decode(dec, fn.Signature.Result) })
		if err != nil {
			t.Errorf("%s: %v", c.fn, err)
			continue
		}
		if d := witjson.Diff(parse(t, c.want), got); len(d) != 0 {
			t.Errorf("%s: %v", c.fn, d)
		}
	}
}
