package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/bytecodealliance/wasmtime-go/v44"
	extism "github.com/extism/go-sdk"

	"github.com/hygia-suite/hygia/pkg/component"
)

const (
	bulkBytes  = 1 << 20
	twoCopies  = "1 MiB copied twice in Go"
	extismEcho = "Extism Go SDK, 1 MiB echo"
)

// bulk measures what a mebibyte costs on its way into a guest and back out of it,
// beside two copies in Go of the same bytes. No guest copies anything itself.
func bulk(ctx context.Context, o options, _ io.Writer) ([]Row, error) {
	var rows []Row
	for _, competition := range [][]entrants{{copies, echoes}, {extismEchoes, echoesBesideExtism}} {
		got, err := hold(ctx, o.rounds, competition)
		if err != nil {
			return nil, err
		}
		rows = append(rows, got...)
	}
	return rows, nil
}

// ascii, portuguese and random are what the rows carry: text that is easy to
// check, text as it is here (every eleventh character has two bytes), and bytes
// that no text has.
func ascii() string { return strings.Repeat("a plain text. ", bulkBytes/14+1)[:bulkBytes] }

func portuguese() string {
	s := strings.Repeat("O paciente não tem alergias; a pressão é boa. ", bulkBytes/48+1)
	return strings.ToValidUTF8(s[:bulkBytes], "")
}

func random() []byte {
	b := make([]byte, bulkBytes)
	for i, x := 0, uint64(1); i < len(b); i++ { // a linear congruential generator: the same bytes in each run
		x = x*6364136223846793005 + 1442695040888963407
		b[i] = byte(x >> 56)
	}
	return b
}

// copies is the peer: two copies, each into a buffer that is there already.
func copies(context.Context) ([]contender, func(), error) {
	from, via, to := random(), make([]byte, bulkBytes), make([]byte, bulkBytes)
	return []contender{{name: twoCopies, op: func() error {
		copy(via, from)
		copy(to, via)
		return nil
	}}}, func() {}, nil
}

func echoText(param string) string {
	return `(component
  (core module $m
    (memory (export "memory") 40)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "echo") (param i32 i32) (result i32)
      (i32.store (i32.const 64) (local.get 0)) (i32.store (i32.const 68) (local.get 1)) (i32.const 64)))
  (core instance $i (instantiate $m))
  (func (export "echo") (param "v" ` + param + `) (result ` + param + `)
    (canon lift (core func $i "echo") (memory $i "memory") (realloc (func $i "realloc")))))`
}

func echoExport(t *component.Type) *component.Export {
	return &component.Export{Name: "echo", Signature: component.Signature{
		Params: []component.Field{{Name: "v", Type: t}}, Result: t,
	}}
}

// echoes are ours.
func echoes(ctx context.Context) ([]contender, func(), error) {
	engine, err := component.NewEngine(component.Config{})
	if err != nil {
		return nil, nil, err
	}
	end := func() { _ = engine.Close() }
	text, err := textEchoes(ctx, engine)
	if err != nil {
		return nil, end, err
	}
	data, err := bytesEcho(ctx, engine, twoCopies)
	return append(text, data), end, err
}

func echoesBesideExtism(ctx context.Context) ([]contender, func(), error) {
	engine, err := component.NewEngine(component.Config{})
	if err != nil {
		return nil, nil, err
	}
	data, err := bytesEcho(ctx, engine, extismEcho)
	return []contender{data}, func() { _ = engine.Close() }, err
}

func textEchoes(ctx context.Context, engine *component.Engine) ([]contender, error) {
	export := echoExport(component.String)
	inst, err := echoInstance(ctx, engine, "string", export)
	if err != nil {
		return nil, err
	}
	var all []contender
	for name, text := range map[string]string{"ASCII": ascii(), "Portuguese": portuguese()} {
		all = append(all, contender{name: "1 MiB string echo, " + name, beside: twoCopies, op: func() error {
			var got string
			err := inst.Call(ctx, export, func(e *component.Encoder) { e.String(text) },
				func(d *component.Decoder) { got = d.String() })
			if err == nil && len(got) != len(text) {
				err = fmt.Errorf("%d bytes of %d", len(got), len(text))
			}
			return err
		}})
	}
	return all, nil
}

func bytesEcho(ctx context.Context, engine *component.Engine, beside string) (contender, error) {
	export := echoExport(component.ListOf(component.U8))
	inst, err := echoInstance(ctx, engine, "(list u8)", export)
	if err != nil {
		return contender{}, err
	}
	data := random()
	return contender{name: "1 MiB list<u8> echo, beside " + beside, beside: beside, op: func() error {
		var got []byte
		err := inst.Call(ctx, export, func(e *component.Encoder) { e.Bytes(data) },
			func(d *component.Decoder) { got = d.Bytes() })
		if err == nil && len(got) != len(data) {
			err = fmt.Errorf("%d bytes of %d", len(got), len(data))
		}
		return err
	}}, nil
}

func echoInstance(ctx context.Context, engine *component.Engine, param string, export *component.Export) (*component.Instance, error) {
	wasm, err := wasmtime.Wat2Wasm(echoText(param))
	if err != nil {
		return nil, err
	}
	c, err := engine.Compile(ctx, wasm)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	p, err := engine.Link(c, component.LinkOptions{Exports: []*component.Export{export}})
	if err != nil {
		return nil, err
	}
	return p.Instance(ctx)
}

// extismEchoes hands its input back as its output, where it lies: the least that
// an Extism plugin can do.
func extismEchoes(ctx context.Context) ([]contender, func(), error) {
	wasm, err := wasmtime.Wat2Wasm(`(module
	  (import "extism:host/env" "input_offset" (func $offset (result i64)))
	  (import "extism:host/env" "input_length" (func $length (result i64)))
	  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
	  (memory (export "memory") 1)
	  (func (export "echo") (result i32) (call $output (call $offset) (call $length)) (i32.const 0)))`)
	if err != nil {
		return nil, nil, err
	}
	manifest := extism.Manifest{Wasm: []extism.Wasm{extism.WasmData{Data: wasm}}}
	plugin, err := extism.NewPlugin(ctx, manifest, extism.PluginConfig{}, nil)
	if err != nil {
		return nil, nil, err
	}
	data := random()
	op := func() error {
		_, got, err := plugin.Call("echo", data)
		if err == nil && !bytes.Equal(got[:64], data[:64]) {
			err = fmt.Errorf("another output")
		}
		return err
	}
	return []contender{{name: extismEcho, op: op}}, func() { _ = plugin.Close(ctx) }, nil
}
