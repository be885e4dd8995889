package bound_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/hygia-suite/hygia/pkg/component/internal/bound"
)

func wasm(t testing.TB, text string) []byte {
	t.Helper()
	b, err := wasmtime.Wat2Wasm(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// counted is a component with two types of resources, and more fields.
func counted(more string) string {
	return `(component
	  (core module $m (memory (export "memory") 1) (func (export "dtor") (param i32))
	    (func (export "post") (param i32))
	    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8)))
	  (core instance $i (instantiate $m))
	  (type $a (resource (rep i32) (dtor (func $i "dtor"))))
	  (type $b (resource (rep i32)))
	  (core func $new (canon resource.new $a))
	  (core func $new' (canon resource.new $b))
	  (core func $drop (canon resource.drop $b))
	  (func (export "drop") (param "l" (list u32)) (result string) (canon lift (core func $i "realloc")
	    (memory $i "memory") (realloc (func $i "realloc")) (post-return (func $i "post"))))
	  ` + more + `)`
}

func TestComponent(t *testing.T) {
	for name, test := range map[string]struct {
		text, want string
		instances  int
	}{
		"nothing":                   {text: `(component)`},
		"a type that nobody makes":  {text: `(component (type $r (resource (rep i32))) (core func (canon resource.drop $r)))`},
		"two types":                 {counted(""), "", 4},
		"one inside, not made":      {`(component (component ` + strings.TrimPrefix(counted(""), "(component") + `)`, "", 0},
		"one inside, made twice":    {`(component (component $c ` + strings.TrimPrefix(counted(""), "(component") + `(instance (instantiate $c)) (instance (instantiate $c)))`, "", 8},
		"two thousand inside":       {doubled(9), "too many types", 0},
		"many":                      {counted(strings.Repeat(`(core func (canon resource.new $a))`, 996)), "", 1000},
		"too many":                  {counted(strings.Repeat(`(core func (canon resource.new $a))`, 997)), "too many types", 0},
		"types of any kind":         {counted(everyType), "", 4},
		"a core type within a type": {counted(`(type (instance (core type (module))))`), "not known", 0},
	} {
		before := wasm(t, test.text)
		kept := bytes.Clone(before)
		got, err := bound.Component(before)
		switch {
		case !bytes.Equal(before, kept):
			t.Errorf("%s: changed in place", name)
		case test.want != "":
			if err == nil || !strings.Contains(err.Error(), test.want) || got.Wasm != nil {
				t.Errorf("%s: want %q, got %v", name, test.want, err)
			}
		case err != nil || got.Instances != test.instances:
			t.Errorf("%s: %d instances, %v", name, got.Instances, err)
		case strings.Contains(test.text, "resource.new") != bytes.Contains(got.Wasm, []byte("hygia:bound")):
			t.Errorf("%s: counted: %t", name, !strings.Contains(test.text, "resource.new"))
		case !strings.Contains(test.text, "resource.new") && &got.Wasm[0] != &before[0]:
			t.Errorf("%s: copied", name)
		}
	}
}

// doubled is a component in another that makes two of it, and so on.
func doubled(depth int) string {
	text := counted("")
	for range depth {
		text = `(component (component $c ` + strings.TrimPrefix(text, "(component") + ` (instance (instantiate $c)) (instance (instantiate $c)))`
	}
	return text
}

const everyType = `
  (type $record (record (field "a" u8) (field "b" string)))
  (type $variant (variant (case "a") (case "b" $record)))
  (type $flags (flags "a" "b")) (type $enum (enum "a" "b"))
  (type $option (option $variant)) (type $result (result $option (error $enum)))
  (type $tuple (tuple $result (list $flags) f64 char s64))
  (type $lends (func (param "b" (borrow $b)) (param "t" $tuple) (result (own $a))))
  (type $instance (instance (export "r" (type $r (sub resource))) (alias outer 1 $record (type $t))
    (export "f" (func (param "r" (borrow $r)) (result $t))) (type $u u8) (export "u" (type (eq $u)))))
  (type $component (component (import "i" (instance (type $i (instance)))) (export "e" (instance))))
  (import "i" (instance $in (type $instance)))
  (alias export $in "r" (type $theirs))
  (core type $f (func (param i32)))
  (core type (module (import "" "" (func (type 0))) (type (func))))
  (component (alias outer 1 $record (type)) (alias outer 1 $m (core module)) (export "u" (type $record)))
  (export "a" (type $a)) (export "b" (type $b) (type (eq $b)))`

// The suite's own plugins stay as they are: none makes resources.
func TestComponentOfRealComponents(t *testing.T) {
	files, err := filepath.Glob("../../../../services/*/plugins/*/*.wasm")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		got, err := bound.Component(b)
		if err != nil || &got.Wasm[0] != &b[0] {
			t.Errorf("%s: %v", f, err)
		}
	}
}

// Whatever is cut off or overwritten, it is refused or rewritten, in bounded time.
func TestComponentsThatAreDamaged(t *testing.T) {
	whole := wasm(t, counted(everyType))
	for i := range whole {
		_, _ = bound.Component(whole[:i])
		for _, b := range []byte{0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xff} {
			damaged := bytes.Clone(whole)
			damaged[i] = b
			_, _ = bound.Component(damaged)
		}
	}
	deep := whole
	for range 1000 {
		deep = append(append([]byte("\x00asm\x0d\x00\x01\x00\x04"), leb(len(deep))...), deep...)
	}
	if _, err := bound.Component(deep); err == nil {
		t.Error("components a thousand deep")
	}
}

func leb(n int) []byte {
	var b []byte
	for ; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}
