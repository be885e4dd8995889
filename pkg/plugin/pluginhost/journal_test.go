package pluginhost_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	"github.com/hygia-suite/hygia/pkg/plugin/pluginhost"
	"github.com/hygia-suite/hygia/pkg/plugin/trust"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/service"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

func openJournal(t *testing.T, path string) (audit.OutboxStore, audittest.Put) {
	t.Helper()
	store, put, err := pluginhost.OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	return store, put
}

func TestTheJournalConforms(t *testing.T) {
	audittest.OutboxStore(t, func(t *testing.T) (audit.OutboxStore, audittest.Put) { return openJournal(t, t.TempDir()) })
}

// A journal opened again has what it had, in its order, and counts on; what was
// not whole is gone, and what is damaged is an error.
func TestTheJournalIsOpenedAgain(t *testing.T) {
	dir := t.TempDir()
	_, put := openJournal(t, dir)
	var want []string
	write := func(n int) {
		for range n {
			event := audittest.Event()
			if err := put(t.Context(), event); err != nil {
				t.Fatal(err)
			}
			want = append(want, event.GetId())
		}
	}
	write(11)
	if err := os.WriteFile(filepath.Join(dir, "new"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	store, again := openJournal(t, dir)
	put = again
	write(2)
	events, err := store.Pending(t.Context(), 100)
	if err != nil || len(events) != len(want) {
		t.Fatalf("%d events, %v", len(events), err)
	}
	for i, e := range events {
		if e.GetId() != want[i] {
			t.Errorf("event %d is %s, want %s", i, e.GetId(), want[i])
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != len(want) {
		t.Fatalf("%d files, %v", len(files), err)
	}
	if err := os.WriteFile(filepath.Join(dir, files[0].Name()), []byte("\xff"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Pending(t.Context(), 1); err == nil {
		t.Error("a damaged record was read")
	}
}

func TestTheJournalIsBounded(t *testing.T) {
	_, put := openJournal(t, t.TempDir())
	for range 256 {
		if err := put(t.Context(), audittest.Event()); err != nil {
			t.Fatal(err)
		}
	}
	if err := put(t.Context(), audittest.Event()); err == nil {
		t.Error("a record more was taken")
	}
}

// Invariant 12: what was decided survives a kill. A process whose audit log takes
// everything but decisions ends a trial and takes a plugin out, and is killed once
// a caller could see that; the next one records both, once.
func TestInvariant12DecisionsSurviveAKill(t *testing.T) {
	if dir := os.Getenv("PLUGINHOST_TEST_DIR"); dir != "" {
		decide(t, dir)
	}
	w := newWorld(t)
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestInvariant12")
	child.Env = append(os.Environ(), "PLUGINHOST_TEST_DIR="+w.dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var said []string
	for lines.Scan() && lines.Text() != "decided" {
		said = append(said, lines.Text())
	}
	_ = child.Process.Kill()
	_ = child.Wait()
	if lines.Text() != "decided" {
		t.Fatalf("the process decided nothing: %s", strings.Join(said, "\n"))
	}
	want := []string{
		"FAILURE plugin=answerer plugin_version=1.1.0 plugin_state=retreated cause=too-many-failures",
		"FAILURE plugin=answerer plugin_version=1.2.0 plugin_state=broken cause=too-many-failures",
	}
	for range 2 { // and a third process finds nothing more to record
		w.start()
		wait(t, func() error {
			if got := w.recorded("Change"); fmt.Sprint(got) != fmt.Sprint(want) {
				return fmt.Errorf("recorded %q", got)
			}
			return nil
		})
		w.stop()
	}
	if files, err := os.ReadDir(filepath.Join(w.dir, "plugin-events")); err != nil || len(files) != 0 {
		t.Errorf("%d records wait, %v", len(files), err)
	}
}

// decide is the process that is killed.
func decide(t *testing.T, dir string) {
	key, err := trust.ReadKey(filepath.Join(dir, "hospital"))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.dir, w.key, w.config.Trust = dir, key, filepath.Join(dir, "trust.json")
	w.config.Breaker = service.Breaker{Tolerance: service.Tolerance{Calls: 3}, Pause: time.Hour}
	w.log = &audittest.Log{Before: func(_ context.Context, events []*auditv1.Event) error {
		for _, e := range events {
			if strings.HasSuffix(e.GetMethod(), "/Change") {
				return errors.New("the log cannot be reached")
			}
		}
		return nil
	}}
	w.start()
	for _, release := range []struct {
		version, text string
		percent       int32
	}{{"1.0.0", "(i32.const 1)", 0}, {"1.1.0", "(unreachable)", 50}, {"1.2.0", "(unreachable)", 0}} {
		if _, err := w.install("admin", rpc.Content, w.pkg(release.version, guest(release.text), w.key), release.percent); err != nil {
			t.Fatal(err)
		}
		for range 30 {
			_, _ = w.ask("answerer")
		}
	}
	fmt.Println("decided")
	time.Sleep(time.Minute) // it is killed
}
