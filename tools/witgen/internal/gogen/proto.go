package gogen

import (
	"path"
	"slices"

	"github.com/hygia-suite/hygia/tools/witgen/internal/gofile"
	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	"github.com/hygia-suite/hygia/tools/witgen/internal/naming"
	"github.com/hygia-suite/hygia/tools/witgen/internal/protogen"
)

// protoFile holds the conversions between a package's types and the messages
// that mirror them.
func (p *Program) protoFile(pkg *model.Package, plan *protogen.File) *generator {
	g := p.newFile(pkg, protoName)
	for _, e := range plan.Enums {
		g.enumConversion(e)
	}
	for _, m := range plan.Messages {
		switch m.WIT.Kind {
		case model.Variant:
			g.variantConversion(m)
		case model.Flags:
			g.flagsConversion(m)
		default:
			g.recordConversion(m)
		}
		g.holders(m)
	}
	return g
}

// message gives the Go name of what mirrors a package's type.
func (g *generator) message(pkg *model.Package, name string) string {
	folder := g.plans[pkg].Folder
	alias := path.Base(path.Dir(folder)) + path.Base(folder)
	return g.ImportAs(path.Join(g.paths.Proto, folder), alias) + "." + name
}

// mirror gives the Go name of the message or enum of a declared type.
func (g *generator) mirror(t *model.Type) string {
	return g.message(t.Owner.Package, naming.ProtoGo(protogen.Name(t)))
}

// toFunc writes the head of a conversion to a message.
func (g *generator) toFunc(t *model.Type, result string, body func()) {
	name := g.typeName(t)
	if t.Kind == model.Variant {
		g.Decl(name+"Proto gives the message that mirrors a value, nil for nil."+sharing(t),
			"func "+name+"Proto(v "+name+") "+result, body)
		return
	}
	docs := "Proto gives the message that mirrors the value."
	if t.Kind == model.Enum {
		docs = "Proto gives the enum's value that mirrors the case."
	}
	g.Decl(docs+sharing(t), "func ("+receiver(name)+" "+name+") Proto() "+result, body)
}

// sharing warns where a value and its mirror have slices or pointers in common.
func sharing(t *model.Type) string {
	if !shares(t) {
		return ""
	}
	return " The two share slices and pointers."
}

func shares(t *model.Type) bool {
	t = t.Resolve()
	switch t.Kind {
	case model.List, model.Option:
		elem := t.Elem.Resolve()
		return same(elem) || shares(elem)
	case model.Result:
		return t.OK != nil && shares(t.OK) || t.Err != nil && shares(t.Err)
	case model.Tuple:
		return slices.ContainsFunc(t.Elems, shares)
	default:
		return slices.ContainsFunc(t.Fields, func(f model.Field) bool { return f.Type != nil && shares(f.Type) })
	}
}

// fromFunc writes the head of a conversion from a message.
func (g *generator) fromFunc(t *model.Type, param string, body func()) {
	name := g.typeName(t)
	g.Decl(name+"FromProto gives the value that a message mirrors. The error is a *wit.FieldError."+sharing(t),
		"func "+name+"FromProto(m "+param+") ("+name+", error)", body)
}

func (g *generator) enumConversion(e *protogen.Enum) {
	t := e.WIT
	name, mirror := g.typeName(t), g.mirror(t)
	if !e.Ordered() {
		g.numberedConversion(e, name, mirror)
		return
	}
	g.toFunc(t, mirror, func() { g.Line("return %s(%s)", mirror, receiver(name)) })
	g.Decl(name+"FromProto gives the case that an enum's value mirrors. The error is a *wit.FieldError.",
		"func "+name+"FromProto(m "+mirror+") ("+name+", error)", func() {
			g.Line("return %s.Enum[%s](m, %d)", g.runtime(), name, len(t.Fields))
		})
}

// numberedConversion converts an enum whose numbers are not those of Go, case by
// case.
func (g *generator) numberedConversion(e *protogen.Enum, name, mirror string) {
	t := e.WIT
	g.toFunc(t, mirror, func() {
		g.Block("switch "+receiver(name), func() {
			for i, f := range t.Fields {
				g.Line("case %s:", g.caseName(t, f))
				g.Line("return %d", e.Values[i].Number)
			}
			g.Line("default:")
			g.Line("return 0")
		})
	})
	g.fromFunc(t, mirror, func() {
		g.Block("switch m", func() {
			g.Line("case 0:")
			g.Line("return 0, %s.Missing()", g.runtime())
			for i, f := range t.Fields {
				g.Line("case %d:", e.Values[i].Number)
				g.Line("return %s, nil", g.caseName(t, f))
			}
			g.Line("default:")
			g.Line("return 0, %s.OutOfRange()", g.runtime())
		})
	})
}

