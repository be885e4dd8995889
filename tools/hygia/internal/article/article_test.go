package article_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	validationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/validation/v1"
	"github.com/hygia-suite/hygia/tools/hygia/internal/article"
)

func location(t *testing.T, a *article.Article, field validationv1.Field, words string) *validationv1.Location {
	t.Helper()
	text := a.Document.Body
	if field == validationv1.Field_FIELD_TITLE {
		text = a.Document.Title
	}
	i := strings.Index(text, words)
	if i < 0 {
		t.Fatalf("%q is not in %q", words, text)
	}
	return &validationv1.Location{Field: field, Start: uint32(i), End: uint32(i + len(words))}
}

func TestPlaces(t *testing.T) {
	const body, title = validationv1.Field_FIELD_BODY, validationv1.Field_FIELD_TITLE
	tests := []struct {
		name   string
		format article.Format
		text   string
		field  validationv1.Field
		words  string
		want   string // in the file
		place  article.Place
	}{
		{"html", article.HTML, "<h1>Olá</h1>\n<p>é a cura garantida</p>", body, "cura garantida", "cura garantida", article.Place{Line: 2, Column: 8}},
		{"html title", article.HTML, "<h1>\nOlá <b>mundo</b></h1>", title, "mundo", "mundo", article.Place{Line: 2, Column: 8}},
		{"html title with entities", article.HTML, "<h1>A &amp; B &eacute; mundo</h1>", title, "mundo", "mundo", article.Place{Line: 1, Column: 24}},
		{"text", article.Text, "Título\n\nUm <dois> & três\nquatro", body, "três\nquatro", "três\nquatro", article.Place{Line: 3, Column: 13}},
		{"text title", article.Text, "  Título\n\nx", title, "Título", "Título", article.Place{Line: 1, Column: 3}},
		{"markdown paragraph", article.Markdown, "# T\n\numa **cura garantida** já", body, "cura garantida", "cura garantida", article.Place{Line: 3, Column: 7}},
		{"markdown emphasis inside", article.Markdown, "cura **garantida** já", body, "cura garantida", "cura **garantida", article.Place{Line: 1, Column: 1}},
		{"markdown item", article.Markdown, "# T\r\n\r\n- um\r\n- _dois_ três\r\n", body, "dois", "dois", article.Place{Line: 4, Column: 4}},
		{"markdown link", article.Markdown, "veja [a página](https://x.example/a_b) agora", body, "página agora", "página](https://x.example/a_b) agora", article.Place{Line: 1, Column: 9}},
		{"markdown quote", article.Markdown, "> dito\n> e feito", body, "e feito", "e feito", article.Place{Line: 2, Column: 3}},
		{"markdown heading", article.Markdown, "# T\n\n## O *que* é", body, "que", "que", article.Place{Line: 3, Column: 7}},
		{"escaped", article.Markdown, "pressão < 14 & > 9", body, "&lt; 14 &amp;", "< 14 ", article.Place{Line: 1, Column: 9}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a, err := article.Parse(test.text, test.format)
			if err != nil {
				t.Fatal(err)
			}
			start, end, ok := a.Where(location(t, a, test.field, test.words))
			if !ok || test.text[start:end] != test.want || a.Place(start) != test.place {
				t.Errorf("got %q at %+v, want %q at %+v", test.text[start:end], a.Place(start), test.want, test.place)
			}
		})
	}
}

func TestMarkdownMakesBlocks(t *testing.T) {
	a, err := article.Parse("# Asma\n\nUm\ndois\n\n## O que é\n- a\n- b\n\n> q\n\n### C\n***\nfim", article.Markdown)
	if err != nil {
		t.Fatal(err)
	}
	want := `<!-- wp:paragraph -->
<p>Um
dois</p>
<!-- /wp:paragraph -->

<!-- wp:heading -->
<h2 class="wp-block-heading">O que é</h2>
<!-- /wp:heading -->

<!-- wp:list -->
<ul class="wp-block-list"><!-- wp:list-item -->
<li>a</li>
<!-- /wp:list-item -->
<!-- wp:list-item -->
<li>b</li>
<!-- /wp:list-item -->
</ul>
<!-- /wp:list -->

<!-- wp:quote -->
<blockquote class="wp-block-quote"><!-- wp:paragraph -->
<p>q</p>
<!-- /wp:paragraph --></blockquote>
<!-- /wp:quote -->

<!-- wp:heading {"level":3} -->
<h3 class="wp-block-heading">C</h3>
<!-- /wp:heading -->

<!-- wp:paragraph -->
<p>fim</p>
<!-- /wp:paragraph -->

`
	if a.Document.Title != "Asma" || a.Document.Body != want {
		t.Errorf("title %q, body:\n%s", a.Document.Title, a.Document.Body)
	}
}

