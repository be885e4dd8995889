package jsdoc_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/compiler/protogen"

	"github.com/hygia-suite/hygia/tools/protoc-gen-hygia-ts/internal/jsdoc"
)

func TestText(t *testing.T) {
	for _, test := range []struct {
		leading, trailing protogen.Comments
		want              string
	}{
		{"", "", ""},
		{" One line.\n", "", "One line."},
		{" Two\n lines.\n", "", "Two\nlines."},
		{"No blank.\n   Indented.  \n", "", "No blank.\n  Indented."},
		{"\n\n In between.\n \n\n", "", "In between."},
		{" Before.\n", " Behind.\n", "Before.\n\nBehind."},
		{"", " Behind.\r\n", "Behind."},
	} {
		if got := jsdoc.Text(protogen.CommentSet{Leading: test.leading, Trailing: test.trailing}); got != test.want {
			t.Errorf("%q, %q: got %q, want %q", test.leading, test.trailing, got, test.want)
		}
	}
}

func TestComment(t *testing.T) {
	for text, want := range map[string]string{
		"":            "",
		"One.":        "  /** One. */\n",
		"One.\n\nTwo": "  /**\n   * One.\n   *\n   * Two\n   */\n",
		"a */ b":      "  /** a *\\/ b */\n",
		"*/":          "  /** *\\/ */\n",
	} {
		if got := jsdoc.Comment("  ", text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// Whatever a comment holds, it ends where the doc comment does.
func FuzzComment(f *testing.F) {
	for _, seed := range []string{"plain", "*/", "**/", "*\n/", "/*", "a\r*/\rb", "* /", "\\*/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := jsdoc.Comment("", text)
		if text == "" {
			return
		}
		if end := strings.Index(got, "*/"); !strings.HasPrefix(got, "/**") || end != len(got)-len("*/\n") {
			t.Errorf("%q ends at %d of %q", text, end, got)
		}
	})
}
