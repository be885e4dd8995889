package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/bytecodealliance/wasmtime-go/v44"
	extism "github.com/extism/go-sdk"

	"github.com/hygia-suite/hygia/pkg/component"
)

// Names of the rows that others are compared with.
const (
	coreCall    = "wasmtime-go core call (i32, i32)"
	coreFresh   = "wasmtime-go fresh instance, 20 imports"
	extismCall  = "Extism Go SDK no-op"
	extismFresh = "Extism Go SDK fresh instance, 20 imports"
)

// imports is how many functions those guests import that have some.
const imports = 20

// calls measures what a call costs. Each peer has a competition of its own, and
// exists only for as long: its heap would make collections rarer for the others.
func calls(ctx context.Context, o options, _ io.Writer) ([]Row, error) {
	var rows []Row
	for _, competition := range [][]entrants{
		{liveNop(coreCall), freshNops, callbacks, records, corePeer},
		{lanes},
		{liveNop(extismCall), extismPeer},
		{freshImporter(coreFresh), freshCorePeer},
		{freshImporter(extismFresh), freshExtismPeer},
		{validations},
	} {
		got, err := hold(ctx, o.rounds, competition)
		if err != nil {
			return nil, err
		}
		rows = append(rows, got...)
	}
	return rows, nil
}

// entrants makes contenders, and a function that ends what they need.
type entrants func(context.Context) ([]contender, func(), error)

func hold(ctx context.Context, rounds int, competition []entrants) ([]Row, error) {
	var all []contender
	for _, enter := range competition {
		contenders, end, err := enter(ctx)
		if err != nil {
			return nil, err
		}
		defer end()
		all = append(all, contenders...)
	}
	return compete(rounds, all)
}

var nopExport = &component.Export{Name: "nop"} //nolint:gochecknoglobals // a constant, as generated code has it

const nopText = `(component
  (core module $m (func (export "nop")))
  (core instance $i (instantiate $m))
  (func (export "nop") (canon lift (core func $i "nop"))))`

// importerText is a no-op that imports n functions, as a component that uses its
// host's interfaces does.
func importerText(n int) string {
	var b strings.Builder
	b.WriteString("(component\n")
	for i := range n {
		fmt.Fprintf(&b, "  (import \"f%d\" (func $f%d))\n  (core func $l%d (canon lower (func $f%d)))\n", i, i, i, i)
	}
	b.WriteString("  (core module $m\n")
	for i := range n {
		fmt.Fprintf(&b, "    (import \"host\" \"f%d\" (func))\n", i)
	}
	b.WriteString("    (func (export \"nop\")))\n  (core instance $i (instantiate $m (with \"host\" (instance\n")
	for i := range n {
		fmt.Fprintf(&b, "    (export \"f%d\" (func $l%d))\n", i, i)
	}
	b.WriteString("  ))))\n  (func (export \"nop\") (canon lift (core func $i \"nop\"))))")
	return b.String()
}

// liveNop calls an instance that stays alive, beside a peer.
func liveNop(beside string) entrants {
	return func(ctx context.Context) ([]contender, func(), error) {
		instance, end, err := live(ctx, nopText, component.NewHost(), nopExport)
		if err != nil {
			return nil, nil, err
		}
		return []contender{{name: "component no-op, beside " + beside, beside: beside, op: callNop(instance)}}, end, nil //nolint:contextcheck // see callNop
	}
}

// freshNops make an instance for each call, as the suite does by default.
func freshNops(ctx context.Context) ([]contender, func(), error) {
	engine, err := component.NewEngine(component.Config{})
	if err != nil {
		return nil, nil, err
	}
	plain, err := link(ctx, engine, nopText, component.NewHost(), nopExport)
	if err != nil {
		return nil, nil, err
	}
	importing, err := importer(ctx, engine)
	if err != nil {
		return nil, nil, err
	}
	return []contender{
		{name: "fresh instance + no-op", beside: coreCall, op: callNop(plain)},                 //nolint:contextcheck // see callNop
		{name: "fresh instance + no-op, 20 imports", beside: coreCall, op: callNop(importing)}, //nolint:contextcheck // see callNop
	}, func() { _ = engine.Close() }, nil
}

func importer(ctx context.Context, engine *component.Engine) (*component.Program, error) {
	host := component.NewHost()
	for i := range imports {
		host.Func(&component.Import{Name: fmt.Sprintf("f%d", i)},
			func(context.Context, *component.Decoder, *component.Encoder) error { return nil })
	}
	return link(ctx, engine, importerText(imports), host, nopExport)
}

// freshImporter makes an instance for each call, of a guest with imports, beside a peer
// that does the same.
func freshImporter(beside string) entrants {
	return func(ctx context.Context) ([]contender, func(), error) {
		engine, err := component.NewEngine(component.Config{})
		if err != nil {
			return nil, nil, err
		}
		p, err := importer(ctx, engine)
		if err != nil {
			return nil, nil, err
		}
		name := "component, beside " + beside
		return []contender{{name: name, beside: beside, op: callNop(p)}}, func() { _ = engine.Close() }, nil //nolint:contextcheck // see callNop
	}
}

