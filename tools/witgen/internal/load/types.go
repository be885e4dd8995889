package load

import (
	"strings"

	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	"github.com/hygia-suite/hygia/tools/witgen/internal/parser"
)

// typeKey tells the types of the model apart: a type of WIT, and whether it is
// that of an interface's guest side.
type typeKey struct {
	index int
	guest bool
}

// owner gives the interface in which a type is declared, from the point of view
// of an exported interface or not.
func (b *builder) owner(index int, guest bool) *model.Interface {
	switch o := b.in.Types[index].Owner; {
	case o.Interface != nil:
		in := b.interfaces[*o.Interface]
		if guest && in.guest != nil && b.resourceful(parser.Ref{Index: index}) {
			return in.guest
		}
		return in.host
	case o.World != nil:
		return b.worlds[*o.World]
	default:
		return nil
	}
}

// declare adds a named type to the interface that declares it, unless the name
// only stands for one of another.
func (b *builder) declare(i *model.Interface, index int) error {
	if b.used(index) {
		return nil
	}
	t, err := b.named(index, i)
	if err == nil {
		i.Types = append(i.Types, t)
	}
	return err
}

// used reports whether a definition only stands for what a use statement names.
func (b *builder) used(index int) bool {
	t := b.in.Types[index]
	if t.Kind.Word != "type" || t.Kind.Elem.Primitive != "" {
		return false
	}
	target := b.in.Types[t.Kind.Elem.Index]
	return !same(t.Owner.Interface, target.Owner.Interface) || !same(t.Owner.World, target.Owner.World)
}

func same(a, b *int) bool { return a == b || a != nil && b != nil && *a == *b }

// named gives a declared type.
func (b *builder) named(index int, owner *model.Interface) (*model.Type, error) {
	key := typeKey{index, owner.Guest && owner.Twin != nil}
	if t := b.types[key]; t != nil {
		return t, nil
	}
	in := b.in.Types[index]
	t := &model.Type{Name: in.Name, Docs: documented(in.Docs, in.Stability), Owner: owner, Position: position(in.Place)}
	b.types[key] = t
	switch in.Kind.Word {
	case "record":
		t.Kind = model.Record
	case "variant":
		t.Kind = model.Variant
	case "enum":
		t.Kind = model.Enum
	case "flags":
		t.Kind = model.Flags
		if len(in.Kind.Members) > maxFlags {
			return nil, model.Errorf(t.Position, "%s has %d flags; witgen generates at most %d", t.Name, len(in.Kind.Members), maxFlags)
		}
	case "resource":
		t.Kind = model.Resource
	default:
		var err error
		t.Kind = model.Alias
		t.Elem, err = b.composed(in, t.Position, owner.Guest)
		return t, err
	}
	for _, m := range in.Kind.Members {
		f := model.Field{Name: m.Name, Docs: clean(m.Docs), Position: position(m.Place)}
		if m.Type != nil {
			var err error
			if f.Type, err = b.reference(*m.Type, f.Position, owner.Guest); err != nil {
				return nil, err
			}
		}
		t.Fields = append(t.Fields, f)
	}
	return t, nil
}

// maxFlags is how many flags fit the widest Go integer.
const maxFlags = 64

// reference gives a type as a field, parameter or composition refers to it.
func (b *builder) reference(ref parser.Ref, at model.Position, guest bool) (*model.Type, error) {
	if ref.Primitive != "" {
		kind, ok := primitive(ref.Primitive)
		if !ok {
			return nil, refuse(at, ref.Primitive)
		}
		return &model.Type{Kind: kind}, nil
	}
	in := b.in.Types[ref.Index]
	if in.Name == "" {
		return b.composed(in, at, guest)
	}
	if b.used(ref.Index) {
		return b.reference(in.Kind.Elem, at, guest)
	}
	return b.named(ref.Index, b.owner(ref.Index, guest))
}

// composed gives a type without a name, or what another name stands for.
func (b *builder) composed(in parser.Type, at model.Position, guest bool) (*model.Type, error) {
	switch k := in.Kind; k.Word {
	case "type":
		return b.reference(k.Elem, at, guest)
	case "list", "option", "own", "borrow":
		elem, err := b.reference(k.Elem, at, guest)
		kind := map[string]model.Kind{
			"list": model.List, "option": model.Option, "own": model.Own, "borrow": model.Borrow,
		}[k.Word]
		return &model.Type{Kind: kind, Elem: elem}, err
	case "tuple":
		t := &model.Type{Kind: model.Tuple}
		for _, e := range k.Types {
			elem, err := b.reference(e, at, guest)
			if err != nil {
				return nil, err
			}
			t.Elems = append(t.Elems, elem)
		}
		return t, nil
	case "result":
		t := &model.Type{Kind: model.Result}
		var err error
		if k.OK != nil {
			if t.OK, err = b.reference(*k.OK, at, guest); err != nil {
				return nil, err
			}
		}
		if k.Err != nil {
			t.Err, err = b.reference(*k.Err, at, guest)
		}
		return t, err
	default:
		return nil, refuse(at, k.Word)
	}
}

// refuse says that a type cannot cross.
func refuse(at model.Position, word string) error {
	return model.Errorf(at, "%s is a type that the host library does not carry", strings.ReplaceAll(word, "-length-", "-length "))
}

// primitive gives the kind of that name.
func primitive(name string) (model.Kind, bool) {
	for k := model.Bool; k.Primitive(); k++ {
		if k.String() == name {
			return k, true
		}
	}
	return 0, false
}

// function gives a function, of an interface that is exported or not.
func (b *builder) function(in parser.Function, guest bool) (*model.Func, error) {
	f := &model.Func{Name: in.Name, Base: in.Name, Docs: documented(in.Docs, in.Stability), Position: position(in.Place)}
	word, async := strings.CutPrefix(in.Kind.Word, "async-")
	if word != "freestanding" {
		_, f.Base, _ = strings.Cut(in.Name, ".")
		f.Kind = map[string]model.FuncKind{"method": model.Method, "static": model.Static, "constructor": model.Constructor}[word]
		var err error
		if f.Resource, err = b.reference(parser.Ref{Index: in.Kind.Resource}, f.Position, guest); err != nil {
			return nil, err
		}
	}
	if async {
		return nil, model.Errorf(f.Position, "%s is async, which witgen does not generate: the host binds synchronous functions only", f.Base)
	}
	for _, p := range in.Params {
		at := position(p.Place)
		if at == (model.Position{}) {
			at = f.Position // A method's self, which nobody wrote.
		}
		t, err := b.reference(p.Type, at, guest)
		if err != nil {
			return nil, err
		}
		f.Params = append(f.Params, model.Field{Name: p.Name, Position: at, Type: t})
	}
	if in.Result == nil {
		return f, nil
	}
	var err error
	f.Result, err = b.reference(*in.Result, f.Position, guest)
	return f, err
}
