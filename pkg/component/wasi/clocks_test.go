package wasi_test

import (
	"context"
	"errors"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/component/wasi"
)

// second is what a new instance's monotonic clock shows.
const second = uint64(time.Second)

// fakeTime is a clock that moves when someone sleeps.
type fakeTime struct {
	now   time.Time
	slept []time.Duration
}

func (f *fakeTime) sleep(ctx context.Context, d time.Duration) error {
	f.slept = append(f.slept, d)
	f.now = f.now.Add(d)
	return ctx.Err()
}

func (f *fakeTime) granted() wasi.Config {
	return wasi.Config{Now: func() time.Time { return f.now }, Sleep: f.sleep}
}

func TestClockDenied(t *testing.T) {
	f := &fakeTime{}
	g := newGuest(t, wasi.Config{Sleep: f.sleep}, component.Limits{})
	if got := get(g, datetime, "wall-now"); got != (moment{}) {
		t.Errorf("the time of day is %v", got)
	}
	i := g.instance()
	for _, c := range []struct {
		call string
		arg  uint64
		want uint64
	}{{"sleep", 5, second + 5}, {"sleep", 0, second + 5}, {"until", 4, second + 5}, {"until", second + 1000, second + 1000}} {
		if got := getIn(g, i, u64, c.call, c.arg); got != c.want {
			t.Errorf("after %s %d it is %d, want %d", c.call, c.arg, got, c.want)
		}
	}
	if got := getIn(g, i, u64, "now"); got != second+1000 {
		t.Errorf("a later call finds %d", got)
	}
	if got := get(g, u64, "now"); got != second {
		t.Errorf("a fresh instance finds %d", got)
	}
	if want := []time.Duration{5, 995}; !reflect.DeepEqual(f.slept, want) {
		t.Errorf("slept %v, want %v", f.slept, want)
	}
}

func TestClockGranted(t *testing.T) {
	f := &fakeTime{now: time.Unix(1_800_000_000, 42)}
	g := newGuest(t, f.granted(), component.Limits{})
	if got, want := get(g, datetime, "wall-now"), (moment{1_800_000_000, 42}); got != want {
		t.Errorf("the time of day is %v, want %v", got, want)
	}
	i := g.instance()
	if got := getIn(g, i, u64, "now"); got != second {
		t.Errorf("an instance starts at %d", got)
	}
	f.now = f.now.Add(time.Second)
	if got := getIn(g, i, u64, "sleep", uint64(5)); got != 2*second+5 {
		t.Errorf("after a second and a sleep it is %d", got)
	}
	f.now = f.now.Add(-time.Hour)
	if got := getIn(g, i, u64, "now"); got != 2*second+5 {
		t.Errorf("when the host's clock went back it is %d", got)
	}
	f.now = time.Unix(-5, 0)
	if got := get(g, datetime, "wall-now"); got != (moment{}) {
		t.Errorf("before 1970 it is %v", got)
	}
}

func TestClocksWithoutTime(t *testing.T) {
	g := newGuest(t, wasi.Config{}, component.Limits{})
	if got := get(g, u64, "resolution"); got != 1 {
		t.Errorf("the monotonic clock's resolution is %d", got)
	}
	if got := get(g, datetime, "wall-resolution"); got != (moment{0, 1}) {
		t.Errorf("the wall clock's resolution is %v", got)
	}
	type display struct {
		offset int32
		name   string
		summer bool
	}
	got := get(g, func(d *component.Decoder) display { return display{d.S32(), d.String(), d.Bool()} }, "display", uint64(1), uint32(2))
	if got != (display{0, "UTC", false}) {
		t.Errorf("the time zone is %v", got)
	}
	if got := get(g, s32, "utc-offset", uint64(1), uint32(2)); got != 0 {
		t.Errorf("%d seconds from UTC", got)
	}
}

