// Package validators asks the validation service what it finds in an entry.
package validators

import (
	"context"

	documentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/document/v1"
	validationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/validation/v1"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
)

// Remote is a workflow.Validator: the validation service.
type Remote struct {
	client validationv1.ValidationServiceClient
}

// New returns a validator over a connection, which carries the caller's actor
// token on. While the service cannot be reached its errors are UNAVAILABLE.
func New(client validationv1.ValidationServiceClient) *Remote { return &Remote{client} }

// Validate checks what a reader would get of the content.
func (r *Remote) Validate(ctx context.Context, c entry.Content) ([]*validationv1.Finding, error) {
	response, err := r.client.Validate(ctx, &validationv1.ValidateRequest{Document: document(c)})
	if err != nil {
		return nil, err
	}
	return response.GetFindings(), nil
}

func document(c entry.Content) *documentv1.Document {
	d := &documentv1.Document{
		Language: c.Language, Kind: documentv1.EntryKind_ENTRY_KIND_POST,
		Title: c.Title, Excerpt: c.Excerpt, Body: c.Body,
	}
	if c.Kind == entry.Page {
		d.Kind = documentv1.EntryKind_ENTRY_KIND_PAGE
	}
	for _, a := range c.Authors {
		author := &documentv1.Author{DisplayName: a.DisplayName}
		if cr := a.Credential; cr != nil {
			author.Credential = &documentv1.Credential{
				Council: cr.Council, Number: cr.Number, Region: cr.Region, Specialties: cr.Specialties,
			}
		}
		d.Authors = append(d.Authors, author)
	}
	for _, t := range c.Categories {
		d.Categories = append(d.Categories, t.Name)
	}
	for _, t := range c.Tags {
		d.Tags = append(d.Tags, t.Name)
	}
	return d
}
