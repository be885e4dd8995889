package load

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	"github.com/hygia-suite/hygia/tools/witgen/internal/parser"
)

// builder makes the model of what the parser resolved, in passes: packages and
// their interfaces; which of these worlds import and export; what worlds declare
// themselves; and then, as they are referred to, types and functions.
type builder struct {
	in         *parser.Resolved
	packages   []*model.Package
	interfaces []sides
	types      map[typeKey]*model.Type
	// worlds are what worlds import outside of interfaces, by world; their types
	// are there too.
	worlds map[int]*model.Interface
}

func (b *builder) build() ([]*model.Package, error) {
	for i, p := range b.in.Packages {
		b.packages[i] = newPackage(p)
	}
	for i, wi := range b.in.Interfaces {
		if wi.Name == "" {
			continue
		}
		p := b.packages[wi.Package]
		b.interfaces[i].host = &model.Interface{
			Package:  p,
			Name:     wi.Name,
			Path:     p.Namespace + ":" + p.Name + "/" + wi.Name + strings.TrimPrefix(p.ID(), p.Namespace+":"+p.Name),
			Docs:     documented(wi.Docs, wi.Stability),
			Position: position(wi.Place),
		}
		p.Interfaces = append(p.Interfaces, b.interfaces[i].host)
	}
	for w := range b.in.Worlds {
		if err := b.marks(w); err != nil {
			return nil, err
		}
	}
	for i := range b.interfaces {
		b.split(i)
	}
	for w, world := range b.in.Worlds {
		b.worlds[w] = b.outside(world, false)
	}
	for _, world := range b.in.Worlds {
		if err := b.mixed(world); err != nil {
			return nil, err
		}
	}
	for i := range b.interfaces {
		if err := b.contents(i); err != nil {
			return nil, err
		}
	}
	for w := range b.in.Worlds {
		if err := b.own(w); err != nil {
			return nil, err
		}
	}
	for _, p := range b.packages {
		p.Source = source(p)
	}
	return b.packages, nil
}

func newPackage(p parser.Declared) *model.Package {
	out := &model.Package{Docs: clean(p.Docs)}
	name := p.Name
	name, out.Version, _ = strings.Cut(name, "@")
	out.Namespace, out.Name, _ = strings.Cut(name, ":")
	return out
}

// source names the file that a package's interfaces stand in, or their folder.
func source(p *model.Package) string {
	var found string
	for _, i := range p.Interfaces {
		switch file := i.Position.File; {
		case file == "" || file == found:
		case found == "":
			found = file
		default:
			return path.Dir(file)
		}
	}
	return cmp.Or(found, p.ID())
}

// marks notes which interfaces a world imports and exports, and makes those that
// it declares itself.
func (b *builder) marks(w int) error {
	world := b.in.Worlds[w]
	for n, items := range []parser.Ordered[parser.Item]{world.Imports, world.Exports} {
		exported := n == 1
		for _, item := range items {
			at := position(cmp.Or(item.Value.Place, world.Place))
			ref := item.Value.Interface
			if ref == nil {
				continue
			}
			wi := b.in.Interfaces[ref.ID]
			if wi.Name != "" && !strings.HasPrefix(item.Key, "interface-") {
				return model.Errorf(at, "%s gives a name of its own to an interface, which the engine does not know: "+
					"import or export the interface itself", item.Key)
			}
			if b.interfaces[ref.ID].host == nil {
				b.inline(w, ref.ID, item.Key, exported)
			}
			i := b.interfaces[ref.ID].host
			i.Imported = i.Imported || !exported
			i.Exported = i.Exported || exported
		}
	}
	return nil
}

// inline makes an interface that a world declares on the spot.
func (b *builder) inline(w, index int, key string, exported bool) {
	wi, world := b.in.Interfaces[index], b.in.Worlds[w]
	p := b.packages[world.Package]
	name := world.Name + "-" + key
	if exported && slices.ContainsFunc(p.Interfaces, func(i *model.Interface) bool { return i.Name == name }) {
		name += "-export"
	}
	b.interfaces[index].host = &model.Interface{
		Package: p, Name: name, Path: key, Docs: documented(wi.Docs, wi.Stability), Position: position(wi.Place),
	}
	p.Interfaces = append(p.Interfaces, b.interfaces[index].host)
}

