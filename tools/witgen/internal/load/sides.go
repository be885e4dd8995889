package load

import (
	"slices"

	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	"github.com/hygia-suite/hygia/tools/witgen/internal/parser"
)

// sides are the interfaces that one of WIT gives rise to: for a host to give, or
// for both sides; and where it has resources and is also exported, its other side.
type sides struct{ host, guest *model.Interface }

// split gives an interface that is both imported and exported, and has to do with
// resources, a side for each; and says whose the resources of others are.
func (b *builder) split(index int) {
	i := b.interfaces[index].host
	if i == nil || !i.Exported {
		return
	}
	if !i.Imported {
		i.Guest = true
		return
	}
	if !b.hasResources(index) {
		return
	}
	guest := *i
	guest.Imported, guest.Guest, guest.Twin = false, true, i
	i.Exported, i.Twin = false, &guest
	b.interfaces[index].guest = &guest
	at := slices.Index(i.Package.Interfaces, i)
	i.Package.Interfaces = slices.Insert(i.Package.Interfaces, at+1, &guest)
}

// hasResources reports whether an interface's types or functions have to do with
// resources.
func (b *builder) hasResources(index int) bool {
	wi := b.in.Interfaces[index]
	for _, t := range wi.Types {
		if b.resourceful(parser.Ref{Index: t.Value}) {
			return true
		}
	}
	for _, f := range wi.Functions {
		for _, p := range f.Value.Params {
			if b.resourceful(p.Type) {
				return true
			}
		}
		if f.Value.Result != nil && b.resourceful(*f.Value.Result) {
			return true
		}
	}
	return false
}

// resourceful reports whether a type is a resource or holds a handle to one.
func (b *builder) resourceful(ref parser.Ref) bool {
	if ref.Primitive != "" {
		return false
	}
	k := b.in.Types[ref.Index].Kind
	switch k.Word {
	case "resource", "own", "borrow":
		return true
	case "list", "option", "type":
		return b.resourceful(k.Elem)
	}
	for _, m := range k.Members {
		if m.Type != nil && b.resourceful(*m.Type) {
			return true
		}
	}
	return slices.ContainsFunc(k.Types, b.resourceful) ||
		k.OK != nil && b.resourceful(*k.OK) || k.Err != nil && b.resourceful(*k.Err)
}

// mixed refuses a world that exports an interface which uses the resources of
// another that the world does not export, and some other world does: whose
// resources they are would differ from world to world.
func (b *builder) mixed(world parser.World) error {
	exported := map[int]bool{}
	for _, item := range world.Exports {
		if item.Value.Interface != nil {
			exported[item.Value.Interface.ID] = true
		}
	}
	for _, item := range world.Exports {
		if item.Value.Interface == nil {
			continue
		}
		for _, t := range b.in.Interfaces[item.Value.Interface.ID].Types {
			used := b.origin(t.Value)
			owner := b.in.Types[used].Owner.Interface
			if owner == nil || exported[*owner] || b.interfaces[*owner].guest == nil || !b.resourceful(parser.Ref{Index: used}) {
				continue
			}
			i := b.interfaces[item.Value.Interface.ID].host
			return model.Errorf(i.Position, "world %s exports %s, which uses resources of %s as it is imported; "+
				"another world exports that too, so that they would be two: export %s here as well",
				world.Name, i.Name, b.interfaces[*owner].host.Name, b.interfaces[*owner].host.Name)
		}
	}
	return nil
}

// origin follows what use statements name.
func (b *builder) origin(index int) int {
	for b.used(index) {
		index = b.in.Types[index].Kind.Elem.Index
	}
	return index
}
