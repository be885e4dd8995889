package verify

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// maxCheckpoint bounds a checkpoint's text, in bytes: three lines and a few
// signatures.
const maxCheckpoint = 64 << 10

// Checkpoint is a tree head whose signature was checked (C2SP tlog-checkpoint).
type Checkpoint struct {
	Origin string
	Size   int64
	Root   tlog.Hash
	// Note is the signed text as it came, for another to check.
	Note string
}

// ParseCheckpoint checks a signed note with the verifier's key, and that the
// origin is the key's name, so that another log's head cannot stand in.
func ParseCheckpoint(text string, key note.Verifier) (Checkpoint, error) {
	if len(text) > maxCheckpoint {
		return Checkpoint{}, fmt.Errorf("checkpoint: larger than %d KiB", maxCheckpoint>>10)
	}
	signed, err := note.Open([]byte(text), note.VerifierList(key))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint: the signature does not verify with the key %q: %w", key.Name(), err)
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) < 4 || lines[len(lines)-1] != "" {
		return Checkpoint{}, fmt.Errorf("checkpoint: want origin, size and root, got %d lines", len(lines)-1)
	}
	if lines[0] != key.Name() {
		return Checkpoint{}, fmt.Errorf("checkpoint: origin %q is not the key's %q", lines[0], key.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, fmt.Errorf("checkpoint: %q is not a size", lines[1])
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return Checkpoint{}, fmt.Errorf("checkpoint: %q is not a root hash", lines[2])
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: tlog.Hash(root), Note: text}, nil
}

// extends checks that the tree of newer starts with the tree of older.
func extends(older, newer Checkpoint, proof [][]byte) error {
	if newer.Size < older.Size {
		return fmt.Errorf("rolled back: the log had %d leaves, and now has %d", older.Size, newer.Size)
	}
	if newer.Size == older.Size {
		if newer.Root != older.Root {
			return fmt.Errorf("forked: two roots for the size %d", newer.Size)
		}
		return nil
	}
	if older.Size == 0 {
		return nil
	}
	hashes, err := toHashes(proof)
	if err != nil {
		return fmt.Errorf("consistency of %d with %d: %w", older.Size, newer.Size, err)
	}
	if err := tlog.CheckTree(hashes, newer.Size, newer.Root, older.Size, older.Root); err != nil {
		return fmt.Errorf("forked: the tree of %d is not the start of the tree of %d: %w", older.Size, newer.Size, err)
	}
	return nil
}

func toHashes(raw [][]byte) ([]tlog.Hash, error) {
	if len(raw) > 128 {
		return nil, fmt.Errorf("a proof of %d hashes", len(raw))
	}
	hashes := make([]tlog.Hash, len(raw))
	for i, h := range raw {
		if len(h) != tlog.HashSize {
			return nil, fmt.Errorf("hash %d of the proof has %d bytes", i, len(h))
		}
		hashes[i] = tlog.Hash(h)
	}
	return hashes, nil
}