// contents fills in an interface's types and functions, on each of its sides.
func (b *builder) contents(index int) error {
	wi, in := b.in.Interfaces[index], b.interfaces[index]
	for _, i := range []*model.Interface{in.host, in.guest} {
		if i == nil {
			continue
		}
		for _, t := range wi.Types {
			if i == in.guest && !b.resourceful(parser.Ref{Index: t.Value}) {
				continue // The two sides share it.
			}
			if err := b.declare(i, t.Value); err != nil {
				return err
			}
		}
		for _, f := range wi.Functions {
			fn, err := b.function(f.Value, i.Guest)
			if err != nil {
				return err
			}
			i.Funcs = append(i.Funcs, fn)
		}
	}
	return nil
}

// own makes the interfaces of what a world declares outside of any.
func (b *builder) own(w int) error {
	world := b.in.Worlds[w]
	listed := model.World{Name: world.Name, Position: position(world.Place)}
	for n, items := range []parser.Ordered[parser.Item]{world.Imports, world.Exports} {
		i := b.worlds[w]
		if n == 1 {
			i = b.outside(world, true)
		}
		for _, item := range items {
			var err error
			b.listed(&listed, n == 1, item)
			switch {
			case item.Value.Type != nil:
				err = b.declare(i, *item.Value.Type)
			case item.Value.Function != nil:
				var fn *model.Func
				// What a world uses of an interface is always what it imports.
				fn, err = b.function(*item.Value.Function, false)
				i.Funcs = append(i.Funcs, fn)
			}
			if err != nil {
				return err
			}
		}
		if len(i.Types) > 0 || len(i.Funcs) > 0 {
			i.Package.Interfaces = append(i.Package.Interfaces, i)
		}
	}
	p := b.packages[world.Package]
	p.Worlds = append(p.Worlds, &listed)
	return nil
}

// listed adds an interface or function to a world's list.
func (b *builder) listed(w *model.World, exported bool, item parser.Entry[parser.Item]) {
	name := item.Key
	switch {
	case item.Value.Type != nil:
		return
	case item.Value.Interface != nil:
		name, _, _ = strings.Cut(b.interfaces[item.Value.Interface.ID].host.Path, "@")
	}
	if exported {
		w.Exports = append(w.Exports, name)
	} else {
		w.Imports = append(w.Imports, name)
	}
}

// outside makes the interface of what a world imports or exports outside of any.
func (b *builder) outside(world parser.World, exported bool) *model.Interface {
	i := &model.Interface{
		Package: b.packages[world.Package], Name: world.Name, World: world.Name, Docs: documented(world.Docs, world.Stability),
		Position: position(world.Place), Imported: !exported, Exported: exported, Guest: exported,
	}
	if !exported {
		i.Name += "-imports"
		i.Docs = documented(parser.Docs{Contents: "What world " + world.Name + " imports outside of interfaces."}, world.Stability)
	}
	return i
}

// documented gives a declaration's docs, and where it is deprecated the paragraph
// that Go's tools look for, unless its author wrote one.
func documented(docs parser.Docs, s parser.Stability) string {
	const begin = "Deprecated: "
	text, version := clean(docs), cmp.Or(s.Stable.Deprecated, s.Unstable.Deprecated)
	if version == "" || strings.Contains("\n\n"+text, "\n\n"+begin) {
		return text
	}
	return strings.TrimPrefix(text+"\n\n"+begin+"As of version "+version+".", "\n\n")
}

// clean removes the blanks at the ends of a doc's lines.
func clean(docs parser.Docs) string {
	lines := strings.Split(strings.TrimSpace(docs.Contents), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t\r")
	}
	return strings.Join(lines, "\n")
}
