package gogen

import (
	"strconv"

	"github.com/hygia-suite/hygia/tools/witgen/internal/gofile"
	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
)

// walker writes the statements that carry one value over the boundary, inside a
// function whose variables its scope keeps apart.
type walker struct {
	*generator
	scope *gofile.Scope
}

// walker starts in a function in which the given names are taken.
func (g *generator) walker(taken ...string) walker {
	return walker{generator: g, scope: gofile.NewScope(g.scope, append(taken, "enc", "dec")...)}
}

// nested is the walker of an inner block.
func (w walker) nested() walker {
	w.scope = gofile.NewScope(w.scope)
	return w
}

// lower writes what lowers the value of an expression.
func (w walker) lower(t *model.Type, expr string) {
	t = t.Resolve()
	switch {
	case t.Kind.Primitive():
		w.Line("enc.%s(%s)", coderName(t.Kind), expr)
	case t.Kind == model.Variant:
		w.Line("%s(enc, %s)", w.derived("Lower", t, ""), expr)
	case t.Named():
		w.Line("%s", method(expr, "Lower(enc)"))
	case t.Bytes():
		w.Line("enc.Bytes(%s)", expr)
	case t.Kind == model.Own:
		w.Line("%s(enc, %s)", w.derived("Give", t.Handle(), ""), expr)
	case t.Kind == model.Borrow:
		w.Line("%s(enc, %s)", w.derived("Lend", t.Handle(), ""), expr)
	case t.Kind == model.List:
		w.Line("enc.List(len(%s))", expr)
		in := w.nested()
		v := in.scope.Unique("v")
		w.Block("for _, "+v+" := range "+expr, func() { in.lower(t.Elem, v) })
	case t.Kind == model.Option:
		w.Line("enc.Option(%s != nil)", expr)
		w.Block("if "+expr+" != nil", func() {
			if nilable(t) {
				w.nested().lower(t.Elem, expr)
				return
			}
			w.nested().lower(t.Elem, "*"+expr)
		})
	case t.Kind == model.Tuple:
		for i, e := range t.Elems {
			w.lower(e, method(expr, tupleField(i)))
		}
	case t.Kind == model.Result:
		w.Line("if %s {", method(expr, "Failed"))
		w.lowerSide(t.Err, 1, method(expr, "Err"))
		w.Line("} else {")
		w.lowerSide(t.OK, 0, method(expr, "OK"))
		w.Line("}")
	}
}

// lowerSide writes one side of a result.
func (w walker) lowerSide(t *model.Type, side int, expr string) {
	w.Line("enc.Case(%d)", side)
	if t != nil {
		w.nested().lower(t, expr)
	}
}

// lift writes what lifts a value into a variable.
func (w walker) lift(t *model.Type, variable string) {
	if expr, ok := w.liftExpr(t); ok {
		w.Line("%s = %s", variable, expr)
		return
	}
	t = t.Resolve()
	switch t.Kind {
	case model.List:
		in := w.nested()
		n, i := in.scope.Unique("n"), in.scope.Unique("i")
		w.Block("if "+n+" := dec.List(); "+n+" > 0", func() {
			w.Line("%s = make([]%s, %s)", variable, w.goType(t.Elem), n)
			w.Block("for "+i+" := range "+variable, func() { in.lift(t.Elem, variable+"["+i+"]") })
		})
	case model.Option:
		w.Block("if dec.Option()", func() { w.nested().liftSome(t, variable) })
	case model.Tuple:
		for i, e := range t.Elems {
			w.lift(e, variable+"."+tupleField(i))
		}
	case model.Result:
		w.liftResult(t, variable)
	}
}

// liftResult writes what lifts a result that is no function's own.
func (w walker) liftResult(t *model.Type, variable string) {
	w.Line("if dec.Case() != 0 {")
	w.Line("%s.Failed = true", variable)
	if t.Err != nil {
		w.nested().lift(t.Err, variable+".Err")
	}
	if t.OK != nil {
		w.Line("} else {")
		w.nested().lift(t.OK, variable+".OK")
	}
	w.Line("}")
}

// liftSome writes what lifts an option's payload.
func (w walker) liftSome(t *model.Type, variable string) {
	expr, simple := w.liftExpr(t.Elem)
	switch {
	case nilable(t):
		w.Line("%s = %s", variable, expr)
	case simple:
		w.Line("%s = new(%s)", variable, expr)
	default:
		v := w.scope.Unique("v")
		w.Line("var %s %s", v, w.goType(t.Elem))
		w.lift(t.Elem, v)
		w.Line("%s = &%s", variable, v)
	}
}

func itoa(n int) string { return strconv.Itoa(n) }
