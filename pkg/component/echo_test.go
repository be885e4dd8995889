package component_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hygia-suite/hygia/pkg/component"
)

// echoText writes a component that exports echo: func(v: T) -> T and passes each
// value through a host function of the same type, so that every value crosses
// four times: in and out of the guest, out and in of the host.
func echoText(t *component.Type) string {
	w := &textWriter{}
	ref := w.ref(t)
	flat := flatten(t)
	params := flat
	if len(flat) > 16 {
		params = []string{"i32"} // a pointer to memory
	}
	shim := append([]string(nil), params...)
	var result, lifted string
	if len(flat) > 1 {
		shim = append(shim, "i32") // where the host puts the result
		lifted = "(result i32)"
	} else {
		result = "(result " + flat[0] + ")"
		lifted = result
	}
	var body strings.Builder
	for i := range params {
		fmt.Fprintf(&body, "(local.get %d)", i)
	}
	if len(flat) > 1 {
		body.WriteString("(i32.const 64)(call $host)(i32.const 64)")
	} else {
		body.WriteString("(call $host)")
	}
	return fmt.Sprintf(`(component
  %s
  (import "host" (func $host (param "v" %s) (result %s)))
  (core module $libc
    (memory (export "memory") 2)
    (global $at (mut i32) (i32.const 65536))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $p i32)
      (local.set $p (i32.and (i32.add (global.get $at) (i32.const 7)) (i32.const -8)))
      (global.set $at (i32.add (local.get $p) (local.get 3)))
      (if (i32.gt_u (global.get $at) (i32.mul (memory.size) (i32.const 65536)))
        (then (drop (memory.grow (i32.add (i32.div_u (local.get 3) (i32.const 65536)) (i32.const 1))))))
      (local.get $p)))
  (core instance $libc (instantiate $libc))
  (core func $host' (canon lower (func $host) (memory $libc "memory") (realloc (func $libc "realloc"))))
  (core module $m
    (import "" "host" (func $host (param %s) %s))
    (func (export "echo") (param %s) %s %s))
  (core instance $i (instantiate $m (with "" (instance (export "host" (func $host'))))))
  (func (export "echo") (param "v" %s) (result %s)
    (canon lift (core func $i "echo") (memory $libc "memory") (realloc (func $libc "realloc")))))`,
		w.types.String(), ref, ref,
		strings.Join(shim, " "), result, strings.Join(params, " "), lifted, body.String(), ref, ref)
}

// textWriter defines types in a component's text. Records, variants, enums and
// flags need a name there, which importing them under one gives.
type textWriter struct {
	types  strings.Builder
	n      int
	parcel bool // whether the resource is there
}

func (w *textWriter) ref(t *component.Type) string {
	elems, labels := t.Elems(), t.Labels()
	refs := make([]string, len(elems))
	for i, e := range elems {
		if e != nil {
			refs[i] = w.ref(e)
		}
	}
	var b strings.Builder
	switch t.Kind() {
	case component.KindRecord:
		for i, l := range labels {
			fmt.Fprintf(&b, "(field %q %s)", l, refs[i])
		}
		return w.name("(record " + b.String() + ")")
	case component.KindVariant:
		for i, l := range labels {
			fmt.Fprintf(&b, "(case %q %s)", l, refs[i])
		}
		return w.name("(variant " + b.String() + ")")
	case component.KindEnum, component.KindFlags:
		for _, l := range labels {
			fmt.Fprintf(&b, "%q ", l)
		}
		return w.name("(" + t.Kind().String() + " " + b.String() + ")")
	case component.KindResult:
		if refs[1] != "" {
			refs[1] = "(error " + refs[1] + ")"
		}
		return w.define("(result " + refs[0] + " " + refs[1] + ")")
	case component.KindList, component.KindOption, component.KindTuple:
		return w.define("(" + t.Kind().String() + " " + strings.Join(refs, " ") + ")")
	case component.KindOwn:
		if !w.parcel {
			w.parcel = true
			w.types.WriteString("(import \"parcel\" (type $parcel (sub resource)))\n")
		}
		return w.define("(own $parcel)")
	}
	return t.Kind().String()
}

func (w *textWriter) define(body string) string {
	w.n++
	fmt.Fprintf(&w.types, "(type $t%d %s)\n", w.n, body)
	return fmt.Sprintf("$t%d", w.n)
}

func (w *textWriter) name(body string) string {
	raw := w.define(body)
	w.n++
	fmt.Fprintf(&w.types, "(import \"t%d\" (type $t%d (eq %s)))\n", w.n, w.n, raw)
	return fmt.Sprintf("$t%d", w.n)
}

// flatten returns the core types that a value takes, as the canonical ABI has
// it: https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md
func flatten(t *component.Type) []string {
	var out []string
	switch t.Kind() {
	case component.KindS64, component.KindU64:
		return []string{"i64"}
	case component.KindF32:
		return []string{"f32"}
	case component.KindF64:
		return []string{"f64"}
	case component.KindString, component.KindList:
		return []string{"i32", "i32"}
	case component.KindRecord, component.KindTuple:
		for _, e := range t.Elems() {
			out = append(out, flatten(e)...)
		}
		return out
	case component.KindFlags, component.KindEnum:
		return []string{"i32"}
	case component.KindOption, component.KindVariant, component.KindResult:
		for _, e := range t.Elems() {
			if e != nil {
				out = join(out, flatten(e))
			}
		}
		return slices.Insert(out, 0, "i32")
	}
	return []string{"i32"}
}

func join(a, b []string) []string {
	for i, x := range b {
		switch {
		case i >= len(a):
			a = append(a, x)
		case a[i] == x:
		case a[i]+x == "i32f32" || a[i]+x == "f32i32":
			a[i] = "i32"
		default:
			a[i] = "i64"
		}
	}
	return a
}
