package gogen

import (
	"github.com/hygia-suite/hygia/tools/witgen/internal/gofile"
	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	"github.com/hygia-suite/hygia/tools/witgen/internal/naming"
	"github.com/hygia-suite/hygia/tools/witgen/internal/prose"
)

// call is one function as Go sees it, with the names of its variables.
type call struct {
	*model.Func
	params []string
	// ok is the type of the value that comes back; nil where there is none.
	ok *model.Type
	// failure is the Go type of the error that the function may give; empty
	// where it gives none.
	failure string
	scope   *gofile.Scope
}

// newCall names a function's variables; the given names are taken.
func (g *generator) newCall(f *model.Func, taken ...string) call {
	c := call{Func: f, scope: gofile.NewScope(g.scope, append(taken, "ctx", "err", "enc", "dec", "result", "failure")...)}
	for n, p := range f.Params {
		if n == 0 && f.Kind == model.Method {
			p.Name = "self"
		}
		c.params = append(c.params, variable(c.scope, p.Name))
	}
	c.ok = f.Result
	if fallible(f) {
		c.ok = f.Result.Resolve().OK
		c.failure = g.names[g.pkg].errors[f]
		if c.failure == "" {
			c.failure = g.typeName(failure(f).Resolve())
		}
	}
	return c
}

// variable names a variable after something in WIT, or by its first letter where
// the name is a keyword or that of an imported package.
func variable(scope *gofile.Scope, wit string) string {
	name := naming.Unexported(wit)
	if scope.Declare(name) {
		return name
	}
	return scope.Unique(name[:1])
}

// zero writes the zero value of a type.
func (g *generator) zero(t *model.Type) string {
	switch r := t.Resolve(); {
	case r.Kind == model.Record || r.Kind == model.Tuple || r.Kind == model.Result ||
		r.Handle() != nil && r.Handle().Owner.Guest:
		return g.goType(t) + "{}"
	case r.Kind == model.Bool:
		return "false"
	case r.Kind == model.String:
		return `""`
	case r.Kind.Primitive() || r.Kind == model.Enum || r.Kind == model.Flags:
		return "0"
	default:
		return "nil"
	}
}

// signatureOf writes the parameters and results of a call in Go.
func (g *generator) signatureOf(c call) string {
	s := "(ctx " + g.Import("context") + ".Context"
	for i, p := range c.Params {
		if i == 0 && c.Kind == model.Method {
			continue // The receiver.
		}
		s += ", " + c.params[i] + " " + g.goType(p.Type)
	}
	if c.ok == nil {
		return s + ") error"
	}
	return s + ") (" + g.goType(c.ok) + ", error)"
}

// funcDocs documents a function, with its signature in WIT.
func (g *generator) funcDocs(c call, name string) string {
	docs := prose.Sentence(name, "returns", c.Docs, "calls "+c.WIT()+".") + "\n\n\t" + c.String()
	if c.failure != "" {
		docs += "\n\nWhere the function itself refuses, the error is " + prose.Article(c.failure) + "."
	}
	return docs
}

// walkerIn starts a walk among the variables of a call.
func (g *generator) walkerIn(c call) walker {
	return walker{generator: g, scope: gofile.NewScope(c.scope)}
}

// functionError writes the error of a function whose result names no type of
// its own for it.
func (g *generator) functionError(f *model.Func, name string) {
	docs := name + " is the error of " + f.WIT() + "."
	if e := failure(f); e != nil {
		g.Decl(docs, "type "+name+" struct", func() { g.Line("Value %s", g.goType(e)) })
		docs = "Error says what failed, without the value, which may hold personal data."
	} else {
		g.Line("")
		g.Doc(docs + " The function says nothing more.")
		g.Line("type %s struct{}", name)
		docs = "Error says what failed."
	}
	g.Decl(docs, "func ("+name+") Error() string", func() {
		g.Line("return %q", g.packageName(g.pkg)+": "+prose.Words(f.Kebab())+" failed")
	})
}
