package rpc

import (
	"context"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/rpc/internal/access"
	"github.com/hygia-suite/hygia/pkg/telemetry"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// The gate holds invariant 2: no data is released before its audit record is
// durable. What a crash or a failing log does, by the place where it happens:
//
//	Read                              Write
//	  handler runs                      intent is appended
//	✗ nothing released, no record     ✗ nothing done, perhaps an intent without outcome
//	  outcome is appended               handler runs, the store commits change + event
//	✗ nothing released                ✗ change and event are both durable, or neither
//	  response is released              outbox hands the event to the log
//	                                    response is released
//
// An append whose answer is lost is repeated with the same event ids, so the
// record is in the log once (audit.NewClient).
const (
	// appendTime bounds how long a call waits for the log. For an outcome it
	// runs on when the caller has gone: what was done is recorded all the same.
	appendTime = 3 * time.Second
	// flushTime bounds how long the answer to a change waits for its event to
	// reach the log. The event is durable in the outbox already.
	flushTime = 250 * time.Millisecond
)

// recordRefusals records a call that ended before the gate: a peer or a person
// without the right, a request that breaks a rule. The peer is known here, so
// the record names it.
func (s *Server) recordRefusals(ctx context.Context, c *call, next func(context.Context) error) error {
	err := next(ctx)
	if err == nil || c.gated {
		return err
	}
	return s.conclude(ctx, access.Begin(s.baseEvent(c), false, s.clock, s.ids), err)
}

// gate records the calls that reach it.
func (s *Server) gate(ctx context.Context, c *call, next func(context.Context) error) error {
	c.gated = true
	if c.row.Audit == Exempt {
		return next(ctx)
	}
	a := access.Begin(s.baseEvent(c), c.row.Audit == Write, s.clock, s.ids)
	if c.row.Audit == Write {
		if err := s.append(ctx, a.Intent()); err != nil {
			return err
		}
	}
	released := false
	c.release = func() error {
		if released && !a.Untold() {
			return nil
		}
		err := s.settle(context.WithoutCancel(ctx), a)
		released = released || err == nil
		return err
	}
	if err := next(access.With(ctx, a)); err != nil {
		return s.conclude(ctx, a, err)
	}
	return c.release()
}

// settle makes the record of a success durable, whichever way it goes there.
func (s *Server) settle(ctx context.Context, a *access.Access) error {
	if err := a.Err(); err != nil {
		return s.conclude(ctx, a, fault.Internal(err))
	}
	if !a.Taken() {
		return s.append(ctx, a.Outcome(codes.OK)...)
	}
	// The store's transaction has made it durable. Objects that were named
	// after it still need an event of their own.
	s.flush(ctx)
	if a.Untold() {
		return s.append(ctx, a.Outcome(codes.OK)...)
	}
	return nil
}

// conclude records what was refused or failed and returns why. Without its
// record not even that is released.
func (s *Server) conclude(ctx context.Context, a *access.Access, why error) error {
	if err := s.append(context.WithoutCancel(ctx), a.Outcome(fault.From(why).Code)...); err != nil {
		return err
	}
	return why
}

// append returns once the events are durable. Outcomes come with a context that
// outlives the caller's; an intent that nobody waits for need not be.
func (s *Server) append(ctx context.Context, events ...*auditv1.Event) error {
	ctx, cancel := context.WithTimeout(withoutToken(ctx), appendTime)
	defer cancel()
	started := time.Now() //nolint:forbidigo // a duration, on the monotonic clock
	err := s.audit.Append(ctx, events...)
	s.waited.WithLabelValues(strconv.FormatBool(err == nil)).Observe(time.Since(started).Seconds())
	if err != nil {
		s.logger.ErrorContext(ctx, "audit record not taken", "method", events[0].GetMethod(), telemetry.Err(err))
		return ErrAuditUnavailable.Wrap(err)
	}
	return nil
}

// flush hopes to bring a change's event into the log before its caller looks
// there. Where it fails, the outbox's Run goes on.
func (s *Server) flush(ctx context.Context) {
	if s.outbox == nil {
		return
	}
	ctx, cancel := context.WithTimeout(withoutToken(ctx), flushTime)
	defer cancel()
	if err := s.outbox.Flush(ctx); err != nil {
		s.logger.WarnContext(ctx, "audit outbox not flushed yet", telemetry.Err(err))
	}
}

// baseEvent has what is known of a call before it runs.
func (s *Server) baseEvent(c *call) *auditv1.Event {
	event := &auditv1.Event{
		Service: s.self.String(),
		Method:  c.method,
		Action:  c.row.action(),
		Peer:    c.peer.ID.String(),
	}
	if c.actor != nil {
		event.Tenant, event.Person = c.actor.Tenant, c.actor.Person
		event.Purpose = string(c.actor.Purpose)
		for _, role := range c.actor.Roles {
			event.Roles = append(event.Roles, string(role))
		}
	}
	return event
}
