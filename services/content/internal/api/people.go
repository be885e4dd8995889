package api

import (
	"context"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/rpc"
	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
)

// CreateAuthor implements contentv1.ContentServiceServer.
func (s *Content) CreateAuthor(ctx context.Context, r *contentv1.CreateAuthorRequest) (*contentv1.CreateAuthorResponse, error) {
	a, ok := actor.From(ctx)
	if !ok {
		return nil, errNoActor
	}
	author, err := s.flow.CreateAuthor(ctx, a, authorOf("", r.GetAuthor()))
	if err != nil {
		return nil, err
	}
	return &contentv1.CreateAuthorResponse{Profile: profileMessage(author)}, nil
}

// UpdateAuthor implements contentv1.ContentServiceServer.
func (s *Content) UpdateAuthor(ctx context.Context, r *contentv1.UpdateAuthorRequest) (*contentv1.UpdateAuthorResponse, error) {
	a, ok := actor.From(ctx)
	if !ok {
		return nil, errNoActor
	}
	author := authorOf(r.GetId(), r.GetAuthor())
	if err := s.flow.UpdateAuthor(ctx, a, author); err != nil {
		return nil, err
	}
	return &contentv1.UpdateAuthorResponse{Profile: profileMessage(author)}, nil
}

// ListAuthors implements contentv1.ContentServiceServer.
func (s *Content) ListAuthors(ctx context.Context, r *contentv1.ListAuthorsRequest) (*contentv1.ListAuthorsResponse, error) {
	p, err := newPage(r.GetPageSize(), r.GetPageToken())
	if err != nil {
		return nil, err
	}
	var list []entry.Author
	err = view(ctx, s.store, func(r store.Reader) (err error) {
		list, err = r.Authors(ctx, p.from.ID, p.size+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	response := &contentv1.ListAuthorsResponse{}
	list, response.NextPageToken = cut(list, p.size, func(a entry.Author) place { return place{ID: a.ID} })
	for _, author := range list {
		rpc.Affects(ctx, "author", author.ID)
		response.Profiles = append(response.Profiles, profileMessage(author))
	}
	return response, nil
}

// CreateTerm implements contentv1.ContentServiceServer.
func (s *Content) CreateTerm(ctx context.Context, r *contentv1.CreateTermRequest) (*contentv1.CreateTermResponse, error) {
	a, ok := actor.From(ctx)
	if !ok {
		return nil, errNoActor
	}
	term, err := s.flow.CreateTerm(ctx, a, entry.Term{
		Taxonomy: taxonomyOf[r.GetTaxonomy()], Slug: r.GetSlug(), Name: r.GetName(), Parent: r.GetParentId(),
	})
	if err != nil {
		return nil, err
	}
	return &contentv1.CreateTermResponse{Term: termMessage(term)}, nil
}

// ListTerms implements contentv1.ContentServiceServer.
func (s *Content) ListTerms(ctx context.Context, r *contentv1.ListTermsRequest) (*contentv1.ListTermsResponse, error) {
	p, err := newPage(r.GetPageSize(), r.GetPageToken())
	if err != nil {
		return nil, err
	}
	taxonomy := taxonomyOf[r.GetTaxonomy()]
	var list []entry.Term
	err = view(ctx, s.store, func(r store.Reader) (err error) {
		list, err = r.Terms(ctx, taxonomy, p.from.ID, p.size+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	response := &contentv1.ListTermsResponse{}
	list, response.NextPageToken = cut(list, p.size, func(t entry.Term) place { return place{ID: t.ID} })
	for _, term := range list {
		rpc.Affects(ctx, "term", term.ID)
		response.Terms = append(response.Terms, termMessage(term))
	}
	return response, nil
}
