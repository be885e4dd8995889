package gogen

import (
	"github.com/hygia-suite/hygia/tools/witgen/internal/gofile"
	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	"github.com/hygia-suite/hygia/tools/witgen/internal/protogen"
)

// holders writes the conversions of the messages nested in one, which hold what
// a field cannot.
func (g *generator) holders(m *protogen.Message) {
	for _, h := range m.Nested {
		if h.WIT.Kind == model.Result {
			g.resultConversion(h)
		} else {
			g.holderConversion(h)
		}
		g.holders(h)
	}
}

// member of a holder: for a tuple one of its elements, else the value itself.
func memberExpr(t *model.Type, i int, expr string) string {
	if t.Kind == model.Tuple {
		return expr + "." + tupleField(i)
	}
	return expr
}

func (g *generator) holderConversion(h *protogen.Message) {
	name, goType, mirror := holderName(h), g.goType(h.WIT), g.message(g.pkg, h.GoName)
	g.Line("")
	g.Block("func "+name+"Proto(v "+goType+") *"+mirror, func() {
		g.Line("return &%s{", mirror)
		for i, f := range h.Fields {
			g.Line("%s: %s,", f.GoName, g.toField(f, memberExpr(h.WIT, i, "v")))
		}
		g.Line("}")
	})
	g.Line("")
	g.Block("func "+name+"FromProto(m *"+mirror+") ("+goType+", error)", func() {
		g.Line("var v %s", goType)
		g.missing("v")
		scope := gofile.NewScope(g.scope, "m", "err", "v")
		for i, f := range h.Fields {
			g.Line("%s = %s", memberExpr(h.WIT, i, "v"), g.fromField(scope, f, f.Name, "m."+f.GoName, "v"))
		}
		g.Line("return v, nil")
	})
}

func (g *generator) resultConversion(h *protogen.Message) {
	name, goType, mirror := holderName(h), g.goType(h.WIT), g.message(g.pkg, h.GoName)
	ok, failed := h.Fields[0], h.Fields[1]
	g.Line("")
	g.Block("func "+name+"Proto(v "+goType+") *"+mirror, func() {
		g.Block("if v.Failed", func() {
			g.Line("return %s", g.member(g.pkg, h, failed, g.side(failed, "v.Err")))
		})
		g.Line("return %s", g.member(g.pkg, h, ok, g.side(ok, "v.OK")))
	})
	g.Line("")
	g.Block("func "+name+"FromProto(m *"+mirror+") ("+goType+", error)", func() {
		g.Line("var v %s", goType)
		g.Block("switch "+g.bindKind(h)+"m.Get"+h.GoOneof+"().(type)", func() {
			g.Line("case *%s:", g.message(g.pkg, ok.GoWrapper))
			g.fromSide(ok, "v.OK")
			g.Line("return v, nil")
			g.Line("case *%s:", g.message(g.pkg, failed.GoWrapper))
			g.Line("v.Failed = true")
			g.fromSide(failed, "v.Err")
			g.Line("return v, nil")
			g.Line("default:")
			g.Line("return v, %s.Missing()", g.runtime())
		})
	})
}

// side writes the payload of one side of a result.
func (g *generator) side(f *protogen.Field, expr string) string {
	if f.WIT == nil {
		return ""
	}
	return g.toField(f, expr)
}

func (g *generator) fromSide(f *protogen.Field, variable string) {
	if f.WIT == nil {
		return
	}
	scope := gofile.NewScope(g.scope, "m", "err", "v", "kind")
	g.Line("%s = %s", variable, g.fromField(scope, f, f.Name, "kind."+f.GoName, "v"))
}
