package component_test

import (
	"fmt"
	"strings"

	"github.com/hygia-suite/hygia/pkg/component"
)

// An attack is a guest whose function "attack" does what no guest should, and the
// cause of its end.
type attack struct {
	name   string
	result *component.Type // of attack
	core   string          // module fields; its memory has two pages
	more   string          // component fields that come first
	with   string          // what the core module is given
	lift   string          // further options of the lifted function
	want   string          // component.Cause of the error; "" where the call just ends
	also   string          // another cause that is as good
}

// text is the attack's component. It imports a host function of one string, f,
// which is given to the core module.
func (a attack) text() string {
	w := &textWriter{}
	result := ""
	if a.result != nil {
		result = "(result " + w.ref(a.result) + ")"
	}
	return fmt.Sprintf(`(component
	  %s %s
	  (import "f" (func $f (param "text" string)))
	  (core module $libc (memory (export "memory") 2))
	  (core instance $libc (instantiate $libc))
	  (core func $f' (canon lower (func $f) (memory $libc "memory")))
	  (core module $m
	    (import "" "memory" (memory 2))
	    (import "" "f" (func $f (param i32 i32)))
	    %s
	    (table $t 1 funcref))
	  (core instance $i (instantiate $m (with "" (instance
	    (export "memory" (memory $libc "memory")) (export "f" (func $f')) %s))))
	  (func (export "attack") %s (canon lift (core func $i "attack") (memory $libc "memory") %s)))`,
		w.types.String(), a.more, a.core, a.with, result, a.lift)
}

func (a attack) export() *component.Export {
	return &component.Export{Name: "attack", Signature: component.Signature{Result: a.result}}
}

// gives is an attack function that writes words to memory, from address 0 on, and
// returns 0, where its result is read from.
func gives(words ...uint32) string {
	var b strings.Builder
	for i, w := range words {
		fmt.Fprintf(&b, "(i32.store (i32.const %d) (i32.const %d))", 4*i, int32(w))
	}
	return `(func (export "attack") (result i32) ` + b.String() + ` (i32.const 0))`
}

// returns is an attack function that returns a number.
func returns(n int64) string {
	return fmt.Sprintf(`(func (export "attack") (result i32) (i32.const %d))`, n)
}

func does(body string) string { return `(func $attack (export "attack") ` + body + `)` }

// all makes a guest's memory as large as it may be.
const all = `(drop (memory.grow (i32.const 62)))`

// bomb is a list that holds itself: at address 0 are as many heads of lists as
// the word at 4 says, and each of them is this one again.
func bomb() string {
	return `(func (export "attack") (result i32) (local $at i32)
	  (loop
	    (i32.store (local.get $at) (i32.const 0)) (i32.store offset=4 (local.get $at) (i32.const 100))
	    (br_if 0 (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const 800))))
	  (i32.const 0))`
}

func nested(depth int, leaf *component.Type) *component.Type {
	for range depth {
		leaf = component.ListOf(leaf)
	}
	return leaf
}

const malformed = "trap: " + string(component.TrapValue)

var (
	attackEnum    = component.EnumOf("e", "a", "b")
	attackVariant = component.VariantOf("v", component.Case{Name: "a", Type: component.String}, component.Case{Name: "b"})
	attackFlags   = component.FlagsOf("f", "x", "y")
)

