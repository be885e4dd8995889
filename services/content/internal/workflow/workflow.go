// Package workflow does what people do with entries: it brings the domain's
// steps, the store's transactions and the validators together. Each method is
// one transaction, recorded in the audit log through pkg/rpc's running call.
package workflow

import (
	"context"
	"time"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/rpc"
	validationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/validation/v1"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
)

// Validator checks what a reader would get. An error means that nothing was
// checked; an entry then does not pass.
type Validator interface {
	Validate(ctx context.Context, c entry.Content) ([]*validationv1.Finding, error)
}

// Options are a Workflow's dependencies; all are required.
type Options struct {
	Store     store.Store
	Validator Validator
	Clock     func() time.Time
	// IDs makes UUIDv7s.
	IDs func() string
}

// Workflow is safe for concurrent use. Its methods act for an actor whose role
// and purpose the policy has let pass, in the actor's tenant.
type Workflow struct {
	store     store.Store
	validator Validator
	clock     func() time.Time
	ids       func() string
}

// New returns a workflow.
func New(o Options) *Workflow {
	return &Workflow{store: o.Store, validator: o.Validator, clock: o.Clock, ids: o.IDs}
}

// now is in the precision that stores keep, so that what is answered is what
// will be read.
func (w *Workflow) now() time.Time { return w.clock().UTC().Truncate(time.Millisecond) }

// change applies one step to an entry, and saves what it makes of it.
func (w *Workflow) change(ctx context.Context, tenant, id string, step func(store.Tx, entry.Entry) (entry.Entry, error)) (entry.Entry, error) {
	rpc.Affects(ctx, "entry", id)
	var after entry.Entry
	err := w.store.Write(ctx, tenant, func(tx store.Tx) error {
		before, err := tx.Entry(ctx, id)
		if err != nil {
			return err
		}
		if after, err = step(tx, before); err != nil {
			return err
		}
		return tx.SaveEntry(ctx, after)
	})
	return after, err
}

// Sign signs off the newest revision for the actor, who has read the content of
// the given hash.
func (w *Workflow) Sign(ctx context.Context, a actor.Actor, id string, read entry.Hash) (entry.Entry, error) {
	return w.change(ctx, a.Tenant, id, func(tx store.Tx, e entry.Entry) (entry.Entry, error) {
		participants, err := tx.Participants(ctx, id)
		if err != nil {
			return e, err
		}
		return e.Sign(signer(a), read, participants, w.now())
	})
}

func signer(a actor.Actor) entry.Signer {
	s := entry.Signer{Person: a.Person, DisplayName: a.DisplayName, Reviewer: a.HasRole(actor.RoleReviewer)}
	if c := a.Credential; c != nil {
		s.Credential = &entry.Credential{Council: c.Council, Number: c.Number, Region: c.Region, Specialties: c.Specialties}
	}
	return s
}

// Return gives an entry in review back to its editors, with a reason.
func (w *Workflow) Return(ctx context.Context, a actor.Actor, id, note string) (entry.Entry, error) {
	return w.change(ctx, a.Tenant, id, func(_ store.Tx, e entry.Entry) (entry.Entry, error) {
		return e.Return(note, w.now())
	})
}

// Publish makes what was signed public, now or at a time to come.
func (w *Workflow) Publish(ctx context.Context, a actor.Actor, id string, at time.Time) (entry.Entry, error) {
	return w.change(ctx, a.Tenant, id, func(_ store.Tx, e entry.Entry) (entry.Entry, error) {
		return e.Publish(at.Truncate(time.Millisecond), w.now())
	})
}

// PublishDue publishes a scheduled entry whose time has come.
func (w *Workflow) PublishDue(ctx context.Context, ref store.Ref) error {
	_, err := w.change(ctx, ref.Tenant, ref.ID, func(_ store.Tx, e entry.Entry) (entry.Entry, error) {
		return e.PublishDue(w.now())
	})
	return err
}

// Unpublish takes an entry back from the reader, or off the schedule.
func (w *Workflow) Unpublish(ctx context.Context, a actor.Actor, id string) (entry.Entry, error) {
	return w.change(ctx, a.Tenant, id, func(_ store.Tx, e entry.Entry) (entry.Entry, error) {
		return e.Unpublish(w.now())
	})
}

// Trash unpublishes an entry and puts it away.
func (w *Workflow) Trash(ctx context.Context, a actor.Actor, id string) (entry.Entry, error) {
	return w.change(ctx, a.Tenant, id, func(_ store.Tx, e entry.Entry) (entry.Entry, error) {
		return e.Trash(w.now())
	})
}