func TestAbsentHasNoPlace(t *testing.T) {
	a, err := article.Parse("x", article.Text)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []*validationv1.Location{nil, {Field: validationv1.Field_FIELD_BODY}, {Field: validationv1.Field_FIELD_TAGS, End: 1}, {Field: validationv1.Field_FIELD_TITLE, End: 1}} {
		if _, _, ok := a.Where(l); ok {
			t.Errorf("%v has a place", l)
		}
	}
}

func TestExcerpt(t *testing.T) {
	text := "a\n" + strings.Repeat("é", 100) + "\x1b[31mcura" + strings.Repeat("x", 100)
	a, err := article.Parse(text, article.HTML)
	if err != nil {
		t.Fatal(err)
	}
	start := strings.Index(text, "cura")
	line, before, length := a.Excerpt(start, start+4, 60)
	if runes := []rune(line); len(runes) != 60 || string(runes[before:before+length]) != "cura" || strings.Contains(line, "\x1b") {
		t.Errorf("got %q, %d, %d", line, before, length)
	}
}

func TestRefuses(t *testing.T) {
	for _, text := range []string{"\xff", strings.Repeat("x", article.MaxSize+1)} {
		if _, err := article.Parse(text, article.HTML); err == nil {
			t.Errorf("%.3q was taken", text)
		}
	}
}

func TestParseAuthor(t *testing.T) {
	a, err := article.ParseAuthor("Dra. Ana Lua ; CRM/SP 123456; RQE 1, 22")
	if err != nil || a.DisplayName != "Dra. Ana Lua" || a.Credential.Council != "CRM" || a.Credential.Region != "SP" ||
		a.Credential.Number != "123456" || len(a.Credential.Specialties) != 2 || a.Credential.Specialties[1] != "22" {
		t.Fatalf("got %v, %v", a, err)
	}
	if a, err = article.ParseAuthor("Ana"); err != nil || a.Credential != nil {
		t.Fatalf("got %v, %v", a, err)
	}
	for _, text := range []string{"", ";CRM/SP 1", "A;CRM 1", "A;CRM/SP", "A;CRM/SP 1;x", "A;CRM/SP 1;RQE 1;z"} {
		if _, err := article.ParseAuthor(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

// Whatever a file holds, each byte of the document has a place in the file, and
// places do not go backwards.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"# T\n\n- a **b** [c](d)\n> e\n", "<h1>a</h1>", "T\n\na\r\nb & c", "***\n_a_b_\n", "1. x\n## y ##\n"} {
		for i := range 3 {
			f.Add(text, byte(i))
		}
	}
	formats := []article.Format{article.Text, article.Markdown, article.HTML}
	f.Fuzz(func(t *testing.T, text string, which byte) {
		a, err := article.Parse(text, formats[int(which)%3])
		if err != nil {
			return
		}
		if !utf8.ValidString(a.Document.Body) || !utf8.ValidString(a.Document.Title) {
			t.Fatalf("%q gave %q", text, a.Document.Body)
		}
		last := 0
		for i := range len(a.Document.Body) {
			start, end, ok := a.Where(&validationv1.Location{Field: validationv1.Field_FIELD_BODY, Start: uint32(i), End: uint32(i + 1)})
			if !ok || start < last || end < start || end > len(text) {
				t.Fatalf("%q: byte %d of %q is at %d-%d after %d", text, i, a.Document.Body, start, end, last)
			}
			last = start
			a.Excerpt(start, end, 40)
		}
	})
}
