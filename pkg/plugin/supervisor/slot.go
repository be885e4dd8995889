package supervisor

import (
	"context"
	"errors"
	"sync"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
)

// Release is one version of a plugin, loaded. *plugin.Plugin is one.
type Release interface {
	component.Caller
	Manifest() plugin.Manifest
	Close()
}

// What a slot refuses.
var (
	// ErrNoRelease: a canary was asked for where nothing is live beside it.
	ErrNoRelease = errors.New("supervisor: no release is live that a canary could be held against")
	// ErrCanary: another canary is on trial.
	ErrCanary = errors.New("supervisor: another release is on trial: promote it or roll it back first")
	// ErrNoCanary: no release is on trial.
	ErrNoCanary = errors.New("supervisor: no release is on trial")
)

// Slot is a plugin under a name: a component.Caller whose release may change at
// any time. It is safe for concurrent use.
type Slot struct {
	name     string
	settings Settings
	deciding sync.Mutex // see decide; taken before mu

	mu       sync.Mutex
	current  *generation // nil while nothing is loaded
	canary   *generation // nil where nothing is on trial
	percent  int         // the canary's share of calls
	credit   int         // what the canary is owed, in hundredths of a call
	idle     State       // the state while current is nil
	problem  string
	expected plugin.Manifest // what is known while current is nil
	calls    uint64
	failures uint64
}

// NewSlot makes a slot without a release. What its plugin's failures do until one
// is there is in the manifest: of the zero value, that requests fail.
func NewSlot(name string, expected plugin.Manifest, s Settings) *Slot {
	return &Slot{name: name, settings: s.complete(), idle: Starting, expected: expected}
}

// Name is the plugin's, without a version.
func (s *Slot) Name() string { return s.name }

// Manifest is the live release's; before one is there, what is expected.
func (s *Slot) Manifest() plugin.Manifest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.manifest()
}

func (s *Slot) manifest() plugin.Manifest {
	if s.current == nil {
		return s.expected
	}
	return s.current.release.Manifest()
}

// Swap makes a release live, at once and for every call that begins from now on,
// and ends a trial. The channel is closed when the last call of what it replaces
// has returned and that is closed.
func (s *Slot) Swap(r Release) (drained <-chan struct{}) {
	s.mu.Lock()
	old, canary := s.current, s.canary
	s.current, s.canary, s.problem = newGeneration(s, r, false), nil, ""
	retired := retire(canary, old)
	s.mu.Unlock()
	e := Event{Kind: EventSwapped, Plugin: s.name, Version: r.Manifest().Version}
	if old != nil {
		e.From = old.release.Manifest().Version
	}
	return s.settle(e, retired)
}

// Try puts a release on trial: it takes percent of the calls, spread evenly, and
// the live one the others. Where it fails more than the settings tolerate, it is
// taken out. A call that fails on it, or has no answer in its part of the caller's
// time, is made again on the live one, so a trial costs no request that the live
// release answers in half of its time: but for a release with effects
// (plugin.Manifest.Effects), whose calls are made once.
func (s *Slot) Try(r Release, percent int) error {
	s.mu.Lock()
	switch {
	case s.current == nil:
		s.mu.Unlock()
		return ErrNoRelease
	case s.canary != nil:
		s.mu.Unlock()
		return ErrCanary
	}
	s.canary, s.percent, s.credit = newGeneration(s, r, true), min(max(percent, 1), 99), 0
	from := s.current.release.Manifest().Version
	s.mu.Unlock()
	s.settings.Notify(Event{Kind: EventTried, Plugin: s.name, Version: r.Manifest().Version, From: from})
	return nil
}

// Promote gives the canary all calls. The channel is as Swap's.
func (s *Slot) Promote() (drained <-chan struct{}, err error) {
	s.mu.Lock()
	if s.canary == nil {
		s.mu.Unlock()
		return nil, ErrNoCanary
	}
	old := s.current
	s.current, s.canary, s.problem = s.canary, nil, ""
	s.current.trial = false
	s.current.breaker = s.breaker(s.current, s.settings.Live)
	retired := retire(old)
	e := Event{Kind: EventPromoted, Plugin: s.name, Version: s.current.release.Manifest().Version, From: old.release.Manifest().Version}
	s.mu.Unlock()
	return s.settle(e, retired), nil
}

