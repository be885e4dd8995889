package trail_test

import (
	"flag"
	"io"
	"log/slog"
	"os"
	"testing"
	"time"

	"k8s.io/klog/v2"

	"github.com/hygia-suite/hygia/services/audit/internal/intake"
	"github.com/hygia-suite/hygia/services/audit/internal/tlog"
	"github.com/hygia-suite/hygia/services/audit/internal/trail"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("rapid.checks", "25"); err != nil { // each opens databases
		panic(err)
	}
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	os.Exit(m.Run())
}

const origin = "hygia.test/audit"

// world is a trail over a real log in a folder.
type world struct {
	dir   string
	tree  *tlog.Log
	log   *intake.Log
	trail *trail.Trail
}

// open opens the folder's log and trail; close, or the test's end, closes them.
func open(t testing.TB, dir string) *world {
	t.Helper()
	tree, err := tlog.Open(t.Context(), tlog.Options{
		Dir: dir, Origin: origin, CheckpointInterval: 100 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	log, err := intake.Open(t.Context(), intake.Options{Tree: tree, Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	events, err := trail.Open(t.Context(), trail.Options{Log: log, Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return &world{dir: dir, tree: tree, log: log, trail: events}
}

func (w *world) close(t testing.TB) {
	t.Helper()
	if err := w.trail.Close(); err != nil {
		t.Error(err)
	}
	if err := w.log.Close(); err != nil {
		t.Error(err)
	}
	if err := w.tree.Close(); err != nil {
		t.Error(err)
	}
}