func callNop(caller component.Caller) func() error {
	ctx := context.Background() // as the peers are called: without a deadline of the caller's
	return func() error { return caller.Call(ctx, nopExport, nil, nil) }
}

func link(ctx context.Context, engine *component.Engine, text string, host *component.Host, fn *component.Export) (*component.Program, error) {
	return linkAs(ctx, engine, text, component.LinkOptions{Host: host, Exports: []*component.Export{fn}})
}

func linkAs(ctx context.Context, engine *component.Engine, text string, o component.LinkOptions) (*component.Program, error) {
	wasm, err := wasmtime.Wat2Wasm(text)
	if err != nil {
		return nil, err
	}
	c, err := engine.Compile(ctx, wasm)
	if err != nil {
		return nil, err
	}
	return engine.Link(c, o)
}

// corePeer is wasmtime-go's own call, of a core function.
func corePeer(context.Context) ([]contender, func(), error) {
	store := wasmtime.NewStore(wasmtime.NewEngine())
	wasm, err := wasmtime.Wat2Wasm(`(module (func (export "add") (param i32 i32) (result i32)
		(i32.add (local.get 0) (local.get 1))))`)
	if err != nil {
		return nil, nil, err
	}
	module, err := wasmtime.NewModule(store.Engine, wasm)
	if err != nil {
		return nil, nil, err
	}
	instance, err := wasmtime.NewInstance(store, module, nil)
	if err != nil {
		return nil, nil, err
	}
	add := instance.GetFunc(store, "add")
	op := func() error {
		_, err := add.Call(store, int32(2), int32(40))
		return err
	}
	return []contender{{name: coreCall, op: op}}, store.Close, nil
}

// importerModule is a core module with a no-op that imports functions of a host's.
func importerModule(more string) ([]byte, error) {
	var b strings.Builder
	b.WriteString("(module\n")
	for i := range imports {
		fmt.Fprintf(&b, "  (import \"host\" \"f%d\" (func))\n", i)
	}
	return wasmtime.Wat2Wasm(b.String() + more + ")")
}

// freshCorePeer makes a store and an instance for each call, as wasmtime-go does it: without
// a pool, which it does not offer.
func freshCorePeer(context.Context) ([]contender, func(), error) {
	engine := wasmtime.NewEngine()
	wasm, err := importerModule(`(func (export "nop"))`)
	if err != nil {
		return nil, nil, err
	}
	module, err := wasmtime.NewModule(engine, wasm)
	if err != nil {
		return nil, nil, err
	}
	linker := wasmtime.NewLinker(engine)
	for i := range imports {
		if err := linker.FuncWrap("host", fmt.Sprintf("f%d", i), func() {}); err != nil {
			return nil, nil, err
		}
	}
	op := func() error {
		store := wasmtime.NewStore(engine)
		defer store.Close()
		instance, err := linker.Instantiate(store, module)
		if err != nil {
			return err
		}
		_, err = instance.GetFunc(store, "nop").Call(store)
		return err
	}
	return []contender{{name: coreFresh, op: op}}, linker.Close, nil
}

// freshExtismPeer makes an instance of a compiled plugin for each call.
func freshExtismPeer(ctx context.Context) ([]contender, func(), error) {
	wasm, err := importerModule(`(memory (export "memory") 1) (func (export "nop") (result i32) (i32.const 0))`)
	if err != nil {
		return nil, nil, err
	}
	var host []extism.HostFunction
	for i := range imports {
		f := extism.NewHostFunctionWithStack(fmt.Sprintf("f%d", i), func(context.Context, *extism.CurrentPlugin, []uint64) {}, nil, nil)
		f.SetNamespace("host")
		host = append(host, f)
	}
	manifest := extism.Manifest{Wasm: []extism.Wasm{extism.WasmData{Data: wasm}}}
	compiled, err := extism.NewCompiledPlugin(ctx, manifest, extism.PluginConfig{}, host)
	if err != nil {
		return nil, nil, err
	}
	op := func() error {
		plugin, err := compiled.Instance(ctx, extism.PluginInstanceConfig{})
		if err != nil {
			return err
		}
		_, _, err = plugin.Call("nop", nil)
		return errors.Join(err, plugin.Close(ctx))
	}
	return []contender{{name: extismFresh, op: op}}, func() { _ = compiled.Close(ctx) }, nil
}

// extismPeer is the Extism Go SDK's call of a function that does nothing.
func extismPeer(ctx context.Context) ([]contender, func(), error) {
	wasm, err := wasmtime.Wat2Wasm(`(module (memory (export "memory") 1)
		(func (export "nop") (result i32) (i32.const 0)))`)
	if err != nil {
		return nil, nil, err
	}
	manifest := extism.Manifest{Wasm: []extism.Wasm{extism.WasmData{Data: wasm}}}
	plugin, err := extism.NewPlugin(ctx, manifest, extism.PluginConfig{}, nil)
	if err != nil {
		return nil, nil, err
	}
	op := func() error {
		_, _, err := plugin.Call("nop", nil)
		return err
	}
	return []contender{{name: extismCall, op: op}}, func() { _ = plugin.Close(ctx) }, nil
}
