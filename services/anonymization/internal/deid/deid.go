// Package deid finds personal data in text and takes it out, with the installed
// components. It keeps no text, and no text reaches its errors or its log.
package deid

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"unicode/utf8"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/wit/anonymization"
)

// Finder is what a detector component offers; anonymization.Detector is one.
type Finder interface {
	Detect(ctx context.Context, text string) ([]anonymization.Span, error)
}

// Replacer is what a transformer component offers; anonymization.Transformer is
// one.
type Replacer interface {
	Transform(ctx context.Context, text string, spans []anonymization.Span, policy anonymization.Policy) (anonymization.Transformed, error)
}

// Detector is an installed component that finds, held for one call.
type Detector interface {
	Finder
	held
}

// Transformer is the installed component that replaces, held for one call.
type Transformer interface {
	Replacer
	held
}

type held interface {
	// Name is the component's "name@version": after a call, of what answered it.
	Name() string
	// Release lets it go.
	Release()
}

// Options are what an Anonymizer works with; all are required.
type Options struct {
	// Detectors are those installed, in the order in which they are asked.
	Detectors   func() []Detector
	Transformer func() Transformer
	Logger      *slog.Logger
}

// Anonymizer is safe for concurrent use. A component that fails makes the whole
// call fail, whatever its manifest says: text that was not looked at is not
// released.
type Anonymizer struct {
	o Options
}

// New refuses options that are not complete.
func New(o Options) (*Anonymizer, error) {
	if o.Detectors == nil || o.Transformer == nil || o.Logger == nil {
		return nil, errors.New("deid: needs detectors, a transformer and a logger")
	}
	return &Anonymizer{o: o}, nil
}

// Detect gives what all detectors found, by start, none overlapping another.
// Without a detector nothing would be found, and the text would look clean: that
// is refused.
func (a *Anonymizer) Detect(ctx context.Context, text string) ([]anonymization.Span, error) {
	detectors := a.o.Detectors()
	if len(detectors) == 0 {
		return nil, fault.New(codes.Unavailable, "DETECTOR_MISSING", "no detector is installed, and no text is released")
	}
	defer func() {
		for _, d := range detectors {
			d.Release()
		}
	}()
	var all []anonymization.Span
	for _, d := range detectors {
		spans, err := d.Detect(ctx, text)
		var refusal anonymization.DetectError
		if errors.As(err, &refusal) {
			return nil, tooLarge()
		}
		if err == nil {
			err = check(text, spans)
		}
		if err != nil {
			return nil, a.failed(ctx, d.Name(), err)
		}
		all = append(all, spans...)
	}
	return merge(all), nil
}

// Anonymize replaces what Detect finds, as the policy says.
func (a *Anonymizer) Anonymize(ctx context.Context, text string, policy anonymization.Policy) (anonymization.Transformed, error) {
	spans, err := a.Detect(ctx, text)
	if err != nil {
		return anonymization.Transformed{}, err
	}
	transformer := a.o.Transformer()
	defer transformer.Release()
	out, err := transformer.Transform(ctx, text, spans, policy)
	var refusal anonymization.TransformError
	switch {
	case errors.As(err, &refusal):
		return anonymization.Transformed{}, a.refused(ctx, transformer.Name(), refusal)
	case err != nil:
		return anonymization.Transformed{}, a.failed(ctx, transformer.Name(), err)
	case len(out.Replacements) != len(spans):
		err = fmt.Errorf("%d spans became %d replacements", len(spans), len(out.Replacements))
		return anonymization.Transformed{}, a.failed(ctx, transformer.Name(), err)
	}
	return out, nil
}

// check refuses what a broken detector may give, before it is shown to anybody.
func check(text string, spans []anonymization.Span) error {
	for i, s := range spans {
		if s.Start >= s.End || int64(s.End) > int64(len(text)) {
			return fmt.Errorf("span %d lies outside the text", i)
		}
		if !boundary(text, s.Start) || !boundary(text, s.End) {
			return fmt.Errorf("span %d splits a character", i)
		}
	}
	return nil
}

func boundary(text string, at uint32) bool {
	return int64(at) == int64(len(text)) || utf8.RuneStart(text[at])
}

// merge orders spans and, where some overlap, keeps one that covers them all, of
// the kind that is surest: no character that any detector found stays behind.
func merge(spans []anonymization.Span) []anonymization.Span {
	slices.SortStableFunc(spans, func(a, b anonymization.Span) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End), cmp.Compare(b.Confidence, a.Confidence))
	})
	var out []anonymization.Span
	for _, s := range spans {
		if n := len(out); n > 0 && s.Start < out[n-1].End {
			last := &out[n-1]
			if s.Confidence > last.Confidence {
				last.Identifier, last.Confidence, last.Evidence = s.Identifier, s.Confidence, s.Evidence
			}
			last.End = max(last.End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out
}

func tooLarge() error {
	return fault.New(codes.InvalidArgument, "TEXT_TOO_LARGE", "the text is larger than a component takes").
		WithHint("send the text in parts, cut between paragraphs")
}

func (a *Anonymizer) refused(ctx context.Context, name string, err anonymization.TransformError) error {
	switch e := err.(type) {
	case anonymization.TransformErrorTooLarge:
		return tooLarge()
	case anonymization.TransformErrorInvalidRule:
		return fault.New(codes.InvalidArgument, "POLICY_INVALID", "a rule of the policy has a label that cannot be used").
			WithField(fmt.Sprintf("policy.rules[%d].action.label", uint32(e)), "must be short, without control characters")
	default:
		return a.failed(ctx, name, err)
	}
}

func (a *Anonymizer) failed(ctx context.Context, name string, err error) error {
	a.o.Logger.ErrorContext(ctx, "a component failed", "component", name, "error_reason", fault.From(err).Reason)
	if ctx.Err() != nil {
		return fault.From(ctx.Err())
	}
	return fault.New(codes.Unavailable, "ANONYMIZER_FAILED", fmt.Sprintf("the component %s failed, and no text is released", name)).
		WithHint("try again; if it goes on, look into the anonymization service's log").Wrap(err)
}
