package project_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/tools/hygia/internal/author/project"
)

const manifest = `{
  "name": "example", "version": "0.1.0", "description": "Nothing.", "world": "example:example/plugin@0.1.0",
  "exports": ["hygia:validation/validator@0.1.0"], "grants": {}, "on_failure": "closed"
}`

// folder is an author's, with these files.
func folder(t *testing.T, files map[string]string) *project.Project {
	t.Helper()
	dir := t.TempDir()
	put(t, dir, "manifest.json", manifest)
	for name, text := range files {
		put(t, dir, name, text)
	}
	p, err := project.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// What is changed while a component is built was not built, whatever the component
// is of; what building itself generates counts as it was generated.
func TestSourcesThatChangeWhileTheyAreBuilt(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile func(t *testing.T, p *project.Project, s project.Sources)
		changed   string // "" where it is built
	}{
		"nothing": {func(*testing.T, *project.Project, project.Sources) {}, ""},
		"edited": {func(t *testing.T, p *project.Project, _ project.Sources) {
			put(t, p.Dir, "plugin.go", "package other")
		}, "plugin.go"},
		"new": {func(t *testing.T, p *project.Project, _ project.Sources) {
			put(t, p.Dir, "a/new.go", "package a")
		}, "a/new.go"},
		"gone": {func(t *testing.T, p *project.Project, _ project.Sources) {
			if err := os.Remove(p.Path("go.mod")); err != nil {
				t.Fatal(err)
			}
		}, "go.mod"},
		"generated": {func(t *testing.T, p *project.Project, s project.Sources) {
			put(t, p.Dir, "wit_bindings.go", "package bindings")
			s.Generated("wit_bindings.go", []byte("package bindings"))
		}, ""},
		"generated, then edited": {func(t *testing.T, p *project.Project, s project.Sources) {
			put(t, p.Dir, "wit_bindings.go", "package edited")
			s.Generated("wit_bindings.go", []byte("package bindings"))
		}, "wit_bindings.go"},
		"what is no source": {func(t *testing.T, p *project.Project, s project.Sources) {
			put(t, p.Dir, "notes.txt", "later")
			put(t, p.Dir, "build/work/x.go", "package x")
			s.Generated("wit_empty.s", nil)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := folder(t, map[string]string{"go.mod": "module example", "plugin.go": "package main", "wit_bindings.go": "package old"})
			sources, err := p.Sources()
			if err != nil {
				t.Fatal(err)
			}
			c.meanwhile(t, p, sources)
			_, err = p.Write([]byte("wasm"), sources)
			_, _, read := p.Read()
			if c.changed == "" {
				if err != nil || read != nil {
					t.Errorf("got %v; read: %v", err, read)
				}
				return
			}
			if !errors.Is(err, project.ErrNotBuilt) || !strings.Contains(err.Error(), c.changed+" changed meanwhile") {
				t.Errorf("got %v", err)
			}
			if !errors.Is(read, project.ErrNotBuilt) {
				t.Errorf("read: %v", read)
			}
		})
	}
}
