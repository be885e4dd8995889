package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
)

// lockFile says for every component what it was built from, with what, and what
// came out.
const lockFile = "plugins.lock"

// lock is the lock file.
type lock struct {
	Components []record `json:"components"`
}

// record is one component's line of the lock.
type record struct {
	Path      string            `json:"path"`
	Sources   string            `json:"sources"`
	Toolchain map[string]string `json:"toolchain"`
	Wasm      string            `json:"wasm"`
	Bytes     int               `json:"bytes"`
}

func readLock(root string) (lock, error) {
	data, err := readFile(root, lockFile)
	if errors.Is(err, os.ErrNotExist) {
		return lock{}, nil
	}
	if err != nil {
		return lock{}, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var l lock
	if err := decoder.Decode(&l); err != nil {
		return lock{}, fmt.Errorf("%s: %w", lockFile, err)
	}
	return l, nil
}

func (l *lock) put(r record) {
	at, found := slices.BinarySearchFunc(l.Components, r, func(a, b record) int { return strings.Compare(a.Path, b.Path) })
	if found {
		l.Components[at] = r
	} else {
		l.Components = slices.Insert(l.Components, at, r)
	}
}

func (l lock) find(path string) (record, bool) {
	at := slices.IndexFunc(l.Components, func(r record) bool { return r.Path == path })
	if at < 0 {
		return record{}, false
	}
	return l.Components[at], true
}

func (l lock) write(root string) error {
	data, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(root, lockFile, append(data, '\n'))
}

// newRecord describes a component as its sources are now, with these bytes.
func newRecord(root string, p plugin, wasm []byte) (record, error) {
	digest, _, err := digestSources(root, p)
	if err != nil {
		return record{}, err
	}
	tools, err := versions(root, p)
	return record{Path: p.wasm(), Sources: digest, Toolchain: tools, Wasm: digestBytes(wasm), Bytes: len(wasm)}, err
}

var manifestDigest = regexp.MustCompile(`"digest": "[^"]*"`)

// writeManifestDigest puts the built file's digest into the component's
// manifest, and leaves the rest of it as it is.
func writeManifestDigest(root string, p plugin, wasm []byte) error {
	data, err := readFile(root, p.manifest())
	if err != nil {
		return err
	}
	if !manifestDigest.Match(data) {
		return fmt.Errorf("%s has no digest to write to", p.manifest())
	}
	named := manifestDigest.ReplaceAll(data, []byte(`"digest": "`+digestBytes(wasm)+`"`))
	return writeFile(root, p.manifest(), named)
}

// manifestNames reports whether the component's manifest has its file's digest.
func manifestNames(root string, p plugin, wasm []byte) (bool, error) {
	data, err := readFile(root, p.manifest())
	return bytes.Contains(data, []byte(`"digest": "`+digestBytes(wasm)+`"`)), err
}
