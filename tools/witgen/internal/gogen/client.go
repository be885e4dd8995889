package gogen

import (
	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	"github.com/hygia-suite/hygia/tools/witgen/internal/naming"
	"github.com/hygia-suite/hygia/tools/witgen/internal/prose"
)

// client writes the typed form of what a component exports.
func (g *generator) client(i *model.Interface, name string) {
	c := g.component()
	names := g.names[g.pkg].interfaces[i]
	exports := names.base + "Exports"
	g.Decl(prose.Sentence(name, "is", i.Docs, "calls a component.")+
		"\n\nIt calls what a component exports as "+i.Label()+", and is as safe for concurrent use as its caller.",
		"type "+name+" struct", func() { g.Line("caller %s.Caller", c) })
	g.Decl("New"+name+" makes "+prose.Article(name)+" of a component that was linked with "+exports+".",
		"func New"+name+"(caller "+c+".Caller) "+name, func() { g.Line("return %s{caller: caller}", name) })
	for _, f := range i.Funcs {
		if f.Kind != model.Method {
			g.clientMethod(i, f, name)
		}
	}
	g.Line("")
	g.Doc(exports + " are what a component must export to be called by " + prose.Article(name) + ".")
	g.Line("var %s = []*%s.Export{", exports, c)
	for _, f := range i.Funcs {
		g.Line("%s,", exportName(names, f))
	}
	g.Line("}")
	g.functions(i, "Export", exportName)
}

// clientMethod writes the method that calls one function.
func (g *generator) clientMethod(i *model.Interface, f *model.Func, client string) {
	r := receiver(client)
	c := g.newCall(f, r)
	name := naming.Exported(f.Kebab())
	g.Decl(g.funcDocs(c, name), "func ("+r+" "+client+") "+name+g.signatureOf(c), func() {
		g.callBody(c, r+".caller.Call(ctx, "+exportName(g.names[g.pkg].interfaces[i], f)+",")
	})
}

// callBody writes the body of a method that calls a guest; head is the call up to
// its arguments.
func (g *generator) callBody(c call, head string) {
	if c.ok == nil && c.failure == "" {
		g.callStatement("return "+head, c)
		return
	}
	g.results(c)
	g.callStatement("err := "+head, c)
	if c.failure != "" {
		g.Block("if err == nil", func() { g.Line("err = failure") })
	}
	if c.ok == nil {
		g.Line("return err")
		return
	}
	g.Block("if err != nil", func() { g.Line("return %s, err", g.zero(c.ok)) })
	g.Line("return result, nil")
}

// results declares what a call's results are lifted into.
func (g *generator) results(c call) {
	switch {
	case c.failure == "":
		g.Line("var result %s", g.goType(c.ok))
	case c.ok == nil:
		g.Line("var failure error")
	default:
		g.Line("var (")
		g.Line("result %s", g.goType(c.ok))
		g.Line("failure error")
		g.Line(")")
	}
}

// callStatement writes the call itself.
func (g *generator) callStatement(head string, c call) {
	k := g.component()
	if len(c.Params) == 0 && c.Result == nil {
		g.Line("%s nil, nil)", head)
		return
	}
	g.Line("%s", head)
	if len(c.Params) == 0 {
		g.Line("nil,")
	} else {
		g.Line("func(enc *%s.Encoder) {", k)
		for n, p := range c.Params {
			g.walkerIn(c).lower(p.Type, c.params[n])
		}
		g.Line("},")
	}
	if c.Result == nil {
		g.Line("nil)")
		return
	}
	g.Line("func(dec *%s.Decoder) {", k)
	g.liftResults(c)
	g.Line("})")
}

// liftResults writes what lifts a call's results.
func (g *generator) liftResults(c call) {
	if c.failure != "" {
		g.Block("if dec.Case() != 0", func() {
			g.liftFailure(c)
			if c.ok != nil {
				g.Line("return")
			}
		})
	}
	if c.ok != nil {
		g.walkerIn(c).lift(c.ok, "result")
	}
}

// liftFailure writes what lifts a function's error.
func (g *generator) liftFailure(c call) {
	e := failure(c.Func)
	switch own := g.names[g.pkg].errors[c.Func]; {
	case own == "":
		expr, _ := g.liftExpr(e)
		g.Line("failure = %s", expr)
	case e == nil:
		g.Line("failure = %s{}", own)
	default:
		g.Line("var e %s", own)
		g.walkerIn(c).lift(e, "e.Value")
		g.Line("failure = e")
	}
}
