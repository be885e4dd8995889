package plugins_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hygia-suite/hygia/pkg/plugin/plugintest"
	"github.com/hygia-suite/hygia/pkg/wit/document"
	"github.com/hygia-suite/hygia/pkg/wit/validation"
	"github.com/hygia-suite/hygia/services/validation/plugins"
)

func validator(tb testing.TB) validation.Validator {
	return validation.NewValidator(plugintest.Load(tb, plugins.MedicalBasics(), validation.ValidatorExports))
}

// notice satisfies GOV-4.
const notice = "<p>Este conteúdo não substitui a consulta.</p>"

func page(body string) document.Document {
	return document.Document{Language: "pt-BR", Kind: document.EntryKindPost, Title: "Título", Body: body}
}

// places lists what was found, as "RULE bytes".
func places(d document.Document, findings []validation.Finding) []string {
	var list []string
	for _, f := range findings {
		text := map[validation.Field]string{
			validation.FieldTitle: d.Title, validation.FieldExcerpt: d.Excerpt, validation.FieldBody: d.Body,
		}[f.Location.Field]
		list = append(list, strings.TrimSpace(f.Rule+" "+text[f.Location.Start:f.Location.End]))
	}
	return list
}

func TestValidatorFixtures(t *testing.T) {
	v := validator(t)
	for _, c := range []struct {
		body string
		want []string
	}{
		{notice, nil},
		{"<p>Texto.</p>", []string{"GOV-4"}},
		{"<!-- wp:paragraph --><p>Não substitui o tratamento.</p><!-- /wp:paragraph -->", []string{"GOV-4"}},

		{notice + "<p>Garantimos a cura.</p>", []string{"ADV-1 Garantimos a cura"}},
		{notice + "<p>Não garantimos a cura.</p>", nil},
		{notice + "<p>Oferecido sem garantia de cura.</p>", nil},
		{notice + "<p>Nenhum médico pode prometer resultados.</p>", nil},
		{notice + "<p>Não dói e garante resultado.</p>", []string{"ADV-1 garante resultado"}},
		{notice + "<p title=\"cura garantida\">Texto.</p><!-- cura garantida -->", nil},
		{notice + "<p>Garantimos a recupera&ccedil;&atilde;o.</p>", []string{"ADV-1 Garantimos a recupera&ccedil;&atilde;o"}},

		{notice + "<p>Dra. Ana Souza, médica, CRM/SP 123456.</p>", nil},
		{notice + "<p>Dra. Ana Souza, M&Eacute;DICA, CRM&nbsp;123456/SP.</p>", nil},
		{notice + "<p>Dra. Ana Souza, CRM/SP 123456.</p>", []string{"CRED-1 Dra. Ana Souza"}},
		{notice + "<p>A médica Ana Souza explica.</p>", []string{"CRED-1 médica Ana Souza"}},

		{notice + "<p>CPF 529.982.247-25</p>", []string{"PII-1 529.982.247-25"}},
		{notice + "<p>CNS 898 0000 0004 3208</p>", []string{"PII-1 898 0000 0004 3208"}},
		{notice + "<p>CPF 529.982.247-26 e 111.111.111-11</p>", nil},
		{notice + "<p>Agende: (11) 3333-4444, contato@clinica.com.br</p>", nil},
		{notice + "<p>Telefone do paciente: (11) 98765-4321</p>", []string{"PII-1 (11) 98765-4321"}},
	} {
		d := page(c.body)
		findings, err := v.Validate(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if got := places(d, findings); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.body, got, c.want)
		}
	}
}

func TestFindingsSayWhatToDoAndRepeatNothingPersonal(t *testing.T) {
	v := validator(t)
	d := page("<p>CPF 529.982.247-25. Garantimos a cura, diz o Dr. Rui Lima.</p>")
	findings, err := v.Validate(t.Context(), d)
	if err != nil || len(findings) != 4 {
		t.Fatalf("got %v, %v", findings, err)
	}
	for _, f := range findings {
		if f.Message == "" || f.Advice == "" || f.Source.Citation == "" || len(f.Source.InForceSince) != len("2006-01-02") {
			t.Errorf("%s is not complete: %+v", f.Rule, f)
		}
		text := fmt.Sprintf("%+v", f)
		for _, personal := range []string{"529", "Rui", "Lima"} {
			if strings.Contains(text, personal) {
				t.Errorf("%s repeats %q", f.Rule, personal)
			}
		}
	}
}

