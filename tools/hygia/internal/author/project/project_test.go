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
		}, "plugin.go changed"},
		"new": {func(t *testing.T, p *project.Project, _ project.Sources) {
			put(t, p.Dir, "a/new.go", "package a")
		}, "a/new.go was added"},
		"gone": {func(t *testing.T, p *project.Project, _ project.Sources) {
			if err := os.Remove(p.Path("go.mod")); err != nil {
				t.Fatal(err)
			}
		}, "go.mod was deleted"},
		"generated": {func(t *testing.T, p *project.Project, s project.Sources) {
			put(t, p.Dir, "wit_bindings.go", "package bindings")
			s.Generated("wit_bindings.go", []byte("package bindings"))
		}, ""},
		"generated, then edited": {func(t *testing.T, p *project.Project, s project.Sources) {
			put(t, p.Dir, "wit_bindings.go", "package edited")
			s.Generated("wit_bindings.go", []byte("package bindings"))
		}, "wit_bindings.go changed"},
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
			if !errors.Is(err, project.ErrNotBuilt) || !strings.Contains(err.Error(), c.changed+" meanwhile") {
				t.Errorf("got %v", err)
			}
			if !errors.Is(read, project.ErrNotBuilt) {
				t.Errorf("read: %v", read)
			}
		})
	}
}

// What is wrong with a manifest is told with its place in the author's text.
func TestManifestsThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ from, to, says string }{
		"a size in words": {`"grants": {}`, `"limits": {"memory_bytes": "16 MiB"}`, "manifest.json:3:79: limits.memory_bytes must be a whole number of bytes, such as 16777216"},
		"an unknown key":  {`"grants"`, `"grant"`, `manifest.json:3:52: unknown key "grant": want name, version, description, world, exports, grants, limits, on_failure`},
		"broken":          {`"grants"`, `grants`, "manifest.json:3:52: invalid character 'g' looking for beginning of object key string"},
		"cut off":         {"\n}", "", "manifest.json:3:88: the text ends in the middle of a value"},
		"a digest":        {`"grants": {}`, `"digest": "sha256:00"`, "manifest.json: take digest out"},
		"a value":         {"closed", "open", "on_failure: must be closed or skip"},
	} {
		dir := t.TempDir()
		text := strings.Replace(manifest, c.from, c.to, 1)
		if text == manifest {
			t.Fatalf("%s changes nothing", name)
		}
		put(t, dir, "manifest.json", text)
		if _, err := project.Open(dir); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v\nwant %s", name, err, c.says)
		}
	}
	_, err := project.Open(t.TempDir())
	if !errors.Is(err, project.ErrNoProject) || !strings.Contains(err.Error(), "hygia plugin new") {
		t.Errorf("an empty folder: %v", err)
	}
}

// What is built against is what wit/ declares; what it leaves open is as the
// manifest has it.
func TestTarget(t *testing.T) {
	for name, c := range map[string]struct {
		marker, wit, want string
	}{
		"declared":        {"plugin.js", "package local:plugin@0.2.0;\nworld plugin {}", "local:plugin/plugin@0.2.0"},
		"behind comments": {"plugin.js", "// package a:b@9.9.9;\n/* package c:d; **/ /// Ours.\r\npackage local:%package@0.2.0;", "local:package/plugin@0.2.0"},
		"without version": {"plugin.js", "package local:plugin;", "local:plugin/plugin@0.1.0"},
		"a package in it": {"plugin.js", "package a:b { interface c {} }", "example:example/plugin@0.1.0"},
		"not first":       {"plugin.js", "world plugin {}\npackage local:plugin;", "example:example/plugin@0.1.0"},
		"a pre-release":   {"plugin.js", "package local:plugin@0.2.0-rc.1;", "example:example/plugin@0.1.0"},
		"Rust":            {"Cargo.toml", "package local:plugin@0.2.0;\nworld mine {}", "local:plugin/plugin@0.2.0"},
	} {
		p := folder(t, map[string]string{c.marker: "", "wit/a.wit": "interface a {}", "wit/world.wit": c.wit, "wit/deps/x/x.wit": "package x:y@1.0.0;"})
		if got, err := p.Target(); err != nil || got != c.want {
			t.Errorf("%s: got %s, %v; want %s", name, got, err, c.want)
		}
	}
	if got, err := folder(t, map[string]string{"app.py": ""}).Target(); err != nil || got != "example:example/plugin@0.1.0" {
		t.Errorf("without wit/: got %s, %v", got, err)
	}
}
