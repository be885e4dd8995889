package article

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	documentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/document/v1"
	validationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/validation/v1"
)

// MaxSize bounds an article, in bytes: what an entry's body may have.
const MaxSize = 1 << 20

// Format is how an article is written.
type Format string

// Formats.
const (
	Text     Format = "text"
	Markdown Format = "markdown"
	HTML     Format = "html"
)

// FormatOf tells a format by a file's name and, where that says nothing, by how
// the text begins: markup is HTML, all else Markdown.
func FormatOf(name, text string) Format {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".md", ".markdown":
		return Markdown
	case ".html", ".htm", ".xhtml":
		return HTML
	case ".txt", ".text":
		return Text
	}
	if strings.HasPrefix(strings.TrimSpace(text), "<") {
		return HTML
	}
	return Markdown
}

// ParseFormat reads a format by its name.
func ParseFormat(name string) (Format, error) {
	switch f := Format(name); f {
	case Text, Markdown, HTML:
		return f, nil
	}
	return "", fmt.Errorf("%q is none of text, markdown, html", name)
}

// Article is a document that was read from a file.
type Article struct {
	Document *documentv1.Document
	source   string
	body     *Mapped
	// title is where the title is in the file; nil where it was given otherwise.
	title  *Mapped
	hidden [][2]int
}

// Parse reads an article. The title is the first heading, of a text the first
// line, where the document has none yet.
func Parse(text string, format Format) (*Article, error) {
	if len(text) > MaxSize {
		return nil, fmt.Errorf("larger than %d MiB", MaxSize>>20)
	}
	if !utf8.ValidString(text) {
		return nil, errors.New("not UTF-8: convert it first, for example with iconv")
	}
	a := &Article{source: text, Document: &documentv1.Document{Language: "pt-BR", Kind: documentv1.EntryKind_ENTRY_KIND_POST}}
	switch format {
	case HTML:
		a.body = new(Mapped)
		a.body.copy(text, 0)
		a.title = htmlTitle(text)
	case Markdown:
		a.title, a.body = markdown(text)
	case Text:
		a.title, a.body = plainText(text)
	default:
		return nil, fmt.Errorf("format %q", format)
	}
	a.Document.Body = a.body.String()
	if a.title != nil {
		a.Document.Title = a.title.String()
	}
	return a, nil
}

// SetTitle replaces the title; findings in it then have no place in the file.
func (a *Article) SetTitle(title string) {
	a.Document.Title, a.title = title, nil
}

// Where gives the stretch of the file that a location names, as byte offsets.
// Locations in what the file does not hold, and of what is absent, have none.
func (a *Article) Where(l *validationv1.Location) (start, end int, ok bool) {
	if l.GetEnd() == 0 {
		return 0, 0, false
	}
	field := map[validationv1.Field]*Mapped{
		validationv1.Field_FIELD_TITLE: a.title,
		validationv1.Field_FIELD_BODY:  a.body,
	}[l.GetField()]
	if field == nil {
		return 0, 0, false
	}
	start, end = field.Source(int(l.Start), int(l.End))
	return start, end, true
}

// Place gives line and column of a byte offset of the file.
func (a *Article) Place(offset int) Place { return PlaceOf(a.source, offset) }

// Hide blots a stretch of the file out of every excerpt.
func (a *Article) Hide(start, end int) { a.hidden = append(a.hidden, [2]int{start, end}) }

// Excerpt gives the line around a stretch of the file, cut to about width
// characters, and how many characters the stretch begins after and is long.
func (a *Article) Excerpt(start, end, width int) (line string, before, length int) {
	from := strings.LastIndex(a.source[:start], "\n") + 1
	to := len(a.source)
	if i := strings.IndexByte(a.source[start:], '\n'); i >= 0 {
		to = start + i
	}
	end = min(max(end, start), to)
	var runes []rune
	for i, r := range a.source[from:to] {
		runes = append(runes, a.shown(from+i, r))
	}
	before = utf8.RuneCountInString(a.source[from:start])
	length = utf8.RuneCountInString(a.source[start:end])
	if cut := before - width/3; cut > 0 && len(runes) > width {
		cut = min(cut, len(runes)-width)
		runes, before = runes[cut:], before-cut
	}
	runes = runes[:min(len(runes), width)]
	return string(runes), min(before, len(runes)), max(1, min(length, len(runes)-before))
}

// shown is a character as an excerpt has it.
func (a *Article) shown(at int, r rune) rune {
	for _, h := range a.hidden {
		if h[0] <= at && at < h[1] {
			return '█'
		}
	}
	return printable(r)
}

// printable keeps one column a character, so that marks below a line fit, and
// keeps a file's control characters off the terminal.
func printable(r rune) rune {
	if r < ' ' || (r >= 0x7f && r < 0xa0) {
		return ' '
	}
	return r
}

var (
	credential = regexp.MustCompile(`^([A-Z]{2,8})[-/ ]([A-Z]{2}) ?(\d{1,10})$`)
	specialty  = regexp.MustCompile(`^(?:RQE )?(\d{1,10})$`)
)

// ParseAuthor reads "Name", "Name;CRM/SP 123456" or
// "Name;CRM/SP 123456;RQE 123,RQE 456".
func ParseAuthor(text string) (*documentv1.Author, error) {
	parts := strings.Split(text, ";")
	author := &documentv1.Author{DisplayName: strings.TrimSpace(parts[0])}
	if author.DisplayName == "" || len(parts) > 3 {
		return nil, fmt.Errorf(`author %q: want "Name;CRM/SP 123456" or "Name;CRM/SP 123456;RQE 123"`, text)
	}
	if len(parts) == 1 {
		return author, nil
	}
	m := credential.FindStringSubmatch(strings.TrimSpace(parts[1]))
	if m == nil {
		return nil, fmt.Errorf(`author %q: %q is not a registration such as "CRM/SP 123456"`, text, parts[1])
	}
	author.Credential = &documentv1.Credential{Council: m[1], Region: m[2], Number: m[3]}
	if len(parts) == 3 {
		for s := range strings.SplitSeq(parts[2], ",") {
			m := specialty.FindStringSubmatch(strings.TrimSpace(s))
			if m == nil {
				return nil, fmt.Errorf(`author %q: %q is not a specialty such as "RQE 123"`, text, s)
			}
			author.Credential.Specialties = append(author.Credential.Specialties, m[1])
		}
	}
	return author, nil
}