func TestAuthorsCredentialServesTheText(t *testing.T) {
	v := validator(t)
	d := page(notice + "<p>A Dra. Ana Souza explica.</p>")
	for number, want := range map[string]int{"123456": 0, "": 2} {
		d.Authors = []document.Author{{
			DisplayName: "Dra. Ana Souza", Credential: &document.Credential{Council: "CRM", Number: number, Region: "SP"},
		}}
		findings, err := v.Validate(t.Context(), d)
		if err != nil || len(findings) != want {
			t.Errorf("CRM %q: got %v, %v, want %d findings", number, findings, err, want)
		}
	}
}

func TestRulesAreListedInOrder(t *testing.T) {
	rules, err := validator(t).Rules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, r := range rules {
		ids = append(ids, r.ID)
	}
	if !slices.Equal(ids, []string{"ADV-1", "CRED-1", "GOV-4", "PII-1"}) {
		t.Errorf("got %v", ids)
	}
}

func TestValidatorRefuses(t *testing.T) {
	v := validator(t)
	for name, c := range map[string]struct {
		change func(*document.Document)
		want   error
	}{
		"another language": {func(d *document.Document) { d.Language = "en-US" }, validation.ValidationErrorUnsupportedLanguage("en-US")},
		"a long language":  {func(d *document.Document) { d.Language = strings.Repeat("x", 1000) }, validation.ValidationErrorUnsupportedLanguage(strings.Repeat("x", 35))},
		"a long body":      {func(d *document.Document) { d.Body = strings.Repeat("a", 2<<20) }, validation.ValidationErrorTooLarge("title, excerpt and body are longer than 2097152 bytes together")},
		"many findings":    {func(d *document.Document) { d.Body = strings.Repeat("Garantimos cura. ", 600) }, validation.ValidationErrorTooLarge("there are more than 500 findings")},
	} {
		d := page(notice)
		c.change(&d)
		_, err := v.Validate(t.Context(), d)
		var got validation.ValidationError
		if !errors.As(err, &got) || !errors.Is(got, c.want) {
			t.Errorf("%s: got %#v, want %#v", name, err, c.want)
		}
	}
}

// Invariant 5, for what this component may be fed.
func TestInvariant5HostileDocumentsStayWithinLimits(t *testing.T) {
	if testing.Short() {
		t.Skip("large texts are left out of -short")
	}
	v := validator(t)
	for _, piece := range []string{"<", "<a ", "<!--", "&", "1 ", "Dr. A ", "CRM 1/SP ", "não ", "garantimos ", "garantimos cura ", "Dr. A Bc, médico, CRM/SP 1 ", "é", "\n\n"} {
		_, err := v.Validate(t.Context(), page(strings.Repeat(piece, (2<<20-10)/len(piece))))
		var refused validation.ValidationError
		if err != nil && !errors.As(err, &refused) {
			t.Errorf("%q repeated: %v", piece, err)
		}
	}
}

func FuzzValidator(f *testing.F) {
	for _, seed := range []string{
		notice, "<p>Dr. A B, CRM/SP 1</p>", "<!-- x", "<a href='", "&eacute;&#x;", "Garantimos 100% de cura?", "CPF 529.982.247-25",
	} {
		f.Add(seed, seed)
	}
	v := validator(f)
	f.Fuzz(func(t *testing.T, title, body string) {
		if !utf8.ValidString(title) || !utf8.ValidString(body) || len(title)+len(body) > 1<<16 {
			return
		}
		d := page(body)
		d.Title = title
		findings, err := v.Validate(t.Context(), d)
		var refused validation.ValidationError
		if err != nil && !errors.As(err, &refused) {
			t.Fatal(err)
		}
		for _, place := range places(d, findings) { // panics outside of a field
			if !utf8.ValidString(place) {
				t.Fatalf("%q cuts a character", place)
			}
		}
	})
}

func TestPureComponentImportsNothing(t *testing.T) {
	if got := plugintest.Imports(t, plugins.MedicalBasics(), "medical-basics"); len(got) > 0 {
		t.Errorf("medical-basics imports %v", got)
	}
}

func BenchmarkValidator1KiB(b *testing.B) {
	v := validator(b)
	d := page(notice + strings.Repeat("<p>A hipertensão é a pressão alta nas artérias.</p>", 19))
	b.SetBytes(int64(len(d.Body)))
	for b.Loop() {
		if _, err := v.Validate(b.Context(), d); err != nil {
			b.Fatal(err)
		}
	}
}
