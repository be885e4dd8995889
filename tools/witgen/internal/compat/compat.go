// Package compat says whether a version of a WIT package keeps what an earlier
// one promised: that hosts and components built against either work with each
// other.
//
// Versions are compared within what the component model calls a track: a major
// version from 1 on, a minor version of 0, and each version of 0.0 and each
// pre-release by itself (design/mvp/WIT.md of WebAssembly/component-model, on
// package versions). Across tracks nothing is promised.
//
// Within one, what a host gives may grow, for components built earlier do not ask
// for it; what a component gives may not, for components built earlier do not have
// it. Types may not change at all: the engine compares their structure.
package compat

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/hygia-suite/hygia/tools/witgen/internal/load"
	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	"github.com/hygia-suite/hygia/tools/witgen/internal/parser"
)

// Check lists what breaks from one folder to another, each a package or a folder of
// packages. Places are those in the new folder, or in the old one for what is gone.
func Check(ctx context.Context, p *parser.Parser, before, after string) ([]*model.Error, error) {
	was, err := load.Dir(ctx, p, before, nil)
	if err != nil {
		return nil, err
	}
	is, err := load.Dir(ctx, p, after, nil)
	if err != nil {
		return nil, err
	}
	c := &checker{}
	for _, old := range was {
		c.pkg(old, is)
	}
	return c.breaks, nil
}

type checker struct {
	breaks []*model.Error
	// grown tells that the package at hand has something that it had not.
	grown bool
}

func (c *checker) broken(at model.Position, format string, args ...any) {
	c.breaks = append(c.breaks, model.Errorf(at, format, args...))
}

// pkg compares a package with the one that takes its place.
func (c *checker) pkg(was *model.Package, all []*model.Package) {
	at := model.Position{File: was.Source, Line: 1, Column: 1}
	is := successor(was, all)
	switch {
	case is == nil:
		c.broken(at, "package %s is gone", was.ID())
		return
	case track(was.Version) != track(is.Version):
		return // A new track: nothing is promised.
	}
	at.File = is.Source
	if compare(is.Version, was.Version) < 0 {
		c.broken(at, "package %s is older than %s, which takes its place", is.ID(), was.ID())
	}
	found := len(c.breaks)
	c.grown = false
	for _, i := range was.Interfaces {
		c.iface(i, is)
	}
	for _, w := range was.Worlds {
		c.world(w, is)
	}
	c.grown = c.grown || len(is.Interfaces) > len(was.Interfaces) || len(is.Worlds) > len(was.Worlds)
	if c.grown && len(c.breaks) == found && is.Version != "" && is.Version == was.Version {
		c.broken(at, "package %s has grown and keeps its version: raise it", is.ID())
	}
}

// successor finds the package of the same track, or else the newest of its name.
func successor(was *model.Package, all []*model.Package) *model.Package {
	var best *model.Package
	for _, p := range all {
		if p.Namespace != was.Namespace || p.Name != was.Name {
			continue
		}
		if track(p.Version) == track(was.Version) {
			return p
		}
		if best == nil || compare(p.Version, best.Version) > 0 {
			best = p
		}
	}
	if best != nil && compare(best.Version, was.Version) < 0 {
		return nil
	}
	return best
}

func compare(a, b string) int { return semver.Compare("v"+a, "v"+b) }

// track gives the part of a version within which nothing may break.
func track(version string) string {
	if version == "" || semver.Prerelease("v"+version) != "" {
		return version
	}
	parts := strings.Split(strings.TrimPrefix(semver.Canonical("v"+version), "v"), ".")
	switch {
	case len(parts) < 3:
		return version
	case parts[0] != "0":
		return parts[0]
	case parts[1] != "0":
		return "0." + parts[1]
	default:
		return version
	}
}

// iface compares an interface with the one of its name and side.
func (c *checker) iface(was *model.Interface, pkg *model.Package) {
	at := slices.IndexFunc(pkg.Interfaces, func(i *model.Interface) bool {
		return i.Name == was.Name && (i.Guest == was.Guest || i.Twin == nil || was.Twin == nil)
	})
	if at < 0 {
		c.broken(was.Position, "%s is gone", was.Name)
		return
	}
	is := pkg.Interfaces[at]
	for _, t := range was.Types {
		c.declared(t, is)
	}
	for _, f := range was.Funcs {
		c.function(f, is)
	}
	c.grown = c.grown || len(is.Types) > len(was.Types) || len(is.Funcs) > len(was.Funcs)
	if !was.Exported {
		return
	}
	for _, f := range is.Funcs {
		if find(was.Funcs, f.Name) == nil {
			c.broken(f.Position, "%s is new in %s, which components export: those built earlier do not have it; put it into an interface of its own",
				f.WIT(), is.Name)
		}
	}
}

// world compares a world with the one of its name.
func (c *checker) world(was *model.World, pkg *model.Package) {
	at := slices.IndexFunc(pkg.Worlds, func(w *model.World) bool { return w.Name == was.Name })
	if at < 0 {
		c.broken(was.Position, "world %s is gone", was.Name)
		return
	}
	is := pkg.Worlds[at]
	for _, name := range was.Imports {
		if !slices.Contains(is.Imports, name) {
			c.broken(is.Position, "world %s does not import %s any more: components built earlier ask for it", is.Name, name)
		}
	}
	for _, name := range was.Exports {
		if !slices.Contains(is.Exports, name) {
			c.broken(is.Position, "world %s does not export %s any more: hosts built earlier ask for it", is.Name, name)
		}
	}
	for _, name := range is.Exports {
		if !slices.Contains(was.Exports, name) {
			c.broken(is.Position, "world %s exports %s too: components built earlier do not have it", is.Name, name)
		}
	}
	c.grown = c.grown || len(is.Imports) > len(was.Imports)
}

func find(funcs []*model.Func, name string) *model.Func {
	for _, f := range funcs {
		if f.Name == name {
			return f
		}
	}
	return nil
}

func (c *checker) function(was *model.Func, in *model.Interface) {
	is := find(in.Funcs, was.Name)
	if is == nil {
		c.broken(was.Position, "%s is gone from %s", was.WIT(), in.Name)
		return
	}
	if a, b := signature(was), signature(is); a != b {
		c.broken(is.Position, "%s was %s, and is %s", was.WIT(), a, b)
	}
}

// declared compares a declared type with the one of its name.
func (c *checker) declared(was *model.Type, in *model.Interface) {
	at := slices.IndexFunc(in.Types, func(t *model.Type) bool { return t.Name == was.Name })
	if at < 0 {
		c.broken(was.Position, "%s is gone from %s", was.Name, in.Name)
		return
	}
	is := in.Types[at]
	a, b := structure(was), structure(is)
	if a == b {
		return
	}
	c.broken(is.Position, "%s has changed, which components built earlier do not know: %s", was.Name, difference(was, is, a, b))
}

// difference says what changed, by the first member that did.
func difference(was, is *model.Type, a, b string) string {
	for i, f := range was.Fields {
		switch {
		case i >= len(is.Fields):
			return f.Name + " is gone"
		case is.Fields[i].Name != f.Name:
			return fmt.Sprintf("%s is where %s was", is.Fields[i].Name, f.Name)
		case reference(f.Type) != reference(is.Fields[i].Type):
			return fmt.Sprintf("%s was %s, and is %s", f.Name, reference(f.Type), reference(is.Fields[i].Type))
		}
	}
	if len(is.Fields) > len(was.Fields) {
		return is.Fields[len(was.Fields)].Name + " is new"
	}
	return fmt.Sprintf("it was %s, and is %s", a, b)
}
