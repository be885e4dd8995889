package pluginhost_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
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