func (g *generator) flagsConversion(m *protogen.Message) {
	t := m.WIT
	name, mirror := g.typeName(t), g.mirror(t)
	g.toFunc(t, "*"+mirror, func() {
		g.Line("return &%s{", mirror)
		for i, f := range t.Fields {
			g.Line("%s: %s.Has(%s),", m.Fields[i].GoName, receiver(name), g.caseName(t, f))
		}
		g.Line("}")
	})
	g.fromFunc(t, "*"+mirror, func() {
		g.missing("0")
		g.Line("var v %s", name)
		for i, f := range t.Fields {
			g.Block("if m."+m.Fields[i].GoName, func() { g.Line("v |= %s", g.caseName(t, f)) })
		}
		g.Line("return v, nil")
	})
}

// missing writes the refusal of a nil message.
func (g *generator) missing(zero string) {
	g.Block("if m == nil", func() { g.Line("return %s, %s.Missing()", zero, g.runtime()) })
}

func (g *generator) recordConversion(m *protogen.Message) {
	t := m.WIT
	name, mirror := g.typeName(t), g.mirror(t)
	g.toFunc(t, "*"+mirror, func() {
		g.Line("return &%s{", mirror)
		for i, f := range t.Fields {
			g.Line("%s: %s,", m.Fields[i].GoName, g.toField(m.Fields[i], receiver(name)+"."+g.fieldName(t, f)))
		}
		g.Line("}")
	})
	g.fromFunc(t, "*"+mirror, func() {
		g.missing(name + "{}")
		scope := gofile.NewScope(g.scope, "m", "err")
		values := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			values[i] = g.fromField(scope, m.Fields[i], f.Name, "m."+m.Fields[i].GoName, name+"{}")
		}
		g.Line("return %s{", name)
		for i, f := range t.Fields {
			g.Line("%s: %s,", g.fieldName(t, f), values[i])
		}
		g.Line("}, nil")
	})
}

func (g *generator) variantConversion(m *protogen.Message) {
	t := m.WIT
	mirror := g.mirror(t)
	g.toFunc(t, "*"+mirror, func() {
		g.Block("switch "+g.switchOn(t)+"v.(type)", func() {
			for i, f := range t.Fields {
				g.Line("case %s:", g.caseName(t, f))
				payload := ""
				if f.Type != nil {
					payload = g.toField(m.Fields[i], g.unwrapForProto(f, "v"))
				}
				g.Line("return %s", g.member(t.Owner.Package, m, m.Fields[i], payload))
			}
			g.Line("default:")
			g.Line("return nil")
		})
	})
	g.fromFunc(t, "*"+mirror, func() {
		g.Block("switch "+g.bindKind(m)+"m.Get"+m.GoOneof+"().(type)", func() {
			for i, f := range t.Fields {
				g.Line("case *%s:", g.message(t.Owner.Package, m.Fields[i].GoWrapper))
				payload := ""
				if f.Type != nil {
					scope := gofile.NewScope(g.scope, "m", "err", "kind")
					payload = g.fromField(scope, m.Fields[i], f.Name, "kind."+m.Fields[i].GoName, "nil")
				}
				g.Line("return %s, nil", g.wrapCase(t, f, payload))
			}
			g.Line("default:")
			g.Line("return nil, %s.Missing()", g.runtime())
		})
	})
}

// bindKind binds the variable of the switch over a oneof where a case needs it.
func (g *generator) bindKind(m *protogen.Message) string {
	for _, f := range m.Fields {
		if f.WIT != nil {
			return "kind := "
		}
	}
	return ""
}

// member writes a message whose oneof has one member set.
func (g *generator) member(pkg *model.Package, m *protogen.Message, f *protogen.Field, payload string) string {
	if f.WIT == nil {
		payload = "&" + g.Import(emptyPath) + ".Empty{}"
	}
	return "&" + g.message(pkg, m.GoName) + "{" + m.GoOneof + ": &" + g.message(pkg, f.GoWrapper) +
		"{" + f.GoName + ": " + payload + "}}"
}
