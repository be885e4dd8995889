// Package access is the audit record of one running call, as it comes into
// being: who calls and for whom is known when it begins, the touched objects
// are named on the way, the outcome comes last.
package access

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/hygia-suite/hygia/pkg/audit"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// Access is the record of one call. It is safe for concurrent use.
type Access struct {
	// base has the fields that all events of the access share, its objects
	// excepted; nobody writes to it.
	base  *auditv1.Event
	clock func() time.Time
	ids   func() string
	write bool

	mu      sync.Mutex
	objects []*auditv1.Object
	named   map[objectKey]bool
	told    int // how many of the objects events were made of
	taken   bool
	invalid error
}

type objectKey struct{ kind, id string }

// Begin starts a record. base needs all of an event but its id, access id, time,
// phase, outcome, status and objects. write says if a store may take the outcome.
func Begin(base *auditv1.Event, write bool, clock func() time.Time, ids func() string) *Access {
	base = proto.CloneOf(base)
	base.AccessId, base.Objects = ids(), nil
	return &Access{base: base, write: write, clock: clock, ids: ids, named: make(map[objectKey]bool)}
}

type contextKey struct{}

// With returns a context that carries the access.
func With(ctx context.Context, a *Access) context.Context {
	return context.WithValue(ctx, contextKey{}, a)
}

// From returns the access that ctx carries, or nil.
func From(ctx context.Context) *Access {
	a, _ := ctx.Value(contextKey{}).(*Access)
	return a
}

// Affect names an object. A kind or an id that no event may hold makes the whole
// access invalid.
func (a *Access) Affect(kind, id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := objectKey{kind, id}
	if a.named[key] {
		return
	}
	if err := audit.ValidateObject(kind, id); err != nil {
		a.invalid = errors.Join(a.invalid, fmt.Errorf("audited object: %w", err))
		return
	}
	a.named[key] = true
	a.objects = append(a.objects, &auditv1.Object{Kind: kind, Id: id})
}

// Intent is the event that precedes a change.
func (a *Access) Intent() *auditv1.Event {
	return a.event(auditv1.Phase_PHASE_INTENT, auditv1.Outcome_OUTCOME_PENDING, "")
}

// Take gives the success event of a change to the store that makes the change.
// It is nil where there is none to give: the method is no Write, an object was
// invalid, or there are more objects than one event holds. A second call gives a
// second event, for a second transaction of the same access.
func (a *Access) Take() *auditv1.Event {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.write || a.invalid != nil || len(a.objects)-a.told > audit.MaxObjects {
		return nil
	}
	a.taken = true
	event := a.event(auditv1.Phase_PHASE_OUTCOME, auditv1.Outcome_OUTCOME_SUCCESS, audit.StatusName(codes.OK))
	event.Objects = a.objects[a.told:]
	a.told = len(a.objects)
	return proto.CloneOf(event)
}

// Taken reports whether a store took the success event.
func (a *Access) Taken() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.taken
}

// Untold reports whether objects were named that no event holds yet.
func (a *Access) Untold() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.told < len(a.objects)
}

// Outcome makes the events of what came of the access: one event, or several
// where the objects are many. A success names the objects that no event holds
// yet. What was refused or failed names all of them: an event that a store took
// went with the transaction that was rolled back.
func (a *Access) Outcome(code codes.Code) []*auditv1.Event {
	a.mu.Lock()
	defer a.mu.Unlock()
	if code != codes.OK {
		a.told = 0
	}
	outcome, status := classify(code), audit.StatusName(code)
	var events []*auditv1.Event
	for {
		event := a.event(auditv1.Phase_PHASE_OUTCOME, outcome, status)
		n := min(len(a.objects)-a.told, audit.MaxObjects)
		event.Objects = a.objects[a.told : a.told+n]
		a.told += n
		events = append(events, event)
		if a.told == len(a.objects) {
			return events
		}
	}
}

// Err says what makes the access unfit for the log; nil where nothing does.
func (a *Access) Err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.invalid
}

func (a *Access) event(phase auditv1.Phase, outcome auditv1.Outcome, status string) *auditv1.Event {
	event := proto.CloneOf(a.base)
	event.Id = a.ids()
	event.Time = a.clock().UTC().Format(audit.TimeFormat)
	event.Phase, event.Outcome, event.Status = phase, outcome, status
	return event
}

// classify tells a refusal, where the service did what it should, from its own
// failure.
func classify(code codes.Code) auditv1.Outcome {
	switch code {
	case codes.OK:
		return auditv1.Outcome_OUTCOME_SUCCESS
	case codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.PermissionDenied,
		codes.ResourceExhausted, codes.FailedPrecondition, codes.Aborted, codes.OutOfRange,
		codes.Unimplemented, codes.Unauthenticated:
		return auditv1.Outcome_OUTCOME_REFUSED
	}
	return auditv1.Outcome_OUTCOME_FAILURE
}
