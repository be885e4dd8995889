package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/supervisor"
)

func newSlot(s supervisor.Settings) (*supervisor.Slot, *diary) {
	var d diary
	s.Notify = d.note
	return supervisor.NewSlot("claims", plugin.Manifest{Name: "claims", OnFailure: plugin.Skip}, s), &d
}

func TestASlotWithoutAReleaseSaysWhatMayBeDone(t *testing.T) {
	slot, _ := newSlot(supervisor.Settings{})
	var failure *supervisor.Error
	if err := call(slot); !errors.As(err, &failure) || !errors.Is(err, supervisor.ErrStarting) || !failure.Skip || failure.Plugin != "claims" {
		t.Errorf("got %v", err)
	}
	if err := slot.Try(newRelease("1.0.0"), 5); !errors.Is(err, supervisor.ErrNoRelease) {
		t.Errorf("a canary beside nothing: %v", err)
	}
	slot.Swap(newRelease("1.0.0"))
	if err := call(slot); err != nil {
		t.Error(err)
	}
	<-slot.Clear()
	if err := call(slot); !errors.Is(err, supervisor.ErrStopped) {
		t.Errorf("got %v", err)
	}
}

// Nobody is refused for a decision of which there is no record yet.
func TestACallIsRefusedOnceTheDecisionWasTold(t *testing.T) {
	telling, told := make(chan struct{}), make(chan struct{})
	slot := supervisor.NewSlot("claims", plugin.Manifest{}, supervisor.Settings{
		Live: supervisor.Tolerance{Calls: 1},
		Notify: func(e supervisor.Event) {
			if e.Kind == supervisor.EventBroken {
				close(telling)
				<-told
			}
		},
	})
	failing := newRelease("1.0.0")
	failing.fail.Store(true)
	slot.Swap(failing)
	ended, refused := make(chan error, 1), make(chan error, 1)
	go func() { ended <- call(slot) }()
	<-telling
	go func() { refused <- call(slot) }()
	select {
	case err := <-refused:
		t.Errorf("refused before anybody was told: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(told)
	if err := <-ended; !errors.Is(err, errTrap) {
		t.Errorf("the call that failed: %v", err)
	}
	if err := <-refused; !errors.Is(err, supervisor.ErrBroken) {
		t.Errorf("the next call: %v", err)
	}
}

// A call that may have sent something is not made twice.
func TestACallWithEffectsIsMadeOnce(t *testing.T) {
	slot, _ := newSlot(supervisor.Settings{})
	live, canary := newRelease("1.0.0"), newRelease("1.1.0")
	canary.manifest.Grants.Interfaces = []string{"hygia:host/outbound-http@0.1.0#send"}
	canary.fail.Store(true)
	slot.Swap(live)
	if err := slot.Try(canary, 99); err != nil {
		t.Fatal(err)
	}
	_ = call(slot) // the one that is not the canary's
	if err := call(slot); !errors.Is(err, errTrap) || live.answered.Load() != 1 {
		t.Errorf("got %v, and the live release answered %d", err, live.answered.Load())
	}
}

func TestACallEndsOnTheReleaseThatItBeganOn(t *testing.T) {
	slot, d := newSlot(supervisor.Settings{})
	inside, leave := make(chan struct{}), make(chan struct{})
	old := newRelease("1.0.0")
	old.during = func() { close(inside); <-leave }
	slot.Swap(old)
	ended := make(chan error)
	go func() { ended <- call(slot) }()
	<-inside
	drained := slot.Swap(newRelease("1.1.0"))
	if err := call(slot); err != nil {
		t.Fatal(err)
	}
	select {
	case <-drained:
		t.Error("drained with a call inside")
	default:
	}
	close(leave)
	if err := <-ended; err != nil {
		t.Errorf("the call that was inside: %v", err)
	}
	<-drained
	if !old.closed.Load() || old.answered.Load() != 1 {
		t.Errorf("closed %v, answered %d", old.closed.Load(), old.answered.Load())
	}
	old.sound(t)
	if got := d.take(); !slices.Equal(got, []string{"swapped 1.0.0< ", "swapped 1.1.0<1.0.0 "}) {
		t.Errorf("events %q", got)
	}
}

// Thousands of calls while the plugin is swapped a hundred times: none fails, and
// no release is closed under a call.
func TestNoCallFailsWhileReleasesAreSwapped(t *testing.T) {
	slot, _ := newSlot(supervisor.Settings{})
	var releases []*release
	next := func() *release {
		r := newRelease(fmt.Sprintf("1.%d.0", len(releases)))
		releases = append(releases, r)
		return r
	}
	slot.Swap(next())
	var callers sync.WaitGroup
	stop := make(chan struct{})
	for range 8 {
		callers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := call(slot); err != nil {
					t.Errorf("a call failed: %v", err)
					return
				}
			}
		})
	}
	for i := range 100 {
		for slot.Status().Calls < uint64(50*(i+1)) {
			time.Sleep(10 * time.Microsecond) // calls have to come in between
		}
		if i%3 > 0 {
			slot.Swap(next())
			continue
		}
		if err := slot.Try(next(), 30); err != nil {
			t.Error(err)
		}
		if _, err := slot.Promote(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	callers.Wait()
	<-slot.Clear()
	answered := int64(0)
	for _, r := range releases {
		r.sound(t)
		if !r.closed.Load() {
			t.Errorf("%s was not closed", r.manifest.Version)
		}
		answered += r.answered.Load()
	}
	if answered < 5000 || len(releases) != 101 {
		t.Errorf("%d calls over %d releases", answered, len(releases))
	}
}

func TestACanaryTakesItsShare(t *testing.T) {
	for _, percent := range []int{1, 5, 33, 50, 99} {
		slot, _ := newSlot(supervisor.Settings{})
		live, canary := newRelease("1.0.0"), newRelease("1.1.0")
		slot.Swap(live)
		if err := slot.Try(canary, percent); err != nil {
			t.Fatal(err)
		}
		if err := slot.Try(newRelease("1.2.0"), 5); !errors.Is(err, supervisor.ErrCanary) {
			t.Errorf("a second canary: %v", err)
		}
		for range 200 {
			if err := call(slot); err != nil {
				t.Fatal(err)
			}
		}
		if got := canary.answered.Load(); got != int64(2*percent) {
			t.Errorf("%d of 200 calls at %d per cent", got, percent)
		}
		if s := slot.Status(); s.State != supervisor.Trial || s.CanaryPercent != percent || s.Canary.Version != "1.1.0" {
			t.Errorf("%+v", s)
		}
	}
}

func TestABadCanaryIsTakenOutAndFailsNoRequest(t *testing.T) {
	slot, d := newSlot(supervisor.Settings{Canary: supervisor.Tolerance{Share: 0.2, Calls: 10, Window: time.Minute}})
	live, bad := newRelease("1.0.0"), newRelease("1.1.0")
	bad.fail.Store(true)
	slot.Swap(live)
	if err := slot.Try(bad, 10); err != nil {
		t.Fatal(err)
	}
	d.take()
	for n := 1; slot.Status().Canary != nil; n++ {
		if err := call(slot); err != nil {
			t.Fatalf("call %d failed: %v", n, err)
		}
		if n > 100 {
			t.Fatal("still on trial after ten failures of ten calls")
		}
	}
	if got := d.take(); !slices.Equal(got, []string{"retreated 1.1.0<1.0.0 " + supervisor.CauseFailures}) {
		t.Errorf("events %q", got)
	}
	if err := slot.Retreat(); !errors.Is(err, supervisor.ErrNoCanary) {
		t.Errorf("got %v", err)
	}
	if s := slot.Status(); s.State != supervisor.Live || s.Failures != 10 {
		t.Errorf("%+v", s)
	}
	if !bad.closed.Load() {
		t.Error("the canary is still loaded")
	}
	bad.sound(t)
}

func TestAPromotedCanaryIsToleratedAsALiveReleaseIs(t *testing.T) {
	slot, d := newSlot(supervisor.Settings{
		Live: supervisor.Tolerance{Share: 1, Calls: 3}, Canary: supervisor.Tolerance{Share: 0.1, Calls: 1},
	})
	live, canary := newRelease("1.0.0"), newRelease("1.1.0")
	slot.Swap(live)
	if err := slot.Try(canary, 50); err != nil {
		t.Fatal(err)
	}
	drained, err := slot.Promote()
	if err != nil {
		t.Fatal(err)
	}
	<-drained
	d.take()
	canary.fail.Store(true)
	for range 2 {
		if err := call(slot); !errors.Is(err, errTrap) {
			t.Fatalf("got %v", err)
		}
	}
	if s := slot.Status(); s.State != supervisor.Live || s.Current.Version != "1.1.0" {
		t.Errorf("%+v", s)
	}
}

func TestAPluginThatKeepsFailingIsTakenOutForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slot, d := newSlot(supervisor.Settings{Live: supervisor.Tolerance{
			Share: 0.5, Calls: 10, Window: 10 * time.Second, Pause: 5 * time.Second, Trials: 2,
		}})
		r := newRelease("1.0.0")
		slot.Swap(r)
		r.fail.Store(true)
		for range 9 {
			if err := call(slot); !errors.Is(err, errTrap) {
				t.Fatalf("got %v", err)
			}
		}
		time.Sleep(time.Minute) // those are out of the window
		d.take()
		for range 10 {
			if err := call(slot); !errors.Is(err, errTrap) {
				t.Fatalf("got %v", err)
			}
		}
		var failure *supervisor.Error
		if err := call(slot); !isOpen(err) || !errors.As(err, &failure) || failure.Plugin != "claims@1.0.0" || failure.Skip {
			t.Errorf("got %v", err)
		}
		if s := slot.Status(); s.State != supervisor.Broken || s.Problem != supervisor.CauseFailures {
			t.Errorf("%+v", s)
		}
		time.Sleep(5 * time.Second)
		if err := call(slot); !errors.Is(err, errTrap) { // a trial
			t.Errorf("got %v", err)
		}
		if err := call(slot); !isOpen(err) {
			t.Errorf("a failed trial did not take it out again: %v", err)
		}
		r.fail.Store(false)
		time.Sleep(5 * time.Second)
		for range 20 {
			if err := call(slot); err != nil {
				t.Fatal(err)
			}
		}
		if s := slot.Status(); s.State != supervisor.Live || s.Problem != "" {
			t.Errorf("%+v", s)
		}
		want := []string{"broken 1.0.0< " + supervisor.CauseFailures, "broken 1.0.0< " + supervisor.CauseFailures, "mended 1.0.0< " + supervisor.CauseFailures}
		if got := d.take(); !slices.Equal(got, want) {
			t.Errorf("events %q", got)
		}
	})
}

