// Package server answers the audit service's RPCs.
package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/rpc"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	"github.com/hygia-suite/hygia/services/audit/internal/index"
	"github.com/hygia-suite/hygia/services/audit/internal/intake"
	"github.com/hygia-suite/hygia/services/audit/internal/leaf"
	"github.com/hygia-suite/hygia/services/audit/internal/tlog"
	"github.com/hygia-suite/hygia/services/audit/internal/trail"
)

// What this service answers, beside the trail's own.
var (
	ErrNotFound     = fault.New(codes.NotFound, "EVENT_NOT_FOUND", "the tenant has no audit event of this id")
	ErrFormUnknown  = fault.New(codes.NotFound, "FORM_UNKNOWN", "no formatter of this name is installed")
	ErrTreeSize     = fault.New(codes.OutOfRange, "TREE_SIZE_UNKNOWN", "the log has published no tree of this size")
	ErrNotOwn       = fault.New(codes.PermissionDenied, "EVENT_NOT_OWN", "an event names another service than its sender")
	ErrPageToken    = fault.New(codes.InvalidArgument, "PAGE_TOKEN_INVALID", "the page token is not one of this list")
	errNotPublished = fault.New(codes.Unavailable, "CHECKPOINT_UNAVAILABLE",
		"the log has not published its newest events yet").WithHint("try again")
	errTime        = fault.New(codes.InvalidArgument, "TIME_INVALID", "a bound of the list is no time")
	ErrUnformatted = fault.New(codes.FailedPrecondition, "EVENT_NOT_FORMATTED", "the formatter could not write this event")
)

// checkpointWait bounds how long an asker waits for their event to be published.
const checkpointWait = 3 * time.Second

// Form writes events in another form.
type Form interface {
	// Format returns the event's text and its media type.
	Format(ctx context.Context, event *auditv1.Event) (text, mediaType string, err error)
}

// Options are a Server's dependencies; all are required.
type Options struct {
	Trail *trail.Trail
	// Log is what the trail sequences into, Tree what it is integrated into.
	Log  *intake.Log
	Tree *tlog.Log
	// Form finds an installed formatter by its name.
	Form func(name string) (Form, bool)
}

// Server is the AuditService.
type Server struct {
	auditv1.UnimplementedAuditServiceServer
	trail *trail.Trail
	log   *intake.Log
	tree  *tlog.Log
	form  func(name string) (Form, bool)
}

// New returns the AuditService.
func New(o Options) *Server {
	return &Server{trail: o.Trail, log: o.Log, tree: o.Tree, form: o.Form}
}

// Append sequences the events of a service, which may speak for itself alone.
func (s *Server) Append(ctx context.Context, r *auditv1.AppendRequest) (*auditv1.AppendResponse, error) {
	peer, ok := rpc.PeerFrom(ctx)
	if !ok {
		return nil, ErrNotOwn
	}
	self := peer.ID.String()
	for i, event := range r.GetEvents() {
		if event.GetService() != self {
			return nil, ErrNotOwn.WithField(fmt.Sprintf("events[%d].service", i), "must be the sender's SPIFFE id")
		}
	}
	places, err := s.trail.Append(ctx, r.GetEvents())
	if err != nil {
		return nil, err
	}
	return &auditv1.AppendResponse{Indexes: places}, nil
}

// GetEvent returns one event of the asker's tenant.
func (s *Server) GetEvent(ctx context.Context, r *auditv1.GetEventRequest) (*auditv1.GetEventResponse, error) {
	event, err := s.event(ctx, r.GetId())
	if err != nil {
		return nil, err
	}
	return &auditv1.GetEventResponse{Event: event}, nil
}

// FormatEvent returns one event of the asker's tenant in another form.
func (s *Server) FormatEvent(ctx context.Context, r *auditv1.FormatEventRequest) (*auditv1.FormatEventResponse, error) {
	form, ok := s.form(r.GetForm())
	if !ok {
		return nil, ErrFormUnknown
	}
	logged, err := s.event(ctx, r.GetId())
	if err != nil {
		return nil, err
	}
	text, mediaType, err := form.Format(ctx, logged.GetEvent())
	if err != nil {
		return nil, ErrUnformatted.Wrap(err)
	}
	return &auditv1.FormatEventResponse{Text: text, MediaType: mediaType}, nil
}

// event finds one of the asker's events and names it in the access's record.
func (s *Server) event(ctx context.Context, id string) (*auditv1.LoggedEvent, error) {
	place, err := s.place(ctx, id)
	if err != nil {
		return nil, err
	}
	return logged(place)
}

func (s *Server) place(ctx context.Context, id string) (index.Place, error) {
	asker, err := tenant(ctx)
	if err != nil {
		return index.Place{}, err
	}
	rpc.Affects(ctx, "event", id)
	place, err := s.trail.Get(ctx, asker, id)
	if errors.Is(err, index.ErrNotFound) {
		return index.Place{}, ErrNotFound
	}
	return place, err
}

// tenant is whose events the asker sees. It comes from the token, never from the
// request (invariant 8).
func tenant(ctx context.Context) (string, error) {
	asker, ok := actor.From(ctx)
	if !ok {
		return "", fault.Internal(errNoActor)
	}
	return asker.Tenant, nil
}

var errNoActor = errors.New("server: a call without an actor")

func logged(place index.Place) (*auditv1.LoggedEvent, error) {
	event, err := leaf.Decode(place.Leaf)
	if err != nil {
		return nil, fault.Internal(fmt.Errorf("leaf %d: %w", place.Position, err))
	}
	return &auditv1.LoggedEvent{Index: place.Position, Event: event}, nil
}
