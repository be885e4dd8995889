package checks_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/plugin/supervisor"
	"github.com/hygia-suite/hygia/pkg/wit/document"
	"github.com/hygia-suite/hygia/pkg/wit/validation"
	documentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/document/v1"
	validationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/validation/v1"
	"github.com/hygia-suite/hygia/services/validation/internal/checks"
)

type engine struct {
	rules    []validation.Rule
	findings []validation.Finding
	err      error
}

func (e engine) Rules(context.Context) ([]validation.Rule, error) { return e.rules, e.err }

func (e engine) Validate(context.Context, document.Document) ([]validation.Finding, error) {
	return e.findings, e.err
}

// validator is an engine under a name, which wants to be released.
type validator struct {
	engine
	name string
	held *int
}

func (v validator) Name() string { return v.name }

func (v validator) Release() { *v.held-- }

// fails is how a plugin fails, by what its manifest declares.
func fails(skip bool, err error) engine {
	return engine{err: &supervisor.Error{Plugin: "broken@1.0.0", Skip: skip, Err: err}}
}

func finding(rule string, field validation.Field, start uint32) validation.Finding {
	return validation.Finding{
		Rule: rule, Severity: validation.SeverityError,
		Location: validation.Location{Field: field, Start: start, End: start + 1},
	}
}

// installed is a plugin's name and what it does.
type installed struct {
	name string
	engine
}

func newSet(t *testing.T, log *bytes.Buffer, plugins ...installed) *checks.Set {
	t.Helper()
	held := 0
	t.Cleanup(func() {
		if held != 0 {
			t.Errorf("%d validators were not released", held)
		}
	})
	return checks.NewSet(slog.New(slog.NewJSONHandler(log, nil)), func() []checks.Validator {
		var validators []checks.Validator
		for _, p := range plugins {
			held++
			validators = append(validators, validator{p.engine, p.name, &held})
		}
		return validators
	})
}

func TestNobodyChecksNothing(t *testing.T) {
	var log bytes.Buffer
	set := newSet(t, &log)
	_, err := set.Validate(t.Context(), document.Document{})
	if f := fault.From(err); f.Code != codes.Unavailable || f.Reason != "VALIDATOR_MISSING" {
		t.Errorf("got %v", err)
	}
	if _, err := set.Rules(t.Context()); fault.From(err).Reason != "VALIDATOR_MISSING" {
		t.Errorf("got %v", err)
	}
}

func TestValidateOrdersFindingsByPlace(t *testing.T) {
	var log bytes.Buffer
	set := newSet(t, &log,
		installed{"a@1.0.0", engine{findings: []validation.Finding{
			finding("B-1", validation.FieldBody, 9), finding("B-1", validation.FieldTitle, 4),
		}}},
		installed{"b@1.0.0", engine{findings: []validation.Finding{
			finding("A-1", validation.FieldBody, 9), finding("A-2", validation.FieldBody, 2),
		}}},
	)
	got, err := set.Validate(t.Context(), document.Document{})
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, f := range got.Findings {
		order = append(order, f.Rule)
	}
	if s := strings.Join(order, " "); s != "B-1 A-2 A-1 B-1" {
		t.Errorf("got %s", s)
	}
}

func TestValidateFailsClosedUnlessSkippingIsAllowed(t *testing.T) {
	const secret = "529.982.247-25"
	trap := errors.New("trap while reading " + secret)
	sound := installed{"sound@1.0.0", engine{findings: []validation.Finding{finding("A-1", validation.FieldBody, 2)}}}

	var log bytes.Buffer
	_, err := newSet(t, &log, sound, installed{"broken@1.0.0", fails(false, trap)}).Validate(t.Context(), document.Document{})
	if f := fault.From(err); f.Code != codes.Unavailable || f.Reason != "VALIDATOR_FAILED" || !strings.Contains(f.Message, "broken@1.0.0") {
		t.Errorf("got %v", err)
	}
	if said := log.String() + err.Error(); strings.Contains(said, secret) {
		t.Errorf("the identifier leaked: %s", said)
	}

	got, err := newSet(t, &log, sound, installed{"broken@1.0.0", fails(true, trap)}).Validate(t.Context(), document.Document{})
	if err != nil {
		t.Fatal(err)
	}
	var rules []string
	for _, f := range got.Findings {
		rules = append(rules, f.Rule)
	}
	if s := strings.Join(rules, " "); !strings.Contains(s, "VALIDATOR-SKIPPED") || !strings.Contains(s, "A-1") {
		t.Errorf("the failure is not visible: %s", s)
	}
}

func TestValidateSaysWhatTheDocumentLacks(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		reason string
	}{
		"too large": {validation.ValidationErrorTooLarge("body"), "DOCUMENT_TOO_LARGE"},
		"language":  {validation.ValidationErrorUnsupportedLanguage("xx"), "LANGUAGE_UNSUPPORTED"},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			// A refusal is the document's fault: it stands even where failures are skipped.
			set := newSet(t, &log, installed{"v@1.0.0", engine{err: c.err}})
			_, err := set.Validate(t.Context(), document.Document{})
			if f := fault.From(err); f.Code != codes.InvalidArgument || f.Reason != c.reason {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAForeignLanguageIsRefusedWhereNobodyKnowsIt(t *testing.T) {
	var log bytes.Buffer
	foreign := installed{"pt@1.0.0", engine{err: validation.ValidationErrorUnsupportedLanguage("es")}}
	knows := installed{"es@1.0.0", engine{findings: []validation.Finding{finding("ES-1", validation.FieldBody, 1)}}}
	report, err := newSet(t, &log, foreign, knows).Validate(t.Context(), document.Document{})
	if err != nil || len(report.Findings) != 1 || strings.Join(report.Validators, " ") != "es@1.0.0" {
		t.Errorf("got %+v, %v", report, err)
	}
	_, err = newSet(t, &log, foreign, installed{"broken@1.0.0", fails(true, errors.New("trap"))}).Validate(t.Context(), document.Document{})
	if fault.From(err).Reason != "LANGUAGE_UNSUPPORTED" {
		t.Errorf("got %v", err)
	}
}

func TestServer(t *testing.T) {
	var log bytes.Buffer
	s := checks.NewServer(newSet(t, &log, installed{"v@1.2.0", engine{
		rules:    []validation.Rule{{ID: "Z-1", Severity: validation.SeverityError}, {ID: "A-1", Severity: validation.SeverityInfo}},
		findings: []validation.Finding{finding("Z-1", validation.FieldTitle, 0)},
	}}))
	d := &documentv1.Document{Kind: documentv1.EntryKind_ENTRY_KIND_POST, Title: "x"}
	resp, err := s.Validate(t.Context(), &validationv1.ValidateRequest{Document: d})
	if err != nil {
		t.Fatal(err)
	}
	if len(resp.GetFindings()) != 1 || resp.GetFindings()[0].GetRule() != "Z-1" || resp.GetValidators()[0] != "v@1.2.0" {
		t.Errorf("got %v", resp)
	}
	rules, err := s.ListRules(t.Context(), &validationv1.ListRulesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if len(rules.GetRules()) != 2 || rules.GetRules()[0].GetId() != "A-1" {
		t.Errorf("got %v", rules)
	}
	_, err = s.Validate(t.Context(), &validationv1.ValidateRequest{Document: &documentv1.Document{}})
	var f *fault.Error
	if !errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Path != "document.kind" {
		t.Errorf("got %v, %+v", err, f)
	}
}
