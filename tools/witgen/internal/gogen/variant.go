package gogen

import (
	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	"github.com/hygia-suite/hygia/tools/witgen/internal/prose"
)

// variant writes a sealed interface and a type a case. The interface's nil is no
// case, and is refused wherever it leaves: nothing is chosen by forgetting.
func (g *generator) variant(t *model.Type) {
	name := g.typeName(t)
	marker := "is" + name
	cases := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		cases[i] = g.caseName(t, f)
	}
	docs := prose.Sentence(name, "is", t.Docs, "is the WIT variant "+t.Name+".") +
		"\n\nIt is one of " + prose.OneOf(cases) + "; nil is none of them."
	g.Decl(docs, "type "+name+" interface", func() {
		if g.errors[t] {
			g.Line("error")
		}
		g.Line("%s()", marker)
	})
	g.Group("The cases of "+name+".", "type", func() {
		for i, f := range t.Fields {
			if i > 0 {
				g.Line("")
			}
			g.Doc(caseDocs(cases[i], f))
			g.Line("%s %s", cases[i], g.casePayload(f))
		}
	})
	g.Line("")
	for _, c := range cases {
		g.Line("func (%s) %s() {}", c, marker)
	}
	if g.errors[t] {
		for i, f := range t.Fields {
			g.caseError(f, cases[i])
		}
	}
	g.variantCodec(t)
}

// caseDocs documents a case. Docs of cases are seldom a noun, so that no verb
// joins them to the name.
func caseDocs(name string, f model.Field) string {
	if f.Docs == "" {
		return name + " is the case " + f.Name + "."
	}
	return name + ": " + prose.Uncapitalize(f.Docs)
}

// form is how a case's Go type holds its payload.
type form int

const (
	formEmpty   form = iota // struct{}
	formDefined             // a type of its own over the payload's
	formField               // struct{ Value T }
)

// caseForm chooses the most readable form. A type over a record has the record's
// fields; but it has none of its methods, so that whatever is told apart by its
// methods is held in a field.
func (g *generator) caseForm(f model.Field) form {
	if f.Type == nil {
		return formEmpty
	}
	switch t := f.Type.Resolve(); {
	case t.Kind.Primitive():
		return formDefined
	case t.Kind == model.Record && !g.errors[t] && !hasField(t, "error"):
		return formDefined
	default:
		return formField
	}
}

// hasField reports whether a record has a field that would be named as a method
// that cases may have.
func hasField(t *model.Type, name string) bool {
	for _, f := range t.Fields {
		if f.Name == name {
			return true
		}
	}
	return false
}

func (g *generator) casePayload(f model.Field) string {
	switch g.caseForm(f) {
	case formEmpty:
		return "struct{}"
	case formDefined:
		return g.goType(f.Type)
	default:
		return "struct{ Value " + g.goType(f.Type) + " }"
	}
}

// wrapCase writes a payload as its case.
func (g *generator) wrapCase(t *model.Type, f model.Field, payload string) string {
	name := g.caseName(t, f)
	switch g.caseForm(f) {
	case formEmpty:
		return name + "{}"
	case formDefined:
		return name + "(" + payload + ")"
	default:
		return name + "{Value: " + payload + "}"
	}
}

// unwrapCase writes a case's payload; the case is in a variable.
func (g *generator) unwrapCase(f model.Field, variable string) string {
	switch g.caseForm(f) {
	case formDefined:
		return g.goType(f.Type) + "(" + variable + ")"
	default:
		return variable + ".Value"
	}
}

// unwrapForProto writes a case's payload where it is converted at once, so that
// no conversion stands inside another.
func (g *generator) unwrapForProto(f model.Field, variable string) string {
	if t := f.Type.Resolve(); t.Kind.Primitive() && !same(t) {
		return variable
	}
	return g.unwrapCase(f, variable)
}

// caseError writes the Error method of one case. Only integers are shown: text
// that a component wrote may hold personal data, and errors end up in logs.
func (g *generator) caseError(f model.Field, name string) {
	message := g.packageName(g.pkg) + ": " + prose.Words(f.Name)
	payload := f.Type
	if payload != nil {
		payload = payload.Resolve()
	}
	if payload == nil {
		g.Decl("Error says what failed.", "func ("+name+") Error() string", func() {
			g.Line("return %q", message)
		})
		return
	}
	if payload.Kind >= model.U8 && payload.Kind <= model.S64 {
		g.Decl("Error says what failed, with the number.", "func (e "+name+") Error() string", func() {
			g.Line("return %q + %s", message+" ", formatInt(g.Import("strconv"), payload.Kind, "e"))
		})
		return
	}
	g.Decl("Error says what failed, without the payload, which may hold personal data.",
		"func ("+name+") Error() string", func() { g.Line("return %q", message) })
}

// formatInt writes an integer as decimal text.
func formatInt(strconv string, kind model.Kind, variable string) string {
	switch kind {
	case model.U8, model.U16, model.U32, model.U64:
		return strconv + ".FormatUint(uint64(" + variable + "), 10)"
	default:
		return strconv + ".FormatInt(int64(" + variable + "), 10)"
	}
}
