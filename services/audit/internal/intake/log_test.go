package intake_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/services/audit/internal/intake"
)

// tree is a tree in memory that fails on demand, before, in the middle of or
// after a batch.
type tree struct {
	mu     sync.Mutex
	leaves [][]byte
	// fault says how many leaves of the next batch are kept before it fails; -1
	// is none at all, and success.
	fault func(n int) int
}

var errTree = errors.New("the tree failed")

func (m *tree) Append(_ context.Context, leaves [][]byte) ([]uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	keep := -1
	if m.fault != nil {
		keep = m.fault(len(leaves))
	}
	if keep >= 0 {
		m.leaves = append(m.leaves, leaves[:min(keep, len(leaves))]...)
		return nil, errTree
	}
	var places []uint64
	for _, leaf := range leaves {
		places = append(places, uint64(len(m.leaves)))
		m.leaves = append(m.leaves, leaf)
	}
	return places, nil
}

func (m *tree) Size(context.Context) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return uint64(len(m.leaves)), nil
}

func (m *tree) Read(_ context.Context, from, to uint64, each func(uint64, []byte) error) error {
	m.mu.Lock()
	leaves := m.leaves
	m.mu.Unlock()
	for i := from; i < to; i++ {
		if err := each(i, leaves[i]); err != nil {
			return err
		}
	}
	return nil
}

func (m *tree) setFault(f func(int) int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = f
}

// down keeps nothing and fails.
func down(int) int { return 0 }

type tester interface {
	Fatalf(string, ...any)
	Context() context.Context
}

const segment = 4096

func open(t tester, m *tree, dir string) *intake.Log {
	l, err := intake.OpenSmall(t.Context(), intake.Options{Tree: m, Dir: dir, Logger: slog.New(slog.DiscardHandler)}, segment)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return l
}

func leaves(from, n int) (out [][]byte) {
	for i := range n {
		out = append(out, fmt.Appendf(nil, "leaf %d", from+i))
	}
	return out
}

// holds checks that the log has exactly these leaves, in order.
func holds(t tester, l *intake.Log, want [][]byte) {
	size, err := l.Size(t.Context())
	if err != nil || size != uint64(len(want)) {
		t.Fatalf("the log has %d leaves, %v; want %d", size, err, len(want))
	}
	next := uint64(0)
	err = l.Read(t.Context(), 0, size, func(index uint64, leaf []byte) error {
		if index != next || !bytes.Equal(leaf, want[index]) {
			t.Fatalf("leaf %d is %q, want %q at %d", index, leaf, want[next], next)
		}
		next++
		return nil
	})
	if err != nil || next != size {
		t.Fatalf("read %d leaves of %d: %v", next, size, err)
	}
}

