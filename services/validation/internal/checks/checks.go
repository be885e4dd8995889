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
	"github.com/hygia-suite/hygia/pkg/plugin/supervisor"
	"github.com/hygia-suite/hygia/pkg/wit/document"
	"github.com/hygia-suite/hygia/pkg/wit/validation"
)

// Engine is what a validator component offers; validation.Validator is one.
type Engine interface {
	Rules(ctx context.Context) ([]validation.Rule, error)
	Validate(ctx context.Context, d document.Document) ([]validation.Finding, error)
}

// Validator is an installed component, held for one check.
type Validator interface {
	Engine
	// Name is the component's "name@version": after a call, of what answered it.
	Name() string
	// Release lets it go.
	Release()
}

// Set is the installed validators. It is safe for concurrent use.
type Set struct {
	installed func() []Validator
	logger    *slog.Logger
}

// NewSet makes a set of what is installed at the time of each check, in the order
// in which it is asked.
func NewSet(logger *slog.Logger, installed func() []Validator) *Set {
	return &Set{installed: installed, logger: logger}
}

// hold gives the validators of one check. A check by nobody would find nothing
// wrong, and is refused.
func (s *Set) hold() (validators []Validator, release func(), err error) {
	validators = s.installed()
	if len(validators) == 0 {
		return nil, nil, fault.New(codes.Unavailable, "VALIDATOR_MISSING", "no validator is installed, and nothing passes unchecked").
			WithHint("install one with hygia plugin install")
	}
	return validators, func() {
		for _, v := range validators {
			v.Release()
		}
	}, nil
}

// Rules lists the rules of all validators, in the order of their ids.
func (s *Set) Rules(ctx context.Context) ([]validation.Rule, error) {
	validators, release, err := s.hold()
	if err != nil {
		return nil, err
	}
	defer release()
	var rules []validation.Rule
	for _, v := range validators {
		got, err := v.Rules(ctx)
		switch {
		case mayBeSkipped(err):
			s.log(ctx, v, err)
		case err != nil:
			return nil, s.failed(ctx, v, err)
		}
		rules = append(rules, got...)
	}
	slices.SortStableFunc(rules, func(a, b validation.Rule) int { return cmp.Compare(a.ID, b.ID) })
	return rules, nil
}

// Report is what a check found.
type Report struct {
	// Findings are in the order of their place.
	Findings []validation.Finding
	// Validators are what was asked, as "name@version".
	Validators []string
}

// Validate asks all validators. A document that a validator refuses is
// INVALID_ARGUMENT; one whose language a validator does not know, where none
// does. A validator that fails and may not be skipped is UNAVAILABLE: what was not
// checked does not pass.
func (s *Set) Validate(ctx context.Context, d document.Document) (Report, error) {
	validators, release, err := s.hold()
	if err != nil {
		return Report{}, err
	}
	defer release()
	var report Report
	var foreign error
	checked := false
	for _, v := range validators {
		got, err := v.Validate(ctx, d)
		var refusal validation.ValidationError
		switch {
		case errors.As(err, &refusal):
			if _, ok := refusal.(validation.ValidationErrorUnsupportedLanguage); !ok {
				return Report{}, refused(refusal)
			}
			foreign = refused(refusal)
			continue
		case mayBeSkipped(err):
			s.log(ctx, v, err)
			got = []validation.Finding{skipped(v.Name())}
		case err != nil:
			return Report{}, s.failed(ctx, v, err)
		default:
			checked = true
		}
		report.Findings = append(report.Findings, got...)
		report.Validators = append(report.Validators, v.Name())
	}
	if foreign != nil && !checked {
		return Report{}, foreign
	}
	slices.SortStableFunc(report.Findings, byPlace)
	return report, nil
}

// mayBeSkipped tells the failure of a validator whose manifest lets a check go on
// without it, visibly.
func mayBeSkipped(err error) bool {
	var failure *supervisor.Error
	return errors.As(err, &failure) && failure.Skip
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
	return fault.New(codes.Unavailable, "VALIDATOR_FAILED", fmt.Sprintf("the validator %s failed, and nothing passes unchecked", v.Name())).
		WithHint("try again; if it goes on, look into the validation service's log").Wrap(err)
}

func (s *Set) log(ctx context.Context, v Validator, err error) {
	s.logger.ErrorContext(ctx, "a validator failed", "component", v.Name(), "error_reason", fault.From(err).Reason)
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
