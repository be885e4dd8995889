// Package project is a plugin author's folder: what is in it, and what is built
// from it.
//
//	manifest.json    what the plugin is and may reach, without a digest
//	wit/             the world, and the contracts that it uses
//	fixtures/        calls and what they must give
//	build/           made by `hygia plugin build`: manifest.json with the digest,
//	                 NAME.wasm, and the digests of what it was built from
package project

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/strictjson"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/contract"
)

// Language is what a plugin is written in.
type Language string

// The languages.
const (
	Rust   Language = "rust"
	C      Language = "c"
	Go     Language = "go"
	JS     Language = "js"
	Python Language = "python"
)

// Languages lists them, in the order in which help shows them.
func Languages() []Language { return []Language{Rust, C, Go, JS, Python} }

// marker is the file by which each language's folder is known.
func (l Language) marker() string {
	switch l {
	case Rust:
		return "Cargo.toml"
	case C:
		return filepath.Join("src", "plugin.c")
	case Go:
		return "go.mod"
	case JS:
		return "plugin.js"
	default:
		return "app.py"
	}
}

// ErrNoProject says that a folder is no plugin's.
var ErrNoProject = errors.New("no plugin here")

// ErrNotBuilt says that a project has no component, or one of another manifest or
// other sources than it has now.
var ErrNotBuilt = errors.New("not built")

// Project is a plugin's folder.
type Project struct {
	Dir      string // absolute
	Language Language
	// Manifest is the author's, with a digest that stands for none yet.
	Manifest plugin.Manifest

	text []byte
}

// noDigest stands in a source manifest for the digest that building gives.
const noDigest = "sha256:" + "0000000000000000000000000000000000000000000000000000000000000000"

// Open reads the project in a folder.
func Open(dir string) (*Project, error) {
	text, err := readBounded(filepath.Join(dir, "manifest.json"), plugin.MaxManifestBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s has no manifest.json: make a plugin with `hygia plugin new`, or go to the folder of one with cd", ErrNoProject, dir)
	}
	if err != nil {
		return nil, err
	}
	// First as it is, so that what is refused has its place in the author's own text.
	var own plugin.Manifest
	if err := strictjson.Decode(text, plugin.MaxManifestBytes, &own); err != nil {
		return nil, strictjson.In("manifest.json", err)
	}
	if own.Digest != "" {
		return nil, errors.New("manifest.json: take digest out: building adds it to the copy in build/")
	}
	p := &Project{Dir: dir, text: text}
	whole, err := p.withDigest(noDigest)
	if err != nil {
		return nil, err
	}
	if p.Manifest, err = plugin.ParseManifest(whole); err != nil {
		return nil, fmt.Errorf("manifest.json: %w", err)
	}
	for _, language := range Languages() {
		if _, err := os.Stat(filepath.Join(dir, language.marker())); err == nil {
			p.Language = language
			return p, nil
		}
	}
	var markers []string
	for _, language := range Languages() {
		markers = append(markers, language.marker())
	}
	return nil, fmt.Errorf("%w: %s has none of %s", ErrNoProject, dir, strings.Join(markers, ", "))
}

// withDigest is the manifest's text with a digest as its first key.
func (p *Project) withDigest(digest string) ([]byte, error) {
	head, rest, ok := bytes.Cut(p.text, []byte("{"))
	if !ok || len(bytes.TrimSpace(head)) > 0 {
		return nil, errors.New("manifest.json: want a JSON object")
	}
	if bytes.HasPrefix(bytes.TrimSpace(rest), []byte("}")) {
		return nil, errors.New("manifest.json: the object is empty")
	}
	return append([]byte("{\n  \"digest\": \""+digest+"\","), rest...), nil
}

// Hooks are the hooks that the manifest's exports are of.
func (p *Project) Hooks() []contract.Hook {
	var hooks []contract.Hook
	for _, export := range p.Manifest.Exports {
		if hook, ok := contract.Of(export); ok {
			hooks = append(hooks, hook)
		}
	}
	return hooks
}

// Memory is how many bytes of memory a call may take.
func (p *Project) Memory() int64 { return p.Manifest.Limits.WithDefaults().MemoryBytes }

// Path is a path in the project's folder.
func (p *Project) Path(parts ...string) string {
	return filepath.Join(append([]string{p.Dir}, parts...)...)
}

// Built is the folder of what is built: a manifest and a component.
func (p *Project) Built() string { return p.Path("build") }

// Wasm is the component's file.
func (p *Project) Wasm() string { return p.Path("build", p.Manifest.Name+".wasm") }

// Write puts a component that was built from these sources into the build folder,
// with its manifest. It fails with ErrNotBuilt, and writes nothing, where they are
// not what is there now: nobody could say which of the two was built.
func (p *Project) Write(wasm []byte, from Sources) (digest string, err error) {
	now, err := p.Sources()
	if err != nil {
		return "", err
	}
	built := from.list()
	if what := difference(now.list(), built); what != "" {
		return "", fmt.Errorf("%w: %s meanwhile; run `hygia plugin build` again", ErrNotBuilt, what)
	}
	sum := sha256.Sum256(wasm)
	digest = "sha256:" + hex.EncodeToString(sum[:])
	manifest, err := p.withDigest(digest)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(p.Built(), 0o755); err != nil { //nolint:gosec // as the author's own tools make folders
		return "", err
	}
	if err := os.WriteFile(p.sums(), built, 0o644); err != nil { //nolint:gosec // the author's to read
		return "", err
	}
	if err := os.WriteFile(p.Wasm(), wasm, 0o644); err != nil { //nolint:gosec // the author may share it
		return "", err
	}
	return digest, os.WriteFile(p.Path("build", "manifest.json"), manifest, 0o644) //nolint:gosec // likewise
}

// Read gives what Write wrote. It fails with ErrNotBuilt where that is not there,
// or where manifest.json or a source was changed since.
func (p *Project) Read() (manifest, wasm []byte, err error) {
	wasm, err = readBounded(p.Wasm(), plugin.MaxComponentBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%w: there is no %s; run `hygia plugin build`", ErrNotBuilt, p.Wasm())
	}
	if err != nil {
		return nil, nil, err
	}
	built, err := readBounded(p.Path("build", "manifest.json"), plugin.MaxManifestBytes)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w; run `hygia plugin build`", ErrNotBuilt, err)
	}
	sum := sha256.Sum256(wasm)
	if manifest, err = p.withDigest("sha256:" + hex.EncodeToString(sum[:])); err != nil {
		return nil, nil, err
	}
	if !bytes.Equal(manifest, built) {
		return nil, nil, fmt.Errorf("%w: manifest.json or the component changed since; run `hygia plugin build`", ErrNotBuilt)
	}
	return manifest, wasm, p.sourcesAsBuilt()
}

func readBounded(name string, most int64) ([]byte, error) {
	file, err := os.Open(name) //nolint:gosec // the author's own files
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > most {
		return nil, fmt.Errorf("%s: more than %d bytes", name, most)
	}
	return data, nil
}