func TestPoll(t *testing.T) {
	const hour, day = uint64(time.Hour), uint64(24 * time.Hour)
	for _, c := range []struct {
		name  string
		a, b  uint64
		stdin bool
		want  []uint32
		slept []time.Duration
	}{
		{"the earlier", day, hour, false, []uint32{1}, []time.Duration{time.Hour}},
		{"both at once", hour, hour, false, []uint32{0, 1}, []time.Duration{time.Hour}},
		{"what is ready does not wait", day, hour, true, []uint32{2}, nil},
		{"no time at all", 0, hour, true, []uint32{0, 2}, nil},
		{"for ever", math.MaxUint64, hour, false, []uint32{1}, []time.Duration{time.Hour}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, granted := range map[string]bool{"clock granted": true, "clock denied": false} {
				f := &fakeTime{now: time.Unix(1_800_000_000, 0)}
				config := f.granted()
				if !granted {
					config.Now = nil
				}
				g := newGuest(t, config, component.Limits{})
				if got := get(g, numbers, "poll", c.a, c.b, c.stdin); !reflect.DeepEqual(got, c.want) {
					t.Errorf("%s: got %v, want %v", name, got, c.want)
				}
				if !reflect.DeepEqual(f.slept, c.slept) {
					t.Errorf("%s: slept %v, want %v", name, f.slept, c.slept)
				}
			}
		})
	}
	g := newGuest(t, wasi.Config{}, component.Limits{})
	var host *component.HostError
	if err := g.call("poll-nothing", nil, nil); !errors.As(err, &host) {
		t.Errorf("polling nothing: got %v", err)
	}
	if !get(g, yes, "ready", uint64(0)) || get(g, yes, "ready", hour) {
		t.Error("a timer is ready when it should not be, or the reverse")
	}
}

// Invariant 5: no sleep holds a call past its deadline, or past its caller.
func TestInvariant5SleepEndsWithTheCall(t *testing.T) {
	const limit, late = 50 * time.Millisecond, 5 * time.Second
	for name, config := range map[string]wasi.Config{"clock granted": {Now: time.Now}, "clock denied": {}} {
		g := newGuest(t, config, component.Limits{Deadline: limit})
		for _, ns := range []uint64{uint64(time.Hour), math.MaxUint64} {
			for _, call := range []string{"sleep", "until"} {
				start := time.Now()
				err := g.call(call, in(ns), nil)
				if took := time.Since(start); !errors.Is(err, component.ErrDeadline) || took < limit || took > late {
					t.Errorf("%s: %s %d: %v after %v", name, call, ns, err, took)
				}
			}
		}
		start := time.Now()
		if err := g.call("poll", in(uint64(time.Hour), uint64(time.Minute), false), nil); !errors.Is(err, component.ErrDeadline) || time.Since(start) > late {
			t.Errorf("%s: poll: %v after %v", name, err, time.Since(start))
		}
	}
	g := newGuest(t, wasi.Config{}, component.Limits{Deadline: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(limit, cancel)
	if err := g.callIn(ctx, g.program, "sleep", in(uint64(time.Hour)), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that left: %v", err)
	}
}

// Timers count as resources: a guest cannot make the host keep them without end.
func TestTimersAreBounded(t *testing.T) {
	g := newGuest(t, wasi.Config{}, component.Limits{Resources: 100})
	if got := get(g, u32, "hoard", uint32(100)); got != 100 {
		t.Errorf("%d of 100 timers are ready", got)
	}
	if err := g.call("hoard", in(uint32(101)), nil); !errors.Is(err, component.ErrResources) {
		t.Errorf("101 timers: got %v", err)
	}
}

// A short sleep is slept, for real where no other is given.
func TestSleepTakesItsTime(t *testing.T) {
	g := newGuest(t, wasi.Config{}, component.Limits{})
	start := time.Now()
	const wait = 20 * time.Millisecond
	if got := get(g, u64, "sleep", uint64(wait)); got != second+uint64(wait) || time.Since(start) < wait {
		t.Errorf("the guest's clock shows %v after %v", time.Duration(got), time.Since(start))
	}
}
