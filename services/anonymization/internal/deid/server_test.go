package deid_test

import (
	"bytes"
	"errors"
	"testing"

	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/wit/anonymization"
	anonymizationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/anonymization/v1"
	"github.com/hygia-suite/hygia/services/anonymization/internal/deid"
)

func TestServerAnonymizes(t *testing.T) {
	var log bytes.Buffer
	s := deid.NewServer(newAnonymizer(t, &log, cutter{}, finder{spans: []anonymization.Span{span(4, 7, 90)}}))
	got, err := s.Anonymize(t.Context(), &anonymizationv1.AnonymizeRequest{Text: "CPF 123."})
	if err != nil {
		t.Fatal(err)
	}
	if got.GetText() != "CPF ." || len(got.GetReplacements()) != 1 || got.GetReplacements()[0].GetSpan().GetStart() != 4 {
		t.Errorf("got %v", got)
	}
}

func TestServerNamesWhatIsWrongWithAPolicy(t *testing.T) {
	var log bytes.Buffer
	s := deid.NewServer(newAnonymizer(t, &log, cutter{}, finder{}))
	fallback := &anonymizationv1.Action{Kind: &anonymizationv1.Action_Remove{Remove: &emptypb.Empty{}}}
	for name, c := range map[string]struct {
		policy *anonymizationv1.Policy
		path   string
	}{
		"no fallback":   {&anonymizationv1.Policy{}, "policy.fallback"},
		"no identifier": {&anonymizationv1.Policy{Fallback: fallback, Rules: []*anonymizationv1.Rule{{Action: fallback}}}, "policy.rules[0].identifier"},
		"too many":      {&anonymizationv1.Policy{Fallback: fallback, Rules: make([]*anonymizationv1.Rule, 65)}, "policy.rules"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.Anonymize(t.Context(), &anonymizationv1.AnonymizeRequest{Text: "x", Policy: c.policy})
			var f *fault.Error
			if !errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Path != c.path {
				t.Errorf("got %v with %+v", err, f)
			}
		})
	}
}

func TestLabelsCoverEveryIdentifier(t *testing.T) {
	policy := deid.Labels()
	have := map[anonymization.Identifier]bool{}
	for _, r := range policy.Rules {
		have[r.Identifier] = true
	}
	for i := anonymization.IdentifierCPF; i <= anonymization.IdentifierDate; i++ {
		if !have[i] {
			t.Errorf("%v has no label", i)
		}
	}
}
