package validators_test

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	documentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/document/v1"
	validationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/validation/v1"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/validators"
)

type client struct {
	validationv1.ValidationServiceClient
	asked *validationv1.ValidateRequest
	err   error
}

func (c *client) Validate(_ context.Context, r *validationv1.ValidateRequest, _ ...grpc.CallOption) (*validationv1.ValidateResponse, error) {
	c.asked = r
	return &validationv1.ValidateResponse{Findings: []*validationv1.Finding{{Rule: "X-1"}}}, c.err
}

func TestValidatorsGetWhatAReaderWouldGet(t *testing.T) {
	c := &client{}
	findings, err := validators.New(c).Validate(t.Context(), entry.Content{
		Kind: entry.Page, Language: "pt-BR", Slug: "s", Title: "T", Excerpt: "E", Body: "B",
		Authors: []entry.Author{{ID: "1", DisplayName: "Ana"}, {ID: "2", DisplayName: "Bia", Credential: &entry.Credential{
			Council: "CRM", Number: "1", Region: "SP", Specialties: []string{"9"},
		}}},
		Categories: []entry.Term{{Name: "C"}}, Tags: []entry.Term{{Name: "D"}, {Name: "E"}},
	})
	if err != nil || len(findings) != 1 || findings[0].GetRule() != "X-1" {
		t.Errorf("got %v, %v", findings, err)
	}
	want := &documentv1.Document{
		Language: "pt-BR", Kind: documentv1.EntryKind_ENTRY_KIND_PAGE, Title: "T", Excerpt: "E", Body: "B",
		Authors: []*documentv1.Author{{DisplayName: "Ana"}, {DisplayName: "Bia", Credential: &documentv1.Credential{
			Council: "CRM", Number: "1", Region: "SP", Specialties: []string{"9"},
		}}},
		Categories: []string{"C"}, Tags: []string{"D", "E"},
	}
	if !proto.Equal(c.asked.GetDocument(), want) {
		t.Errorf("asked for %v", c.asked.GetDocument())
	}
}

func TestFailuresAreToldAsTheyAre(t *testing.T) {
	c := &client{err: errors.New("down")}
	if findings, err := validators.New(c).Validate(t.Context(), entry.Content{}); !errors.Is(err, c.err) || findings != nil {
		t.Errorf("got %v, %v", findings, err)
	}
}
