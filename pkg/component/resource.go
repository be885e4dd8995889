package component

import (
	"context"
	"slices"
)

// Resource names a resource type. One of an interface that a component imports
// is the host's: the host keeps Go values, the guest holds handles of them. One
// of an interface that it exports is the guest's: the host holds Handles. Where
// an interface is both imported and exported its resources are two types each,
// which the methods of Encoder and Decoder tell apart.
//
// Generated code holds one package variable for each; a program knows it by its
// address, and any other of that name by its name, which takes longer.
type Resource struct {
	Interface string // "wasi:io/streams@0.2.0"; "" for a resource of the world itself
	Name      string // "input-stream"
}

// Equal reports whether two resources have the same name and are of the same
// interface, in the same version or a compatible one: see Engine.Link.
func (r *Resource) Equal(o *Resource) bool {
	if r == o {
		return true
	}
	return r != nil && o != nil && r.Name == o.Name &&
		(r.Interface == o.Interface || track(r.Interface) == track(o.Interface))
}

// String returns the full name, as in "wasi:io/streams@0.2.0#input-stream".
func (r *Resource) String() string { return qualified(r.Interface, r.Name) }

// OwnOf returns own<r>, a handle that is given away with the resource itself.
func OwnOf(r *Resource) *Type { return &Type{kind: KindOwn, resource: r} }

// BorrowOf returns borrow<r>, a handle that is lent for one call.
func BorrowOf(r *Resource) *Type { return &Type{kind: KindBorrow, resource: r} }

// Resource returns what an own or a borrow is a handle of; nil for other types.
func (t *Type) Resource() *Resource { return t.resource }

// dropFunc ends a host's value: see Host.Resource.
type dropFunc = func(ctx context.Context, value any) error

// boundResource is a resource type of a component. Its place in
// Program.resources is what C and the wire know it by.
type boundResource struct {
	res   *Resource // as the component names it
	guest bool
	given bool // by the host: a component's WASI may come from elsewhere
	drop  dropFunc
}

// alias is a descriptor's resource, and its place among the program's.
type alias struct {
	res   *Resource
	index int
}

// resource returns the place of r, the guest's or the host's, or -1.
func (p *Program) resource(r *Resource, guest bool) int {
	for _, a := range p.aliases {
		if a.res == r && p.resources[a.index].guest == guest {
			return a.index
		}
	}
	for i, b := range p.resources {
		if b.guest == guest && b.res.Equal(r) {
			return i
		}
	}
	return -1
}

// placeOf returns the place of one of the component's own resources.
func (p *Program) placeOf(r *Resource) int {
	return slices.IndexFunc(p.resources, func(b boundResource) bool { return b.res == r })
}

// learnAll records which of the program's resources a descriptor's signature
// names, one that equals the declared one, and returns one that nobody gives.
func (p *Program) learnAll(declared, wanted Signature) *Resource {
	missing := p.learn(declared.Result, wanted.Result)
	for i := range declared.Params {
		if m := p.learn(declared.Params[i].Type, wanted.Params[i].Type); m != nil {
			missing = m
		}
	}
	return missing
}

func (p *Program) learn(declared, wanted *Type) *Resource {
	if declared == nil {
		return nil
	}
	if declared.resource != nil {
		i := p.placeOf(declared.resource)
		if !p.resources[i].guest && !p.resources[i].given {
			return declared.resource
		}
		if a := (alias{wanted.resource, i}); !slices.Contains(p.aliases, a) {
			p.aliases = append(p.aliases, a)
		}
	}
	for i, e := range declared.elems {
		if missing := p.learn(e, wanted.elems[i]); missing != nil {
			return missing
		}
	}
	return nil
}