// attacks by what they attack.
var attacks = []attack{
	// Time.
	{name: "an endless loop", core: does(`(loop (br 0))`), want: "deadline"},
	{name: "endless calls", core: does(`(loop (call $g) (br 0))) (func $g`), want: "deadline"},
	{name: "filling memory without end", want: "deadline",
		core: does(all + `(loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x400000)) (br 0))`)},
	{name: "copying memory without end", want: "deadline",
		core: does(all + `(loop (memory.copy (i32.const 1) (i32.const 0) (i32.const 0x3fffff)) (br 0))`)},
	{name: "segments without end", want: "deadline",
		core: `(data $d "segment") ` + does(`(loop (memory.init $d (i32.const 0) (i32.const 0) (i32.const 7)) (br 0))`)},
	{name: "filling a table without end", want: "deadline",
		core: does(`(drop (table.grow $t (ref.null func) (i32.const 19999)))
			(loop (table.fill $t (i32.const 0) (ref.null func) (i32.const 20000)) (br 0))`)},
	{name: "a start that loops", core: `(func $s (loop (br 0))) (start $s) ` + does(``), want: "deadline"},
	{name: "a loop after the return", core: does(``) + `(func (export "after") (loop (br 0)))`,
		lift: `(post-return (func $i "after"))`, want: "deadline"},

	// The stack.
	{name: "recursion", core: does(`(call $attack)`), want: "trap: stack overflow"},
	{name: "recursion by a table", core: does(`(call_indirect (i32.const 0))`) + `(elem (i32.const 0) $attack)`,
		want: "trap: stack overflow"},
	{name: "recursion of wide frames", core: `(func $wide (param i64 i64 i64 i64 i64 i64 i64 i64)
		(call $wide (local.get 7) (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6)))` +
		does(`(call $wide`+strings.Repeat("(i64.const 1)", 8)+`)`), want: "trap: stack overflow"},
	{name: "a start that recurses", core: `(func $s (call $s)) (start $s) ` + does(``), want: "trap: stack overflow"},

	// Memory and tables.
	{name: "growing memory", core: does(`(loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))`)},
	{name: "growing a table", core: does(`(loop (br_if 0 (i32.ne (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1))))`)},
	{name: "growing by all there is", core: does(`(drop (memory.grow (i32.const -1))) (drop (table.grow $t (ref.null func) (i32.const -1)))`)},
	{name: "a memory too large", core: `(memory $big 100) ` + does(``), want: "memory bytes"},
	{name: "a table too large", core: `(table 30000 funcref) ` + does(``), want: "table elements"},
	{name: "reading beyond", core: does(`(drop (i64.load offset=4294967295 (i32.const -1)))`), want: "trap: memory out of bounds"},
	{name: "copying beyond", core: does(`(memory.copy (i32.const 0) (i32.const 1) (i32.const -1))`), want: "trap: memory out of bounds"},
	{name: "a start that reads beyond", core: `(data (i32.const 131071) "xx") ` + does(``), want: "trap: memory out of bounds"},

	// Results that are no values of their types.
	{name: "text that is not UTF-8", result: component.String, core: `(data (i32.const 64) "a\ff\c0\80") ` + gives(64, 4), want: malformed},
	{name: "a surrogate in text", result: component.String, core: `(data (i32.const 64) "\ed\a0\80") ` + gives(64, 3), want: malformed},
	{name: "half a character", result: component.String, core: `(data (i32.const 64) "\c3") ` + gives(64, 1), want: malformed},
	{name: "text beyond memory", result: component.String, core: gives(131000, 1000), want: malformed},
	{name: "text of all addresses", result: component.String, core: gives(0, 1<<32-1), want: malformed, also: "result bytes"},
	{name: "a result beyond memory", result: component.String, core: returns(-4), want: malformed},
	{name: "a result at an odd address", result: component.String, core: returns(1), want: malformed},
	{name: "a surrogate", result: component.Char, core: returns(0xd800), want: malformed},
	{name: "a number above the last character", result: component.Char, core: returns(0x110000), want: malformed},
	{name: "a negative character", result: component.Char, core: returns(-1), want: malformed},
	{name: "an enum without that case", result: attackEnum, core: returns(2), want: malformed},
	{name: "an enum below zero", result: attackEnum, core: returns(-1), want: malformed},
	{name: "a variant without that case", result: attackVariant, core: gives(2, 0, 0), want: malformed},
	{name: "a variant whose case holds rubbish", result: attackVariant, core: gives(0, 131000, 1000), want: malformed},
	{name: "an option of neither kind", result: component.OptionOf(component.String), core: gives(2, 0, 0), want: malformed},
	{name: "a result of neither kind", result: component.ResultOf(component.U64, component.String), core: gives(77, 0, 0, 0), want: malformed},
	{name: "flags that are not there", result: attackFlags, core: returns(-1)},
	{name: "a boolean of 77", result: component.Bool, core: returns(77)},
	{name: "a small number of many bits", result: component.U8, core: returns(-1)},

	// Results that are too large.
	{name: "a list beyond memory", result: component.ListOf(component.U64), core: gives(0, 1<<28), want: malformed, also: "result bytes"},
	{name: "a list whose size wraps", result: component.ListOf(component.U64), core: gives(0, 1<<29+1), want: malformed, also: "result bytes"},
	{name: "a list at an odd address", result: component.ListOf(component.U64), core: gives(1, 1), want: malformed},
	{name: "bytes beyond memory", result: component.ListOf(component.U8), core: gives(131000, 1000), want: malformed},
	{name: "too many bytes", result: component.ListOf(component.U8), core: gives(0, 100_001), want: "result bytes"},
	{name: "too much text", result: component.String, core: gives(64, 100_001), want: "result bytes"},
	{name: "too many items", result: component.ListOf(component.U16), core: gives(0, 10_001), want: "list items"},
	{name: "a list that holds itself, 4 deep", result: nested(4, component.U32), core: bomb(), want: "list items", also: "result bytes"},
	{name: "a list that holds itself, 12 deep", result: nested(12, component.String), core: bomb(), want: "list items", also: "result bytes"},
	{name: "a list that holds itself, of nothing", result: nested(12, component.ResultOf(nil, nil)), core: bomb(), want: "list items", also: malformed},

	// The host.
	{name: "host calls without end", core: does(`(loop (call $f (i32.const 0) (i32.const 0)) (br 0))`), want: "host calls"},
	{name: "text that is not UTF-8 for the host", core: `(data (i32.const 64) "\ff") ` + does(`(call $f (i32.const 64) (i32.const 1))`), want: malformed},
	{name: "text beyond memory for the host", core: does(`(call $f (i32.const 131072) (i32.const 1))`), want: malformed},
	{name: "too much text for the host", core: does(`(call $f (i32.const 0) (i32.const 100001))`), want: "result bytes"},
	{name: "a host call that waits", core: `(data (i32.const 64) "wait") ` + does(`(call $f (i32.const 64) (i32.const 4))`), want: "deadline"},
	{name: "a host call that loops in a guest", core: `(data (i32.const 64) "loop") ` + does(`(call $f (i32.const 64) (i32.const 4))`), want: "deadline"},
	{name: "a host call that panics", core: `(data (i32.const 64) "panic") ` + does(`(call $f (i32.const 64) (i32.const 5))`), want: "host function"},
	{name: "a host call that logs too much", core: `(data (i32.const 64) "log") ` + does(`(loop (call $f (i32.const 64) (i32.const 3)) (br 0))`), want: "bytes of log"},
	{name: "a host call while starting", core: `(func $s (loop (call $f (i32.const 0) (i32.const 0)) (br 0))) (start $s) ` + does(``), want: "host calls"},
	{name: "a host call after the return", core: does(``) + `(func (export "after") (call $f (i32.const 0) (i32.const 0)))`,
		lift: `(post-return (func $i "after"))`, want: "trap: other"},

	// Resources of its own.
	{name: "a destructor that traps", want: "trap: unreachable", core: destroys,
		more: resourceOf(`unreachable`), with: resourceWith},
	{name: "a destructor that loops", want: "deadline", core: destroys,
		more: resourceOf(`(loop (br 0))`), with: resourceWith},
	{name: "resources without end", core: `(import "" "new" (func $new (param i32) (result i32))) ` +
		does(`(loop (drop (call $new (i32.const 1))) (br 0))`), more: resourceOf(``), with: resourceWith,
		want: "resources of its own"},
}

// resourceOf is a resource of the guest's with a destructor of that body.
func resourceOf(body string) string {
	return `(core module $d (func (export "dtor") (param i32) ` + body + `))
	  (core instance $d (instantiate $d))
	  (type $r (resource (rep i32) (dtor (func $d "dtor"))))
	  (core func $new (canon resource.new $r))
	  (core func $drop (canon resource.drop $r))`
}

const resourceWith = `(export "new" (func $new)) (export "drop" (func $drop))`

var destroys = `(import "" "new" (func $new (param i32) (result i32))) (import "" "drop" (func $drop (param i32))) ` +
	does(`(call $drop (call $new (i32.const 1)))`)