// refusing is a release whose calls fail with what is no fault of it.
type refusing struct {
	*release
	err error
}

func (r refusing) Call(context.Context, *component.Export, func(*component.Encoder), func(*component.Decoder)) error {
	return r.err
}

func TestWhatTheCallerIsAtFaultForDoesNotCount(t *testing.T) {
	for _, err := range []error{
		component.ErrArgBytes, component.ErrPool, component.ErrOverloaded, component.ErrClosed, &component.ValueError{}, &component.CodecError{},
	} {
		slot, _ := newSlot(supervisor.Settings{Live: supervisor.Tolerance{Share: 0.1, Calls: 1}})
		slot.Swap(refusing{newRelease("1.0.0"), err})
		for range 5 {
			if got := call(slot); got != err { //nolint:errorlint // as it is
				t.Errorf("%v became %v", err, got)
			}
		}
		if s := slot.Status(); s.Failures != 0 || s.State != supervisor.Live {
			t.Errorf("%v: %+v", err, s)
		}
	}
	slot, _ := newSlot(supervisor.Settings{Live: supervisor.Tolerance{Share: 0.1, Calls: 1}})
	slot.Swap(refusing{newRelease("1.0.0"), component.ErrDeadline})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := slot.Call(gone, nil, nil, nil); !errors.Is(err, component.ErrDeadline) || slot.Status().Failures != 0 {
		t.Errorf("a caller who gave up: %v, %+v", err, slot.Status())
	}
	if err := call(slot); err == nil || slot.Status().Failures != 1 {
		t.Errorf("a plugin's own deadline: %v, %+v", err, slot.Status())
	}
}

