package pluginhost_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/supervisor"
	"github.com/hygia-suite/hygia/pkg/rpc"
)

// A plugin that limits its fuel runs beside those that do not, and ends where its
// fuel does; what was compiled for either is kept over restarts.
func TestAPluginMayLimitItsFuel(t *testing.T) {
	const counts = `(local $n i32)
		(loop $again (br_if $again (i32.lt_s (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 1000))))
		(local.get $n)`
	w := newWorld(t)
	w.start()
	for name, fuel := range map[string]int64{"usual": 0, "frugal": 100, "wasteful": 1_000_000} {
		m := plugin.Manifest{Name: name, Version: "1.0.0", Limits: plugin.Limits{Fuel: fuel}}
		if _, err := w.install("admin", rpc.Content, w.under(m, guest(counts), w.key), 0); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		for _, name := range []string{"usual", "wasteful"} {
			if n, err := w.ask(name); err != nil || n != 1000 {
				t.Errorf("%s: got %d, %v", name, n, err)
			}
		}
		if _, err := w.ask("frugal"); !errors.Is(err, component.ErrFuel) {
			t.Errorf("frugal: got %v", err)
		}
		if n := w.metric("hygia_plugin_breaches_total", "fuel", "frugal"); n != 1 {
			t.Errorf("%v breaches", n)
		}
		w.stop()
		w.start()
	}
	// The embedded one and the usual one are one engine's, the two with fuel, which
	// are the same component, another's.
	if n := w.metric("hygia_plugin_compilations_total", "cached"); n != 4 {
		t.Errorf("%v components were cached", n)
	}
	for folder, want := range map[string]int{"compiled": 2, "compiled-fuel": 1} {
		if kept, err := filepath.Glob(filepath.Join(w.dir, folder, "*.code")); err != nil || len(kept) != want {
			t.Errorf("%s keeps %d, %v", folder, len(kept), err)
		}
	}
}

// An installation that is overtaken by the service's end makes no engine that
// nobody ends.
func TestNothingIsLoadedAfterTheEnd(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.stop()
	for _, fuel := range []int64{0, 100} {
		m := plugin.Manifest{Name: "late", Version: "1.0.0", Limits: plugin.Limits{Fuel: fuel}}
		manifest, wasm := buildUnder(t, m, guest("(i32.const 1)"))
		files := fstest.MapFS{"manifest.json": {Data: manifest}, "late.wasm": {Data: wasm}}
		if release, err := w.host.Load(t.Context(), files); !errors.Is(err, component.ErrClosed) {
			t.Errorf("with fuel of %d: got %v, %v", fuel, release, err)
		}
	}
}

// How many calls compute is what the service says, and not what Go uses: that has
// a place to spare.
func TestAHostComputesWithTheCPUsThatItIsGiven(t *testing.T) {
	for parallel, waits := range map[int]bool{1: true, 2: false} {
		w := newWorld(t)
		w.parallel = parallel
		w.start()
		loops := strings.Replace(talker, "(i32.const 7)))", "(loop (br 0)) (i32.const 7)))", 1)
		if _, err := w.install("admin", rpc.Content, w.pkg("1.0.0", loops, w.key, "hygia:host/log@0.1.0"), 0); err != nil {
			t.Fatal(err)
		}
		slot := func(name string) *supervisor.Slot { s, _ := w.host.Slot(name); return s }
		ctx, cancel := context.WithCancel(t.Context())
		looped := make(chan error, 1)
		go func() { looped <- slot("answerer").Call(ctx, answer, nil, nil) }()
		wait(t, func() error {
			if !strings.Contains(w.logged.String(), "a component wrote a line") {
				return errors.New("it does not loop yet")
			}
			return nil
		})
		if !waits {
			if _, err := w.ask("embedded"); err != nil {
				t.Errorf("two at once: %v", err)
			}
		} else {
			wait(t, func() error { // until the loop has left the function that writes its line
				brief, end := context.WithTimeout(t.Context(), 20*time.Millisecond)
				defer end()
				if err := slot("embedded").Call(brief, answer, nil, nil); !errors.Is(err, context.DeadlineExceeded) {
					return fmt.Errorf("one at once: a second call ended with %w", err)
				}
				return nil
			})
		}
		cancel()
		if err := <-looped; !errors.Is(err, context.Canceled) {
			t.Errorf("the loop ended with %v", err)
		}
	}
}
