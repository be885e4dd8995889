package supervisor_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin/supervisor"
)

// hanging is a release whose calls end with their context alone, or with their
// manifest's deadline.
type hanging struct {
	*release
	queued bool            // calls wait for a place, and never begin
	given  []time.Duration // what was left to each call; 0 for all the time there is
}

func newHanging(version string, deadline time.Duration) *hanging {
	r := newRelease(version)
	r.manifest.Limits.DeadlineMS = deadline.Milliseconds()
	return &hanging{release: r}
}

func (h *hanging) Call(ctx context.Context, _ *component.Export, args func(*component.Encoder), _ func(*component.Decoder)) error {
	left := time.Duration(0)
	if deadline, ok := ctx.Deadline(); ok {
		left = time.Until(deadline)
	}
	h.given = append(h.given, left)
	if !h.queued {
		args(nil)
	}
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(h.manifest.Limits.DeadlineMS) * time.Millisecond):
		return component.ErrDeadline
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return component.ErrDeadline
	}
	return ctx.Err()
}

func within(s component.Caller, d time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return s.Call(ctx, nil, nothing, nil)
}

func nothing(*component.Encoder) {}

// long is a window that holds whatever a test does.
const long = 24 * time.Hour

func TestACanaryThatHangsCostsNoRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slot, d := newSlot(supervisor.Settings{Canary: supervisor.Tolerance{Window: long}})
		slot.Swap(newRelease("1.0.0"))
		if err := slot.Try(newHanging("1.1.0", time.Minute), 50); err != nil {
			t.Fatal(err)
		}
		d.take()
		for range 400 { // in such a time nobody need answer
			if err := within(slot, 5*time.Millisecond); err != nil {
				t.Fatal(err)
			}
		}
		if s := slot.Status(); s.State != supervisor.Trial || s.Failures != 0 {
			t.Errorf("callers with hopeless deadlines ended a trial: %+v", s)
		}
		if err := slot.Retreat(); err != nil {
			t.Fatal(err)
		}
		if err := slot.Try(newHanging("1.1.1", time.Minute), 50); err != nil {
			t.Fatal(err)
		}
		d.take()
		for n := 0; slot.Status().Canary != nil; n++ {
			if err := within(slot, 30*time.Second); err != nil || n > 20 {
				t.Fatalf("call %d: %v", n, err)
			}
		}
		if got := d.take(); !slices.Equal(got, []string{"retreated 1.1.1<1.0.0 " + supervisor.CauseFailures}) {
			t.Errorf("events %q", got)
		}
	})
}

// A canary's call leaves the live release the time that it may need.
func TestACanaryHasPartOfTheCallersTime(t *testing.T) {
	effects := []string{"hygia:host/outbound-http@0.1.0"}
	for name, c := range map[string]struct {
		live, caller time.Duration
		effects      []string
		want         []time.Duration // of the canary, and of the live release
	}{
		"all that the live release may take": {10 * time.Second, 30 * time.Second, nil, []time.Duration{20 * time.Second, 10 * time.Second}},
		"half":                               {time.Minute, 30 * time.Second, nil, []time.Duration{15 * time.Second, 15 * time.Second}},
		"nothing is left":                    {time.Minute, 30 * time.Second, effects, []time.Duration{30 * time.Second}},
		"there is no end":                    {10 * time.Second, 0, nil, []time.Duration{0, 0}},
		"its own is nearer":                  {10 * time.Second, 90 * time.Second, nil, []time.Duration{80 * time.Second, 30 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				slot, _ := newSlot(supervisor.Settings{})
				live, canary := newHanging("1.0.0", c.live), newHanging("1.1.0", time.Minute)
				canary.manifest.Grants.Interfaces = c.effects
				slot.Swap(live)
				if err := slot.Try(canary, 99); err != nil {
					t.Fatal(err)
				}
				_ = within(slot, time.Second) // the one that is not the canary's
				live.given = nil
				var err error
				if c.caller == 0 {
					err = slot.Call(context.Background(), nil, nothing, nil)
				} else {
					err = within(slot, c.caller)
				}
				if !errors.As(err, new(*supervisor.Error)) || !errors.Is(err, component.ErrDeadline) {
					t.Errorf("got %v", err)
				}
				if got := append(canary.given, live.given...); !slices.Equal(got, c.want) {
					t.Errorf("got %v, want %v", got, c.want)
				}
			})
		})
	}
}

// A caller's deadline counts where the plugin ran and had a tenth of its own.
func TestALiveReleaseThatHangsIsTakenOut(t *testing.T) {
	timed := func(d time.Duration) func(component.Caller) error {
		return func(s component.Caller) error { return within(s, d) }
	}
	cancelled := func(deadline, after time.Duration) func(component.Caller) error {
		return func(s component.Caller) error {
			ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(deadline))
			defer cancel()
			inner, stop := context.WithCancel(late{ctx})
			defer time.AfterFunc(after, stop).Stop()
			return s.Call(inner, nil, nothing, nil)
		}
	}
	for name, c := range map[string]struct {
		limit  time.Duration // the manifest's
		queued bool
		call   func(component.Caller) error
		broken bool
	}{
		"a request's whole time":       {limit: time.Minute, call: timed(30 * time.Second), broken: true},
		"a tenth":                      {limit: time.Minute, call: timed(6 * time.Second), broken: true},
		"less than a tenth":            {limit: time.Minute, call: timed(5 * time.Second)},
		"a tenth of the default":       {limit: 10 * time.Second, call: timed(time.Second), broken: true},
		"its own deadline":             {limit: time.Second, call: timed(30 * time.Second), broken: true},
		"a place it never had":         {limit: time.Minute, queued: true, call: timed(30 * time.Second)},
		"a caller who gave up":         {limit: time.Minute, call: cancelled(30*time.Second, 20*time.Second)},
		"a deadline told as giving up": {limit: time.Minute, call: cancelled(30*time.Second, 30*time.Second), broken: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				slot, _ := newSlot(supervisor.Settings{Live: supervisor.Tolerance{Window: long}})
				r := newHanging("1.0.0", c.limit)
				r.queued = c.queued
				slot.Swap(r)
				for n := range 20 {
					err := c.call(slot)
					if err == nil || errors.As(err, new(*supervisor.Error)) != c.broken {
						t.Fatalf("call %d: %v", n, err)
					}
				}
				if s := slot.Status(); (s.State == supervisor.Broken) != c.broken || (s.Failures > 0) != c.broken {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

// late is a context whose deadline never fires: the caller's end tells first.
type late struct{ context.Context }

func (late) Done() <-chan struct{} { return nil }
func (late) Err() error            { return nil }
