package supervisor

import (
	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"github.com/hygia-suite/hygia/pkg/plugin"
)

// State is how a plugin fares.
type State string

// The states.
const (
	Starting State = "starting" // not loaded yet
	Live     State = "live"     // takes all calls
	Trial    State = "canary"   // a new release takes a share of them
	Broken   State = "broken"   // failed too often, gets none for a while
	Retrying State = "retrying" // could not be loaded, is tried again
	Stopped  State = "stopped"  // could not be loaded, or was removed
)

// err is what calls get in a state that has no release.
func (s State) err() error {
	switch s {
	case Retrying:
		return ErrRetrying
	case Stopped:
		return ErrStopped
	default:
		return ErrStarting
	}
}

// EventKind says what changed.
type EventKind string

// The kinds of events.
const (
	EventSwapped   EventKind = "swapped"   // Version is live, From is not any more
	EventTried     EventKind = "tried"     // Version is on trial beside From
	EventPromoted  EventKind = "promoted"  // Version, which was on trial, replaced From
	EventRetreated EventKind = "retreated" // Version is not on trial any more; From is live
	EventBroken    EventKind = "broken"    // Version failed too often
	EventMended    EventKind = "mended"    // Version gets all calls again
	EventRetrying  EventKind = "retrying"  // Version could not be loaded
	EventStopped   EventKind = "stopped"   // Version could not be loaded, and is not tried again
	EventRemoved   EventKind = "removed"   // nothing is live any more
)

// CauseFailures is the cause where a release failed too often; without a cause a
// person asked for the change.
const CauseFailures = "too many failures"

// Event is a change in a slot. It holds nothing that a guest or a person wrote.
type Event struct {
	Kind          EventKind
	Plugin        string // its name
	Version, From string // "" for none
	Cause         string // CauseFailures, one of plugin.Cause's, or ""
}

// Status is how a slot fares.
type Status struct {
	Name  string
	State State
	// Current is the live release's manifest, or what is expected to be live;
	// Canary that of the release on trial, nil where there is none.
	Current       plugin.Manifest
	Canary        *plugin.Manifest
	CanaryPercent int
	// Problem says in a few words why it is not live; "" where it is.
	Problem string
	// Calls counts those that began, Failures those that failed by the plugin's
	// fault.
	Calls, Failures uint64
}

// Status tells how the slot fares now.
func (s *Slot) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := Status{
		Name: s.name, State: Live, Current: s.manifest(), Problem: s.problem, Calls: s.calls, Failures: s.failures,
	}
	switch {
	case s.current == nil:
		status.State = s.idle
	case s.current.breaker.State() != circuitbreaker.ClosedState:
		status.State, status.Problem = Broken, CauseFailures
	case s.canary != nil:
		status.State = Trial
	}
	if s.canary != nil {
		m := s.canary.release.Manifest()
		status.Canary, status.CanaryPercent = &m, s.percent
	}
	return status
}
