// Package scaffold writes a new plugin's project: small, readable, and working.
package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/contract"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/project"
)

// Every file ends in .tmpl, so that Go takes none for a package of this module.
// Those of templates/project are executed, all others are copied as they are.
//
//go:embed all:templates
var templates embed.FS

// Options say what is made.
type Options struct {
	Dir      string // must be empty, or not there
	Name     string // the plugin's
	Language project.Language
	Hook     contract.Hook
}

// ErrNotEmpty says that there is something already where a project would be made.
var ErrNotEmpty = errors.New("the folder is not empty")

// values are what the templates see.
type values struct {
	Options
	Description, LanguageName, Source string
	WASI                              bool
	DeadlineMS, MemoryBytes           int
	Imports                           []string // beside the log
	Ignore                            []string
}

// New writes a project and returns its files, sorted. It changes nothing where it
// fails on the options: with plugin.ErrName or ErrNotEmpty.
func New(o Options) ([]string, error) {
	if err := plugin.CheckName(o.Name); err != nil {
		return nil, fmt.Errorf("a plugin's name %w", err)
	}
	entries, err := os.ReadDir(o.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if len(entries) > 0 {
		return nil, fmt.Errorf("%w: %s", ErrNotEmpty, o.Dir)
	}
	files, err := o.files()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range files {
		target := filepath.Join(o.Dir, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil { //nolint:gosec // the author's own project
			return nil, err
		}
		if err := os.WriteFile(target, f.data, 0o644); err != nil { //nolint:gosec // the author's own project
			return nil, err
		}
		names = append(names, f.name)
	}
	return names, nil
}

type file struct {
	name string
	data []byte
}

func (o Options) files() ([]file, error) {
	v := o.values()
	var files []file
	add := func(dir string, execute bool, below string) error {
		return fs.WalkDir(templates, dir, func(name string, entry fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // a language without anything that all of its hooks have
			}
			if err != nil || entry.IsDir() {
				return err
			}
			data, err := templates.ReadFile(name)
			if err != nil {
				return err
			}
			if execute {
				if data, err = v.execute(name, data); err != nil {
					return err
				}
			}
			relative := strings.TrimSuffix(strings.TrimPrefix(name, dir+"/"), ".tmpl")
			files = append(files, file{path.Join(below, relative), data})
			return nil
		})
	}
	language := "templates/" + string(o.Language)
	err := errors.Join(
		add("templates/project", true, ""),
		add(language+"/common", false, ""),
		add(language+"/"+o.Hook.Name, false, ""),
		add("templates/fixtures/"+o.Hook.Name, false, "fixtures"),
	)
	if err != nil {
		return nil, err
	}
	for _, name := range append([]string{"host"}, o.Hook.Packages...) {
		text, err := contract.Package(name)
		if err != nil {
			return nil, err
		}
		files = append(files, file{"wit/deps/hygia-" + name + "/" + name + ".wit", text})
	}
	return files, nil
}

func (v values) execute(name string, text []byte) ([]byte, error) {
	t, err := template.New(name).Parse(string(text))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, v)
	return out.Bytes(), err
}

func (o Options) values() values {
	v := values{Options: o, Description: o.describe(), DeadlineMS: 1000, MemoryBytes: 16 << 20}
	switch o.Language {
	case project.Rust:
		v.LanguageName, v.Source, v.Ignore = "Rust", "src/lib.rs", []string{"/target/"}
	case project.C:
		v.LanguageName, v.Source = "C", "src/plugin.c"
	case project.Go:
		v.LanguageName, v.MemoryBytes, v.WASI = "Go", 64<<20, true
		iface, _, _ := strings.Cut(o.Hook.Interface, "@")
		v.Source = "export_" + strings.NewReplacer(":", "_", "/", "_", "-", "_").Replace(iface) + "/plugin.go"
		v.Ignore = []string{"/wit_*.go", "/hygia_*/"}
	case project.JS:
		v.LanguageName, v.Source, v.MemoryBytes, v.WASI = "JavaScript", "plugin.js", 64<<20, true
		if o.Hook.Folder { // no standard library does it
			v.Imports = []string{"wasi:filesystem/preopens@0.2.6", "wasi:filesystem/types@0.2.6"}
		}
	case project.Python:
		v.LanguageName, v.Source, v.MemoryBytes, v.WASI = "Python", "app.py", 128<<20, true
	}
	if o.Hook.Folder {
		v.DeadlineMS, v.MemoryBytes = 60_000, max(v.MemoryBytes, 64<<20)
	}
	return v
}

// describe says what the example of a hook does.
func (o Options) describe() string {
	switch o.Hook.Name {
	case "detector":
		return "finds numbers of the form of a CPF by their check digits"
	case "validator":
		return "finds words that promise a result"
	case "transformer":
		return "keeps, removes, labels or masks what was found in a text"
	case "block-renderer":
		return "shows the block example/notice"
	case "importer":
		return "reads notes, a line each, from a granted folder"
	default:
		return "writes a record as one line of tab-separated fields"
	}
}
