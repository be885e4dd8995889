package entry

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/services/content/internal/blocks"
)

// DefaultLanguage is that of an entry that names none.
const DefaultLanguage = "pt-BR"

// Bounds on an entry's parts. Texts of people are counted in characters, the
// body in bytes.
const (
	MaxTitle   = 500
	MaxExcerpt = 5000
	MaxBody    = 1 << 20
	MaxAuthors = 50
	MaxTerms   = 100 // of each taxonomy
	MaxName    = 200 // of an author or a term
	MaxNote    = 2000
)

const maxSpecialties = 20

// ErrInvalidContent is the kind of every fault that Check returns.
var ErrInvalidContent = fault.New(codes.InvalidArgument, "INVALID_CONTENT", "the entry cannot be saved as it is")

// ErrInvalidAuthor is the kind of every fault that Author.Check returns.
var ErrInvalidAuthor = fault.New(codes.InvalidArgument, "INVALID_AUTHOR", "the author cannot be saved as given")

// ErrInvalidTerm is the kind of every fault that Term.Check returns.
var ErrInvalidTerm = fault.New(codes.InvalidArgument, "INVALID_TERM", "the term cannot be saved as given")

// problems collects what is wrong, so that people learn of all of it at once.
type problems struct{ fault *fault.Error }

func (p *problems) add(bad bool, path, message string) {
	if bad {
		p.fault = p.fault.WithField(path, message)
	}
}

func (p *problems) err() error {
	if len(p.fault.Fields) == 0 {
		return nil
	}
	return p.fault
}

// Check tells what of the content cannot be saved, under paths that begin with
// "content". Every entry passes it, whoever makes it.
func (c Content) Check() error {
	p := problems{ErrInvalidContent}
	p.add(c.Kind != Post && c.Kind != Page, "content.kind", "must be post or page")
	_, err := language.Parse(c.Language)
	p.add(err != nil, "content.language", "must be a BCP 47 language tag")
	p.add(!IsSlug(c.Slug), "content.slug", "must be lower-case letters and digits, in words joined by single hyphens")
	p.add(!line(c.Title, MaxTitle), "content.title", fmt.Sprintf("must be one line of at most %d characters", MaxTitle))
	p.add(!text(c.Excerpt, MaxExcerpt), "content.excerpt", fmt.Sprintf("must be text of at most %d characters", MaxExcerpt))
	p.add(len(c.Body) > MaxBody, "content.body", "must be at most 1 MiB")
	p.add(!text(c.Body, MaxBody), "content.body", "must be UTF-8 without control characters")
	if len(c.Body) <= MaxBody {
		_, err := blocks.Parse(c.Body)
		p.add(err != nil, "content.body", fmt.Sprintf("must have at most %d blocks, nested at most %d deep", blocks.MaxBlocks, blocks.MaxDepth))
	}
	p.add(len(c.Authors) > MaxAuthors, "content.authorIds", fmt.Sprintf("must be at most %d", MaxAuthors))
	p.add(len(c.Categories) > MaxTerms, "content.categoryIds", fmt.Sprintf("must be at most %d", MaxTerms))
	p.add(len(c.Tags) > MaxTerms, "content.tagIds", fmt.Sprintf("must be at most %d", MaxTerms))
	return p.err()
}

// Check tells what of the author cannot be saved.
func (a Author) Check() error {
	p := problems{ErrInvalidAuthor}
	p.add(!line(a.DisplayName, MaxName) || strings.TrimSpace(a.DisplayName) == "",
		"displayName", fmt.Sprintf("must be one line of at most %d characters", MaxName))
	if c := a.Credential; c != nil {
		p.add(!letters(c.Council, 2, 10), "credential.council", "must be the council's letters, such as CRM")
		p.add(!digits(c.Number), "credential.number", "must be the registration's digits")
		p.add(!letters(c.Region, 2, 2), "credential.region", "must be the two letters of a federative unit")
		p.add(len(c.Specialties) > maxSpecialties, "credential.specialties", fmt.Sprintf("must be at most %d", maxSpecialties))
		for i, s := range c.Specialties {
			if i < maxSpecialties {
				p.add(!digits(s), fmt.Sprintf("credential.specialties[%d]", i), "must be an RQE's digits")
			}
		}
	}
	return p.err()
}

// Check tells what of the term cannot be saved.
func (t Term) Check() error {
	p := problems{ErrInvalidTerm}
	p.add(t.Taxonomy != Category && t.Taxonomy != Tag, "taxonomy", "must be category or tag")
	p.add(!line(t.Name, MaxName) || strings.TrimSpace(t.Name) == "", "name", fmt.Sprintf("must be one line of at most %d characters", MaxName))
	p.add(!IsSlug(t.Slug), "slug", "must be lower-case letters and digits, in words joined by single hyphens")
	p.add(t.Parent != "" && t.Taxonomy == Tag, "parentId", "must be empty: tags stand side by side")
	return p.err()
}

// line tells whether s is valid text of one line, of at most limit characters.
func line(s string, limit int) bool {
	return text(s, limit) && !strings.ContainsAny(s, "\n\r\t")
}

// text tells whether s is valid UTF-8 without control characters, but for those
// that lay a text out, of at most limit characters.
func text(s string, limit int) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > limit {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
	})
}

func letters(s string, least, most int) bool {
	return len(s) >= least && len(s) <= most && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func digits(s string) bool {
	return len(s) >= 1 && len(s) <= 20 && strings.Trim(s, "0123456789") == ""
}
