package supervisor

import (
	"context"
	"errors"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
)

// ErrNoFolders says that the release takes no folders.
var ErrNoFolders = errors.New("supervisor: the release takes no folders")

// Pin is a release that stays loaded until it is let go, however often the slot
// changes. It is for one goroutine.
type Pin struct {
	slot       *Slot
	none       error            // why there is no release; nil where there is one
	expected   *plugin.Manifest // where there is none
	generation *generation
	breaker    breaker
	trial      bool
	released   bool
}

// Name is the release's name and version, as "name@version": after a call, of
// the release that answered it. Where there is none, it is the plugin's name.
func (p *Pin) Name() string {
	if p.none != nil {
		return p.slot.name
	}
	return p.Manifest().Ref()
}

// Manifest is the release's, or what is expected where there is none.
func (p *Pin) Manifest() plugin.Manifest {
	if p.none != nil {
		return *p.expected
	}
	return p.generation.release.Manifest()
}

// Call calls the release. Where that is a canary and fails, or does not answer in its
// part of the caller's time, the call is made again on the live one, and the pin is on
// that from then on; not where what the canary did may have had an effect. A failure
// of the plugin, or a plugin that gets no calls, is an *Error; what the caller is at
// fault for is returned as it is.
func (p *Pin) Call(ctx context.Context, fn *component.Export, args func(*component.Encoder), results func(*component.Decoder)) error {
	for {
		err := p.once(ctx, fn, args, results)
		if err == nil || !p.unanswered(ctx, err) || p.done(err) || !p.fallBack() {
			return err
		}
	}
}

func (p *Pin) once(ctx context.Context, fn *component.Export, args func(*component.Encoder), results func(*component.Decoder)) error {
	ctx, cancel := p.within(ctx)
	defer cancel()
	return p.try(ctx, args, func(args func(*component.Encoder)) error {
		return p.generation.release.Call(ctx, fn, args, results)
	})
}

// within bounds a call of a canary, so that the live release has time to answer in its
// place: as much as its manifest gives it, but no more than half of what the caller
// has left. A call that is not made again has all of it.
func (p *Pin) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); !ok || !p.trial || p.Manifest().Effects() {
		return ctx, func() {}
	}
	p.slot.mu.Lock()
	current := p.slot.current
	p.slot.mu.Unlock()
	if current == nil || current == p.generation { // cleared, or promoted meanwhile
		return ctx, func() {}
	}
	left := untilDeadline(ctx)
	return context.WithTimeout(ctx, max(left/2, left-current.limit))
}

// unanswered tells whether a call's error is the release's, or that of a canary whose
// part of the caller's time is over; not where nobody waits for the call any more.
func (p *Pin) unanswered(ctx context.Context, err error) bool {
	late := p.trial && errors.Is(err, context.DeadlineExceeded)
	return ctx.Err() == nil && (late || errors.As(err, new(*Error)))
}

// try makes a call, if the breaker lets it, and tells the breaker what came of it. The
// arguments are asked for once the call has its place: no wait for one is the plugin's.
func (p *Pin) try(ctx context.Context, args func(*component.Encoder), call func(args func(*component.Encoder)) error) (err error) {
	if p.none != nil {
		return p.failed(p.none)
	}
	if !p.breaker.TryAcquirePermit() {
		p.slot.decided()
		return p.failed(ErrBroken)
	}
	failed := true // as far as a panic is concerned
	defer func() {
		p.slot.count(failed)
		if failed {
			p.slot.decide(p.breaker.RecordFailure)
		} else {
			p.breaker.RecordSuccess()
		}
	}()
	left := time.Duration(0)
	err = call(func(e *component.Encoder) {
		left = untilDeadline(ctx)
		if args != nil {
			args(e)
		}
	})
	if failed = atFault(ctx, err, left, p.generation.limit); failed {
		return p.failed(err)
	}
	return err
}

func (p *Pin) failed(err error) error {
	return &Error{Plugin: p.Name(), Skip: p.Manifest().OnFailure == plugin.Skip, Err: err}
}

// done tells whether a failed call may have had effects already, which making it
// again would double.
func (p *Pin) done(err error) bool {
	return p.Manifest().Effects() && !errors.Is(err, ErrBroken)
}

// fallBack moves a pin from a canary to the live release.
func (p *Pin) fallBack() bool {
	if !p.trial {
		return false
	}
	s := p.slot
	s.mu.Lock()
	canary, current := p.generation, s.current
	if current == nil || current == canary { // cleared, or promoted meanwhile
		s.mu.Unlock()
		return false
	}
	current.pins++
	p.generation, p.breaker, p.trial = current, current.breaker, false
	s.mu.Unlock()
	s.unpin(canary)
	return true
}

// WithFolders gives the release its folders, as plugin.Plugin's method does. Its
// calls are on this release alone and count as the slot's. Call done before
// Release.
func (p *Pin) WithFolders(folders map[string]string) (session component.Caller, done func(), err error) {
	if p.none != nil {
		return nil, nil, p.failed(p.none)
	}
	loaded, ok := p.generation.release.(interface {
		WithFolders(map[string]string) (*plugin.Session, error)
	})
	if !ok {
		return nil, nil, ErrNoFolders
	}
	s, err := loaded.WithFolders(folders)
	if err != nil {
		return nil, nil, err
	}
	return watched{p, s}, s.Close, nil
}

// watched is a session whose outcomes count.
type watched struct {
	pin     *Pin
	session *plugin.Session
}

// Call implements component.Caller.
func (w watched) Call(ctx context.Context, fn *component.Export, args func(*component.Encoder), results func(*component.Decoder)) error {
	return w.pin.try(ctx, args, func(args func(*component.Encoder)) error {
		return w.session.Call(ctx, fn, args, results)
	})
}

// Release lets the release go. Calling it twice does nothing.
func (p *Pin) Release() {
	if !p.released && p.none == nil {
		p.released = true
		p.slot.unpin(p.generation)
	}
}
