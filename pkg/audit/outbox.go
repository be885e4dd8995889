package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/hygia-suite/hygia/pkg/telemetry"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// OutboxStore keeps the events that a service wrote in the same transaction as
// the changes that they record. Package audittest holds its conformance suite.
// Implementations are safe for concurrent use.
type OutboxStore interface {
	// Pending returns at most limit undelivered events, oldest first: in the
	// order in which their transactions were committed.
	Pending(ctx context.Context, limit int) ([]*auditv1.Event, error)
	// Delivered forgets the events of these ids, durably. Unknown ids are no
	// error.
	Delivered(ctx context.Context, ids []string) error
}

const (
	// outboxBatch bounds the events that are read and appended at once.
	outboxBatch = 128
	// pollEvery is how soon Run finds an event that nobody flushed.
	pollEvery = time.Second
	// appendTimeout bounds one delivery; the next one begins where it ended.
	appendTimeout    = 10 * time.Second
	outboxMaxBackoff = 10 * time.Second
)

// Outbox hands a store's events to the log: in order, at least once.
//
// What a crash does, by the place where it happens: before the store's
// transaction is committed, neither change nor event exist; after it, the event
// is pending and the next process delivers it; after the log sequenced it but
// before Delivered, it is delivered again, and the log answers with the place
// that its id already has. So each committed change has its event in the log
// exactly once, as soon as the log can be reached.
//
// An event that the log refuses for good stays in the store and is reported at
// every pass; those behind it are delivered all the same.
type Outbox struct {
	store  OutboxStore
	log    Log
	logger *slog.Logger
	clock  func() time.Time
	// turn holds one token: whoever has it delivers.
	turn chan struct{}
}

// NewOutbox returns an outbox; nothing is delivered before Run or Flush.
func NewOutbox(store OutboxStore, log Log, logger *slog.Logger, clock func() time.Time) *Outbox {
	return &Outbox{store: store, log: log, logger: logger, clock: clock, turn: make(chan struct{}, 1)}
}

// Run delivers until ctx ends, and then returns nil. Failures are logged and
// tried again, ever more slowly, up to every ten seconds.
func (o *Outbox) Run(ctx context.Context) error {
	wait := pollEvery
	for sleep(ctx, jitter(2*wait)) {
		if err := o.Flush(ctx); err != nil && ctx.Err() == nil {
			o.logger.ErrorContext(ctx, "audit events are waiting for the log", telemetry.Err(err))
			wait = min(2*wait, outboxMaxBackoff)
			continue
		}
		wait = pollEvery
	}
	return nil
}

// Flush delivers what is pending now and returns once the log has it, or with
// the first error. Concurrent calls take turns; a waiting call gives up when its
// ctx ends.
func (o *Outbox) Flush(ctx context.Context) error {
	select {
	case o.turn <- struct{}{}:
		defer func() { <-o.turn }()
	case <-ctx.Done():
		return fmt.Errorf("flush the audit outbox: %w", context.Cause(ctx))
	}
	for {
		events, err := o.store.Pending(ctx, outboxBatch)
		if err != nil {
			return fmt.Errorf("read the audit outbox: %w", err)
		}
		if len(events) == 0 {
			return nil
		}
		if err := o.deliver(ctx, events); err != nil {
			return err
		}
	}
}

// deliver appends events and forgets them. Where the log refuses the batch, each
// event goes alone, so that a malformed one holds back none but itself.
func (o *Outbox) deliver(ctx context.Context, events []*auditv1.Event) error {
	err := o.handOver(ctx, events)
	if err == nil || !refused(err) {
		return err
	}
	var refused []error
	for _, event := range events {
		if err := o.handOver(ctx, []*auditv1.Event{event}); err != nil {
			refused = append(refused, fmt.Errorf("event %s, waiting for %v: %w", event.GetId(), o.age(event), err))
		}
	}
	return errors.Join(refused...)
}

// handOver is the crash-safe order: durable in the log first, forgotten then.
func (o *Outbox) handOver(ctx context.Context, events []*auditv1.Event) error {
	bounded, cancel := context.WithTimeout(ctx, appendTimeout)
	defer cancel()
	if err := o.log.Append(bounded, events...); err != nil {
		return err
	}
	ids := make([]string, len(events))
	for i, event := range events {
		ids[i] = event.GetId()
	}
	if err := o.store.Delivered(ctx, ids); err != nil {
		return fmt.Errorf("forget delivered audit events: %w", err)
	}
	return nil
}

// age says how long an event has been waiting, to the second.
func (o *Outbox) age(event *auditv1.Event) time.Duration {
	at, err := time.Parse(TimeFormat, event.GetTime())
	if err != nil {
		return 0
	}
	return o.clock().Sub(at).Truncate(time.Second)
}
