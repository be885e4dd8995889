package wasi_test

import (
	"context"
	"os"
	"testing"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/component/wasi"
)

// guest is testdata/guest.wat under a configuration.
type guest struct {
	t       *testing.T
	program *component.Program
	exports map[string]*component.Export
}

func newGuest(t *testing.T, c wasi.Config, l component.Limits) guest {
	t.Helper()
	text, err := os.ReadFile("testdata/guest.wat")
	if err != nil {
		t.Fatal(err)
	}
	return link(t, binary(t, string(text)), c, l)
}

func binary(t *testing.T, text string) []byte {
	t.Helper()
	wasm, err := wasmtime.Wat2Wasm(text)
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}

func link(t *testing.T, wasm []byte, c wasi.Config, l component.Limits) guest {
	t.Helper()
	engine, err := component.NewEngine(component.Config{MaxInstances: 32})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	compiled, err := engine.Compile(t.Context(), wasm)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(compiled.Close)
	g := guest{t: t, exports: map[string]*component.Export{}}
	o := component.LinkOptions{Host: component.NewHost(), Limits: l}
	wasi.Add(o.Host, c)
	for _, item := range compiled.Exports() {
		export := &component.Export{Interface: item.Interface, Name: item.Name, Signature: item.Signature}
		g.exports[item.Name] = export
		o.Exports = append(o.Exports, export)
	}
	if g.program, err = engine.Link(compiled, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.program.Close)
	return g
}

// in writes arguments: of u64, u32, string and bool.
func in(args ...any) func(*component.Encoder) {
	return func(e *component.Encoder) {
		for _, a := range args {
			switch v := a.(type) {
			case uint64:
				e.U64(v)
			case uint32:
				e.U32(v)
			case string:
				e.String(v)
			case bool:
				e.Bool(v)
			default:
				e.Fail(&component.CodecError{Reason: "an argument that in does not know"})
			}
		}
	}
}

// call calls one function in a fresh instance.
func (g guest) call(name string, args func(*component.Encoder), results func(*component.Decoder)) error {
	g.t.Helper()
	return g.callIn(g.t.Context(), g.program, name, args, results)
}

func (g guest) callIn(ctx context.Context, c component.Caller, name string, args func(*component.Encoder), results func(*component.Decoder)) error {
	g.t.Helper()
	if g.exports[name] == nil {
		g.t.Fatalf("the guest does not export %s", name)
	}
	return c.Call(ctx, g.exports[name], args, results)
}

// get calls one function in a fresh instance and returns what read made of its
// result.
func get[T any](g guest, read func(*component.Decoder) T, name string, args ...any) T {
	g.t.Helper()
	return getIn(g, g.program, read, name, args...)
}

func getIn[T any](g guest, c component.Caller, read func(*component.Decoder) T, name string, args ...any) (v T) {
	g.t.Helper()
	err := g.callIn(g.t.Context(), c, name, in(args...), func(d *component.Decoder) { v = read(d) })
	if err != nil {
		g.t.Errorf("%s: %v", name, err)
	}
	return v
}

// instance makes one that lives until the test ends.
func (g guest) instance() *component.Instance {
	g.t.Helper()
	i, err := g.program.Instance(g.t.Context())
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(i.Close)
	return i
}

// Readers of results.

func u32(d *component.Decoder) uint32     { return d.U32() }
func u64(d *component.Decoder) uint64     { return d.U64() }
func yes(d *component.Decoder) bool       { return d.Bool() }
func s32(d *component.Decoder) int32      { return d.S32() }
func some(d *component.Decoder) bool      { return d.Option() }
func length(d *component.Decoder) int     { return d.List() }
func raw(d *component.Decoder) string     { return string(d.Bytes()) }
func u64s(d *component.Decoder) [2]uint64 { return [2]uint64{d.U64(), d.U64()} }

type moment struct {
	seconds     uint64
	nanoseconds uint32
}

func datetime(d *component.Decoder) moment { return moment{d.U64(), d.U32()} }

func numbers(d *component.Decoder) []uint32 {
	ns := make([]uint32, d.List())
	for i := range ns {
		ns[i] = d.U32()
	}
	return ns
}

func pairs(d *component.Decoder) [][2]string {
	ps := make([][2]string, d.List())
	for i := range ps {
		ps[i] = [2]string{d.String(), d.String()}
	}
	return ps
}
