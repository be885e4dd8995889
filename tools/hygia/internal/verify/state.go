package verify

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// State is what this reader remembers between runs: the last checkpoint that it
// verified, and the events that it proved under it.
type State struct {
	// Note is the checkpoint, signed.
	Note string `json:"checkpoint"`
	// Seen maps a tenant's id to its events by index.
	Seen map[string]map[int64]Proved `json:"seen"`
}

// Proved is an event that was proved.
type Proved struct {
	// Leaf is the RFC 6962 leaf hash.
	Leaf []byte `json:"leaf"`
	// Listing is a hash of the event as it was listed then. An event that is
	// listed alike needs no proof again: its leaf is under a checkpoint from which
	// the newest one grew. That matters, for each proof is an access, and is in
	// the log itself.
	Listing []byte `json:"listing"`
}

// maxState bounds the file that is read, in bytes.
const maxState = 512 << 20

// LoadState reads a state file; one that is not there is an empty state.
func LoadState(path string) (State, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return State{}, nil
	}
	if err != nil {
		return State{}, fmt.Errorf("state file: %w", err)
	}
	if info.Size() > maxState {
		return State{}, fmt.Errorf("state file %s: larger than %d MiB", path, maxState>>20)
	}
	text, err := os.ReadFile(path) //nolint:gosec // the caller names it
	if err != nil {
		return State{}, fmt.Errorf("state file: %w", err)
	}
	var s State
	if err := json.Unmarshal(text, &s); err != nil {
		return State{}, fmt.Errorf("state file %s is damaged (%w): without it a rollback since the last run cannot be seen; remove it to begin anew", path, err)
	}
	return s, nil
}

// Save replaces the file whole, or not at all.
func (s State) Save(path string) error {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("state file: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("state file: %w", err)
	}
	temporary := path + ".new"
	if err := writeSynced(temporary, text); err != nil {
		return fmt.Errorf("state file: %w", err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return fmt.Errorf("state file: %w", err)
	}
	return nil
}

// writeSynced writes a file and returns once it is on disk.
func writeSynced(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the caller names it
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Sync(), file.Close())
}
