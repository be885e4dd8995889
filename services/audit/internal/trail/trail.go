// Package trail sequences events, each id once, and keeps the index level with
// the log.
//
// One goroutine sequences. It takes every request that is waiting as one group
// (so that a lone request is not held up and many share the disk's work), finds
// out which of their ids the log already holds, and appends the rest. Since
// nothing else appends, an id that is neither in the index nor among the leaves
// that the index still lacks is not in the log.
//
// What a crash does, by the place where it happens:
//
//	leaves not durable yet    they are not in the log; the caller has no answer and repeats them
//	durable, not yet indexed  Open reads them from the log before it takes a request
//	answer lost               the caller repeats them and is told the same places
//
// The log is the truth, the index follows. Where an append fails, its leaves may
// be in the log nonetheless: nothing is sequenced before the log has been read
// again from the last known place.
package trail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/telemetry"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	"github.com/hygia-suite/hygia/services/audit/internal/index"
	"github.com/hygia-suite/hygia/services/audit/internal/leaf"
)

// What Append answers.
var (
	ErrInvalid = fault.New(codes.InvalidArgument, "EVENT_INVALID",
		"an event breaks a rule of the log; none of the request was sequenced")
	ErrConflict = fault.New(codes.AlreadyExists, "EVENT_ID_CONFLICT",
		"the log holds another event of this id; none of the request was sequenced")
	ErrUnavailable = fault.New(codes.Unavailable, "LOG_UNAVAILABLE",
		"the log takes no events at the moment").WithHint("send the same events again")
)

const (
	// groupEvents is when a group takes no further request.
	groupEvents = 128
	// maxWaiting bounds the requests that wait for their group.
	maxWaiting = 4096
	// maxUnindexed bounds the leaves that the index lacks: beyond it, the disk
	// of the index is failing, and their memory is ours.
	maxUnindexed = 50_000
)

// Log is what the trail sequences into; *intake.Log is one. Append gives
// successive indexes of leaves that are durable, and fails without leaving a gap.
type Log interface {
	Append(ctx context.Context, leaves [][]byte) ([]uint64, error)
	Size(ctx context.Context) (uint64, error)
	Read(ctx context.Context, from, to uint64, each func(index uint64, leaf []byte) error) error
}

// Trail is an open trail. It is safe for concurrent use.
type Trail struct {
	log      Log
	index    *index.Index
	logger   *slog.Logger
	requests chan *request
	stop     context.CancelFunc
	running  sync.WaitGroup

	// Only the sequencing goroutine uses these.
	size   uint64 // leaves that are known
	unsure bool   // there may be more

	unindexed unindexed
}

// request is an Append that waits for its group. Places has room for every
// event; ended takes one value.
type request struct {
	ctx    context.Context
	events []*auditv1.Event
	leaves [][]byte
	places []uint64
	ended  chan error
}

// Append sequences events and returns their places in the log, in order; those
// of ids that it already holds are where they were. When it returns them they
// are durable. It sequences all of a request or, where an event is invalid or an
// id is taken, none; after any other error, some may be, and the same events may
// be sent again.
func (t *Trail) Append(ctx context.Context, events []*auditv1.Event) ([]uint64, error) {
	r := &request{
		ctx: ctx, events: events, leaves: make([][]byte, len(events)),
		places: make([]uint64, len(events)), ended: make(chan error, 1),
	}
	for i, event := range events {
		var err error
		if r.leaves[i], err = leaf.Encode(event); err != nil {
			return nil, ErrInvalid.WithField(fmt.Sprintf("events[%d]", i), err.Error())
		}
	}
	select {
	case t.requests <- r:
	case <-ctx.Done():
		return nil, ErrUnavailable.Wrap(context.Cause(ctx))
	}
	select {
	case err := <-r.ended:
		return r.places, err
	case <-ctx.Done():
		return nil, ErrUnavailable.Wrap(context.Cause(ctx))
	}
}

// Close ends both goroutines after the group that is being sequenced and closes
// the index. What the index then lacks, the next Open reads from the log. Append
// must not be running.
func (t *Trail) Close() error {
	t.stop()
	t.running.Wait()
	return t.index.Close()
}

// sequence is the sequencing goroutine.
func (t *Trail) sequence(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case first := <-t.requests:
			t.settle(ctx, t.gather(first))
		}
	}
}

// gather takes the requests that are waiting at this moment, up to a bound.
func (t *Trail) gather(first *request) []*request {
	group, events := []*request{first}, len(first.events)
	for events < groupEvents {
		select {
		case r := <-t.requests:
			group, events = append(group, r), events+len(r.events)
		default:
			return group
		}
	}
	return group
}

// settle answers every request of a group.
func (t *Trail) settle(ctx context.Context, group []*request) {
	started := time.Now() //nolint:forbidigo // a duration, on the monotonic clock
	open, err := t.sequenceGroup(ctx, group)
	if err != nil {
		t.logger.ErrorContext(ctx, "events not sequenced", "count", len(open),
			"duration_ms", time.Since(started), telemetry.Err(err))
		err = ErrUnavailable.Wrap(err)
	}
	for _, r := range open {
		r.ended <- err
	}
}

// sequenceGroup answers the requests that it refuses, and returns the others
// with what came of them.
func (t *Trail) sequenceGroup(ctx context.Context, group []*request) (open []*request, err error) {
	if err := t.sync(ctx); err != nil {
		return group, err
	}
	if t.unindexed.len() > maxUnindexed {
		return group, errors.New("the index is too far behind the log")
	}
	known, err := t.places(ctx, group)
	if err != nil {
		return group, err
	}
	var b batch
	for _, r := range group {
		switch {
		case r.ctx.Err() != nil: // its caller has gone and, if it cares, asks again
			r.ended <- ErrUnavailable.Wrap(context.Cause(r.ctx)) //nolint:contextcheck // each request has its own
		case !b.add(r, known):
			r.ended <- ErrConflict
		default:
			open = append(open, r)
		}
	}
	if err := t.append(ctx, &b); err != nil {
		t.unsure = true
		return open, err
	}
	for _, r := range open {
		b.fill(r, known)
	}
	return open, nil
}
