package audit

import (
	"context"
	"fmt"
	"sync"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// maxCrossings bounds the requests that are under way at once. While they are,
// events gather for the next one: a lone caller never waits for company, and
// many callers cost few requests.
const maxCrossings = 2

// ferry carries events of several callers in one request.
type ferry struct {
	service auditv1.AuditServiceClient

	mu        sync.Mutex
	waiting   []*passenger
	crossings int
}

// passenger is one caller's events, at most a request's worth.
type passenger struct {
	ctx    context.Context //nolint:containedctx // of the caller who waits
	events []*auditv1.Event
	bytes  int
	// shared says that others were on board: a refusal may be for their events.
	shared  bool
	arrived chan error // takes one value
}

// send carries events in one attempt. Where they travelled with others and were
// refused, they go again alone, for an answer of their own.
func (f *ferry) send(ctx context.Context, events []*auditv1.Event) error {
	p := &passenger{ctx: ctx, events: events, arrived: make(chan error, 1)}
	for _, event := range events {
		p.bytes += proto.Size(event)
	}
	f.board(p) //nolint:contextcheck // the passenger has it
	select {
	case err := <-p.arrived:
		if p.shared && refused(err) {
			return f.attempt(ctx, events)
		}
		return err
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	}
}

func (f *ferry) board(p *passenger) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiting = append(f.waiting, p)
	if f.crossings < maxCrossings {
		f.crossings++
		go f.cross(f.load())
	}
}

// load takes those who fit on board. It is called with mu held, and somebody
// waiting.
func (f *ferry) load() []*passenger {
	n, events, bytes := 0, 0, 0
	for _, p := range f.waiting {
		events, bytes = events+len(p.events), bytes+p.bytes
		if n > 0 && (events > maxBatchEvents || bytes > maxBatchBytes) {
			break
		}
		n++
	}
	loaded := f.waiting[:n:n]
	f.waiting = f.waiting[n:]
	return loaded
}

// cross carries passengers until nobody waits.
func (f *ferry) cross(passengers []*passenger) {
	for len(passengers) > 0 {
		var events []*auditv1.Event
		for _, p := range passengers {
			p.shared = len(passengers) > 1
			events = append(events, p.events...)
		}
		// One who leaves does not stop the others.
		err := f.attempt(context.WithoutCancel(passengers[0].ctx), events)
		for _, p := range passengers {
			p.arrived <- err
		}
		passengers = f.next()
	}
}

// next loads those who came meanwhile; where there are none, a crossing ends.
func (f *ferry) next() []*passenger {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.waiting) == 0 {
		f.waiting = nil // the slice's beginning is used up
		f.crossings--
		return nil
	}
	return f.load()
}

func (f *ferry) attempt(ctx context.Context, events []*auditv1.Event) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	response, err := f.service.Append(ctx, &auditv1.AppendRequest{Events: events})
	if err != nil {
		return err
	}
	if len(response.GetIndexes()) != len(events) {
		return fmt.Errorf("%d events sent, %d sequenced", len(events), len(response.GetIndexes()))
	}
	return nil
}
