package compat_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/tools/witgen/internal/compat"
	"github.com/hygia-suite/hygia/tools/witgen/internal/parser"
)

const body = `
interface types {
  record r { a: u32, b: list<string> }
  variant v { x, y(r) }
  enum e { one, two }
  flags f { p, q }
  type t = tuple<u8, s8>;
  resource file { constructor(name: string); read: func(n: u32) -> result<string, e>; }
}
interface given { use types.{r, v}; ask: func(r: r) -> v; }
interface taken { do: func(); }
interface loose { use types.{file}; open: func(name: string) -> file; }
world w {
  import given;
  export taken;
  import root: func(a: u8);
  export start: func();
}
`

// Each row is what becomes of the body, and what is said of it.
var rows = []struct {
	name, from, to string
	change         []string
	want           []string
}{
	{"nothing", "0.1.0", "0.1.0", nil, nil},
	{"docs and a new patch", "1.2.0", "1.2.1", []string{"interface taken", "/// Docs.\ninterface taken"}, nil},
	{"a new function to call", "0.1.0", "0.1.1", []string{"-> v; }", "-> v; more: func(); }"}, nil},
	{"a new type", "0.1.0", "0.1.1", []string{"interface taken {", "interface taken { record s { a: u8 }"}, nil},
	{"a new interface and world", "0.1.0", "0.2.0", []string{"world w {", "interface j {}\nworld w2 {}\nworld w {"}, nil},
	{"a new import of a world", "0.1.0", "0.1.1", []string{"world w {", "world w { import loose;"}, nil},
	{"anything, in a new track", "0.1.0", "0.2.0", []string{"enum e { one, two }", "enum e { three }"}, nil},
	{"anything, in a new major version", "1.9.0", "2.0.0", []string{"do: func()", "done: func()"}, nil},
	{"growth without a version", "0.1.0", "0.1.0", []string{"-> v; }", "-> v; more: func(); }"},
		[]string{"p.wit:1:1: package a:p@0.1.0 has grown and keeps its version: raise it"}},
	{"an older version", "0.1.2", "0.1.1", nil,
		[]string{"p.wit:1:1: package a:p@0.1.1 is older than a:p@0.1.2, which takes its place"}},
	{"no successor", "2.0.0", "1.0.0", nil, []string{"p.wit:1:1: package a:p@2.0.0 is gone"}},
	{"a field's type", "0.1.0", "0.1.1", []string{"list<string>", "list<u8>"},
		[]string{"p.wit:3:10: r has changed, which components built earlier do not know: b was list<string>, and is list<u8>"}},
	{"a new field", "0.1.0", "0.1.1", []string{"list<string>", "list<string>, c: u8"},
		[]string{"p.wit:3:10: r has changed, which components built earlier do not know: c is new"}},
	{"a field that is gone", "0.1.0", "0.1.1", []string{", b: list<string>", ""},
		[]string{"p.wit:3:10: r has changed, which components built earlier do not know: b is gone"}},
	{"another order", "1.1.0", "1.2.0", []string{"one, two", "two, one"},
		[]string{"p.wit:5:8: e has changed, which components built earlier do not know: two is where one was"}},
	{"a new case", "1.1.0", "1.2.0", []string{"y(r)", "y(r), z"},
		[]string{"p.wit:4:11: v has changed, which components built earlier do not know: z is new"}},
	{"another kind", "1.1.0", "1.2.0", []string{"flags f", "enum f"},
		[]string{"p.wit:6:8: f has changed, which components built earlier do not know: it was flags { p: _, q: _ }, and is enum { p: _, q: _ }"}},
	{"another alias", "1.1.0", "1.2.0", []string{"tuple<u8, s8>", "tuple<u8, u8>"},
		[]string{"p.wit:7:8: t has changed, which components built earlier do not know: it was type tuple<u8, s8>, and is type tuple<u8, u8>"}},
	{"a type that is gone", "1.1.0", "1.2.0", []string{"  flags f { p, q }\n", ""}, []string{"p.wit:6:9: f is gone from types"}},
	{"a function that is gone", "1.1.0", "1.2.0", []string{"do: func();", ""}, []string{"p.wit:11:19: do is gone from taken"}},
	{"a parameter's name", "1.1.0", "1.2.0", []string{"ask: func(r: r)", "ask: func(s: r)"},
		[]string{"p.wit:10:37: ask was func(r: a:p/types.r) -> a:p/types.v, and is func(s: a:p/types.r) -> a:p/types.v"}},
	{"a method's result", "1.1.0", "1.2.0", []string{"result<string, e>", "string"},
		[]string{"p.wit:8:46: file.read was func(self: borrow<a:p/types.file>, n: u32) -> result<string, a:p/types.e>, " +
			"and is func(self: borrow<a:p/types.file>, n: u32) -> string"}},
	{"a new function of what components give", "1.1.0", "1.2.0", []string{"do: func();", "do: func(); more: func();"},
		[]string{"p.wit:11:31: more is new in taken, which components export: those built earlier do not have it; put it into an interface of its own"}},
	{"an import that is gone", "1.1.0", "1.2.0", []string{"import given;", ""},
		[]string{"world w does not import a:p/given any more", "world w does not import a:p/types any more"}},
	{"an export that is gone", "1.1.0", "1.2.0", []string{"export taken;", ""}, []string{"world w does not export a:p/taken any more"}},
	{"a new export", "1.1.0", "1.2.0", []string{"export taken;", "export taken; export loose;"}, []string{"world w exports a:p/loose too"}},
	{"a function of a world", "1.1.0", "1.2.0", []string{"start: func();", "start: func(a: u8);"}, []string{"start was func(), and is func(a: u8)"}},
	{"a world that is gone", "1.1.0", "1.2.0", []string{"world w {", "world x {"}, []string{"world w is gone"}},
}

func TestCheck(t *testing.T) {
	p, err := parser.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			after := body
			if row.change != nil {
				if after = strings.Replace(body, row.change[0], row.change[1], 1); after == body {
					t.Fatal("the row changes nothing")
				}
			}
			breaks, err := compat.Check(t.Context(), p, put(t, row.from, body), put(t, row.to, after))
			if err != nil {
				t.Fatal(err)
			}
			if len(row.want) == 0 && len(breaks) > 0 {
				t.Errorf("got %v, want nothing", breaks)
			}
			var said []string
			for _, b := range breaks {
				said = append(said, b.Error())
			}
			for _, want := range row.want {
				if !strings.Contains(strings.Join(said, "\n")+"\n", want) {
					t.Errorf("got\n%s\nwant %s", strings.Join(said, "\n"), want)
				}
			}
		})
	}
}

func put(t *testing.T, version, text string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "wit")
	if err := os.MkdirAll(filepath.Join(dir, "p"), 0o755); err != nil {
		t.Fatal(err)
	}
	text = "package a:p@" + version + ";" + text
	if err := os.WriteFile(filepath.Join(dir, "p", "p.wit"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
