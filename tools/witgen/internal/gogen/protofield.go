package gogen

import (
	"strings"

	"github.com/hygia-suite/hygia/tools/witgen/internal/gofile"
	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	"github.com/hygia-suite/hygia/tools/witgen/internal/protogen"
)

// same reports whether Go holds a value of the type and its mirror alike.
func same(t *model.Type) bool {
	switch t.Kind {
	case model.U8, model.U16, model.S8, model.S16, model.Char:
		return false
	default:
		return t.Kind.Primitive() || t.Bytes()
	}
}

// narrowed gives the Go type that mirrors an integer for which proto has none.
func narrowed(t *model.Type) string {
	if t.Kind == model.U8 || t.Kind == model.U16 {
		return "uint32"
	}
	return "int32"
}

// toField writes the expression of a message's field.
func (g *generator) toField(f *protogen.Field, expr string) string {
	t := f.WIT.Resolve()
	if t.Bytes() {
		return expr
	}
	if f.Holder == nil || f.Holder.WIT != t {
		switch t.Kind {
		case model.List:
			return g.apply("Map", t.Elem.Resolve(), f.Holder, expr)
		case model.Option:
			return g.toOption(t.Elem.Resolve(), f.Holder, expr)
		}
	}
	return g.toValue(t, f.Holder, expr)
}

// apply writes the conversion of all that a list or option holds.
func (g *generator) apply(how string, elem *model.Type, holder *protogen.Message, expr string) string {
	if same(elem) {
		return expr
	}
	return g.runtime() + "." + how + "(" + expr + ", " + g.toFuncName(elem, holder) + ")"
}

func (g *generator) toOption(elem *model.Type, holder *protogen.Message, expr string) string {
	switch {
	case elem.Kind == model.Variant:
		return g.toValue(elem, holder, expr)
	case elem.Bytes():
		return g.runtime() + ".OptionalBytes(" + expr + ")"
	case elem.Kind.Primitive() || elem.Kind == model.Enum:
		return g.apply("Optional", elem, holder, expr)
	default:
		return g.apply("Some", elem, holder, expr)
	}
}

// toValue writes the conversion of one value.
func (g *generator) toValue(t *model.Type, holder *protogen.Message, expr string) string {
	switch {
	case same(t):
		return expr
	case t.Kind == model.Char:
		return "string(" + expr + ")"
	case t.Kind.Primitive():
		return narrowed(t) + "(" + expr + ")"
	case t.Kind == model.Variant || !t.Named():
		return g.toFuncName(t, holder) + "(" + expr + ")"
	default:
		return expr + ".Proto()"
	}
}

// toFuncName names the function that converts one value.
func (g *generator) toFuncName(t *model.Type, holder *protogen.Message) string {
	switch {
	case t.Kind == model.Char:
		return g.runtime() + ".CharString"
	case t.Kind.Primitive():
		return g.runtime() + ".Widen[" + narrowed(t) + ", " + primitive(t.Kind) + "]"
	case t.Kind == model.Variant:
		return g.derived("", t, "Proto")
	case t.Named():
		return g.typeName(t) + ".Proto"
	default:
		return holderName(holder) + "Proto"
	}
}

// fromField writes the statements that convert a message's field, and gives the
// expression of the result.
func (g *generator) fromField(scope *gofile.Scope, f *protogen.Field, name, expr, zero string) string {
	conversion := g.fromExpr(f, expr)
	if conversion == "" {
		return expr
	}
	v := variable(scope, name)
	g.Line("%s, err := %s", v, conversion)
	g.Block("if err != nil", func() {
		g.Line("return %s, %s.InField(%q, err)", zero, g.runtime(), f.Name)
	})
	return v
}

// fromExpr writes the conversion of a message's field, which gives a value and
// an error; empty where the field is the value.
func (g *generator) fromExpr(f *protogen.Field, expr string) string {
	t := f.WIT.Resolve()
	if t.Bytes() {
		return g.runtime() + ".Bytes(" + expr + ")"
	}
	if f.Holder == nil || f.Holder.WIT != t {
		switch t.Kind {
		case model.List:
			return g.tryApply("TryMap", t.Elem.Resolve(), f.Holder, expr)
		case model.Option:
			return g.fromOption(t.Elem.Resolve(), f.Holder, expr)
		}
	}
	if same(t) {
		return ""
	}
	if t.Kind.Primitive() && t.Kind != model.Char {
		return g.runtime() + ".Narrow[" + primitive(t.Kind) + "](" + expr + ")"
	}
	return g.fromFuncName(t, f.Holder) + "(" + expr + ")"
}

func (g *generator) tryApply(how string, elem *model.Type, holder *protogen.Message, expr string) string {
	if same(elem) && !elem.Bytes() {
		return ""
	}
	return g.runtime() + "." + how + "(" + expr + ", " + g.fromFuncName(elem, holder) + ")"
}

func (g *generator) fromOption(elem *model.Type, holder *protogen.Message, expr string) string {
	switch {
	case elem.Kind == model.Variant:
		return g.tryApply("TryPresent", elem, holder, expr)
	case elem.Bytes():
		return g.runtime() + ".TryOptionalBytes(" + expr + ")"
	case elem.Kind.Primitive() || elem.Kind == model.Enum:
		return g.tryApply("TryOptional", elem, holder, expr)
	default:
		return g.tryApply("TrySome", elem, holder, expr)
	}
}

// fromFuncName names the function that converts one value from its mirror.
func (g *generator) fromFuncName(t *model.Type, holder *protogen.Message) string {
	switch {
	case t.Bytes():
		return g.runtime() + ".Bytes"
	case t.Kind == model.Char:
		return g.runtime() + ".Char"
	case t.Kind.Primitive():
		return g.runtime() + ".Narrow[" + primitive(t.Kind) + ", " + narrowed(t) + "]"
	case t.Named():
		return g.derived("", t, "FromProto")
	default:
		return holderName(holder) + "FromProto"
	}
}

// holderName names the conversions of a nested message.
func holderName(m *protogen.Message) string {
	name := strings.ReplaceAll(m.GoName, "_", "")
	return strings.ToLower(name[:1]) + name[1:]
}
