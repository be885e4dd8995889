package gofile_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/tools/witgen/internal/gofile"
)

func TestFile(t *testing.T) {
	f := gofile.New("Code generated. DO NOT EDIT.", "pkg")
	f.PackageDocs("Package pkg does it.")
	other := f.ImportAs("example.org/other/v1", "otherv1")
	context := f.Import("context")
	f.Decl("F does it.", "func F(ctx "+context+".Context) "+other+".T", func() {
		f.Line("return %s.T{}", other)
	})
	f.Group("Names of it.", "const", func() { f.Line("A = 1") })
	got, err := f.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	const want = `// Code generated. DO NOT EDIT.

// Package pkg does it.
package pkg

import (
	"context"

	otherv1 "example.org/other/v1"
)

// F does it.
func F(ctx context.Context) otherv1.T {
	return otherv1.T{}
}

// Names of it.
const (
	A = 1
)
`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestFileThatIsNoGo(t *testing.T) {
	f := gofile.New("x", "pkg")
	f.Line("func {")
	if _, err := f.Bytes(); err == nil || !strings.Contains(err.Error(), "func {") {
		t.Errorf("got %v, want an error with the text", err)
	}
}

func TestTwoImportsOfOneName(t *testing.T) {
	f := gofile.New("x", "pkg")
	f.Import("a/x")
	if name := f.Import("a/x"); name != "x" {
		t.Errorf("again: got %s", name)
	}
	defer func() {
		if recover() == nil {
			t.Error("two packages are imported as x")
		}
	}()
	f.Import("b/x")
}

func TestScope(t *testing.T) {
	outer := gofile.NewScope(nil, "taken")
	s := gofile.NewScope(outer)
	for _, row := range []struct{ name, want string }{
		{"free", "free"}, {"free", "free2"}, {"free", "free3"}, {"taken", "taken2"}, {"func", "func2"},
	} {
		if got := s.Unique(row.name); got != row.want {
			t.Errorf("unique %s: got %s, want %s", row.name, got, row.want)
		}
	}
	if s.Declare("taken") || s.Declare("range") || !s.Declare("x") || s.Declare("x") {
		t.Error("a name was declared that was taken, or the reverse")
	}
	if outer.Taken("free") {
		t.Error("a scope took a name of an inner one")
	}
}

func TestWrap(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"", ""},
		{"one two three", "one two|three"},
		{"one\ntwo\n\nthree", "one two||three"},
		{"as it is:\n\n\tcode that is long", "as it is:||\tcode that is long"},
		{"- one two\n- three", "- one two|- three"},
		{"ção ção ção", "ção ção|ção"},
		{"muchlongerthanthat is", "muchlongerthanthat|is"},
	} {
		want := strings.Split(row.want, "|")
		if row.text == "" {
			want = []string{""}
		}
		if got := gofile.Wrap(row.text, 9); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", row.text, got, want)
		}
	}
}
