package gogen

import (
	"strconv"
	"strings"

	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	"github.com/hygia-suite/hygia/tools/witgen/internal/naming"
	"github.com/hygia-suite/hygia/tools/witgen/internal/prose"
)

// primitive gives the Go type of a primitive one.
func primitive(k model.Kind) string {
	return [...]string{
		model.Bool: "bool",
		model.U8:   "uint8", model.U16: "uint16", model.U32: "uint32", model.U64: "uint64",
		model.S8: "int8", model.S16: "int16", model.S32: "int32", model.S64: "int64",
		model.F32: "float32", model.F64: "float64",
		model.Char: "rune", model.String: "string",
	}[k]
}

// goType writes a type as Go refers to it.
func (g *generator) goType(t *model.Type) string {
	if t == nil {
		return "struct{}"
	}
	if t.Named() {
		return g.typeName(t)
	}
	switch t.Kind {
	case model.List:
		if t.Bytes() && !t.Elem.Named() {
			return "[]byte"
		}
		return "[]" + g.goType(t.Elem)
	case model.Option:
		if nilable(t) {
			return g.goType(t.Elem)
		}
		return "*" + g.goType(t.Elem)
	case model.Tuple:
		elems := make([]string, len(t.Elems))
		for i, e := range t.Elems {
			elems[i] = g.goType(e)
		}
		if len(elems) > longestTuple {
			for i := range elems {
				elems[i] = tupleField(i) + " " + elems[i]
			}
			return "struct{ " + strings.Join(elems, "; ") + " }"
		}
		return g.runtime() + ".Tuple" + strconv.Itoa(len(elems)) + "[" + strings.Join(elems, ", ") + "]"
	case model.Own, model.Borrow:
		return g.goType(t.Elem)
	case model.Result:
		return g.runtime() + ".Result[" + g.goType(t.OK) + ", " + g.goType(t.Err) + "]"
	default:
		return primitive(t.Kind)
	}
}

// nilable reports whether an option needs no pointer: a variant, and a resource of
// the host, is an interface, whose nil is no value.
func nilable(option *model.Type) bool {
	elem := option.Elem.Resolve()
	return elem.Kind == model.Variant || elem.Handle() != nil && !elem.Handle().Owner.Guest
}

// longestTuple is the longest tuple for which the generated code's runtime has a
// type. Longer ones are structs without a name.
const longestTuple = 8

func tupleField(i int) string { return "F" + strconv.Itoa(i) }

// fieldName gives the Go name of a record's field, kept apart from the methods
// of records.
func (g *generator) fieldName(t *model.Type, f model.Field) string {
	name := naming.Exported(f.Name)
	if name == "Lower" || name == "Proto" || name == "Error" && g.errors[t] {
		name += "_"
	}
	return name
}

// declaration writes a type, its methods, and its way over the boundary.
func (g *generator) declaration(i *model.Interface, t *model.Type) {
	switch t.Kind {
	case model.Record:
		g.record(t)
	case model.Variant:
		g.variant(t)
	case model.Enum:
		g.enum(t)
	case model.Flags:
		g.flags(t)
	case model.Resource:
		g.resource(i, t)
	case model.Alias:
		name := g.typeName(t)
		g.Line("")
		g.Doc(prose.Sentence(name, "is", t.Docs, "is the WIT type "+t.Name+"."))
		g.Line("type %s = %s", name, g.goType(t.Elem))
	}
}

func (g *generator) record(t *model.Type) {
	name := g.typeName(t)
	g.Decl(prose.Sentence(name, "is", t.Docs, "is the WIT record "+t.Name+"."), "type "+name+" struct", func() {
		for _, f := range t.Fields {
			if f.Docs != "" {
				g.Doc(f.Docs)
			}
			g.Line("%s %s", g.fieldName(t, f), g.goType(f.Type))
		}
	})
	if g.errors[t] {
		g.Decl("Error says what failed, without the record's content, which may hold personal data.",
			"func ("+name+") Error() string", func() {
				g.Line("return %q", g.packageName(g.pkg)+": "+prose.Words(t.Name))
			})
	}
	g.recordCodec(t)
}

// enum counts from 1, as the mirrored enum does: a value that nobody set is no
// case, and is refused wherever it leaves.
func (g *generator) enum(t *model.Type) {
	name := g.typeName(t)
	g.Line("")
	g.Doc(prose.Sentence(name, "is", t.Docs, "is the WIT enum "+t.Name+".") + "\n\nIts zero value is none of the cases.")
	g.Line("type %s %s", name, smallest(len(t.Fields)+1))
	g.constants(t, "The cases of "+name+".", "iota + 1")
	g.enumString(t, name)
	if g.errors[t] {
		g.Decl("Error says what failed.", "func ("+receiver(name)+" "+name+") Error() string", func() {
			g.Line("return %q + %s.String()", g.packageName(g.pkg)+": ", receiver(name))
		})
	}
	g.enumCodec(t)
}

// constants writes a type's cases or flags as values that count by an
// expression of iota.
func (g *generator) constants(t *model.Type, docs, iota string) {
	g.Group(docs, "const", func() {
		for i, f := range t.Fields {
			if f.Docs != "" {
				g.Doc(f.Docs)
			}
			if i == 0 {
				g.Line("%s %s = %s", g.caseName(t, f), g.typeName(t), iota)
				continue
			}
			g.Line("%s", g.caseName(t, f))
		}
	})
}

func (g *generator) enumString(t *model.Type, name string) {
	r := receiver(name)
	g.Decl("String gives the case's name in WIT.", "func ("+r+" "+name+") String() string", func() {
		g.Block("switch "+r, func() {
			for _, f := range t.Fields {
				g.Line("case %s:", g.caseName(t, f))
				g.Line("return %q", f.Name)
			}
			g.Line("default:")
			g.Line(`return "%s(" + %s.Itoa(int(%s)) + ")"`, name, g.Import("strconv"), r)
		})
	})
}

// smallest gives the narrowest unsigned type that tells n values apart.
func smallest(n int) string {
	switch {
	case n <= 1<<8:
		return "uint8"
	case n <= 1<<16:
		return "uint16"
	default:
		return "uint32"
	}
}

func (g *generator) flags(t *model.Type) {
	name := g.typeName(t)
	g.Line("")
	g.Doc(prose.Sentence(name, "is", t.Docs, "is the WIT flags "+t.Name+".") + "\n\nIts zero value has none set.")
	g.Line("type %s uint%d", name, flagBits(len(t.Fields)))
	g.constants(t, "The flags of "+name+".", "1 << iota")
	r := receiver(name)
	g.Decl("Has reports whether all of the given flags are set.",
		"func ("+r+" "+name+") Has(flags "+name+") bool", func() { g.Line("return %s&flags == flags", r) })
	if g.errors[t] {
		g.Decl("Error says what failed.", "func ("+name+") Error() string", func() {
			g.Line("return %q", g.packageName(g.pkg)+": "+prose.Words(t.Name))
		})
	}
	g.flagsCodec(t)
}

// flagBits gives the width of the narrowest integer for n flags.
func flagBits(n int) int {
	bits := 8
	for bits < n {
		bits *= 2
	}
	return bits
}

// receiver names the receiver of a type's methods: its first letter, small.
func receiver(name string) string { return strings.ToLower(name[:1]) }
