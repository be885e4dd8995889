package audittest

import (
	"context"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"

	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// Log is an audit.Log in memory that sequences each id once, as the real one
// does. The zero value is ready; it is safe for concurrent use.
type Log struct {
	// Before is called with each batch before it is kept; its error is returned
	// and nothing is kept. After is called once it is kept; its error is
	// returned all the same, like an answer that was lost. Both may block.
	// They are set before the first Append.
	Before, After func(ctx context.Context, events []*auditv1.Event) error

	mu     sync.Mutex
	events []*auditv1.Event
	ids    map[string]bool
	calls  int
}

// Append keeps the events whose ids are new.
func (l *Log) Append(ctx context.Context, events ...*auditv1.Event) error {
	if l.Before != nil {
		if err := l.Before(ctx, events); err != nil {
			return err
		}
	}
	l.keep(events)
	if l.After != nil {
		return l.After(ctx, events)
	}
	return nil
}

func (l *Log) keep(events []*auditv1.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if l.ids == nil {
		l.ids = make(map[string]bool)
	}
	for _, event := range events {
		if !l.ids[event.GetId()] {
			l.ids[event.GetId()] = true
			l.events = append(l.events, proto.CloneOf(event))
		}
	}
}

// Events returns what was sequenced, in order.
func (l *Log) Events() []*auditv1.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.events)
}

// Calls says how many batches were kept, repeated ones included.
func (l *Log) Calls() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls
}
