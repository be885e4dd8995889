package component_test

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
)

// resident returns the process's resident memory in bytes, without Go's garbage:
// that of earlier tests is given back at any time.
func resident(t testing.TB) int64 {
	t.Helper()
	debug.FreeOSMemory()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("no /proc/self/statm here to read resident memory from:", err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(b))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

func TestTenThousandLiveInstances(t *testing.T) {
	const most = 64 << 10
	n := 10_000
	if collects {
		n /= 5 // each costs several collections
	}
	e := newEngine(t, component.Config{MaxInstances: n})
	p := linkSuspect(t, e, component.Limits{})
	before := resident(t)
	instances := make([]*component.Instance, n)
	for i := range instances {
		instances[i] = instance(t, p)
		if i%2 == 0 {
			number(t, instances[i], count)
		}
	}
	each := (resident(t) - before) / int64(n)
	t.Logf("%d bytes an idle instance", each)
	if each > most {
		t.Errorf("more than %d", most)
	}
	for i, inst := range instances {
		if got, want := number(t, inst, count), uint32(2-i%2); got != want {
			t.Fatalf("instance %d counted %d, want %d", i, got, want)
		}
		inst.Close()
	}
}

// Memory must not grow with the number of calls, whatever becomes of them.
func TestCallsLeakNothing(t *testing.T) {
	e := newEngine(t, component.Config{})
	ty := component.RecordOf("r",
		component.Field{Name: "texts", Type: component.ListOf(component.String)},
		component.Field{Name: "pick", Type: component.VariantOf("v", component.Case{Name: "a", Type: component.String}, component.Case{Name: "b"})},
		component.Field{Name: "maybe", Type: component.OptionOf(component.TupleOf(component.FlagsOf("f", "x", "y"), component.Char))},
		component.Field{Name: "result", Type: component.ResultOf(component.EnumOf("e", "on", "off"), component.String)},
	)
	p, x := echo(t, e, ty)
	bad := linkSuspect(t, e, component.Limits{})
	value := seq{seq{"um", "dois"}, choice{0, "três"}, maybe{seq{uint64(3), 'q'}}, choice{1, strings.Repeat("x", 5000)}}
	round := func(n int) {
		for i := range n {
			err := p.Call(context.Background(), x,
				func(e *component.Encoder) { encode(e, ty, value) }, func(d *component.Decoder) { decode(d, ty) })
			if err != nil {
				t.Fatal(err)
			}
			if i%10 == 0 {
				_ = bad.Call(context.Background(), unreachable, nil, nil)
				_ = p.Call(context.Background(), x, func(e *component.Encoder) { e.List(5) }, nil)
				_ = p.Call(context.Background(), x, func(e *component.Encoder) { encode(e, ty, value) }, func(*component.Decoder) {})
			}
		}
	}
	round(repeated(2000))
	before := resident(t)
	round(repeated(10_000))
	if grown := resident(t) - before; grown > 8<<20 {
		t.Errorf("grew by %d KiB", grown>>10)
	}
}

func TestProgramsAndInstancesLeakNothing(t *testing.T) {
	e := newEngine(t, component.Config{})
	code := wasm(t, suspect)
	round := func(n int) {
		for range n {
			c, err := e.Compile(context.Background(), code)
			if err != nil {
				t.Fatal(err)
			}
			p, err := e.Link(c, component.LinkOptions{Exports: everySuspect})
			if err != nil {
				t.Fatal(err)
			}
			inst, err := p.Instance(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			number(t, inst, count)
			inst.Close()
			p.Close()
			c.Close()
		}
	}
	round(50)
	before := resident(t)
	round(200)
	if grown := resident(t) - before; grown > 16<<20 {
		t.Errorf("grew by %d KiB", grown>>10)
	}
}

func TestEnginesLeakNothing(t *testing.T) {
	round := func(n int) {
		for range n {
			e, err := component.NewEngine(component.Config{MaxInstances: 10})
			if err != nil {
				t.Fatal(err)
			}
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	round(20)
	before, goroutines := resident(t), runtime.NumGoroutine()
	round(200)
	if grown := resident(t) - before; grown > 8<<20 || runtime.NumGoroutine() > goroutines {
		t.Errorf("grew by %d KiB and %d goroutines", grown>>10, runtime.NumGoroutine()-goroutines)
	}
}

// Wasmtime itself would end the process.
func TestAddressesThatAreNotThere(t *testing.T) {
	for range 4 {
		e, err := component.NewEngine(component.Config{MaxInstances: 20_000})
		if err != nil {
			t.Log(err)
			return
		}
		t.Cleanup(func() { _ = e.Close() })
	}
	t.Fatal("more addresses than a process has")
}
