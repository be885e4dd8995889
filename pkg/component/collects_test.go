//go:build hygia_debug_gc

package component_test

import (
	"context"
	"io"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
)

// collects tells that every crossing collects garbage, which takes milliseconds.
const collects = true

// repeated is how often a test repeats what n times are for in other builds: what this
// one is for, a few times show.
func repeated(n int) int { return n / 25 }

// collections counts them in f. No other comes between.
func collections(f func()) uint32 {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.NumGC - before.NumGC
}

// This build collects where it says that it does.
func TestEveryHandleUseCollects(t *testing.T) {
	inst := instance(t, linkBank(t, component.Limits{}, noop))
	a, b := openCounter(t, inst, 1), openCounter(t, inst, 2)
	counts := map[string]uint32{}
	err := inst.Call(context.Background(), sumCounter, func(e *component.Encoder) {
		counts["a handle is given"] = collections(func() { e.Give(a) })
		e.Give(b)
	}, func(d *component.Decoder) {
		counts["a handle is read"] = collections(func() { a = d.Handle(counter) })
	})
	if err != nil {
		t.Fatal(err)
	}
	err = inst.Call(context.Background(), getCounter, func(e *component.Encoder) {
		counts["a handle is lent"] = collections(func() { e.Lend(a) })
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	counts["a handle is dropped"] = collections(func() { err = a.Drop(context.Background()) })
	if err != nil {
		t.Fatal(err)
	}
	shelf := instance(t, linkShelf(t, &store{}, component.Limits{}))
	err = shelf.Call(context.Background(), measure, func(e *component.Encoder) {
		counts["a value is lent"] = collections(func() { e.Borrow(blob, &blobValue{}) })
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	output := func(out io.Writer) uint32 {
		p := linkWASI(t, &component.WASI{Output: out}, component.Limits{})
		return collections(func() {
			err = p.Call(context.Background(), say, func(e *component.Encoder) { e.String("text") }, nil)
		})
	}
	counts["output is written"] = output(io.Discard) - output(nil)
	counts["an instance is closed"] = collections(inst.Close)
	for what, n := range counts {
		if n == 0 || n > 1<<10 {
			t.Errorf("%s, and %d collections are made", what, n)
		}
	}
	if err != nil || len(counts) != 7 {
		t.Errorf("counted %v, %v", counts, err)
	}
}