func TestAPinStaysOnItsRelease(t *testing.T) {
	slot, _ := newSlot(supervisor.Settings{})
	old := newRelease("1.0.0")
	slot.Swap(old)
	pin := slot.Pin()
	drained := slot.Swap(newRelease("1.1.0"))
	for range 3 {
		if err := call(pin); err != nil {
			t.Fatal(err)
		}
	}
	if pin.Name() != "claims@1.0.0" || old.answered.Load() != 3 {
		t.Errorf("%s answered %d", pin.Name(), old.answered.Load())
	}
	if _, _, err := pin.WithFolders(nil); !errors.Is(err, supervisor.ErrNoFolders) {
		t.Errorf("got %v", err)
	}
	pin.Release()
	pin.Release()
	<-drained
	old.sound(t)
}

func TestACallThatPanicsHoldsNothing(t *testing.T) {
	slot, _ := newSlot(supervisor.Settings{})
	old := newRelease("1.0.0")
	old.during = func() { panic("a defect") }
	slot.Swap(old)
	func() {
		defer func() { _ = recover() }()
		_ = call(slot)
	}()
	<-slot.Swap(newRelease("1.1.0")) // would never be drained
	if s := slot.Status(); s.Failures != 1 {
		t.Errorf("%+v", s)
	}
}
