package rpc

import (
	"context"
	"errors"
	"fmt"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/rpc/internal/access"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// Job is work that goes on without a call: a scheduled publication, an import
// after its answer.
type Job struct {
	// Method names the work as a full method, such as
	// "/hygia.content.v1.ContentService/PublishScheduled". It need not be
	// registered.
	Method string
	Action auditv1.Action
	// Actor is who asked for the work, nil where nobody did.
	Actor *actor.Actor
	// Tenant is whose data is touched; an Actor's own where there is one.
	Tenant string
}

// Background runs a job as a Write of this service: its intent is durable before
// run begins, stores take its outcome with [WriteEvent], and what it failed with
// is recorded. The context that run gets carries the actor, if any, but no token:
// other services cannot be called in a person's name once their token is gone.
func (s *Server) Background(ctx context.Context, job Job, run func(context.Context) error) error {
	if job.Actor != nil && job.Tenant != "" && job.Tenant != job.Actor.Tenant {
		return errors.New("rpc: a job in another tenant than its actor's")
	}
	c := &call{
		method: job.Method, row: Row{Audit: Write, Action: job.Action},
		peer: Peer{ID: s.self}, actor: job.Actor,
	}
	base := s.baseEvent(c)
	if job.Actor == nil {
		base.Tenant = job.Tenant
	} else {
		ctx = actor.With(ctx, *job.Actor)
	}
	a := access.Begin(base, true, s.clock, s.ids)
	intent := a.Intent()
	if err := audit.Validate(intent); err != nil {
		return fmt.Errorf("rpc: job: %w", err)
	}
	if err := s.append(ctx, intent); err != nil {
		return err
	}
	err := s.recoverPanics(access.With(ctx, a), c, run)
	if err != nil {
		return s.conclude(ctx, a, err)
	}
	return s.settle(context.WithoutCancel(ctx), a)
}
