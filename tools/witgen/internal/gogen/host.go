package gogen

import (
	"strings"

	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	"github.com/hygia-suite/hygia/tools/witgen/internal/naming"
	"github.com/hygia-suite/hygia/tools/witgen/internal/prose"
)

// host writes the interface that a host implements, and the function that gives
// an implementation to components.
func (g *generator) host(i *model.Interface, name string) {
	c := g.component()
	impl := g.implementation(i, name)
	docs := "Add" + name + " gives impl to components that import " + i.Label() + "."
	if impl == "" {
		docs = "Add" + name + " gives the resources of " + i.Label() + " to components that import it."
	}
	g.Decl(docs, "func Add"+name+"(h *"+c+".Host"+impl+")", func() {
		for _, t := range i.Types {
			if t.Kind == model.Resource {
				g.hostDrop(t)
			}
		}
		for _, f := range i.Funcs {
			g.hostFunc(i, g.newCall(f, "h", "impl"))
		}
	})
	g.functions(i, "Import", importName)
}

// implementation writes the interface that a host implements, and gives the
// parameter for one that does; empty where all that it gives are resources.
func (g *generator) implementation(i *model.Interface, name string) string {
	var funcs []*model.Func
	for _, f := range i.Funcs {
		if f.Kind != model.Method {
			funcs = append(funcs, f)
		}
	}
	if len(funcs) == 0 {
		return ""
	}
	g.Decl(prose.Sentence(name, "is", i.Docs, "is what components import as "+i.Label()+".")+
		"\n\nA host implements it, safe for concurrent use, and gives it to components by Add"+name+
		". An error that a function's own result cannot express ends the component's call.",
		"type "+name+" interface", func() {
			for n, f := range funcs {
				if n > 0 {
					g.Line("")
				}
				fn := g.newCall(f)
				g.Doc(g.funcDocs(fn, naming.Exported(f.Kebab())))
				g.Line("%s%s", naming.Exported(f.Kebab()), g.signatureOf(fn))
			}
		})
	return ", impl " + name
}

// hostDrop writes what tells the host that a guest is done with a value.
func (g *generator) hostDrop(t *model.Type) {
	name := g.typeName(t)
	g.Line("h.Resource(%sResource, %s.Drop[%s])", name, g.runtime(), name)
}

// hostFunc writes what lifts the arguments of one function, calls the
// implementation, and lowers what it gives.
func (g *generator) hostFunc(i *model.Interface, c call) {
	k := g.component()
	dec, enc := "dec", "enc"
	if len(c.Params) == 0 {
		dec = "_"
	}
	if c.Result == nil {
		enc = "_"
	}
	g.Line("h.Func(%s, func(ctx %s.Context, %s *%s.Decoder, %s *%s.Encoder) error {",
		importName(g.names[g.pkg].interfaces[i], c.Func), g.Import("context"), dec, k, enc, k)
	g.liftArguments(c)
	callee, arguments := "impl."+naming.Exported(c.Kebab()), c.params
	if c.Kind == model.Method {
		callee, arguments = c.params[0]+"."+methodName(c.Func), c.params[1:]
	}
	invocation := callee + "(" + strings.Join(append([]string{"ctx"}, arguments...), ", ") + ")"
	switch {
	case c.failure != "":
		g.lowerFallible(c, invocation)
	case c.ok == nil:
		g.Line("return %s", invocation)
	default:
		g.Line("result, err := %s", invocation)
		g.Block("if err != nil", func() { g.Line("return err") })
		g.walkerIn(c).lower(c.ok, "result")
		g.Line("return nil")
	}
	g.Line("})")
}

func (g *generator) liftArguments(c call) {
	if len(c.Params) == 0 {
		return
	}
	for n, p := range c.Params {
		if expr, ok := g.liftExpr(p.Type); ok {
			g.Line("%s := %s", c.params[n], expr)
			continue
		}
		g.Line("var %s %s", c.params[n], g.goType(p.Type))
		g.walkerIn(c).lift(p.Type, c.params[n])
	}
	g.Block("if err := dec.Err(); err != nil", func() { g.Line("return err") })
}

// lowerFallible writes the call of an implementation that may refuse, and its
// result: a refusal that the result can express reaches the guest, any other
// error does not.
func (g *generator) lowerFallible(c call, invocation string) {
	if c.ok != nil {
		g.Line("result, err := %s", invocation)
	} else {
		g.Line("err := %s", invocation)
	}
	g.Block("if err != nil", func() {
		g.Line("var failure %s", c.failure)
		g.Block("if !"+g.Import("errors")+".As(err, &failure)", func() { g.Line("return err") })
		g.Line("enc.Case(1)")
		switch e := failure(c.Func); {
		case e == nil:
		case g.names[g.pkg].errors[c.Func] != "":
			g.walkerIn(c).lower(e, "failure.Value")
		default:
			g.walkerIn(c).lower(e, "failure")
		}
		g.Line("return nil")
	})
	g.Line("enc.Case(0)")
	if c.ok != nil {
		g.walkerIn(c).lower(c.ok, "result")
	}
	g.Line("return nil")
}
