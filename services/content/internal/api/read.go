package api

import (
	"context"

	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/rpc"
	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
	"github.com/hygia-suite/hygia/services/content/internal/blocks"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
)

// entry reads one entry for the actor of the call.
func (s *Content) entry(ctx context.Context, id string) (e entry.Entry, err error) {
	rpc.Affects(ctx, "entry", id)
	err = view(ctx, s.store, func(r store.Reader) (err error) {
		e, err = r.Entry(ctx, id)
		return err
	})
	return e, err
}

// GetEntry implements contentv1.ContentServiceServer.
func (s *Content) GetEntry(ctx context.Context, r *contentv1.GetEntryRequest) (*contentv1.GetEntryResponse, error) {
	e, err := s.entry(ctx, r.GetId())
	if err != nil {
		return nil, err
	}
	return &contentv1.GetEntryResponse{Entry: entryMessage(e)}, nil
}

// ListEntries implements contentv1.ContentServiceServer.
func (s *Content) ListEntries(ctx context.Context, r *contentv1.ListEntriesRequest) (*contentv1.ListEntriesResponse, error) {
	p, err := newPage(r.GetPageSize(), r.GetPageToken())
	if err != nil {
		return nil, err
	}
	filter := store.Filter{Status: statusOf[r.GetStatus()], Kind: kindOf[r.GetKind()], Import: r.GetImportId()}
	var list []entry.Entry
	err = view(ctx, s.store, func(r store.Reader) (err error) {
		list, err = r.Entries(ctx, filter, p.from.entry(), p.size+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	response := &contentv1.ListEntriesResponse{}
	list, response.NextPageToken = cut(list, p.size, func(e entry.Entry) place {
		return place{Time: e.UpdateTime.UnixMilli(), ID: e.ID}
	})
	for _, e := range list {
		rpc.Affects(ctx, "entry", e.ID)
		response.Entries = append(response.Entries, entryMessage(e))
	}
	return response, nil
}

// GetRevision implements contentv1.ContentServiceServer.
func (s *Content) GetRevision(ctx context.Context, r *contentv1.GetRevisionRequest) (*contentv1.GetRevisionResponse, error) {
	rpc.Affects(ctx, "entry", r.GetId())
	var revision entry.Revision
	err := view(ctx, s.store, func(reader store.Reader) (err error) {
		revision, err = reader.Revision(ctx, r.GetId(), int(r.GetNumber()))
		return err
	})
	if err != nil {
		return nil, err
	}
	return &contentv1.GetRevisionResponse{Revision: revisionMessage(revision)}, nil
}

// ListRevisions implements contentv1.ContentServiceServer.
func (s *Content) ListRevisions(ctx context.Context, r *contentv1.ListRevisionsRequest) (*contentv1.ListRevisionsResponse, error) {
	rpc.Affects(ctx, "entry", r.GetId())
	p, err := newPage(r.GetPageSize(), r.GetPageToken())
	if err != nil {
		return nil, err
	}
	var list []entry.Revision
	err = view(ctx, s.store, func(reader store.Reader) (err error) {
		list, err = reader.Revisions(ctx, r.GetId(), p.from.Number, p.size+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	response := &contentv1.ListRevisionsResponse{}
	list, response.NextPageToken = cut(list, p.size, func(r entry.Revision) place { return place{Number: r.Number} })
	for _, revision := range list {
		response.Revisions = append(response.Revisions, revisionMessage(revision))
	}
	return response, nil
}

// ListBlocks implements contentv1.ContentServiceServer.
func (s *Content) ListBlocks(ctx context.Context, r *contentv1.ListBlocksRequest) (*contentv1.ListBlocksResponse, error) {
	e, err := s.entry(ctx, r.GetId())
	if err != nil {
		return nil, err
	}
	list, err := blocks.Parse(e.Newest.Content.Body)
	if err != nil {
		// Content.Check parses each body that is saved.
		return nil, fault.Internal(err)
	}
	return &contentv1.ListBlocksResponse{Blocks: blockMessages(list), Revision: int32(e.Newest.Number)}, nil
}
