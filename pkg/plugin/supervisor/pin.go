package supervisor

import (
	"context"
	"errors"

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

// Call calls the release. Where that is a canary and fails, the call is made
// again on the live one, and the pin is on that from then on; not where what the
// canary did may have had an effect. A failure of the plugin, or a plugin that gets
// no calls, is an *Error; what the caller is at fault for is returned as it is.
func (p *Pin) Call(ctx context.Context, fn *component.Export, args func(*component.Encoder), results func(*component.Decoder)) error {
	for {
		err := p.try(ctx, func() error { return p.generation.release.Call(ctx, fn, args, results) })
		if err == nil || !errors.As(err, new(*Error)) || p.done(err) || !p.fallBack() {
			return err
		}
	}
}

// try makes a call, if the breaker lets it, and tells the breaker what came of it.
func (p *Pin) try(ctx context.Context, call func() error) (err error) {
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
	err = call()
	if failed = atFault(ctx, err); failed {
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
	return w.pin.try(ctx, func() error { return w.session.Call(ctx, fn, args, results) })
}

// Release lets the release go. Calling it twice does nothing.
func (p *Pin) Release() {
	if !p.released && p.none == nil {
		p.released = true
		p.slot.unpin(p.generation)
	}
}
