package load

import (
	"strings"

	"go.bytecodealliance.org/wit"

	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
)

// scope is where a type is written: what refusals and lookups need to know.
type scope struct {
	*loader
	parsed *parsed
	path   []string
}

func (s scope) in(name string) scope {
	s.path = append(s.path[:len(s.path):len(s.path)], name)
	return s
}

func (s scope) position() model.Position { return s.parsed.index.Find(s.path...) }

func (s scope) refuse(format string, args ...any) error {
	return model.Errorf(s.position(), format, args...)
}

// define fills in a package's types and functions.
func (l *loader) define(p *parsed) error {
	for _, i := range p.pkg.Interfaces {
		wi := p.wit.Interfaces.Get(i.Name)
		s := scope{loader: l, parsed: p}.in(i.Name)
		for _, t := range i.Types {
			if err := s.in(t.Name).declaration(t, wi.TypeDefs.Get(t.Name)); err != nil {
				return err
			}
		}
		for name, f := range wi.Functions.All() {
			fn, err := s.in(f.BaseName()).function(name, f)
			if err != nil {
				return err
			}
			i.Funcs = append(i.Funcs, fn)
		}
	}
	return nil
}

// declaration says what a named type is.
func (s scope) declaration(t *model.Type, def *wit.TypeDef) error {
	var err error
	switch kind := def.Kind.(type) {
	case *wit.Record:
		t.Kind = model.Record
		for _, f := range kind.Fields {
			if err = s.in(f.Name).field(t, f.Name, f.Docs, f.Type); err != nil {
				return err
			}
		}
	case *wit.Variant:
		t.Kind = model.Variant
		for _, c := range kind.Cases {
			if err = s.in(c.Name).field(t, c.Name, c.Docs, c.Type); err != nil {
				return err
			}
		}
	case *wit.Enum:
		t.Kind = model.Enum
		for _, c := range kind.Cases {
			if err = s.in(c.Name).field(t, c.Name, c.Docs, nil); err != nil {
				return err
			}
		}
	case *wit.Flags:
		t.Kind = model.Flags
		for _, f := range kind.Flags {
			if err = s.in(f.Name).field(t, f.Name, f.Docs, nil); err != nil {
				return err
			}
		}
		if len(t.Fields) > maxFlags {
			return s.refuse("%s has %d flags; witgen generates at most %d", t.Name, len(t.Fields), maxFlags)
		}
	default:
		t.Kind = model.Alias
		t.Elem, err = s.anonymous(def)
	}
	return err
}

// maxFlags is how many flags fit the widest Go integer.
const maxFlags = 64

func (s scope) field(t *model.Type, name string, docs wit.Docs, wt wit.Type) error {
	f := model.Field{Name: name, Docs: clean(docs.Contents), Position: s.position()}
	if wt != nil {
		var err error
		if f.Type, err = s.reference(wt); err != nil {
			return err
		}
	}
	t.Fields = append(t.Fields, f)
	return nil
}

func (s scope) function(name string, f *wit.Function) (*model.Func, error) {
	if !f.IsFreestanding() {
		return nil, s.refuse("%s belongs to a resource, which witgen does not generate", f.BaseName())
	}
	fn := &model.Func{Name: name, Docs: clean(f.Docs.Contents), Position: s.position()}
	for _, param := range f.Params {
		t, err := s.in(param.Name).reference(param.Type)
		if err != nil {
			return nil, err
		}
		fn.Params = append(fn.Params, model.Field{Name: param.Name, Position: s.in(param.Name).position(), Type: t})
	}
	switch len(f.Results) {
	case 0:
		return fn, nil
	case 1:
		t, err := s.reference(f.Results[0].Type)
		fn.Result = t
		return fn, err
	default:
		return nil, s.refuse("%s has several results, which witgen does not generate: give a record or a tuple", name)
	}
}

// reference gives a type as a field, parameter or composition refers to it.
func (s scope) reference(t wit.Type) (*model.Type, error) {
	if kind, ok := primitive(t); ok {
		return &model.Type{Kind: kind}, nil
	}
	def, ok := t.(*wit.TypeDef)
	if !ok {
		return nil, s.refuse("%s is a type that witgen does not generate", strings.ToLower(kindName(t)))
	}
	if used(def) {
		return s.reference(def.Kind.(*wit.TypeDef))
	}
	if def.Name == nil {
		return s.anonymous(def)
	}
	owner, ok := def.Owner.(*wit.Interface)
	if !ok {
		return nil, s.refuse("%s is declared by a world, which witgen does not generate: declare it in an interface", *def.Name)
	}
	if named := s.types[interfaceID(owner)+"."+*def.Name]; named != nil {
		return named, nil
	}
	return nil, s.refuse("%s is of %s, which is not among the packages of this folder", *def.Name, interfaceID(owner))
}

// anonymous gives a composition, or what an alias names.
func (s scope) anonymous(def *wit.TypeDef) (*model.Type, error) {
	switch kind := def.Kind.(type) {
	case *wit.List:
		elem, err := s.reference(kind.Type)
		if err != nil {
			return nil, err
		}
		if elem.Resolve().Kind == model.U8 {
			return nil, s.refuse("list<u8> crosses a component's boundary one value at a time, " +
				"a hundred times slower than text: use string")
		}
		return &model.Type{Kind: model.List, Elem: elem}, nil
	case *wit.Option:
		elem, err := s.reference(kind.Type)
		return &model.Type{Kind: model.Option, Elem: elem}, err
	case *wit.Tuple:
		return s.tuple(kind)
	case *wit.Result:
		return s.result(kind)
	case *wit.Resource, *wit.Own, *wit.Borrow:
		return nil, s.refuse("resources and handles to them are not generated by witgen")
	case wit.Type:
		return s.reference(kind)
	default:
		return nil, s.refuse("%s is a type that witgen does not generate", strings.ToLower(kindName(kind)))
	}
}

// maxTuple is the longest tuple for which the generated code's runtime has a
// type.
const maxTuple = 8

func (s scope) tuple(tuple *wit.Tuple) (*model.Type, error) {
	if n := len(tuple.Types); n == 0 || n > maxTuple {
		return nil, s.refuse("a tuple has %d elements; witgen generates 1 to %d: use a record", n, maxTuple)
	}
	t := &model.Type{Kind: model.Tuple}
	for _, e := range tuple.Types {
		elem, err := s.reference(e)
		if err != nil {
			return nil, err
		}
		t.Elems = append(t.Elems, elem)
	}
	return t, nil
}

func (s scope) result(result *wit.Result) (*model.Type, error) {
	t := &model.Type{Kind: model.Result}
	var err error
	if result.OK != nil {
		if t.OK, err = s.reference(result.OK); err != nil {
			return nil, err
		}
	}
	if result.Err != nil {
		t.Err, err = s.reference(result.Err)
	}
	return t, err
}
