package plugin

import (
	"context"
	"errors"

	"github.com/hygia-suite/hygia/pkg/plugin/outbound"
	"github.com/hygia-suite/hygia/pkg/wit/host"
)

// guestHTTP serves hygia:host/outbound-http to one plugin.
type guestHTTP struct {
	sender   outbound.Sender
	manifest Manifest
	events   Events
}

// Send sends a request once it is on record: what leaves is released (invariant
// 2). Of a host that is not granted, the record has no name: a guest can write
// anything into one.
func (g guestHTTP) Send(ctx context.Context, r host.Request) (host.Response, error) {
	s := spentBy(ctx)
	if s == nil {
		return host.Response{}, host.FailureDenied
	}
	switch n := s.requests.Add(1); {
	case n == maxRequests+1: // told once
		return host.Response{}, g.tell(ctx, Event{Kind: EventDenied}, host.FailureTooMany)
	case n > maxRequests:
		return host.Response{}, host.FailureTooMany
	}
	request, err := outbound.Admit(r, g.manifest.Grants.Hosts)
	if err != nil {
		return host.Response{}, g.tell(ctx, Event{Kind: EventDenied}, err)
	}
	if err := g.tell(ctx, Event{Kind: EventSent, Host: request.Host()}, nil); err != nil {
		return host.Response{}, err
	}
	response, err := g.sender.Send(ctx, request)
	switch {
	case err == nil:
		return response, nil
	case !errors.As(err, new(host.Failure)):
		return host.Response{}, err // the call is over, which is told of
	case errors.Is(err, host.FailureDenied):
		return host.Response{}, g.tell(ctx, Event{Kind: EventDenied, Host: request.Host()}, err)
	}
	return host.Response{}, g.tell(ctx, Event{Kind: EventUnanswered, Host: request.Host()}, err)
}

// tell records what became of a request, and returns why it failed if it did.
// Where it cannot be recorded, the call fails.
func (g guestHTTP) tell(ctx context.Context, e Event, failed error) error {
	if g.events == nil {
		return failed
	}
	e.Plugin, e.Digest = g.manifest.Ref(), g.manifest.Digest
	e.Function, e.Cause = outboundInterface+"#send", Cause(failed)
	if err := g.events.Record(ctx, e); err != nil {
		return err
	}
	return failed
}
