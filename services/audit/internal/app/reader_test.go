package app_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// fileLog is a log as its files have it, read by the tlog-tiles specification
// and golang.org/x/mod alone.
type fileLog struct {
	verifiers note.Verifiers
	leaves    [][]byte
	hashes    []tlog.Hash // stored hashes of the tree
}

func (l *fileLog) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		out[i] = l.hashes[index]
	}
	return out, nil
}

// readLog reads the log in a data folder up to its checkpoint, and checks the
// checkpoint against the leaves.
func readLog(t *testing.T, dir string) *fileLog {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(dir, "log.pub"))
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(key)))
	if err != nil {
		t.Fatal(err)
	}
	l := &fileLog{verifiers: note.VerifierList(verifier)}
	checkpoint, err := os.ReadFile(filepath.Join(dir, "log", "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	size := l.tree(t, checkpoint).N
	for bundle := int64(0); bundle*256 < size; bundle++ {
		l.read(t, dir, bundle, min(256, size-bundle*256))
	}
	l.extends(t, checkpoint)
	return l
}

// read adds the first n leaves of a bundle: big-endian 16-bit length, bytes.
func (l *fileLog) read(t *testing.T, dir string, bundle, n int64) {
	t.Helper()
	path := filepath.Join(dir, "log", "tile", "entries", fmt.Sprintf("%03d", bundle))
	if bundle > 999 {
		t.Fatal("the test's log has outgrown its reader")
	}
	data, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		data, err = os.ReadFile(fmt.Sprintf("%s.p/%d", path, n))
	}
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		length := binary.BigEndian.Uint16(data)
		leaf := data[2 : 2+length]
		data = data[2+length:]
		added, err := tlog.StoredHashes(int64(len(l.leaves)), leaf, l)
		if err != nil {
			t.Fatal(err)
		}
		l.leaves, l.hashes = append(l.leaves, leaf), append(l.hashes, added...)
	}
}

func (l *fileLog) tree(t *testing.T, checkpoint []byte) tlog.Tree {
	t.Helper()
	n, err := note.Open(checkpoint, l.verifiers)
	if err != nil {
		t.Fatalf("the checkpoint's signature: %v", err)
	}
	_, rest, _ := strings.Cut(n.Text, "\n")
	tree, err := tlog.ParseTree([]byte("go.sum database tree\n" + rest))
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// extends checks that the leaves begin with those that a checkpoint signed.
func (l *fileLog) extends(t *testing.T, checkpoint []byte) {
	t.Helper()
	tree := l.tree(t, checkpoint)
	if tree.N > int64(len(l.leaves)) {
		t.Fatalf("a tree of %d leaves was published, the log has %d", tree.N, len(l.leaves))
	}
	root, err := tlog.TreeHash(tree.N, l)
	if err != nil {
		t.Fatal(err)
	}
	if root != tree.Hash {
		t.Errorf("the published tree of %d leaves is not a prefix of the log", tree.N)
	}
}

// holdsExactly checks that each event is in the log once, where it was said to
// be.
func (l *fileLog) holdsExactly(t *testing.T, told map[string]uint64) {
	t.Helper()
	at := make(map[string]uint64)
	for i, leaf := range l.leaves {
		var event struct{ ID string }
		if err := json.Unmarshal(leaf, &event); err != nil {
			t.Fatal(err)
		}
		if first, ok := at[event.ID]; ok {
			t.Errorf("event %s is in the log twice, at %d and %d", event.ID, first, i)
		}
		at[event.ID] = uint64(i)
	}
	for id, place := range told {
		if got, ok := at[id]; !ok || got != place {
			t.Errorf("event %s was said to be at %d, is at %d (%v)", id, place, got, ok)
		}
	}
}