func TestLeavesAreReadBeforeAndAfterIntegration(t *testing.T) {
	m := &tree{fault: down}
	l := open(t, m, t.TempDir())
	want := leaves(0, 10)
	if places, err := l.Append(t.Context(), want); err != nil || len(places) != 10 || places[9] != 9 {
		t.Fatalf("places %v, %v", places, err)
	}
	holds(t, l, want)
	if leaf, err := l.Leaf(t.Context(), 7); err != nil || string(leaf) != "leaf 7" {
		t.Errorf("leaf 7 is %q, %v", leaf, err)
	}
	m.setFault(func(int) int { m.fault = nil; return 4 }) // fails once, half done
	if err := l.Close(); err == nil {
		t.Error("Close hides that the tree failed")
	}
	l = open(t, m, t.TempDir()) // with no journal at all: the four that the tree has
	holds(t, l, want[:4])
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestTheJournalMustFitItsTree(t *testing.T) {
	dir := t.TempDir()
	m := &tree{}
	l := open(t, m, dir)
	if _, err := l.Append(t.Context(), leaves(0, 5)); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	m.setFault(down)
	l = open(t, m, dir)
	if _, err := l.Append(t.Context(), leaves(5, 5)); err != nil {
		t.Fatal(err)
	}
	if err := l.Abandon(); err != nil {
		t.Fatal(err)
	}
	refused := func(name string, m *tree) {
		if l, err := intake.OpenSmall(t.Context(), intake.Options{Tree: m, Dir: dir, Logger: slog.New(slog.DiscardHandler)}, segment); err == nil {
			t.Errorf("%s: opened", name)
			if err := l.Abandon(); err != nil {
				t.Error(err)
			}
		}
	}
	refused("a tree of other leaves", &tree{leaves: leaves(90, 6)})
	m.setFault(nil)
	longer := &tree{leaves: leaves(0, 20)}
	l = open(t, longer, dir) // restored from elsewhere: the journal is of the past
	holds(t, l, leaves(0, 20))
	if places, err := l.Append(t.Context(), leaves(20, 2)); err != nil || places[0] != 20 {
		t.Fatalf("places %v, %v", places, err)
	}
	longer.setFault(down)
	if _, err := l.Append(t.Context(), leaves(22, 1)); err != nil {
		t.Fatal(err)
	}
	if err := l.Abandon(); err != nil {
		t.Fatal(err)
	}
	longer.setFault(nil)
	l = open(t, longer, dir)
	holds(t, l, leaves(0, 23))
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	refused("a tree that lost its end", &tree{})
}

func TestAFullJournalWaitsForTheTree(t *testing.T) {
	m := &tree{fault: down}
	l := open(t, m, t.TempDir())
	total := 0
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		places, err := l.Append(ctx, leaves(total, 1))
		cancel()
		if err != nil {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			break
		}
		if places[0] != uint64(total) {
			t.Fatalf("leaf %d is at %d", total, places[0])
		}
		total++
	}
	if total < 200 || total > 2*segment/22 {
		t.Errorf("%d leaves fit into two segments of %d bytes", total, segment)
	}
	m.setFault(nil)
	for range 500 { // several turns of the segments
		if _, err := l.Append(t.Context(), leaves(total, 1)); err != nil {
			t.Fatal(err)
		}
		total++
	}
	holds(t, l, leaves(0, total))
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestLeavesThatDoNotFitAreRefused(t *testing.T) {
	l := open(t, &tree{}, t.TempDir())
	if _, err := l.Append(t.Context(), [][]byte{make([]byte, segment)}); err == nil {
		t.Error("a leaf larger than a segment was taken")
	}
	if _, err := l.Append(t.Context(), [][]byte{{}}); err == nil {
		t.Error("an empty leaf was taken")
	}
	if _, err := l.Append(t.Context(), leaves(0, 1)); err != nil {
		t.Errorf("a refused leaf holds back another: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestAFailedDiskEndsTheLog(t *testing.T) {
	l := open(t, &tree{}, t.TempDir())
	if _, err := l.Append(t.Context(), leaves(0, 1)); err != nil {
		t.Fatal(err)
	}
	if err := l.BreakDisk(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), leaves(1, 1)); err == nil {
		t.Fatal("a leaf was taken without a disk")
	}
	select {
	case <-l.Failed():
	default:
		t.Error("nobody is told")
	}
	if _, err := l.Append(t.Context(), leaves(1, 1)); err == nil || l.Err() == nil {
		t.Error("the log goes on after its disk failed")
	}
	if err := l.Close(); err == nil {
		t.Error("Close hides it")
	}
}

// Any history of appends, failures of the tree, kills and restarts keeps every
// acknowledged leaf, at its place.
func TestNothingAcknowledgedIsLostInAnyHistory(t *testing.T) {
	dirs := t.TempDir()
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		dir := filepath.Join(dirs, fmt.Sprint(runs))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatalf("%v", err)
		}
		m := &tree{}
		l := open(t, m, dir)
		defer func() {
			if err := l.Abandon(); err != nil {
				t.Fatalf("%v", err)
			}
		}()
		var want [][]byte
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				batch := leaves(len(want), rapid.IntRange(1, 60).Draw(t, "leaves"))
				places, err := l.Append(t.Context(), batch)
				if err != nil {
					t.Fatalf("append: %v", err)
				}
				for i, place := range places {
					if place != uint64(len(want)+i) {
						t.Fatalf("leaf %d was said to be at %d", len(want)+i, place)
					}
				}
				want = append(want, batch...)
			},
			"the tree fails": func(t *rapid.T) {
				keep, times := rapid.IntRange(0, 50).Draw(t, "kept"), rapid.IntRange(1, 3).Draw(t, "times")
				m.setFault(func(int) int {
					if times--; times < 0 {
						return -1
					}
					return keep
				})
			},
			"kill": func(t *rapid.T) {
				if err := l.Abandon(); err != nil {
					t.Fatalf("%v", err)
				}
				m.setFault(nil)
				l = open(t, m, dir)
			},
			"": func(t *rapid.T) { holds(t, l, want) },
		})
	})
}

