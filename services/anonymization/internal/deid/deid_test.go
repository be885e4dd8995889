package deid_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/wit/anonymization"
	"github.com/hygia-suite/hygia/services/anonymization/internal/deid"
)

type finder struct {
	spans []anonymization.Span
	err   error
}

func (f finder) Detect(context.Context, string) ([]anonymization.Span, error) {
	return slices.Clone(f.spans), f.err
}

// cutter removes every span.
type cutter struct{ err error }

func (c cutter) Transform(_ context.Context, text string, spans []anonymization.Span, _ anonymization.Policy) (anonymization.Transformed, error) {
	if c.err != nil {
		return anonymization.Transformed{}, c.err
	}
	var out anonymization.Transformed
	var b strings.Builder
	at := uint32(0)
	for _, s := range spans {
		b.WriteString(text[at:s.Start])
		out.Replacements = append(out.Replacements, anonymization.Replacement{Span: s, Start: uint32(b.Len()), End: uint32(b.Len())})
		at = s.End
	}
	b.WriteString(text[at:])
	out.Text = b.String()
	return out, nil
}

func span(start, end uint32, confidence uint8) anonymization.Span {
	return anonymization.Span{Start: start, End: end, Identifier: anonymization.IdentifierCPF, Confidence: confidence}
}

// named is a component that is held.
type named string

func (n named) Name() string { return string(n) }
func (named) Release()       {}

type detector struct {
	finder
	named
}

type transformer struct {
	deid.Replacer
	named
}

// options are those of an anonymizer of these components.
func options(log *bytes.Buffer, replacer deid.Replacer, finders ...finder) deid.Options {
	return deid.Options{
		Detectors: func() []deid.Detector {
			var detectors []deid.Detector
			for _, f := range finders {
				detectors = append(detectors, detector{f, "finder@1.0.0"})
			}
			return detectors
		},
		Transformer: func() deid.Transformer { return transformer{replacer, "cutter@1.0.0"} },
		Logger:      slog.New(slog.NewJSONHandler(log, nil)),
	}
}

