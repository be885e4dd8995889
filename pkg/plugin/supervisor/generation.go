package supervisor

import (
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

// breaker says whether a release may be called. It is failsafe-go's, which is
// given outcomes and never runs anything itself.
type breaker = circuitbreaker.CircuitBreaker[any]

// generation is a release's time in a slot. The slot's lock guards all but the
// release, the limit and the channel.
type generation struct {
	release Release
	breaker breaker
	limit   time.Duration // what its manifest gives a call
	trial   bool          // whether it is a canary
	pins    int           // by whom it is held
	retired bool          // no call begins on it any more
	closing bool
	drained chan struct{} // closed with the release
}

// newGeneration is called with the slot's lock held.
func newGeneration(s *Slot, r Release, trial bool) *generation {
	limit := time.Duration(r.Manifest().Limits.WithDefaults().DeadlineMS) * time.Millisecond
	g := &generation{release: r, limit: limit, trial: trial, drained: make(chan struct{})}
	tolerance := s.settings.Live
	if trial {
		tolerance = s.settings.Canary
	}
	g.breaker = s.breaker(g, tolerance)
	return g
}

// retire marks generations, with the slot's lock held; nil ones are left out.
func retire(generations ...*generation) (retired []*generation) {
	for _, g := range generations {
		if g != nil {
			g.retired = true
			retired = append(retired, g)
		}
	}
	return retired
}

// breaker opens where a release fails too often. A canary is then taken out for
// good; a live release for a while, after which a few calls try it again.
func (s *Slot) breaker(g *generation, t Tolerance) (b breaker) {
	tell := func(kind EventKind) func(circuitbreaker.StateChangedEvent) {
		return func(circuitbreaker.StateChangedEvent) {
			s.mu.Lock()
			trial, current := g.trial, g.breaker == b
			s.mu.Unlock()
			switch {
			case !current: // of its trial, which is over
			case trial:
				s.retreat(g, CauseFailures)
			default:
				s.settings.Notify(Event{Kind: kind, Plugin: s.name, Version: g.release.Manifest().Version, Cause: CauseFailures})
			}
		}
	}
	b = circuitbreaker.NewBuilder[any]().
		WithFailureRateThreshold(t.Share, t.Calls, t.Window).
		WithDelay(t.Pause).
		WithSuccessThreshold(t.Trials).
		OnOpen(tell(EventBroken)).
		OnClose(tell(EventMended)).
		Build()
	return b
}
