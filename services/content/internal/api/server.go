// Package api is the content service as gRPC shows it: messages in, the
// workflow's answer out. Who may call what is in policy.go.
package api

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/fault"
	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
	"github.com/hygia-suite/hygia/services/content/internal/workflow"
)

// errNoActor cannot happen behind pkg/rpc, whose policy asks for an actor.
var errNoActor = fault.New(codes.Unauthenticated, "ACTOR_MISSING", "the call names nobody for whom it is made")

// errTime refuses a timestamp that is none.
var errTime = fault.New(codes.InvalidArgument, "TIME_INVALID", "the time is not valid").
	WithField("publishTime", "must lie between the years 1 and 9999")

// Content implements contentv1.ContentServiceServer. It is safe for concurrent
// use.
type Content struct {
	contentv1.UnimplementedContentServiceServer
	flow  *workflow.Workflow
	store store.Store
}

// NewContent returns the service over a workflow and the store that it writes to.
func NewContent(flow *workflow.Workflow, s store.Store) *Content {
	return &Content{flow: flow, store: s}
}

// view reads for the actor of the call.
func view(ctx context.Context, s store.Store, f func(store.Reader) error) error {
	a, ok := actor.From(ctx)
	if !ok {
		return errNoActor
	}
	return s.View(ctx, a.Tenant, f)
}

// step takes an entry one step further for the actor of the call.
func step(ctx context.Context, f func(actor.Actor) (entry.Entry, error)) (*contentv1.Entry, error) {
	a, ok := actor.From(ctx)
	if !ok {
		return nil, errNoActor
	}
	e, err := f(a)
	if err != nil {
		return nil, err
	}
	return entryMessage(e), nil
}

// CreateEntry implements contentv1.ContentServiceServer.
func (s *Content) CreateEntry(ctx context.Context, r *contentv1.CreateEntryRequest) (*contentv1.CreateEntryResponse, error) {
	e, err := step(ctx, func(a actor.Actor) (entry.Entry, error) {
		return s.flow.Create(ctx, a, draft(r.GetContent()), r.GetRequestId())
	})
	if err != nil {
		return nil, err
	}
	return &contentv1.CreateEntryResponse{Entry: e}, nil
}

// UpdateEntry implements contentv1.ContentServiceServer.
func (s *Content) UpdateEntry(ctx context.Context, r *contentv1.UpdateEntryRequest) (*contentv1.UpdateEntryResponse, error) {
	e, err := step(ctx, func(a actor.Actor) (entry.Entry, error) {
		return s.flow.Update(ctx, a, r.GetId(), draft(r.GetContent()), int(r.GetBaseRevision()))
	})
	if err != nil {
		return nil, err
	}
	return &contentv1.UpdateEntryResponse{Entry: e}, nil
}

// ValidateEntry implements contentv1.ContentServiceServer.
func (s *Content) ValidateEntry(ctx context.Context, r *contentv1.ValidateEntryRequest) (*contentv1.ValidateEntryResponse, error) {
	a, ok := actor.From(ctx)
	if !ok {
		return nil, errNoActor
	}
	revision, findings, err := s.flow.Validate(ctx, a, r.GetId())
	if err != nil {
		return nil, err
	}
	return &contentv1.ValidateEntryResponse{
		Findings: findings, Revision: int32(revision.Number), ContentHash: string(revision.Hash),
	}, nil
}

// SubmitEntry implements contentv1.ContentServiceServer.
func (s *Content) SubmitEntry(ctx context.Context, r *contentv1.SubmitEntryRequest) (*contentv1.SubmitEntryResponse, error) {
	response := &contentv1.SubmitEntryResponse{}
	var err error
	response.Entry, err = step(ctx, func(a actor.Actor) (e entry.Entry, err error) {
		e, response.Findings, err = s.flow.Submit(ctx, a, r.GetId())
		return e, err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// SignEntry implements contentv1.ContentServiceServer.
func (s *Content) SignEntry(ctx context.Context, r *contentv1.SignEntryRequest) (*contentv1.SignEntryResponse, error) {
	e, err := step(ctx, func(a actor.Actor) (entry.Entry, error) {
		return s.flow.Sign(ctx, a, r.GetId(), entry.Hash(r.GetContentHash()))
	})
	if err != nil {
		return nil, err
	}
	return &contentv1.SignEntryResponse{Entry: e}, nil
}

// ReturnEntry implements contentv1.ContentServiceServer.
func (s *Content) ReturnEntry(ctx context.Context, r *contentv1.ReturnEntryRequest) (*contentv1.ReturnEntryResponse, error) {
	e, err := step(ctx, func(a actor.Actor) (entry.Entry, error) {
		return s.flow.Return(ctx, a, r.GetId(), r.GetNote())
	})
	if err != nil {
		return nil, err
	}
	return &contentv1.ReturnEntryResponse{Entry: e}, nil
}

// PublishEntry implements contentv1.ContentServiceServer.
func (s *Content) PublishEntry(ctx context.Context, r *contentv1.PublishEntryRequest) (*contentv1.PublishEntryResponse, error) {
	var at time.Time
	if t := r.GetPublishTime(); t != nil {
		if t.CheckValid() != nil {
			return nil, errTime
		}
		at = t.AsTime()
	}
	e, err := step(ctx, func(a actor.Actor) (entry.Entry, error) { return s.flow.Publish(ctx, a, r.GetId(), at) })
	if err != nil {
		return nil, err
	}
	return &contentv1.PublishEntryResponse{Entry: e}, nil
}

// UnpublishEntry implements contentv1.ContentServiceServer.
func (s *Content) UnpublishEntry(ctx context.Context, r *contentv1.UnpublishEntryRequest) (*contentv1.UnpublishEntryResponse, error) {
	e, err := step(ctx, func(a actor.Actor) (entry.Entry, error) { return s.flow.Unpublish(ctx, a, r.GetId()) })
	if err != nil {
		return nil, err
	}
	return &contentv1.UnpublishEntryResponse{Entry: e}, nil
}

// TrashEntry implements contentv1.ContentServiceServer.
func (s *Content) TrashEntry(ctx context.Context, r *contentv1.TrashEntryRequest) (*contentv1.TrashEntryResponse, error) {
	e, err := step(ctx, func(a actor.Actor) (entry.Entry, error) { return s.flow.Trash(ctx, a, r.GetId()) })
	if err != nil {
		return nil, err
	}
	return &contentv1.TrashEntryResponse{Entry: e}, nil
}
