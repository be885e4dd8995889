package supervisor

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"time"

	"github.com/thejerf/suture/v4"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/store"
	"github.com/hygia-suite/hygia/pkg/plugin/trust"
)

// How often a plugin that could not be loaded is tried again: the pause doubles
// from the first to the last.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 30 * time.Second
	maxTries   = 100 // the better part of an hour
)

// keeper loads one plugin, again and again until it is live. Supervised, a panic
// of it ends nothing else.
type keeper struct {
	supervisor *Supervisor
	entry      *entry
	tries      int // panics among them: the tree starts Serve again after one
	once       sync.Once
	tried      chan struct{} // closed after the first try
}

// String is how the tree knows it.
func (k *keeper) String() string { return k.entry.slot.Name() }

// Serve implements suture.Service.
func (k *keeper) Serve(ctx context.Context) error {
	defer k.first()
	pause := firstPause
	for {
		k.tries++
		err := k.supervisor.load(ctx, k.entry)
		if err == nil || ctx.Err() != nil {
			return suture.ErrDoNotRestart
		}
		if permanent(err) || k.tries >= maxTries {
			k.tell(Stopped, EventStopped, err)
			return suture.ErrDoNotRestart
		}
		k.tell(Retrying, EventRetrying, err)
		k.first()
		select {
		case <-ctx.Done():
			return suture.ErrDoNotRestart
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

func (k *keeper) first() { k.once.Do(func() { close(k.tried) }) }

func (k *keeper) tell(state State, kind EventKind, err error) {
	k.entry.slot.fail(state, Cause(err))
	k.supervisor.settings.Notify(Event{
		Kind: kind, Plugin: k.entry.slot.Name(), Version: k.entry.slot.Manifest().Version, Cause: Cause(err),
	})
}

// load makes live what ought to be, and takes up a trial that a restart
// interrupted.
func (s *Supervisor) load(ctx context.Context, e *entry) error {
	if err := e.lock(ctx); err != nil {
		return err
	}
	defer e.unlock()
	if e.slot.live() {
		return nil // an operator was faster
	}
	files, err := s.current(e)
	if err != nil {
		return err
	}
	r, err := s.o.Load(ctx, files)
	if err != nil {
		return err
	}
	e.slot.Swap(r)
	s.resume(ctx, e)
	return nil
}

// current gives the files of the release that ought to be live.
func (s *Supervisor) current(e *entry) (fs.FS, error) {
	if s.o.Store != nil {
		pkg, _, err := s.o.Store.Current(e.slot.Name())
		switch {
		case err == nil:
			return pkg.Files(), nil
		case !errors.Is(err, store.ErrNotInstalled) || e.embedded == nil:
			return nil, err
		}
	}
	return e.embedded, nil
}

// resume goes on with a trial. Where it cannot, the trial is over.
func (s *Supervisor) resume(ctx context.Context, e *entry) {
	if s.o.Store == nil {
		return
	}
	pkg, _, err := s.o.Store.Candidate(e.slot.Name())
	if errors.Is(err, store.ErrNoCandidate) || errors.Is(err, store.ErrNotInstalled) {
		return
	}
	var r Release
	if err == nil {
		r, err = s.o.Load(ctx, pkg.Files())
	}
	if err == nil {
		err = e.slot.Try(r, s.o.CanaryPercent)
	}
	if err != nil && ctx.Err() == nil {
		s.settings.Notify(Event{Kind: EventRetreated, Plugin: e.slot.Name(), From: e.slot.Manifest().Version, Cause: Cause(err)})
		_, _ = s.o.Store.Discard(ctx, e.slot.Name())
	}
}

// permanent tells what trying again cannot mend.
func permanent(err error) bool {
	return errors.As(err, new(*plugin.GrantError)) || errors.Is(err, plugin.ErrDigest) || errors.As(err, new(*trust.Error)) ||
		errors.As(err, new(*component.CompileError)) || errors.As(err, new(*component.ImportError)) ||
		errors.As(err, new(*component.ExportError)) || errors.As(err, new(*component.TypeError))
}

// Cause names why a plugin could not be loaded, in a few words of ours.
func Cause(err error) string {
	if errors.As(err, new(*trust.Error)) {
		return "signature"
	}
	if errors.As(err, new(*trust.PolicyError)) {
		return "trust file"
	}
	return plugin.Cause(err)
}
