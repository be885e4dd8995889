package deid

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/wit"
	"github.com/hygia-suite/hygia/pkg/wit/anonymization"
	anonymizationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/anonymization/v1"
)

// maxRules bounds a policy; there are six kinds of identifiers.
const maxRules = 64

// Server answers AnonymizationService.
type Server struct {
	anonymizationv1.UnimplementedAnonymizationServiceServer
	anonymizer *Anonymizer
}

// NewServer serves an anonymizer.
func NewServer(a *Anonymizer) *Server { return &Server{anonymizer: a} }

// Detect finds identifiers.
func (s *Server) Detect(ctx context.Context, req *anonymizationv1.DetectRequest) (*anonymizationv1.DetectResponse, error) {
	spans, err := s.anonymizer.Detect(ctx, req.GetText())
	if err != nil {
		return nil, err
	}
	resp := &anonymizationv1.DetectResponse{Spans: make([]*anonymizationv1.Span, len(spans))}
	for i, span := range spans {
		resp.Spans[i] = span.Proto()
	}
	return resp, nil
}

// Anonymize finds identifiers and replaces them.
func (s *Server) Anonymize(ctx context.Context, req *anonymizationv1.AnonymizeRequest) (*anonymizationv1.AnonymizeResponse, error) {
	policy, err := policyOf(req)
	if err != nil {
		return nil, err
	}
	out, err := s.anonymizer.Anonymize(ctx, req.GetText(), policy)
	if err != nil {
		return nil, err
	}
	resp := &anonymizationv1.AnonymizeResponse{
		Text:         out.Text,
		Replacements: make([]*anonymizationv1.Replacement, len(out.Replacements)),
	}
	for i, r := range out.Replacements {
		resp.Replacements[i] = r.Proto()
	}
	return resp, nil
}

func policyOf(req *anonymizationv1.AnonymizeRequest) (anonymization.Policy, error) {
	if req.GetPolicy() == nil {
		return Labels(), nil
	}
	if len(req.GetPolicy().GetRules()) > maxRules {
		return anonymization.Policy{}, fault.New(codes.InvalidArgument, "POLICY_INVALID", "the policy has too many rules").
			WithField("policy.rules", "must have at most 64 items")
	}
	policy, err := anonymization.PolicyFromProto(req.GetPolicy())
	if err == nil {
		return policy, nil
	}
	refusal := fault.New(codes.InvalidArgument, "POLICY_INVALID", "the policy is not complete")
	var field *wit.FieldError
	if errors.As(err, &field) {
		refusal = refusal.WithField("policy."+field.Path, field.Reason)
	}
	return anonymization.Policy{}, refusal
}

// Labels is the policy where a request brings none: each identifier becomes the
// name of its kind, so that the text stays readable and nothing of it is left.
func Labels() anonymization.Policy {
	label := func(i anonymization.Identifier, text string) anonymization.Rule {
		return anonymization.Rule{Identifier: i, Action: anonymization.ActionLabel(text)}
	}
	return anonymization.Policy{
		Rules: []anonymization.Rule{
			label(anonymization.IdentifierCPF, "[CPF]"),
			label(anonymization.IdentifierCNPJ, "[CNPJ]"),
			label(anonymization.IdentifierCNS, "[CNS]"),
			label(anonymization.IdentifierPhone, "[TELEFONE]"),
			label(anonymization.IdentifierEmail, "[E-MAIL]"),
			label(anonymization.IdentifierDate, "[DATA]"),
		},
		Fallback: anonymization.ActionLabel("[DADO PESSOAL]"),
	}
}
