package tlog_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"k8s.io/klog/v2"

	"github.com/hygia-suite/hygia/services/audit/internal/tlog"
)

func TestMain(m *testing.M) {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	os.Exit(m.Run())
}

const origin = "hygia.test/audit"

func options(dir string) tlog.Options {
	return tlog.Options{Dir: dir, Origin: origin, CheckpointInterval: 100 * time.Millisecond}
}

func open(t *testing.T, dir string) *tlog.Log {
	t.Helper()
	l, err := tlog.Open(t.Context(), options(dir))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func shut(t *testing.T, l *tlog.Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func leaves(from, n int) (out [][]byte) {
	for i := range n {
		out = append(out, fmt.Appendf(nil, "leaf %d", from+i))
	}
	return out
}

func TestLeavesComeBackInOrder(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	for from, sizes := 0, []int{1, 100, 256, 3, 200}; len(sizes) > 0; sizes = sizes[1:] {
		places, err := l.Append(t.Context(), leaves(from, sizes[0]))
		if err != nil || len(places) != sizes[0] || places[0] != uint64(from) || places[len(places)-1] != uint64(from+sizes[0]-1) {
			t.Fatalf("%d leaves at %d: places %v, %v", sizes[0], from, places, err)
		}
		from += sizes[0]
	}
	shut(t, l)
	l = open(t, dir)
	defer shut(t, l)
	size, err := l.Size(t.Context())
	if err != nil || size != 560 {
		t.Fatalf("Size = %d, %v", size, err)
	}
	for _, span := range [][2]uint64{{0, 560}, {0, 1}, {255, 257}, {511, 513}, {559, 560}, {7, 7}} {
		next := span[0]
		err := l.Read(t.Context(), span[0], span[1], func(index uint64, leaf []byte) error {
			if want := fmt.Sprintf("leaf %d", index); index != next || string(leaf) != want {
				t.Errorf("leaf %d is %q, want %q at %d", index, leaf, want, next)
			}
			next++
			return nil
		})
		if err != nil || next != span[1] {
			t.Errorf("Read(%v) ended at %d, %v", span, next, err)
		}
	}
	if err := l.Read(t.Context(), 0, 561, func(uint64, []byte) error { return nil }); err == nil {
		t.Error("Read beyond the log succeeds")
	}
}

func TestTheKey(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	if _, err := l.Append(t.Context(), leaves(0, 1)); err != nil {
		t.Fatal(err)
	}
	if again, err := tlog.Open(t.Context(), options(dir)); err == nil {
		shut(t, again)
		t.Error("a log is open twice")
	}
	shut(t, l)
	key := filepath.Join(dir, "log.key")
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's mode is %v, %v", info.Mode(), err)
	}
	public, err := os.ReadFile(filepath.Join(dir, "log.pub"))
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(public)))
	if err != nil {
		t.Fatal(err)
	}
	checkpoint, err := os.ReadFile(filepath.Join(dir, "log", "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open(checkpoint, note.VerifierList(verifier)); err != nil {
		t.Errorf("the public key does not verify the checkpoint: %v", err)
	}

	other := options(dir)
	other.Origin = "hygia.test/other"
	if _, err := tlog.Open(t.Context(), other); err == nil || !strings.Contains(err.Error(), "hygia.test/other") {
		t.Errorf("another origin: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "log.pub")); err != nil {
		t.Fatal(err)
	}
	shut(t, open(t, dir))
	if again, err := os.ReadFile(filepath.Join(dir, "log.pub")); err != nil || !bytes.Equal(again, public) {
		t.Errorf("the public key comes back as %q, %v", again, err)
	}
	if err := os.WriteFile(key, []byte("PRIVATE+KEY+garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := tlog.Open(t.Context(), options(dir)); err == nil || strings.Contains(err.Error(), "garbage") {
		t.Errorf("a damaged key: %v; want an error that does not show it", err)
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if _, err := tlog.Open(t.Context(), options(dir)); err == nil || !strings.Contains(err.Error(), "restore the key") {
		t.Errorf("a log without its key: %v", err)
	}
}

func TestAForgedCheckpointIsNotPassedOn(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	defer shut(t, l)
	if _, err := l.Append(t.Context(), leaves(0, 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.AwaitCheckpoint(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "log", "checkpoint")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(text, []byte("\n1\n"), []byte("\n2\n"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if checkpoint, err := l.Checkpoint(t.Context()); err == nil {
		t.Errorf("a forged checkpoint of %d leaves was taken", checkpoint.Size)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAwaitCheckpointEnds(t *testing.T) {
	l := open(t, t.TempDir())
	defer shut(t, l)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := l.AwaitCheckpoint(ctx, 1); err == nil {
		t.Error("a checkpoint of a leaf that was not appended")
	}
}

// Proofs in trees of every size, also those at which no batch ended.
func TestProofsAtEverySize(t *testing.T) {
	l := open(t, t.TempDir())
	defer shut(t, l)
	if _, err := l.Append(t.Context(), leaves(0, 30)); err != nil {
		t.Fatal(err)
	}
	for size := uint64(1); size <= 30; size++ {
		for index := range size {
			if _, err := l.InclusionProof(t.Context(), index, size); err != nil {
				t.Errorf("inclusion of %d in %d: %v", index, size, err)
			}
		}
		for from := range size + 1 {
			if _, err := l.ConsistencyProof(t.Context(), from, size); err != nil {
				t.Errorf("consistency of %d and %d: %v", from, size, err)
			}
		}
	}
}
