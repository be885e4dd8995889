package gogen

import (
	"strings"

	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
)

// lowerMethod writes the method, or for a variant the function, that lowers a
// declared type.
func (g *generator) lowerMethod(t *model.Type, body func()) {
	name := g.typeName(t)
	encoder := "enc *" + g.component() + ".Encoder"
	if t.Kind == model.Variant {
		g.Decl("Lower"+name+" writes a value for a guest.", "func Lower"+name+"("+encoder+", v "+name+")", body)
		return
	}
	g.Decl("Lower writes the value for a guest.", "func ("+receiver(name)+" "+name+") Lower("+encoder+")", body)
}

// liftFunc writes the function that lifts a declared type.
func (g *generator) liftFunc(t *model.Type, body func()) {
	name := g.typeName(t)
	g.Decl("Lift"+name+" reads a value that a guest gave; it is of no use where dec has an error.",
		"func Lift"+name+"(dec *"+g.component()+".Decoder) "+name, body)
}

func (g *generator) recordCodec(t *model.Type) {
	name := g.typeName(t)
	g.lowerMethod(t, func() {
		w := g.walker(receiver(name))
		for _, f := range t.Fields {
			w.lower(f.Type, receiver(name)+"."+g.fieldName(t, f))
		}
	})
	g.liftFunc(t, func() {
		if g.literal(t) {
			g.Line("return %s{", name)
			for _, f := range t.Fields {
				expr, _ := g.liftExpr(f.Type)
				g.Line("%s: %s,", g.fieldName(t, f), expr)
			}
			g.Line("}")
			return
		}
		w := g.walker("v")
		g.Line("var v %s", name)
		for _, f := range t.Fields {
			w.lift(f.Type, "v."+g.fieldName(t, f))
		}
		g.Line("return v")
	})
}

// literal reports whether every field of a record lifts as one expression.
func (g *generator) literal(t *model.Type) bool {
	for _, f := range t.Fields {
		if _, ok := g.liftExpr(f.Type); !ok {
			return false
		}
	}
	return true
}

func (g *generator) enumCodec(t *model.Type) {
	name := g.typeName(t)
	r := receiver(name)
	first, last := g.caseName(t, t.Fields[0]), g.caseName(t, t.Fields[len(t.Fields)-1])
	g.lowerMethod(t, func() {
		g.refuse("enc", t, r+" < "+first+" || "+r+" > "+last, "")
		g.Line("enc.Case(int(%s) - 1)", r)
	})
	g.liftFunc(t, func() {
		g.Line("c := dec.Case()")
		g.refuse("dec", t, "c >= "+itoa(len(t.Fields)), " 0")
		g.Line("return %s(c + 1)", name)
	})
}

func (g *generator) flagsCodec(t *model.Type) {
	name := g.typeName(t)
	r := receiver(name)
	// Where every bit is a flag, there is no other to refuse.
	some := len(t.Fields) < flagBits(len(t.Fields))
	g.lowerMethod(t, func() {
		if some {
			g.refuse("enc", t, r+" >= 1<<"+itoa(len(t.Fields)), "")
		}
		g.Line("enc.Flags(uint64(%s))", r)
	})
	g.liftFunc(t, func() {
		if !some {
			g.Line("return %s(dec.Flags())", name)
			return
		}
		g.Line("bits := dec.Flags()")
		g.refuse("dec", t, "bits >= 1<<"+itoa(len(t.Fields)), " 0")
		g.Line("return %s(bits)", name)
	})
}

// refuse writes the refusal, under a condition, of a value that the type does
// not have. The zero is what the function then returns, if anything.
func (g *generator) refuse(coder string, t *model.Type, condition, zero string) {
	g.Block("if "+condition, func() {
		g.fail(coder, t)
		g.Line("return%s", zero)
	})
}

// fail writes the error of a value that the type does not have.
func (g *generator) fail(coder string, t *model.Type) {
	what := "cases"
	if t.Kind == model.Flags {
		what = "flags"
	}
	g.Line("%s.Fail(&%s.ValueError{Type: %sType, Reason: %q})", coder, g.component(), g.typeName(t), "none of its "+what)
}

func (g *generator) variantCodec(t *model.Type) {
	g.lowerMethod(t, func() {
		g.Block("switch "+g.switchOn(t)+"v.(type)", func() {
			for i, f := range t.Fields {
				g.Line("case %s:", g.caseName(t, f))
				g.Line("enc.Case(%d)", i)
				if f.Type != nil {
					g.walker("v").lower(f.Type, g.unwrapCase(f, "v"))
				}
			}
			g.Line("default:")
			g.fail("enc", t)
		})
	})
	g.liftFunc(t, func() {
		g.Block("switch dec.Case()", func() {
			for i, f := range t.Fields {
				g.Line("case %d:", i)
				g.liftCase(t, f)
			}
			g.Line("default:")
			g.fail("dec", t)
			g.Line("return nil")
		})
	})
}

// switchOn binds the variable of a type switch where a case needs it.
func (g *generator) switchOn(t *model.Type) string {
	for _, f := range t.Fields {
		if f.Type != nil {
			return "v := "
		}
	}
	return ""
}

func (g *generator) liftCase(t *model.Type, f model.Field) {
	if f.Type == nil {
		g.Line("return %s", g.wrapCase(t, f, ""))
		return
	}
	if expr, ok := g.liftExpr(f.Type); ok {
		g.Line("return %s", g.wrapCase(t, f, expr))
		return
	}
	g.Line("var v %s", g.goType(f.Type))
	g.walker("v").lift(f.Type, "v")
	g.Line("return %s", g.wrapCase(t, f, "v"))
}

// coderName gives the name that pkg/component has for a primitive type, and for
// the methods of Encoder and Decoder that carry one.
func coderName(k model.Kind) string {
	return [...]string{
		model.Bool: "Bool",
		model.U8:   "U8", model.U16: "U16", model.U32: "U32", model.U64: "U64",
		model.S8: "S8", model.S16: "S16", model.S32: "S32", model.S64: "S64",
		model.F32: "F32", model.F64: "F64",
		model.Char: "Char", model.String: "String",
	}[k]
}

// liftExpr gives the expression that lifts a type, where one is enough.
func (g *generator) liftExpr(t *model.Type) (string, bool) {
	switch t = t.Resolve(); {
	case t.Kind.Primitive():
		return "dec." + coderName(t.Kind) + "()", true
	case t.Named():
		return g.derived("Lift", t, "") + "(dec)", true
	case t.Bytes():
		return "dec.Bytes()", true
	case t.Kind == model.Borrow && !t.Handle().Owner.Guest:
		return g.derived("Borrow", t.Handle(), "") + "(dec)", true
	case t.Handle() != nil:
		return g.derived("Lift", t.Handle(), "") + "(dec)", true
	default:
		return "", false
	}
}

// method writes a call on what an expression holds, pointer or not.
func method(expr, call string) string { return selectable(expr) + "." + call }

// selectable gives an expression that a selector may follow: Go follows one
// pointer by itself.
func selectable(expr string) string {
	inner, pointer := strings.CutPrefix(expr, "*")
	if pointer && strings.HasPrefix(inner, "*") {
		return "(" + inner + ")"
	}
	return inner
}
