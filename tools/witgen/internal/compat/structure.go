package compat

import (
	"strings"

	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
)

// structure writes all of a declared type that the engine compares, with other
// declared types by their names.
func structure(t *model.Type) string {
	if t.Kind == model.Alias {
		return "type " + reference(t.Elem)
	}
	members := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		members[i] = f.Name + ": " + reference(f.Type)
	}
	return t.Kind.String() + " { " + strings.Join(members, ", ") + " }"
}

// reference writes a type where it is used: a declared one by its interface and
// name, without the version, which may be another of the same track.
func reference(t *model.Type) string {
	switch {
	case t == nil:
		return "_"
	case t.Kind == model.Alias:
		return reference(t.Elem)
	case t.Named():
		return t.Owner.Package.Namespace + ":" + t.Owner.Package.Name + "/" + t.Owner.Name + "." + t.Name
	case t.Kind.Primitive():
		return t.Kind.String()
	}
	var parts []string
	switch t.Kind {
	case model.Tuple:
		for _, e := range t.Elems {
			parts = append(parts, reference(e))
		}
	case model.Result:
		parts = []string{reference(t.OK), reference(t.Err)}
	default:
		parts = []string{reference(t.Elem)}
	}
	return t.Kind.String() + "<" + strings.Join(parts, ", ") + ">"
}

// signature writes a function's type. The names of parameters are part of it.
func signature(f *model.Func) string {
	params := make([]string, len(f.Params))
	for i, p := range f.Params {
		params[i] = p.Name + ": " + reference(p.Type)
	}
	s := "func(" + strings.Join(params, ", ") + ")"
	if f.Result != nil {
		s += " -> " + reference(f.Result)
	}
	return s
}
