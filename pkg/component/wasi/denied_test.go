package wasi_test

import (
	"context"
	"crypto/rand"
	"errors"
	"reflect"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/component/wasi"
)

// Cases of results, as testdata/guest.wat returns them.
const (
	fine         = 0
	closed       = 1 + 1
	accessDenied = 1 + 1
)

// Invariant 7: a guest that is granted nothing gets an answer to everything that
// it may ask, and nothing of the host.
func TestInvariant7NothingIsGivenByDefault(t *testing.T) {
	t.Setenv("HYGIA_CANARY", "in the host's environment")
	g := newGuest(t, wasi.Config{}, component.Limits{})
	if got := get(g, pairs, "environment"); len(got) != 0 {
		t.Errorf("the environment is %q", got)
	}
	if n := get(g, length, "arguments"); n != 0 {
		t.Errorf("%d arguments", n)
	}
	if get(g, some, "cwd") {
		t.Error("a working folder")
	}
	if n := get(g, u32, "folders"); n != 0 {
		t.Errorf("%d folders", n)
	}
	if n := get(g, u32, "terminals"); n != 0 {
		t.Errorf("%d terminals", n)
	}
	for _, c := range []struct {
		name string
		args []any
		want uint32
	}{
		{"read", []any{uint64(8)}, closed},
		{"read", []any{uint64(0)}, closed},
		{"blocking-read", []any{uint64(1) << 63}, closed},
		{"skip", []any{uint64(8)}, closed},
		{"blocking-skip", []any{uint64(8)}, closed},
		{"splice", []any{uint64(8)}, closed},
		{"blocking-splice", []any{uint64(8)}, closed},
		{"tcp", []any{uint32(0)}, accessDenied},
		{"udp", []any{uint32(1)}, accessDenied},
		{"resolve", []any{"localhost"}, accessDenied},
	} {
		if got := get(g, u32, c.name, c.args...); got != c.want {
			t.Errorf("%s%v: case %d, want %d", c.name, c.args, got, c.want)
		}
	}
}

// No guest can have a file or a socket, whatever number it takes for a handle.
func TestInvariant7HandlesCannotBeMadeUp(t *testing.T) {
	g := newGuest(t, wasi.Config{}, component.Limits{})
	for _, name := range []string{"forge-file", "forge-socket"} {
		for _, handle := range []uint32{0, 1, 2, 3, 1 << 20, 1<<32 - 1} {
			var trap *component.TrapError
			if err := g.call(name, in(handle), nil); !errors.As(err, &trap) {
				t.Errorf("%s %d: got %v", name, handle, err)
			}
		}
	}
}

func TestInvariant7EnvironmentIsWhatWasGranted(t *testing.T) {
	t.Setenv("HYGIA_CANARY", "in the host's environment")
	t.Setenv("TZ", "the host's")
	g := newGuest(t, wasi.Config{Environment: map[string]string{"TZ": "America/Recife", "LANG": "pt_BR"}}, component.Limits{})
	want := [][2]string{{"LANG", "pt_BR"}, {"TZ", "America/Recife"}}
	if got := get(g, pairs, "environment"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	g = newGuest(t, wasi.Config{Environment: map[string]string{"A": "\xff"}}, component.Limits{})
	var refused *component.ValueError
	if err := g.call("environment", nil, nil); !errors.As(err, &refused) {
		t.Errorf("a value that is not UTF-8: got %v", err)
	}
}

func TestExit(t *testing.T) {
	g := newGuest(t, wasi.Config{}, component.Limits{})
	for name, c := range map[string]struct {
		args func(*component.Encoder)
		want int
	}{
		"exit":           {func(e *component.Encoder) { e.Case(1) }, 1},
		"exit-with-code": {func(e *component.Encoder) { e.U8(77) }, 77},
	} {
		err := g.call(name, c.args, nil)
		var exit *component.ExitError
		var host *component.HostError
		if !errors.As(err, &exit) || exit.Status != c.want || errors.As(err, &host) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	var exit *component.ExitError
	if err := g.call("exit", func(e *component.Encoder) { e.Case(0) }, nil); !errors.As(err, &exit) || exit.Status != 0 {
		t.Errorf("exit: got %v", err)
	}
}

// One Add serves calls that run at once, each with a state of its own.
func TestCallsAtOnce(t *testing.T) {
	var heard sync.Map
	g := newGuest(t, wasi.Config{
		Now: time.Now, Random: rand.Reader, Environment: map[string]string{"A": "B"},
		Output: func(_ context.Context, _ wasi.Stream, text []byte) { heard.Store(string(text), true) },
	}, component.Limits{})
	var calls sync.WaitGroup
	for i := range 32 {
		text := strconv.Itoa(i)
		calls.Go(func() {
			get(g, pairs, "environment")
			get(g, u64s, "seed")
			get(g, u32, "write", text)
			get(g, u64, "sleep", uint64(time.Millisecond))
		})
	}
	calls.Wait()
	for i := range 32 {
		if _, ok := heard.Load(strconv.Itoa(i)); !ok {
			t.Errorf("%d was not heard", i)
		}
	}
}

// wasi:http is nobody's standard library: a component that imports it is refused.
func TestHTTPIsNotServed(t *testing.T) {
	engine, err := component.NewEngine(component.Config{MaxInstances: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	compiled, err := engine.Compile(t.Context(), binary(t,
		`(component (import "wasi:http/outgoing-handler@0.2.3" (instance (export "handle" (func)))))`))
	if err != nil {
		t.Fatal(err)
	}
	defer compiled.Close()
	host := component.NewHost()
	wasi.Add(host, wasi.Config{})
	var missing *component.ImportError
	if _, err := engine.Link(compiled, component.LinkOptions{Host: host}); !errors.As(err, &missing) {
		t.Errorf("got %v", err)
	}
}
