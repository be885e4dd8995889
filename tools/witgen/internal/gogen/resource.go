package gogen

import (
	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	"github.com/hygia-suite/hygia/tools/witgen/internal/prose"
)

// resource writes a resource: what a host implements, or a handle to what a
// component has.
func (g *generator) resource(i *model.Interface, t *model.Type) {
	if t.Owner.Guest {
		g.guestResource(i, t)
	} else {
		g.hostResource(i, t)
	}
}

// methods lists the functions that a resource's values have.
func methods(i *model.Interface, t *model.Type) []*model.Func {
	var out []*model.Func
	for _, f := range i.Funcs {
		if f.Kind == model.Method && f.Resource.Resolve() == t {
			out = append(out, f)
		}
	}
	return out
}

// hostResource writes the Go interface that a host's values satisfy, and their
// way over the boundary: guests hold numbers, the values stay in the host's table.
func (g *generator) hostResource(i *model.Interface, t *model.Type) {
	name, c := g.typeName(t), g.component()
	g.Decl(prose.Sentence(name, "is", t.Docs, "is the WIT resource "+t.Name+".")+
		"\n\nA host implements it; a component holds handles to its values, and sees nothing of them.",
		"type "+name+" interface", func() {
			for _, f := range methods(i, t) {
				fn := g.newCall(f)
				g.Doc(g.funcDocs(fn, methodName(f)))
				g.Line("%s%s", methodName(f), g.signatureOf(fn))
				g.Line("")
			}
			g.Doc("Drop is called when the component that owns the value drops it, or ends with it.")
			g.Line("Drop(ctx %s.Context) error", g.Import("context"))
		})
	g.Decl("Lift"+name+" takes a value back from a guest that gives it away; it is of no use where dec has an error.",
		"func Lift"+name+"(dec *"+c+".Decoder) "+name, func() {
			g.Line("return %s.Own[%s](dec, %sResource)", g.runtime(), name, name)
		})
	g.Decl("Borrow"+name+" reads a value that a guest lends for the host's call; it is of no use where dec has an error.",
		"func Borrow"+name+"(dec *"+c+".Decoder) "+name, func() {
			g.Line("return %s.Borrow[%s](dec, %sResource)", g.runtime(), name, name)
		})
	g.Decl("Give"+name+" gives a value to a guest, which owns it from then on.",
		"func Give"+name+"(enc *"+c+".Encoder, v "+name+")", func() {
			g.Line("%s.Give(enc, %sResource, v)", g.runtime(), name)
		})
	g.Decl("Lend"+name+" lends a value to a guest for one call.",
		"func Lend"+name+"(enc *"+c+".Encoder, v "+name+")", func() {
			g.Line("%s.Lend(enc, %sResource, v)", g.runtime(), name)
		})
	g.resourceDescriptor(i, t)
}

// guestResource writes a handle to what a component has.
func (g *generator) guestResource(i *model.Interface, t *model.Type) {
	name, c, ctx := g.typeName(t), g.component(), g.Import("context")
	r := receiver(name)
	g.Line("")
	g.Doc(prose.Sentence(name, "is", t.Docs, "is the WIT resource "+t.Name+".") +
		"\n\nIt is a handle to what one instance of a component owns, and of use as long as that lives. " +
		"It is not safe for concurrent use. The zero value is a handle to nothing.")
	g.Line("type %s struct{ handle *%s.Handle }", name, c)
	for _, f := range methods(i, t) {
		g.method(i, f, name)
	}
	g.Decl("Drop ends what the handle is to, by the component's own destructor. Twice does nothing.",
		"func ("+r+" "+name+") Drop(ctx "+ctx+".Context) error", func() { g.Line("return %s.handle.Drop(ctx)", r) })
	g.Decl("Lift"+name+" reads a handle that a guest gave; it is of no use where dec has an error.",
		"func Lift"+name+"(dec *"+c+".Decoder) "+name, func() {
			g.Line("return %s{handle: dec.Handle(%sResource)}", name, name)
		})
	g.Decl("Give"+name+" gives a handle back to its guest, which spends it.",
		"func Give"+name+"(enc *"+c+".Encoder, v "+name+")", func() { g.Line("enc.Give(v.handle)") })
	g.Decl("Lend"+name+" lends a handle to its guest for one call.",
		"func Lend"+name+"(enc *"+c+".Encoder, v "+name+")", func() { g.Line("enc.Lend(v.handle)") })
	g.resourceDescriptor(i, t)
}

// method writes the method that calls one function of a guest's resource.
func (g *generator) method(i *model.Interface, f *model.Func, name string) {
	r := receiver(name)
	c := g.newCall(f, r)
	g.Decl(g.funcDocs(c, methodName(f)), "func ("+r+" "+name+") "+methodName(f)+g.signatureOf(c), func() {
		c.params[0] = r
		g.callBody(c, r+".handle.Call(ctx, "+exportName(g.names[g.pkg].interfaces[i], f)+",")
	})
}

func (g *generator) resourceDescriptor(i *model.Interface, t *model.Type) {
	name := g.typeName(t)
	g.Line("")
	g.Doc(name + "Resource is the resource's own name, which tells it from all others.")
	g.Line("var %sResource = &%s.Resource{Interface: %q, Name: %q}", name, g.component(), i.Path, t.Name)
}
