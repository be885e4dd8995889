package supervise

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRestartsAreBounded(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	var r restarts
	var pauses []time.Duration
	for range maxRestarts + 1 {
		pause, ok := r.next(now)
		if !ok {
			t.Fatalf("given up after %d", len(pauses))
		}
		pauses = append(pauses, pause)
		now = now.Add(time.Second)
	}
	if want := "[0s 100ms 200ms 400ms 800ms 1.6s]"; fmt.Sprint(pauses) != want {
		t.Errorf("got %v, want %s", pauses, want)
	}
	if _, ok := r.next(now); ok {
		t.Error("never given up")
	}
	if pause, ok := r.next(now.Add(2 * restartWindow)); !ok || pause != 0 {
		t.Errorf("after a quiet time: %v, %v", pause, ok)
	}
}

func TestLogIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	log, err := openLog(path, 100)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if _, err := fmt.Fprintf(log, "line %02d\n", i); err != nil {
			t.Fatal(err)
		}
	}
	if got := log.tail(2); got != "line 98\nline 99" {
		t.Errorf("tail is %q", got)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(path + "*")
	if len(files) != logFiles+1 {
		t.Errorf("got %v", files)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil || len(text) > 100 || !strings.HasSuffix(string(text), "\n") {
			t.Errorf("%s: %d bytes, %v", f, len(text), err)
		}
	}
	if log, err = openLog(path, 100); err != nil || log.size == 0 {
		t.Errorf("opened again: %+v, %v", log, err)
	}
	if err := log.Close(); err != nil {
		t.Error(err)
	}
}

func TestSocketPath(t *testing.T) {
	short, away, err := socketPath("/run/suite")
	if err != nil || away || short != "/run/suite/spiffe.sock" {
		t.Errorf("got %q, %v", short, err)
	}
	t.Setenv("TMPDIR", "/tmp")
	deep := t.TempDir() + strings.Repeat("/deeper", 20)
	long, away, err := socketPath(deep)
	if err != nil || !away || len(long) > maxSocketPath {
		t.Fatalf("got %q, %v", long, err)
	}
	defer func() { _ = os.RemoveAll(filepath.Dir(long)) }()
	if again, _, err := socketPath(deep); err != nil || again != long {
		t.Errorf("got %q, %v", again, err)
	}
	if err := os.Chmod(filepath.Dir(long), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, _, err := socketPath(deep); err == nil {
		t.Error("a folder that others can enter was taken")
	}
	t.Setenv("TMPDIR", "/tmp"+strings.Repeat("/deep", 30))
	if _, _, err := socketPath(deep); err == nil {
		t.Error("a path that is too long was given")
	}
}

func TestEnvironmentKeepsTokensOut(t *testing.T) {
	got := environment([]string{"PATH=/bin", "HYGIA_ADMIN_TOKEN=x", "SPIFFE_ENDPOINT_SOCKET=unix:///other"}, "unix:///ours")
	if want := "[PATH=/bin SPIFFE_ENDPOINT_SOCKET=unix:///ours]"; fmt.Sprint(got) != want {
		t.Errorf("got %v", got)
	}
}
