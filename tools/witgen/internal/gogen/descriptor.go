package gogen

import (
	"strings"

	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
)

// typeDescriptor writes the value that describes a type to the host.
func (g *generator) typeDescriptor(t *model.Type) string {
	c := g.component()
	if t == nil {
		return "nil"
	}
	t = t.Resolve()
	if t.Named() {
		return g.derived("", t, "Type")
	}
	switch t.Kind {
	case model.List:
		return c + ".ListOf(" + g.typeDescriptor(t.Elem) + ")"
	case model.Option:
		return c + ".OptionOf(" + g.typeDescriptor(t.Elem) + ")"
	case model.Own:
		return c + ".OwnOf(" + g.derived("", t.Handle(), "Resource") + ")"
	case model.Borrow:
		return c + ".BorrowOf(" + g.derived("", t.Handle(), "Resource") + ")"
	case model.Result:
		return c + ".ResultOf(" + g.typeDescriptor(t.OK) + ", " + g.typeDescriptor(t.Err) + ")"
	case model.Tuple:
		elems := make([]string, len(t.Elems))
		for i, e := range t.Elems {
			elems[i] = g.typeDescriptor(e)
		}
		return c + ".TupleOf(" + strings.Join(elems, ", ") + ")"
	default:
		return c + "." + coderName(t.Kind)
	}
}

// descriptors writes the variables that describe an interface's types and
// functions.
func (g *generator) descriptors(i *model.Interface) {
	var declared []*model.Type
	for _, t := range i.Types {
		if t.Kind != model.Alias && t.Kind != model.Resource {
			declared = append(declared, t)
		}
	}
	if len(declared) > 0 {
		g.Group("Descriptors of the types above: the host compares them with a component's.", "var", func() {
			for _, t := range declared {
				g.declaredDescriptor(t)
			}
		})
	}
}

func (g *generator) declaredDescriptor(t *model.Type) {
	c := g.component()
	constructors := map[model.Kind]string{
		model.Record: "RecordOf", model.Variant: "VariantOf", model.Enum: "EnumOf", model.Flags: "FlagsOf",
	}
	g.Line("%sType = %s.%s(%q,", g.typeName(t), c, constructors[t.Kind], t.Name)
	for _, f := range t.Fields {
		switch {
		case t.Kind == model.Enum || t.Kind == model.Flags:
			g.Line("%q,", f.Name)
		case t.Kind == model.Record:
			g.Line("%s.Field{Name: %q, Type: %s},", c, f.Name, g.typeDescriptor(f.Type))
		case f.Type == nil:
			g.Line("%s.Case{Name: %q},", c, f.Name)
		default:
			g.Line("%s.Case{Name: %q, Type: %s},", c, f.Name, g.typeDescriptor(f.Type))
		}
	}
	g.Line(")")
}

// functions writes the variables that describe an interface's functions, as
// exports or imports of a component.
func (g *generator) functions(i *model.Interface, kind string, name func(interfaceNames, *model.Func) string) {
	if len(i.Funcs) == 0 {
		return
	}
	g.Line("")
	g.Line("var (")
	for _, f := range i.Funcs {
		g.Line("%s = &%s.%s{", name(g.names[g.pkg].interfaces[i], f), g.component(), kind)
		if i.Path != "" {
			g.Line("Interface: %q,", i.Path)
		}
		g.Line("Name: %q,", f.Name)
		g.signature(f)
		g.Line("}")
	}
	g.Line(")")
}

// signature writes a function's type for its descriptor.
func (g *generator) signature(f *model.Func) {
	c := g.component()
	g.Line("Signature: %s.Signature{", c)
	if len(f.Params) > 0 {
		g.Line("Params: []%s.Field{", c)
		for _, p := range f.Params {
			g.Line("{Name: %q, Type: %s},", p.Name, g.typeDescriptor(p.Type))
		}
		g.Line("},")
	}
	if f.Result != nil {
		g.Line("Result: %s,", g.typeDescriptor(f.Result))
	}
	g.Line("},")
}
