package plugin

import (
	"context"
	"errors"
	"io/fs"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/wit/host"
)

// Events is told what a plugin was granted, what it was refused and what ended
// its calls. It must be safe for concurrent use. Where it fails, what it was told
// of fails too: nothing is loaded of which there is no record.
type Events interface {
	Record(context.Context, Event) error
}

// EventKind says what happened.
type EventKind string

// The kinds of events.
const (
	// EventLoaded: the plugin may run, with Grants.
	EventLoaded EventKind = "loaded"
	// EventRefused: the plugin was not loaded; Cause says why. Where that is its
	// imports, there is one event for each of Refusals, with its Import.
	EventRefused EventKind = "refused"
	// EventTrapped: a call of Function, or the start of an instance that was to be
	// kept ready, ended in a trap.
	EventTrapped EventKind = "trapped"
	// EventLimited: such a call or start went over a limit.
	EventLimited EventKind = "limited"
	// EventFailed: it failed otherwise, such as in a host function.
	EventFailed EventKind = "failed"
	// EventDropped: such a call or start wrote more lines than it may, and what was past
	// that was dropped. It went on.
	EventDropped EventKind = "dropped"
	// EventSent: a request is about to go to Host. It goes when this is recorded.
	EventSent EventKind = "sent"
	// EventDenied: a request did not go; Cause says why.
	EventDenied EventKind = "denied"
	// EventWithheld: a call asked for a key of the configuration that the manifest does
	// not name, and got the answer of one that is not set. It is told once a call.
	EventWithheld EventKind = "withheld"
	// EventUnanswered: a request to Host, of which EventSent told, got no answer that
	// a guest may have; Cause says why.
	EventUnanswered EventKind = "unanswered"
)

// Event is one thing that happened to a plugin. It holds names that a manifest or
// a contract gives and causes of our own, and no text of a guest (invariant 3).
type Event struct {
	Kind     EventKind
	Plugin   string   // "name@version"; empty where no manifest could be read
	Digest   string   // the component's; empty where no manifest could be read
	Grants   []string // of EventLoaded
	Import   string   // of EventRefused: the function
	Function string   // of a call's or a request's: "interface#function"; empty where an instance was made ahead
	Host     string   // of a request's: the granted host; empty where it is to none
	Cause    string   // one of Cause's
}

// Cause names why loading or calling failed, in a few words of ours: a limit, a
// trap's code, or the kind of the refusal. It never holds text of a guest.
func Cause(err error) string {
	var limit *component.LimitError
	var trap *component.TrapError
	var exit *component.ExitError
	var hosted *component.HostError
	var grant *GrantError
	var outbound host.Failure
	switch {
	case err == nil:
		return ""
	case errors.As(err, &hosted): // it may wrap any of the others
		return "host function"
	case errors.As(err, &outbound):
		return "request: " + outbound.String()
	case errors.Is(err, component.ErrDeadline):
		return "limit: deadline"
	case errors.As(err, &limit):
		return "limit: " + string(limit.Limit)
	case errors.As(err, &trap):
		return "trap: " + string(trap.Code)
	case errors.As(err, &exit):
		return "exit"
	case errors.As(err, &grant):
		return "import not granted"
	case errors.Is(err, ErrDigest):
		return "digest"
	case errors.Is(err, fs.ErrNotExist):
		return "file missing"
	case errors.As(err, new(*component.CompileError)):
		return "not a component"
	case errors.As(err, new(*component.ImportError)), errors.As(err, new(*component.ExportError)),
		errors.As(err, new(*component.TypeError)):
		return "contract"
	}
	return "other"
}

// loaded tells of a plugin that may run.
func (p *Plugin) loaded(ctx context.Context) error {
	if p.options.Events == nil {
		return nil
	}
	return p.options.Events.Record(ctx, Event{
		Kind: EventLoaded, Plugin: p.Name(), Digest: p.manifest.Digest, Grants: p.manifest.Grants.list(),
	})
}

// refused tells of a plugin that was not loaded, and returns why.
func refused(ctx context.Context, o Options, m Manifest, err error) error {
	if o.Events == nil {
		return err
	}
	e := Event{Kind: EventRefused, Digest: m.Digest, Cause: Cause(err)}
	if m.Name != "" {
		e.Plugin = m.Ref()
	}
	var refusals Refusals
	if !errors.As(err, &refusals) {
		return errors.Join(err, o.Events.Record(ctx, e))
	}
	for _, r := range refusals {
		e.Import = r.Import
		err = errors.Join(err, o.Events.Record(ctx, e))
	}
	return err
}

// called tells of a call that failed or lost lines, or of such a start ahead of any where
// fn is nil, and returns why. A caller that gave up is nothing that the plugin did.
func (p *Plugin) called(ctx context.Context, program *component.Program, fn *component.Export, err error) error {
	lost := p.lostLines(ctx, program, fn)
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, component.ErrClosed) {
		return errors.Join(err, lost)
	}
	kind := EventFailed
	switch {
	case errors.As(err, new(*component.HostError)):
	case errors.As(err, new(*component.LimitError)), errors.Is(err, component.ErrDeadline):
		kind = EventLimited
	case errors.As(err, new(*component.TrapError)):
		kind = EventTrapped
	}
	return errors.Join(err, lost, p.tell(ctx, fn, kind, err))
}

// lostLines tells of a call's lines of log that were dropped, if any were.
func (p *Plugin) lostLines(ctx context.Context, program *component.Program, fn *component.Export) error {
	n := dropped(ctx)
	if n == 0 {
		return nil
	}
	limit := &component.LimitError{Limit: component.LimitLines, Max: maxLines}
	program.Breached(limit)
	p.options.Host.dropped(ctx, p.Name(), int(n))
	return p.tell(ctx, fn, EventDropped, limit)
}

// tell records what became of a call.
func (p *Plugin) tell(ctx context.Context, fn *component.Export, kind EventKind, why error) error {
	if p.options.Events == nil {
		return nil
	}
	e := Event{Kind: kind, Plugin: p.Name(), Digest: p.manifest.Digest, Cause: Cause(why)}
	if fn != nil {
		e.Function = fn.Interface + "#" + fn.Name
	}
	// The call's own context may have ended with it.
	return p.options.Events.Record(context.WithoutCancel(ctx), e)
}
