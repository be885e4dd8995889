// Package checks runs the installed validators over documents.
package checks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/wit/document"
	"github.com/hygia-suite/hygia/pkg/wit/validation"
)

// Engine is what a validator component offers; validation.Validator is one.
type Engine interface {
	Rules(ctx context.Context) ([]validation.Rule, error)
	Validate(ctx context.Context, d document.Document) ([]validation.Finding, error)
}

// A Validator is an installed component.
type Validator struct {
	// Name is the component's name and version, as "name@version".
	Name string
	Engine
	// Skip says what a failure does: with it a visible finding takes the
	// validator's place, without it the whole check fails (the default).
	Skip bool
}

// Set is the installed validators. It is safe for concurrent use.
type Set struct {
	validators []Validator
	logger     *slog.Logger
}

// NewSet refuses an empty set: a check by nobody would find nothing wrong.
func NewSet(logger *slog.Logger, validators ...Validator) (*Set, error) {
	if len(validators) == 0 {
		return nil, errors.New("checks: no validator is installed")
	}
	return &Set{validators: slices.Clone(validators), logger: logger}, nil
}

// Names lists what a check runs.
func (s *Set) Names() []string {
	names := make([]string, len(s.validators))
	for i, v := range s.validators {
		names[i] = v.Name
	}
	return names
}

// Rules lists the rules of all validators, in the order of their ids.
func (s *Set) Rules(ctx context.Context) ([]validation.Rule, error) {
	var rules []validation.Rule
	for _, v := range s.validators {
		got, err := v.Rules(ctx)
		if err != nil {
			return nil, s.failed(ctx, v, err)
		}
		rules = append(rules, got...)
	}
	slices.SortStableFunc(rules, func(a, b validation.Rule) int { return cmp.Compare(a.ID, b.ID) })
	return rules, nil
}

// Validate gives the findings of all validators in the order of their place. A
// document that a validator refuses is INVALID_ARGUMENT; a validator that fails,
// and may not be skipped, is UNAVAILABLE: what was not checked does not pass.
func (s *Set) Validate(ctx context.Context, d document.Document) ([]validation.Finding, error) {
	var findings []validation.Finding
	for _, v := range s.validators {
		got, err := v.Validate(ctx, d)
		var refusal validation.ValidationError
		switch {
		case errors.As(err, &refusal):
			return nil, refused(refusal)
		case err != nil && v.Skip:
			s.log(ctx, v, err)
			got = []validation.Finding{skipped(v.Name)}
		case err != nil:
			return nil, s.failed(ctx, v, err)
		}
		findings = append(findings, got...)
	}
	slices.SortStableFunc(findings, byPlace)
	return findings, nil
}

func byPlace(a, b validation.Finding) int {
	return cmp.Or(
		cmp.Compare(a.Location.Field, b.Location.Field),
		cmp.Compare(a.Location.Start, b.Location.Start),
		cmp.Compare(a.Location.End, b.Location.End),
		cmp.Compare(a.Rule, b.Rule),
	)
}

func refused(err validation.ValidationError) error {
	switch err.(type) {
	case validation.ValidationErrorTooLarge:
		return fault.New(codes.InvalidArgument, "DOCUMENT_TOO_LARGE", "the document is larger than a validator takes").
			WithHint("shorten the document, or split it")
	case validation.ValidationErrorUnsupportedLanguage:
		return fault.New(codes.InvalidArgument, "LANGUAGE_UNSUPPORTED", "no installed validator has rules for the document's language").
			WithField("document.language", "must be a language that the validators know, such as pt-BR")
	default:
		return fault.Internal(err)
	}
}

func (s *Set) failed(ctx context.Context, v Validator, err error) error {
	s.log(ctx, v, err)
	if ctx.Err() != nil {
		return fault.From(ctx.Err())
	}
	return fault.New(codes.Unavailable, "VALIDATOR_FAILED", fmt.Sprintf("the validator %s failed, and nothing passes unchecked", v.Name)).
		WithHint("try again; if it goes on, look into the validation service's log").Wrap(err)
}

func (s *Set) log(ctx context.Context, v Validator, err error) {
	s.logger.ErrorContext(ctx, "a validator failed", "component", v.Name, "error_reason", fault.From(err).Reason)
}

// skipped stands in a list of findings for a validator that could not run.
func skipped(name string) validation.Finding {
	return validation.Finding{
		Rule:     "VALIDATOR-SKIPPED",
		Severity: validation.SeverityWarning,
		Message:  "O validador " + name + " não pôde ser executado; suas regras não foram verificadas.",
		Advice:   "Valide de novo antes de publicar.",
		Source: validation.Source{
			Citation: "Hygia", Jurisdiction: "BR", InForceSince: "2026-01-01", Status: "in force",
		},
	}
}
