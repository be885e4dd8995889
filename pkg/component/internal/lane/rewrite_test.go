package lane_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/hygia-suite/hygia/pkg/component/internal/lane"
)

func wasm(t testing.TB, text string) []byte {
	t.Helper()
	b, err := wasmtime.Wat2Wasm(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// guest is a component of what a test varies, with the rest that it takes: a
// function that gets and gives t, lifted with more options, and an import.
func guest(types, t, options string) string {
	return `(component ` + types + `
	  (import "a:b/c@0.1.0" (instance $c (export "f" (func (param "v" ` + t + `) (result ` + t + `)))))
	  (alias export $c "f" (func $f))
	  (core module $mem (memory (export "memory") 1)
	    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8)))
	  (core instance $mem (instantiate $mem))
	  (core func $f' (canon lower (func $f) (memory $mem "memory") (realloc (func $mem "realloc"))))
	  (core module $m (import "" "f" (func (param i32 i32 i32)))
	    (global i32 (i32.const 1))
	    (func (export "g") (param i32 i32) (result i32) (i32.const 8))
	    (func (export "post") (param i32)))
	  (core instance $i (instantiate $m (with "" (instance (export "f" (func $f'))))))
	  (func $g (param "v" ` + t + `) (result ` + t + `)
	    (canon lift (core func $i "g") (memory $mem "memory") (realloc (func $mem "realloc")) ` + options + `))
	  (component $shim (import "g" (func $g (param "v" ` + t + `) (result ` + t + `))) (export "g" (func $g)))
	  (instance $s (instantiate $shim (with "g" (func $g))))
	  (export "a:b/d@0.1.0" (instance $s)))`
}

func TestRewrite(t *testing.T) {
	post := `(post-return (func $i "post"))`
	for name, test := range map[string]struct{ text, want string }{
		"text":            {guest("", "string", post), ""},
		"bytes":           {guest("(type $b (list u8))", "$b", post), ""},
		"bytes by a name": {guest("(type $u u8) (type $b (list $u))", "$b", post), ""},
		"both, nested": {guest(`(type $b (list u8)) (type $l (list $b)) (type $o (option string))
			(type $r (result $l (error $o)))`, "string", ""), ""},
		"a pair's likes":  {guest("(type $p (tuple u32 u32))", "string", post), ""},
		"UTF-16":          {strings.ReplaceAll(guest("", "string", post), `(memory $mem "memory")`, `(memory $mem "memory") string-encoding=utf16`), "UTF-8"},
		"bytes of UTF-16": {strings.ReplaceAll(guest("(type $b (list u8))", "$b", post), `(memory $mem "memory")`, `(memory $mem "memory") string-encoding=utf16`), ""},
		"two memories": {strings.Replace(strings.Replace(guest("", "string", post), `(global i32`,
			`(memory (export "memory") 1) (global i32`, 1),
			`(func $g (param "v" string) (result string)
	    (canon lift (core func $i "g") (memory $mem "memory")`, `(func $g (param "v" string) (result string)
	    (canon lift (core func $i "g") (memory $i "memory")`, 1), "share"},
		"a module twice": {strings.Replace(guest("", "string", post), `(core module $m (import`,
			`(core instance (instantiate $mem)) (core module $m (import`, 1), "share"},
		"a post-return that is also called": {guest("", "string", post+`)) (func (export "post") (param "p" u32) (canon lift (core func $i "post")`), ""},
		"code within": {strings.Replace(guest("", "string", post), `(component $shim `,
			`(component $shim (core module) `, 1), "composed"},
		"a name of ours": {strings.Replace(guest("", "string", post), `(func (export "post")`,
			`(global (export "hygia:lane/x") i32 (i32.const 1)) (func (export "post")`, 1), "not known"},
		"a name of ours elsewhere": {strings.Replace(guest("", "string", post), `(core module $mem `,
			`(core module $x (func (export "hygia:lane/memory"))) (core instance (instantiate $x)) (core module $mem `, 1), "not known"},
		"nothing":    {`(component)`, "no function"},
		"a resource": {`(component (type $r (resource (rep i32))))`, "no function"},
	} {
		before := wasm(t, test.text)
		after, err := lane.Rewrite(before)
		if test.want != "" {
			if err == nil || !strings.Contains(err.Error(), test.want) || after != nil {
				t.Errorf("%s: want %q, got %v", name, test.want, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !bytes.Contains(after.Wasm, []byte(lane.Memory)) || !bytes.Contains(after.Wasm, []byte(lane.Finish)) ||
			!bytes.Contains(after.Wasm, []byte(lane.ReallocFor("a:b/c@0.1.0", "f"))) {
			t.Errorf("%s: something is not exported", name)
		}
		if _, err := lane.Rewrite(after.Wasm); err == nil {
			t.Errorf("%s: twice", name)
		}
	}
}

// Which exported functions the host can call itself, and what it then needs.
func TestRewriteNamesFunctions(t *testing.T) {
	const (
		numbers = "(type $b (tuple u32))"
		post    = `(post-return (func $i "post"))`
		export  = `(export "a:b/d@0.1.0" (instance $s))`
	)
	g := lane.Direct{Interface: "a:b/d@0.1.0", Name: "g"}
	told := lane.Direct{Interface: g.Interface, Name: "g", Post: true}
	with := func(text, old, new string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("no %s", old)
		}
		return strings.Replace(text, old, new, 1)
	}
	const outer = `(component $outer (import "h" (func $h (param "v" $b) (result $b)))
	    (component $inner (import "g" (func $g (param "v" $b) (result $b))) (export "g" (func $g)))
	    (instance $i (instantiate $inner (with "g" (func $h)))) (export "inner" (instance $i)) (alias export $i "g" (func $o)) (export "o" (func $o)))
	  (instance $s (instantiate $outer (with "h" (func $g)))) `
	for name, test := range map[string]struct {
		text string
		want []lane.Direct
	}{
		"of an interface":    {guest(numbers, "$b", ""), []lane.Direct{g}},
		"with a post-return": {guest(numbers, "$b", post), []lane.Direct{told}},
		"with text":          {guest("", "string", post), []lane.Direct{told}},
		"of the component, twice": {with(guest(numbers, "$b", ""), export, `(export "h" (func $g)) (export "f" (func $g))`),
			[]lane.Direct{{Name: "f"}, {Name: "h"}}},
		"of an instance in place": {with(guest(numbers, "$b", ""), export, `(instance $in (export "g" (func $g))) (export "a:b/d@0.1.0" (instance $in))`),
			[]lane.Direct{g}},
		"through two components": {with(with(guest(numbers, "$b", ""), "(instance $s", outer+"(instance $s'"), export, `(alias export $s "inner" (instance $n)) (export "a:b/d@0.1.0" (instance $n)) (export "o" (func $s "o"))`),
			[]lane.Direct{{Name: "o"}, g}},
		"one that is imported": {with(guest("", "string", ""), export, export+` (export "f" (func $f))`), []lane.Direct{g}},
		"none that takes a handle": {with(guest("", "string", ""), export, export+` (type $r (resource (rep i32)))
		    (func $drop (param "r" (own $r)) (canon lift (core func $i "post"))) (export "r" (type $r)) (export "drop" (func $drop))`), []lane.Direct{g}},
		"none of a module that is there twice": {with(guest(numbers, "$b", ""), `(core instance $i (`, `(core instance (instantiate $m (with "" (instance (export "f" (func $f')))))) (core instance $i (`), nil},
	} {
		out, err := lane.Rewrite(wasm(t, test.text))
		if test.want == nil {
			if err == nil {
				t.Errorf("%s: got %v", name, out.Direct)
			}
			continue
		}
		if err != nil || !slices.Equal(out.Direct, test.want) {
			t.Errorf("%s: got %+v, %v", name, out, err)
			continue
		}
		for _, d := range out.Direct {
			if !bytes.Contains(out.Wasm, []byte(lane.CallOf(d.Interface, d.Name))) ||
				d.Post != bytes.Contains(out.Wasm, []byte(lane.PostReturnOf(d.Interface, d.Name))) {
				t.Errorf("%s: %+v is not exported", name, d)
			}
		}
	}
}

// A record of numbers is read from memory, and nothing is put there for it.
func TestRewriteOfNumbersInMemory(t *testing.T) {
	const record = `(type $r' (record (field "a" u8) (field "b" u8))) (import "r" (type $r (eq $r')))`
	before := wasm(t, guest(record, "$r", ""))
	after, err := lane.Rewrite(before)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(after.Wasm, []byte(lane.Memory)) || bytes.Contains(after.Wasm, []byte(lane.Realloc)) {
		t.Error("other than memory is exported")
	}
	if n := bytes.Count(before, []byte("\x72\x02")); bytes.Count(after.Wasm, []byte("\x72\x02")) != n-1 {
		t.Error("the record is there")
	}
}

// The suite's own plugins, as compilers make them, all get it but for the one that
// is composed of two, which stays as it is.
func TestRewriteOfRealComponents(t *testing.T) {
	files, err := filepath.Glob("../../../../services/*/plugins/*/*.wasm")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		composed := filepath.Base(f) == "document-numbers.wasm"
		if _, err := lane.Rewrite(b); (err != nil) != composed || composed && !strings.Contains(err.Error(), "composed") {
			t.Errorf("%s: %v", f, err)
		}
	}
}

// Whatever is cut off or overwritten, it is refused or rewritten, in bounded time.
func TestRewriteOfDamagedComponents(t *testing.T) {
	whole := wasm(t, guest("(type $b (list u8))", "$b", `(post-return (func $i "post"))`))
	for i := range whole {
		_, _ = lane.Rewrite(whole[:i])
		for _, b := range []byte{0, 1, 0x40, 0x7f, 0x80, 0xff} {
			damaged := bytes.Clone(whole)
			damaged[i] = b
			_, _ = lane.Rewrite(damaged)
		}
	}
	deep := []byte("\x00asm\x0d\x00\x01\x00")
	for range 1000 {
		deep = append(append([]byte("\x00asm\x0d\x00\x01\x00\x04"), leb(len(deep))...), deep...)
	}
	if _, err := lane.Rewrite(deep); err == nil {
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

func FuzzRewrite(f *testing.F) {
	for _, text := range []string{
		guest("", "string", ""), guest("(type $b (list u8))", "$b", `(post-return (func $i "post"))`), `(component)`,
	} {
		f.Add(wasm(f, text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, rewrite := range []func([]byte) (*lane.Rewritten, error){lane.Rewrite, lane.Expose} {
			before := bytes.Clone(b)
			out, err := rewrite(b)
			if !bytes.Equal(b, before) {
				t.Fatal("changed in place")
			}
			if err != nil {
				continue
			}
			names := 0 // each is there twice, if it has a post-return
			for _, d := range out.Direct {
				names += len(lane.CallOf(d.Interface, d.Name)) + len(lane.PostReturnOf(d.Interface, d.Name)) + 16
			}
			if max(len(out.Wasm)-names, len(out.Outline)) > 4*len(b)+1024 || names > 4<<20 {
				t.Fatalf("%d bytes became %d and %d", len(b), len(out.Wasm), len(out.Outline))
			}
		}
	})
}

// A few bytes name an instance, and each of its functions is then exported once more.
func TestRewriteBoundsNames(t *testing.T) {
	const fine, many = 20, 300
	for _, n := range []int{fine, many} {
		var functions, exports strings.Builder
		for i := range n {
			fmt.Fprintf(&functions, `(export "f%d" (func $f))`, i)
			fmt.Fprintf(&exports, `(export "i%d" (instance $in))`, i)
		}
		out, err := lane.Rewrite(wasm(t, `(component
		  (core module $m (func (export "f") (result i32) (i32.const 1)))
		  (core instance $i (instantiate $m))
		  (func $f (result u32) (canon lift (core func $i "f")))
		  (instance $in `+functions.String()+`) `+exports.String()+`)`))
		if n == many && (err == nil || !strings.Contains(err.Error(), "names")) {
			t.Error("a name for each of 90000:", err)
		}
		if n == fine && (err != nil || len(out.Direct) != n*n) {
			t.Error(err)
		}
	}
}