func newAnonymizer(t testing.TB, log *bytes.Buffer, replacer deid.Replacer, finders ...finder) *deid.Anonymizer {
	t.Helper()
	a, err := deid.New(options(log, replacer, finders...))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestNothingIsReleasedWithoutComponents(t *testing.T) {
	var log bytes.Buffer
	for name, leave := range map[string]func(*deid.Options){
		"no detectors":   func(o *deid.Options) { o.Detectors = nil },
		"no transformer": func(o *deid.Options) { o.Transformer = nil },
		"no logger":      func(o *deid.Options) { o.Logger = nil },
	} {
		o := options(&log, cutter{}, finder{})
		leave(&o)
		if _, err := deid.New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	_, err := newAnonymizer(t, &log, cutter{}).Detect(t.Context(), "x")
	if f := fault.From(err); f.Code != codes.Unavailable || f.Reason != "DETECTOR_MISSING" {
		t.Errorf("got %v", err)
	}
}

// Whatever detectors give, what Detect returns is ordered, does not overlap, and
// covers exactly the bytes that any of them covered.
func TestDetectCoversWhatAnyDetectorFound(t *testing.T) {
	const size = 64
	text := strings.Repeat("x", size)
	rapid.Check(t, func(t *rapid.T) {
		var finders []finder
		covered := make([]bool, size)
		for range rapid.IntRange(1, 3).Draw(t, "detectors") {
			var f finder
			for range rapid.IntRange(0, 6).Draw(t, "spans") {
				start := rapid.Uint32Range(0, size-1).Draw(t, "start")
				end := rapid.Uint32Range(start+1, size).Draw(t, "end")
				f.spans = append(f.spans, span(start, end, rapid.Uint8Range(0, 100).Draw(t, "confidence")))
				for i := start; i < end; i++ {
					covered[i] = true
				}
			}
			finders = append(finders, f)
		}
		var log bytes.Buffer
		a, err := newRapidAnonymizer(&log, finders)
		if err != nil {
			t.Fatal(err)
		}
		got, err := a.Detect(context.Background(), text)
		if err != nil {
			t.Fatal(err)
		}
		left := slices.Clone(covered)
		last := uint32(0)
		for _, s := range got {
			if s.Start < last || s.Start >= s.End {
				t.Fatalf("span %+v after %d", s, last)
			}
			last = s.End
			for i := s.Start; i < s.End; i++ {
				if !covered[i] {
					t.Fatalf("byte %d was found by nobody", i)
				}
				left[i] = false
			}
		}
		if slices.Contains(left, true) {
			t.Fatalf("a byte that was found is not covered: %v", got)
		}
	})
}

func newRapidAnonymizer(log *bytes.Buffer, finders []finder) (*deid.Anonymizer, error) {
	return deid.New(options(log, cutter{}, finders...))
}

func TestAnonymizeFailsClosed(t *testing.T) {
	const secret = "529.982.247-25"
	for _, c := range []struct {
		name     string
		finder   finder
		replacer cutter
		reason   string
		code     codes.Code
	}{
		{"detector traps", finder{err: errors.New("trap at " + secret)}, cutter{}, "ANONYMIZER_FAILED", codes.Unavailable},
		{"detector refuses", finder{err: anonymization.DetectErrorTooLarge(secret)}, cutter{}, "TEXT_TOO_LARGE", codes.InvalidArgument},
		{"span outside", finder{spans: []anonymization.Span{span(0, 999, 1)}}, cutter{}, "ANONYMIZER_FAILED", codes.Unavailable},
		{"span empty", finder{spans: []anonymization.Span{span(3, 3, 1)}}, cutter{}, "ANONYMIZER_FAILED", codes.Unavailable},
		{"span splits a character", finder{spans: []anonymization.Span{span(1, 3, 1)}}, cutter{}, "ANONYMIZER_FAILED", codes.Unavailable},
		{"transformer traps", finder{}, cutter{err: errors.New(secret)}, "ANONYMIZER_FAILED", codes.Unavailable},
		{"transformer refuses a span", finder{}, cutter{err: anonymization.TransformErrorInvalidSpan(0)}, "ANONYMIZER_FAILED", codes.Unavailable},
		{"transformer refuses a rule", finder{}, cutter{err: anonymization.TransformErrorInvalidRule(2)}, "POLICY_INVALID", codes.InvalidArgument},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			a := newAnonymizer(t, &log, c.replacer, c.finder)
			out, err := a.Anonymize(t.Context(), "é "+secret, deid.Labels())
			var f *fault.Error
			if !errors.As(err, &f) || f.Reason != c.reason || f.Code != c.code {
				t.Fatalf("got %v", err)
			}
			if out.Text != "" {
				t.Errorf("text was released: %q", out.Text)
			}
			if said := log.String() + err.Error() + f.Hint; strings.Contains(said, secret) {
				t.Errorf("the identifier leaked: %s", said)
			}
		})
	}
}

func TestAnonymizeRefusesALostReplacement(t *testing.T) {
	var log bytes.Buffer
	a := newAnonymizer(t, &log, lossy{}, finder{spans: []anonymization.Span{span(0, 3, 90)}})
	if out, err := a.Anonymize(t.Context(), "abc", deid.Labels()); err == nil || out.Text != "" {
		t.Fatalf("got %q, %v", out.Text, err)
	}
}

// lossy claims to be done and replaces nothing.
type lossy struct{}

func (lossy) Transform(_ context.Context, text string, _ []anonymization.Span, _ anonymization.Policy) (anonymization.Transformed, error) {
	return anonymization.Transformed{Text: text}, nil
}

func TestAnonymizeReportsTheCallersEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var log bytes.Buffer
	a := newAnonymizer(t, &log, cutter{}, finder{err: ctx.Err()})
	_, err := a.Anonymize(ctx, "abc", deid.Labels())
	if got := fault.From(err).Code; got != codes.Canceled {
		t.Errorf("got %v", err)
	}
}
