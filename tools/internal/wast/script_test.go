package wast_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/tools/internal/wast"
)

func one(t *testing.T, src string) *wast.Directive {
	t.Helper()
	ds, err := wast.Parse(src)
	if err != nil || len(ds) != 1 {
		t.Fatalf("%s: %d directives, %v", src, len(ds), err)
	}
	return ds[0]
}

func TestComponents(t *testing.T) {
	for src, want := range map[string]wast.Directive{
		`(component)`:                             {Kind: wast.Component, Source: "(component)"},
		`(component $a (import "x" (func)))`:      {Kind: wast.Component, Name: "$a", Source: `(component $a (import "x" (func)))`},
		`(component definition $a (core module))`: {Kind: wast.Definition, Name: "$a", Source: "(component $a (core module))"},
		`(component definition (core module))`:    {Kind: wast.Definition, Source: "(component (core module))"},
		`(component instance $a $b)`:              {Kind: wast.Instance, Name: "$a", Of: "$b"},
		`(component binary "\00asm" "\0d")`:       {Kind: wast.Component, Source: `(component binary "\00asm" "\0d")`},
		`(component quote "(a" "b)")`:             {Kind: wast.Component, Source: "(component (a\nb)\n)"},
		`(component $q quote "(a)")`:              {Kind: wast.Component, Name: "$q", Source: "(component (a)\n)"},
		`(module (func))`:                         {Kind: wast.Module, Source: "(module (func))"},
		`(register "name" $i)`:                    {Kind: wast.Register, As: "name", Of: "$i"},
		`(assert_invalid (component (x)) "why")`:  {Kind: wast.AssertInvalid, Source: "(component (x))", Message: "why"},
		`(wait $t)`:                               {Kind: "wait"},
		`(something else)`:                        {Kind: "something"},
		`("x" else)`:                              {Kind: wast.Wordless},
	} {
		d := one(t, src)
		if d.Kind != want.Kind || d.Name != want.Name || d.Of != want.Of || d.As != want.As ||
			d.Source != want.Source || d.Message != want.Message || d.Text != src {
			t.Errorf("%s: %+v", src, d)
		}
	}
}

func TestCalls(t *testing.T) {
	d := one(t, `(assert_return (invoke $i "f" (u8.const 1) (str.const "a\tb\"\u{e9}\c3\a9")) (bool.const true))`)
	if d.Call == nil || d.Call.Instance != "$i" || d.Call.Function != "f" || len(d.Call.Args) != 2 || len(d.Results) != 1 {
		t.Fatalf("%+v", d)
	}
	if arg := d.Call.Args[1]; arg.Head() != "str.const" || arg.List[1].Text != "a\tb\"éé" {
		t.Errorf("%q", arg.List[1].Text)
	}
	if d := one(t, `(assert_trap (invoke "f") "unreachable")`); d.Call.Function != "f" || d.Message != "unreachable" {
		t.Errorf("%+v", d)
	}
}

func TestLinesAndComments(t *testing.T) {
	ds, err := wast.Parse(";; one\n(component) (; two\n(; three ;)\n;)\n  (invoke\n\"f\") ;; end")
	if err != nil || len(ds) != 2 || ds[0].Line != 2 || ds[1].Line != 5 || ds[1].Call.Function != "f" {
		t.Fatalf("%+v, %v", ds, err)
	}
}

func TestWords(t *testing.T) {
	for src, want := range map[string]string{
		`(component $a "stream.new" (type (stream u8)))`:                 "component $a type stream u8",
		";; stream\n(; future (; ;) ;) (func (export \"a\\\"b\") async)": "func export async",
		`a "without an end`: "a",
		`a ; b) (c`:         "a b c",
		"":                  "",
	} {
		if got := strings.Join(slices.Collect(wast.Words(src)), " "); got != want {
			t.Errorf("%q: %q", src, got)
		}
	}
}

func TestWhatIsNoScript(t *testing.T) {
	for src, line := range map[string]int{
		"(component\n":                   2,
		"\n)":                            2,
		"(; ":                            1,
		"\n\n\"abc":                      3,
		`("\`:                            1,
		`("\zz")`:                        1,
		`("\u{110000000}")`:              1,
		`("\u{41")`:                      1,
		strings.Repeat("(", 500):         1,
		"; alone":                        1,
		strings.Repeat(" ", 8<<20) + " ": 1,
	} {
		_, err := wast.Parse(src)
		var syntax *wast.SyntaxError
		if !errors.As(err, &syntax) || syntax.Line != line {
			t.Errorf("%.20q: %v", src, err)
		}
	}
}

// FuzzParse: any text is read or refused with a line that it has, and what is
// read lies in it in order.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`(component $a (core module))`, `(assert_return (invoke "f" (u8.const 1)) (bool.const true))`,
		"(component quote \"\\u{41}\")", "(; (; ;) ;) (get)", `(component instance`, `(assert_trap)`, `()`, `"x"`, "a",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		for word := range wast.Words(src) {
			if word == "" || strings.ContainsAny(word, " \t\r\n()\";") {
				t.Errorf("%q is no word", word)
			}
		}
		ds, err := wast.Parse(src)
		if err != nil {
			var syntax *wast.SyntaxError
			if !errors.As(err, &syntax) || syntax.Line < 1 || syntax.Line > 1+strings.Count(src, "\n") {
				t.Fatalf("%v", err)
			}
			return
		}
		rest := src
		for _, d := range ds {
			i := strings.Index(rest, d.Text)
			if i < 0 || d.Text == "" {
				t.Fatalf("%q is not in %q", d.Text, rest)
			}
			rest = rest[i+len(d.Text):]
		}
	})
}
