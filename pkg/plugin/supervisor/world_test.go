package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/supervisor"
)

var errTrap = &component.TrapError{Code: "unreachable"}

// release is a plugin that notices what must not happen to it.
type release struct {
	manifest plugin.Manifest
	fail     atomic.Bool // calls fail
	during   func()      // runs inside every call
	inside   atomic.Int64
	answered atomic.Int64
	closed   atomic.Bool
	wrong    atomic.Pointer[string]
}

func newRelease(version string) *release {
	return &release{manifest: plugin.Manifest{Name: "claims", Version: version, OnFailure: plugin.Closed}}
}

func (r *release) Manifest() plugin.Manifest { return r.manifest }

func (r *release) Call(context.Context, *component.Export, func(*component.Encoder), func(*component.Decoder)) error {
	r.inside.Add(1)
	defer r.inside.Add(-1)
	if r.closed.Load() {
		r.note("a call began after it was closed")
		return component.ErrClosed
	}
	if r.during != nil {
		r.during()
	}
	if r.closed.Load() {
		r.note("it was closed inside a call")
	}
	if r.fail.Load() {
		return errTrap
	}
	r.answered.Add(1)
	return nil
}

func (r *release) Close() {
	if r.closed.Swap(true) {
		r.note("it was closed twice")
	}
}

func (r *release) note(what string) { r.wrong.Store(&what) }

// sound fails the test where the release noticed something.
func (r *release) sound(t testing.TB) {
	t.Helper()
	if what := r.wrong.Load(); what != nil {
		t.Errorf("%s: %s", r.manifest.Version, *what)
	}
}

// diary remembers events.
type diary struct {
	mu     sync.Mutex
	events []string
}

func (d *diary) note(e supervisor.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, fmt.Sprintf("%s %s<%s %s", e.Kind, e.Version, e.From, e.Cause))
}

func (d *diary) take() (events []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	events, d.events = d.events, nil
	return events
}

func call(s component.Caller) error { return s.Call(context.Background(), nil, nil, nil) }

func isOpen(err error) bool { return errors.Is(err, supervisor.ErrBroken) }
