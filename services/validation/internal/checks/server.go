package checks

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/wit"
	"github.com/hygia-suite/hygia/pkg/wit/document"
	validationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/validation/v1"
)

// Server answers ValidationService. It keeps nothing of what it checks.
type Server struct {
	validationv1.UnimplementedValidationServiceServer
	set *Set
}

// NewServer serves a set of validators.
func NewServer(set *Set) *Server { return &Server{set: set} }

// Validate checks a document.
func (s *Server) Validate(ctx context.Context, req *validationv1.ValidateRequest) (*validationv1.ValidateResponse, error) {
	d, err := document.DocumentFromProto(req.GetDocument())
	if err != nil {
		return nil, malformed(err)
	}
	report, err := s.set.Validate(ctx, d)
	if err != nil {
		return nil, err
	}
	resp := &validationv1.ValidateResponse{
		Findings:   make([]*validationv1.Finding, len(report.Findings)),
		Validators: report.Validators,
	}
	for i, f := range report.Findings {
		resp.Findings[i] = f.Proto()
	}
	return resp, nil
}

// ListRules lists what Validate applies.
func (s *Server) ListRules(ctx context.Context, _ *validationv1.ListRulesRequest) (*validationv1.ListRulesResponse, error) {
	rules, err := s.set.Rules(ctx)
	if err != nil {
		return nil, err
	}
	resp := &validationv1.ListRulesResponse{Rules: make([]*validationv1.Rule, len(rules))}
	for i, r := range rules {
		resp.Rules[i] = r.Proto()
	}
	return resp, nil
}

func malformed(err error) error {
	refusal := fault.New(codes.InvalidArgument, "DOCUMENT_MALFORMED", "the document is not complete")
	var field *wit.FieldError
	if errors.As(err, &field) {
		refusal = refusal.WithField("document."+field.Path, field.Reason)
	}
	return refusal
}
