package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/hygia-suite/hygia/pkg/strictjson"
)

// What a folder may hold.
const (
	maxPlugins    = 256
	maxHistory    = 1000
	maxStateBytes = 2 << 20
)

// Entry is an installed package.
type Entry struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Digest is the package's: that of its OCI manifest.
	Digest string `json:"digest"`
	// File is the digest of the package's file, its signatures included.
	File string `json:"file"`
	// Key is the name of the key whose signature was accepted.
	Key string `json:"key"`
	// Installed is when it was, UTC.
	Installed time.Time `json:"installed"`
}

// Plugin is what a folder has of one plugin.
type Plugin struct {
	Name string
	// Current is in use; nil where the first version is still being tried.
	Current *Entry
	// Candidate is being tried, nil for none.
	Candidate *Entry
	// Previous are the versions to which a rollback goes, the nearest first.
	Previous []Entry
}

// Action is a kind of change.
type Action string

// The kinds of changes.
const (
	Installed  Action = "installed"
	Staged     Action = "staged"
	Promoted   Action = "promoted"
	Discarded  Action = "discarded"
	RolledBack Action = "rolled back"
	Removed    Action = "removed"
)

// Change is one line of the history.
type Change struct {
	// Serial counts all changes of the folder, from 1, without a gap.
	Serial uint64    `json:"serial"`
	Time   time.Time `json:"time"`
	Action Action    `json:"action"`
	// Entry is what is in use after the change, or for Staged tried; for Discarded
	// and Removed it is what is so no more.
	Entry Entry `json:"entry"`
}

// state is state.json.
type state struct {
	Format  int      `json:"format"`
	Serial  uint64   `json:"serial"`
	Plugins []record `json:"plugins"` // sorted by name
	History []Change `json:"history"` // the newest last, the oldest forgotten
}

// record is all that is known of a plugin, also of one that was removed.
type record struct {
	Name      string  `json:"name"`
	Current   *Entry  `json:"current,omitempty"`
	Candidate *Entry  `json:"candidate,omitempty"`
	Previous  []Entry `json:"previous,omitempty"`
	// Highest is the highest version that there ever was here.
	Highest       string `json:"highest"`
	HighestDigest string `json:"highest_digest"`
}

const format = 1

func (s *Store) load() (*state, error) {
	text, err := s.disk.Read(stateFile, maxStateBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return &state{Format: format}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return parseState(text)
}

// parseState reads state.json, and takes nothing that this package did not write.
func parseState(text []byte) (*state, error) {
	var st state
	if err := strictjson.Decode(text, maxStateBytes, &st); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrCorrupt, stateFile, err)
	}
	sound := st.Format == format && len(st.Plugins) <= maxPlugins && len(st.History) <= maxHistory
	for i, r := range st.Plugins {
		sound = sound && (i == 0 || st.Plugins[i-1].Name < r.Name)
		for _, e := range r.entries() {
			sound = sound && e.Name == r.Name && isDigest(e.Digest) && isDigest(e.File) && compare(e.Version, r.Highest) <= 0
		}
	}
	if !sound {
		return nil, fmt.Errorf("%w: %s", ErrCorrupt, stateFile)
	}
	return &st, nil
}

func (st *state) find(name string) *record {
	i, ok := st.search(name)
	if !ok {
		return nil
	}
	return &st.Plugins[i]
}

func (st *state) search(name string) (int, bool) {
	return slices.BinarySearchFunc(st.Plugins, name, func(r record, name string) int {
		switch {
		case r.Name < name:
			return -1
		case r.Name > name:
			return 1
		}
		return 0
	})
}

// ensure finds a plugin's record, or makes one.
func (st *state) ensure(name string) (*record, error) {
	i, ok := st.search(name)
	if !ok {
		if len(st.Plugins) == maxPlugins {
			return nil, ErrFull
		}
		st.Plugins = slices.Insert(st.Plugins, i, record{Name: name})
	}
	return &st.Plugins[i], nil
}

// note writes a line of the history.
func (st *state) note(now time.Time, action Action, e Entry) {
	st.Serial++
	st.History = append(st.History, Change{Serial: st.Serial, Time: now, Action: action, Entry: e})
	if extra := len(st.History) - maxHistory; extra > 0 {
		st.History = slices.Delete(st.History, 0, extra)
	}
}

func (st *state) text() ([]byte, error) {
	text, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return append(text, '\n'), nil
}

// entries lists what of a plugin must be kept.
func (r *record) entries() []Entry {
	all := slices.Clone(r.Previous)
	for _, e := range []*Entry{r.Current, r.Candidate} {
		if e != nil {
			all = append(all, *e)
		}
	}
	return all
}

// use puts an entry into use, and keeps the one before.
func (r *record) use(e Entry, keep int) {
	if r.Current != nil && r.Current.Digest != e.Digest {
		r.Previous = slices.Insert(r.Previous, 0, *r.Current)
		r.Previous = r.Previous[:min(len(r.Previous), keep)]
	}
	r.Current, r.Candidate = &e, nil
}

// raise checks that versions only rise, and remembers the highest.
func (r *record) raise(e Entry) error {
	switch order := compare(e.Version, r.Highest); {
	case r.Highest == "" || order > 0:
		r.Highest, r.HighestDigest = e.Version, e.Digest
	case order < 0:
		return &DowngradeError{Plugin: e.Name, Version: e.Version, Highest: r.Highest}
	case e.Digest != r.HighestDigest:
		return fmt.Errorf("%w (%s %s)", ErrVersionReused, e.Name, e.Version)
	}
	return nil
}