// Retreat ends a trial: the live release takes all calls again.
func (s *Slot) Retreat() error {
	s.mu.Lock()
	canary := s.canary
	s.mu.Unlock()
	if canary == nil || !s.retreat(canary, "") {
		return ErrNoCanary
	}
	return nil
}

// retreat takes out one canary, and reports whether it was still there.
func (s *Slot) retreat(canary *generation, cause string) bool {
	s.mu.Lock()
	if s.canary != canary {
		s.mu.Unlock()
		return false
	}
	s.canary = nil
	retired := retire(canary)
	e := Event{Kind: EventRetreated, Plugin: s.name, Version: canary.release.Manifest().Version, Cause: cause}
	if s.current != nil {
		e.From = s.current.release.Manifest().Version
	}
	s.mu.Unlock()
	s.settle(e, retired)
	return true
}

// Clear takes every release out; calls fail from now on. The channel is closed
// when all that ran has returned.
func (s *Slot) Clear() (drained <-chan struct{}) {
	s.mu.Lock()
	s.expected = s.manifest()
	retired := retire(s.canary, s.current)
	s.current, s.canary, s.idle = nil, nil, Stopped
	s.mu.Unlock()
	return s.settle(Event{Kind: EventRemoved, Plugin: s.name, Version: s.expected.Version}, retired)
}

// fail says why the slot has no release yet, or none any more.
func (s *Slot) fail(state State, problem string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		s.idle, s.problem = state, problem
	}
}

// settle tells of a change, frees what nobody uses, and gives the channel that is
// closed when all of it is free.
func (s *Slot) settle(e Event, retired []*generation) <-chan struct{} {
	s.settings.Notify(e)
	drained := make(chan struct{})
	var waiting sync.WaitGroup
	for _, g := range retired {
		waiting.Go(func() { <-g.drained })
		s.free(g)
	}
	go func() {
		defer close(drained)
		waiting.Wait()
	}()
	return drained
}

// Call calls the live release, or the canary if it is its turn.
func (s *Slot) Call(ctx context.Context, fn *component.Export, args func(*component.Encoder), results func(*component.Decoder)) error {
	pin := s.Pin()
	defer pin.Release()
	return pin.Call(ctx, fn, args, results)
}

// Pin chooses a release for calls that belong together. Where there is none, its
// calls say why. Release it when done.
func (s *Slot) Pin() *Pin {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.current
	if g == nil {
		expected := s.expected
		return &Pin{slot: s, none: s.idle.err(), expected: &expected}
	}
	if s.canary != nil {
		// An error diffusion: of any 100 calls in a row, percent go to the canary.
		if s.credit += s.percent; s.credit >= 100 {
			s.credit -= 100
			g = s.canary
		}
	}
	g.pins++
	return &Pin{slot: s, generation: g, breaker: g.breaker, trial: g.trial}
}

// live reports whether there is a release.
func (s *Slot) live() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current != nil
}

// unpin is the end of a call, or of calls that belong together.
func (s *Slot) unpin(g *generation) {
	s.mu.Lock()
	g.pins--
	s.mu.Unlock()
	s.free(g)
}

// free closes a release that was taken out and is in nobody's hands, once.
func (s *Slot) free(g *generation) {
	s.mu.Lock()
	unused := g.retired && g.pins == 0 && !g.closing
	g.closing = g.closing || unused
	s.mu.Unlock()
	if unused {
		g.release.Close()
		close(g.drained)
	}
}

// decide tells a breaker of a failure, by which it may open: it refuses calls from
// then on, and only then tells of it.
func (s *Slot) decide(failed func()) {
	s.deciding.Lock()
	defer s.deciding.Unlock()
	failed()
}

// decided waits until whatever refuses a call has been told of.
func (s *Slot) decided() {
	s.deciding.Lock()
	s.deciding.Unlock() //nolint:staticcheck // nothing is guarded: it is waited for
}

func (s *Slot) count(failed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if failed {
		s.failures++
	}
}
