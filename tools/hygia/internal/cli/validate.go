package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	validationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/validation/v1"
	"github.com/hygia-suite/hygia/tools/hygia/internal/article"
)

// excerptWidth is how many characters of a line are shown.
const excerptWidth = 76

type validateFlags struct {
	title, excerpt, format, language string
	authors                          []string
}

func (a *app) validateCommand() *cobra.Command {
	var f validateFlags
	c := a.command(&cobra.Command{
		Use:   "validate FILE|-",
		Short: "Checks an article against the rules for medical content",
		Long: `Checks an article, written as text, Markdown or HTML (also as WordPress blocks),
and shows each finding with its place in the file. The suite keeps nothing of it.
The title is the first heading, of a text its first line. The exit code is 5 when
a finding is of severity error.

JSON: {"findings": [{"finding": Finding, "line": 3, "column": 7, "excerpt": "…"}],
"validators": ["name@version"]}; a finding of something absent has no line. In an
excerpt, what identifies a person is blotted out.`,
		Example: `  hygia validate artigo.md --author "Dra. Ana Lua;CRM/SP 123456;RQE 4567"
  pandoc artigo.docx -t html | hygia validate - --title "Asma na infância"`,
		Args: cobra.ExactArgs(1),
	}, func(ctx context.Context, args []string) error { return a.runValidate(ctx, args[0], f) })
	c.Flags().StringVar(&f.title, "title", "", "the title, where it is not the first heading")
	c.Flags().StringVar(&f.excerpt, "excerpt", "", "the summary that goes with the article")
	c.Flags().StringVar(&f.format, "format", "", "text, markdown or html (default: by the file's name)")
	c.Flags().StringVar(&f.language, "language", "pt-BR", "language, BCP 47")
	c.Flags().StringArrayVar(&f.authors, "author", nil, `an author, as "Name;CRM/SP 123456;RQE 4567"; may be repeated`)
	return c
}

func (a *app) runValidate(ctx context.Context, name string, f validateFlags) error {
	text, err := a.readInput(name, article.MaxSize)
	if err != nil {
		return err
	}
	read, err := f.read(name, text)
	if err != nil {
		return usage("%s: %w", name, err)
	}
	client, err := a.client(asEditor)
	if err != nil {
		return err
	}
	out := &validationv1.ValidateResponse{}
	if err := client.Call(ctx, http.MethodPost, "/v1/validate", &validationv1.ValidateRequest{Document: read.Document}, out); err != nil {
		return err
	}
	return a.showFindings(name, read, out)
}

// read makes the document of what the file and the flags say.
func (f validateFlags) read(name, text string) (*article.Article, error) {
	format := article.FormatOf(name, text)
	if f.format != "" {
		var err error
		if format, err = article.ParseFormat(f.format); err != nil {
			return nil, err
		}
	}
	read, err := article.Parse(text, format)
	if err != nil {
		return nil, err
	}
	if f.title != "" {
		read.SetTitle(f.title)
	}
	read.Document.Excerpt, read.Document.Language = f.excerpt, f.language
	for _, text := range f.authors {
		author, err := article.ParseAuthor(text)
		if err != nil {
			return nil, err
		}
		read.Document.Authors = append(read.Document.Authors, author)
	}
	return read, nil
}

// placed is a finding with its place in the file.
type placed struct {
	Finding json.RawMessage `json:"finding"`
	Line    int             `json:"line,omitempty"`
	Column  int             `json:"column,omitempty"`
	Excerpt string          `json:"excerpt,omitempty"`

	finding       *validationv1.Finding
	before, width int
}

func place(read *article.Article, f *validationv1.Finding) placed {
	p := placed{Finding: messageJSON(f), finding: f}
	start, end, ok := read.Where(f.Location)
	if !ok {
		return p
	}
	at := read.Place(start)
	p.Line, p.Column = at.Line, at.Column
	p.Excerpt, p.before, p.width = read.Excerpt(start, end, excerptWidth)
	return p
}

// hide keeps what identifies a person out of every excerpt: the output goes to
// terminals and logs that the file does not.
func hide(read *article.Article, findings []*validationv1.Finding) {
	for _, f := range findings {
		if !strings.HasPrefix(f.Rule, "PII-") {
			continue
		}
		if start, end, ok := read.Where(f.Location); ok {
			read.Hide(start, end)
		}
	}
}

func (a *app) showFindings(name string, read *article.Article, out *validationv1.ValidateResponse) error {
	findings := []placed{}
	errors := 0
	hide(read, out.Findings)
	for _, f := range out.Findings {
		findings = append(findings, place(read, f))
		if f.Severity == validationv1.Severity_SEVERITY_ERROR {
			errors++
		}
	}
	err := a.show(map[string]any{"findings": findings, "validators": out.Validators}, func(w io.Writer) {
		for _, p := range findings {
			printFinding(w, name, p)
		}
		fmt.Fprintf(w, "%s: %s, %d of severity error (%s)\n", name, plural(len(findings), "finding", "findings"), errors, strings.Join(out.Validators, ", "))
	})
	if err == nil && errors > 0 {
		return codeError{ExitFindings, nil}
	}
	return err
}

func printFinding(w io.Writer, name string, p placed) {
	where := name
	if p.Line > 0 {
		where = fmt.Sprintf("%s:%d:%d", name, p.Line, p.Column)
	}
	fmt.Fprintf(w, "%s: %s %s: %s\n", where, enum(p.finding.Severity, "SEVERITY_"), p.finding.Rule, p.finding.Message)
	if p.Excerpt != "" {
		fmt.Fprintf(w, "    | %s\n    | %s%s\n", p.Excerpt, strings.Repeat(" ", p.before), strings.Repeat("^", p.width))
	}
	if p.finding.Advice != "" {
		fmt.Fprintf(w, "    = %s\n", p.finding.Advice)
	}
	if c := p.finding.Source.GetCitation(); c != "" {
		fmt.Fprintf(w, "    = %s\n", c)
	}
	fmt.Fprintln(w)
}
