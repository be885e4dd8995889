package plugins_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin/plugintest"
	"github.com/hygia-suite/hygia/pkg/wit/document"
	"github.com/hygia-suite/hygia/pkg/wit/validation"
	"github.com/hygia-suite/hygia/services/validation/plugins"
)

func documentNumbers(tb testing.TB) validation.Validator {
	return validation.NewValidator(plugintest.Load(tb, plugins.DocumentNumbers(), validation.ValidatorExports))
}

// Both halves answer: the places are those of the half in Rust, and whether the
// digits are right the half in C says.
func TestDocumentNumbers(t *testing.T) {
	v := documentNumbers(t)
	for body, want := range map[string][]string{
		"":                                       nil,
		"<p>PIS 120.38619.49-4</p>":              {"PII-2 120.38619.49-4"},
		"<p>PIS 120.38619.49-5</p>":              nil,
		"<p>Ligue 12038619494.</p>":              nil,
		"<p>NIS 12038619494, NIT 12016784018":    {"PII-2 12038619494", "PII-2 12016784018"},
		"<p>Título de eleitor nº 6908 4709 2828": {"PII-2 6908 4709 2828"},
		"<p>Título de eleitor nº 6908 4709 2829": nil,
	} {
		d := page(body)
		findings, err := v.Validate(t.Context(), d)
		if err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		if got := places(d, findings); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", body, got, want)
		}
		for _, f := range findings {
			if f.Message == "" || f.Advice == "" || f.Source.Citation == "" || strings.ContainsAny(f.Message+f.Advice, "0123456789") {
				t.Errorf("%q: %+v", body, f)
			}
		}
	}
}

func TestDocumentNumbersListsItsRule(t *testing.T) {
	rules, err := documentNumbers(t).Rules(t.Context())
	if err != nil || len(rules) != 1 || rules[0].ID != "PII-2" || rules[0].Severity != validation.SeverityError {
		t.Errorf("%+v, %v", rules, err)
	}
}

func TestDocumentNumbersRefuses(t *testing.T) {
	v := documentNumbers(t)
	if _, err := v.Validate(t.Context(), document.Document{Language: "en", Kind: document.EntryKindPost}); !errors.As(err, new(validation.ValidationErrorUnsupportedLanguage)) {
		t.Errorf("%v", err)
	}
	for _, body := range []string{strings.Repeat("a", 2<<20+1), strings.Repeat("PIS 12038619494 ", 501)} {
		if _, err := v.Validate(t.Context(), page(body)); !errors.As(err, new(validation.ValidationErrorTooLarge)) {
			t.Errorf("%v", err)
		}
	}
}

// Neither half imports anything of a host, and each has a memory and core
// instances of its own, which the limits count together.
func TestDocumentNumbersIsTwoComponentsInOne(t *testing.T) {
	if got := plugintest.Imports(t, plugins.DocumentNumbers(), "document-numbers"); len(got) > 0 {
		t.Errorf("document-numbers imports %v", got)
	}
	wasm, err := plugins.DocumentNumbers().(interface{ ReadFile(string) ([]byte, error) }).ReadFile("document-numbers.wasm")
	if err != nil {
		t.Fatal(err)
	}
	engine := plugintest.Engine(t)
	compiled, err := engine.Compile(t.Context(), wasm)
	if err != nil {
		t.Fatal(err)
	}
	defer compiled.Close()
	for memories, want := range map[int]error{1: component.ErrInstances, 2: nil} {
		program, err := engine.Link(compiled, component.LinkOptions{
			Exports: validation.ValidatorExports, Limits: component.Limits{Memories: memories},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = validation.NewValidator(program).Rules(t.Context())
		program.Close()
		if !errors.Is(err, want) {
			t.Errorf("%d memories: %v", memories, err)
		}
	}
}
