package component_test

import (
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
)

// What an export's name stands for is found by the names of what components are given:
// these let one be taken for another's.
func TestInvariant5TheExportedFunctionIsCalled(t *testing.T) {
	const module = `
	  (core module $m (func (export "right") (result i32) (i32.const 1)) (func (export "wrong") (result i32) (i32.const 2)))
	  (core instance $i (instantiate $m))
	  (func $right (result u32) (canon lift (core func $i "right")))
	  (func $wrong (result u32) (canon lift (core func $i "wrong")))`
	e := newEngine(t, component.Config{})
	for name, text := range map[string]string{
		"given beside an argument without a name": `
		  (instance $in (export "f" (func $right)))
		  (component $c (import "in" (instance $in (export "f" (func (result u32))))) (export "f" (func $in "f")))
		  (instance $o (instantiate $c (with "in" (instance $in)) (with "" (func $wrong))))
		  (export "f" (func $o "f"))`,
		"of a component that is taken from an instance": `
		  (component $outer (import "a" (func (result u32)))
		    (component $c (import "a" (func $a (result u32))) (export "f" (func $a)))
		    (export "c" (component $c)))
		  (instance $in (instantiate $outer (with "a" (func $wrong))))
		  (alias export $in "c" (component $c))
		  (instance $o (instantiate $c (with "a" (func $right))))
		  (export "f" (func $o "f"))`,
		"under a name that is another's elsewhere": `
		  (component $c (import "f" (func $f (result u32))) (import "g" (func $g (result u32)))
		    (export "g" (func $f)) (export "f" (func $g)))
		  (instance $o (instantiate $c (with "f" (func $wrong)) (with "g" (func $right))))
		  (export "g" (func $wrong)) (export "f" (func $o "f"))`,
	} {
		text = "(component " + module + text + ")"
		x := &component.Export{Name: "f", Signature: sig(component.U32)}
		o := component.LinkOptions{Exports: []*component.Export{x}}
		for lane, p := range map[string]*component.Program{"lane": link(t, e, text, o), "plain": plain(t, e, text, o)} {
			if got := number(t, p, x); got != 1 {
				t.Errorf("one %s, %s: %d", name, lane, got)
			}
		}
	}
}
