// Package load reads WIT packages into package model, and refuses, with the
// place of the declaration, what witgen cannot generate.
package load

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.bytecodealliance.org/wit"

	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	"github.com/hygia-suite/hygia/tools/witgen/internal/source"
)

// Dir reads a folder of WIT packages, one a sub-folder, in the order of their
// names. A package may use another of the folder through its deps folder, as
// wasm tools expect it; what it uses must then be in the folder too.
//
// An error that concerns a declaration is a *model.Error.
func Dir(dir string) ([]*model.Package, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the folder of WIT packages: %w", err)
	}
	entries, err := os.ReadDir(abs)
	if err != nil {
		return nil, fmt.Errorf("read the folder of WIT packages: %w", err)
	}
	l := &loader{types: map[string]*model.Type{}, interfaces: map[string]*model.Interface{}}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		label := filepath.Base(abs) + "/" + entry.Name()
		if err := l.parse(filepath.Join(abs, entry.Name()), label); err != nil {
			return nil, err
		}
	}
	return l.build()
}

// loader builds packages in two passes, so that a package may use one that is
// read after it: declare makes every named type, define says what each is.
type loader struct {
	parsed     []*parsed
	types      map[string]*model.Type
	interfaces map[string]*model.Interface
}

// parsed is one package, as the parser gives it.
type parsed struct {
	wit    *wit.Package
	worlds []*wit.World
	index  *source.Index
	pkg    *model.Package
}

// parse reads one package's folder; a folder without WIT files is passed over.
func (l *loader) parse(dir, label string) error {
	index, err := source.ReadDir(dir, label)
	if err != nil || len(index.Files) == 0 {
		return err
	}
	if len(index.Async) > 0 {
		f := index.Async[0]
		return model.Errorf(f.Position, "%s is async, which witgen does not generate: the host binds synchronous functions only", f.Name)
	}
	resolve, err := wit.LoadWIT(dir)
	if err != nil {
		return &syntaxError{err: err, dir: dir, label: label}
	}
	// The package of the folder itself comes after all that it depends on.
	if len(resolve.Packages) == 0 {
		return fmt.Errorf("parse %s: no package", label)
	}
	p := &parsed{wit: resolve.Packages[len(resolve.Packages)-1], index: index}
	for _, w := range resolve.Worlds {
		if w.Package == p.wit {
			p.worlds = append(p.worlds, w)
		}
	}
	l.parsed = append(l.parsed, p)
	return nil
}

// syntaxError is the parser's error, with the folder's name as positions have
// it. The parser gives the place in the file.
type syntaxError struct {
	err        error
	dir, label string
}

func (e *syntaxError) Error() string { return strings.ReplaceAll(e.err.Error(), e.dir, e.label) }

func (e *syntaxError) Unwrap() error { return e.err }

func (l *loader) build() ([]*model.Package, error) {
	for _, p := range l.parsed {
		l.declare(p)
	}
	packages := make([]*model.Package, 0, len(l.parsed))
	for _, p := range l.parsed {
		if err := l.define(p); err != nil {
			return nil, err
		}
		if err := l.worlds(p); err != nil {
			return nil, err
		}
		packages = append(packages, p.pkg)
	}
	return packages, nil
}

// declare makes a package, its interfaces, and its named types without content.
func (l *loader) declare(p *parsed) {
	name := p.wit.Name
	p.pkg = &model.Package{
		Namespace: name.Namespace,
		Name:      name.Package,
		Docs:      clean(p.wit.Docs.Contents),
		Source:    p.index.Files[0],
	}
	if name.Version != nil {
		p.pkg.Version = name.Version.String()
	}
	if len(p.index.Files) > 1 {
		p.pkg.Source = filepath.ToSlash(filepath.Dir(p.index.Files[0]))
	}
	for name, wi := range p.wit.Interfaces.All() {
		i := &model.Interface{
			Package:  p.pkg,
			Name:     name,
			Docs:     clean(wi.Docs.Contents),
			Position: p.index.Find(name),
		}
		p.pkg.Interfaces = append(p.pkg.Interfaces, i)
		l.interfaces[i.ID()] = i
		for name, def := range wi.TypeDefs.All() {
			if used(def) {
				continue
			}
			t := &model.Type{
				Name:     name,
				Docs:     clean(def.Docs.Contents),
				Owner:    i,
				Position: p.index.Find(i.Name, name),
			}
			i.Types = append(i.Types, t)
			l.types[i.ID()+"."+name] = t
		}
	}
}

// used reports whether a definition only stands for what a use statement names.
func used(def *wit.TypeDef) bool {
	target, ok := def.Kind.(*wit.TypeDef)
	return ok && target.Owner != def.Owner
}

// worlds notes which interfaces are imported and exported.
func (l *loader) worlds(p *parsed) error {
	for _, w := range p.worlds {
		mark := func(name string, item wit.WorldItem, set func(*model.Interface)) error {
			ref, ok := item.(*wit.InterfaceRef)
			if !ok || ref.Interface.Name == nil {
				return model.Errorf(p.index.Find(w.Name, name),
					"world %s declares %s itself, which witgen does not generate: declare it in an interface", w.Name, name)
			}
			if i := l.interfaces[interfaceID(ref.Interface)]; i != nil {
				set(i)
			}
			return nil
		}
		for name, item := range w.Imports.All() {
			if err := mark(name, item, func(i *model.Interface) { i.Imported = true }); err != nil {
				return err
			}
		}
		for name, item := range w.Exports.All() {
			if err := mark(name, item, func(i *model.Interface) { i.Exported = true }); err != nil {
				return err
			}
		}
	}
	return nil
}

func interfaceID(i *wit.Interface) string {
	id := i.Package.Name
	id.Extension = *i.Name
	return id.String()
}

// clean removes the blanks at the ends of a doc's lines.
func clean(docs string) string {
	lines := strings.Split(strings.TrimSpace(docs), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t\r")
	}
	return strings.Join(lines, "\n")
}