// A crash in the middle of a write leaves any mixture of the old and the new
// sectors on the disk. What was acknowledged before is there, and of the torn
// write only first leaves.
func TestATornWriteTakesNothingAlong(t *testing.T) {
	dirs := t.TempDir()
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		dir := filepath.Join(dirs, fmt.Sprint(runs))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatalf("%v", err)
		}
		m := &tree{}
		l := open(t, m, dir)
		var want [][]byte
		for range rapid.IntRange(0, 12).Draw(t, "batches") {
			batch := leaves(len(want), rapid.IntRange(1, 50).Draw(t, "leaves"))
			if _, err := l.Append(t.Context(), batch); err != nil {
				t.Fatalf("%v", err)
			}
			want = append(want, batch...)
		}
		before := snapshot(t, dir)
		unseen := leaves(len(want), rapid.IntRange(1, 50).Draw(t, "torn leaves"))
		m.setFault(down)
		size, _ := m.Size(t.Context())
		if _, err := l.Append(t.Context(), unseen); err != nil {
			t.Fatalf("%v", err)
		}
		if err := l.Abandon(); err != nil {
			t.Fatalf("%v", err)
		}
		tear(t, dir, before)
		m.setFault(nil)
		m.leaves = m.leaves[:size]
		l = open(t, m, dir)
		defer func() {
			if err := l.Abandon(); err != nil {
				t.Fatalf("%v", err)
			}
		}()
		got, err := l.Size(t.Context())
		if err != nil || got < uint64(len(want)) || got > uint64(len(want)+len(unseen)) {
			t.Fatalf("the log has %d leaves, %v; acknowledged were %d", got, err, len(want))
		}
		want = append(want, unseen[:got-uint64(len(want))]...)
		holds(t, l, want)
		more := leaves(1000, 30) // of other lengths than what was torn
		if _, err := l.Append(t.Context(), more); err != nil {
			t.Fatalf("%v", err)
		}
		want = append(want, more...)
		if err := l.Abandon(); err != nil {
			t.Fatalf("%v", err)
		}
		l = open(t, m, dir)
		holds(t, l, want)
	})
}

var journalFiles = []string{"journal-0", "journal-1"}

func snapshot(t tester, dir string) (files [][]byte) {
	for _, name := range journalFiles {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatalf("%v", err)
		}
		files = append(files, data)
	}
	return files
}

// tear gives some sectors of the last write their content of before. Where the
// write went on in the other segment, from its beginning, the first part was
// synced before.
func tear(t *rapid.T, dir string, before [][]byte) {
	const sector = 512
	now := snapshot(t, dir)
	torn := 0
	for i := range now {
		if !bytes.Equal(now[i][:sector], before[i][:sector]) || bytes.Equal(now[1-i], before[1-i]) {
			torn = i
		}
	}
	for at := 0; at < segment; at += sector {
		if !bytes.Equal(now[torn][at:at+sector], before[torn][at:at+sector]) && rapid.Bool().Draw(t, "sector is old") {
			copy(now[torn][at:at+sector], before[torn][at:])
		}
	}
	if err := os.WriteFile(filepath.Join(dir, journalFiles[torn]), now[torn], 0o600); err != nil {
		t.Fatalf("%v", err)
	}
}

func FuzzOpen(f *testing.F) {
	dir := f.TempDir()
	l, err := intake.OpenSmall(f.Context(), intake.Options{Tree: &tree{}, Dir: dir, Logger: slog.New(slog.DiscardHandler)}, segment)
	if err != nil {
		f.Fatal(err)
	}
	if _, err := l.Append(f.Context(), leaves(0, 20)); err != nil {
		f.Fatal(err)
	}
	if err := l.Close(); err != nil {
		f.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "journal-0"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(make([]byte, segment))
	f.Add(bytes.Repeat([]byte{0xff}, segment))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "journal-0"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := intake.OpenSmall(t.Context(), intake.Options{Tree: &tree{}, Dir: dir, Logger: slog.New(slog.DiscardHandler)}, segment)
		if err != nil {
			return
		}
		size, err := l.Size(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if places, err := l.Append(t.Context(), leaves(0, 1)); err != nil || places[0] != size {
			t.Errorf("after %d leaves of a strange journal: places %v, %v", size, places, err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}
