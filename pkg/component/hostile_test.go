package component_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
)

// hostileLimits are small, so that every attack meets one soon.
func hostileLimits() component.Limits {
	l := component.Limits{
		Deadline: 20 * time.Millisecond, MemoryBytes: 64 << 16, TableElements: 20_000,
		ResultBytes: 100_000, ListItems: 10_000, HostCalls: 1000, LogBytes: 10_000,
	}
	if collects {
		l.Deadline, l.HostCalls, l.LogBytes = 300*time.Millisecond, 20, 500
	}
	return l
}

// hostileHost serves attacks: its one function does what it is told.
func hostileHost(loop *component.Program) *component.Host {
	h := component.NewHost()
	h.Func(&component.Import{Name: "f", Signature: component.Signature{
		Params: []component.Field{{Name: "text", Type: component.String}}}},
		func(ctx context.Context, a *component.Decoder, _ *component.Encoder) error {
			switch a.String() {
			case "wait":
				<-ctx.Done()
				return ctx.Err()
			case "loop":
				return loop.Call(ctx, spin, nil, nil)
			case "panic":
				panic("a value that nobody must read")
			case "log":
				return component.CountLog(ctx, 100)
			}
			return nil
		})
	return h
}

// armed is an attack that can be made.
type armed struct {
	attack
	export  *component.Export
	program *component.Program
}

func arm(t *testing.T, e *component.Engine) []armed {
	t.Helper()
	host := hostileHost(linkSuspect(t, e, component.Limits{}))
	out := make([]armed, len(attacks))
	for i, a := range attacks {
		x, limits := a.export(), hostileLimits()
		if a.want != "deadline" {
			limits.Deadline = late // what ends it comes first, also on a busy machine
		}
		out[i] = armed{a, x, link(t, e, a.text(), component.LinkOptions{
			Name: a.name, Host: host, Exports: []*component.Export{x}, Limits: limits,
		})}
	}
	return out
}

// by makes the attack and fails the test unless it ends as it should.
func (a armed) by(t *testing.T, c component.Caller) {
	t.Helper()
	err := c.Call(context.Background(), a.export, nil, func(d *component.Decoder) {
		if a.result != nil {
			decode(d, a.result)
		}
	})
	if cause := component.Cause(err); cause != a.want && (a.also == "" || cause != a.also) {
		t.Errorf("%s: %q, want %q (%v)", a.name, cause, a.want, err)
	}
}

// No value, trap or loop in a component ends the host, or more than its own
// instance.
func TestInvariant5HostileGuests(t *testing.T) {
	for name, cfg := range map[string]component.Config{
		"usual": {MaxInstances: 20}, "crowd": {MaxInstances: 20, Crowd: true}, "fuel": {MaxInstances: 20, Fuel: true},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEngine(t, cfg)
			good := linkSuspect(t, e, component.Limits{})
			bystander := instance(t, good)
			for i, a := range arm(t, e) {
				reused := pool(t, a.program, component.PoolOptions{Reuse: 10})
				a.by(t, a.program)
				a.by(t, reused)
				if inst, err := a.program.Instance(context.Background()); err == nil {
					a.by(t, inst)
					inst.Close()
				} else if component.Cause(err) != a.want {
					t.Errorf("%s: an instance: %v", a.name, err)
				}
				reused.Close()
				if found := number(t, good, mark); found != 0 {
					t.Fatalf("%s: the next instance found %d", a.name, found)
				}
				if n := number(t, bystander, count); n != uint32(i+1) {
					t.Fatalf("%s: a bystander counted %d, not %d", a.name, n, i+1)
				}
			}
		})
	}
}

// settled gives resident memory once what is garbage has been given back: Go's,
// and, as after every call that was stopped, C's.
func settled(t *testing.T, loops *component.Program) int64 {
	if err := loops.Call(context.Background(), spin, nil, nil); !errors.Is(err, component.ErrDeadline) {
		t.Fatal(err)
	}
	for range 3 {
		runtime.GC()
	}
	return resident(t)
}

// traps is how many traps a test makes: HYGIA_TRAPS, or a few.
func traps(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv("HYGIA_TRAPS"))
	if err != nil {
		n = repeated(20_000)
		t.Logf("%d traps; set HYGIA_TRAPS for more", n)
	}
	return n
}

// All attacks again and again, by several at once: when they are over, the
// process has the memory that it had after the first of them.
func TestInvariant5HostileGuestsLeaveNoMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector's own memory would be measured")
	}
	e := newEngine(t, component.Config{MaxInstances: 50})
	all := arm(t, e)
	round := func() {
		err := hammer(len(all)/8+1, func(w, i int) error {
			a := all[(i*8+w)%len(all)]
			a.by(t, a.program)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	movedLittle(t, linkSuspect(t, e, hostileLimits()), 3, round)
}

// threads has as many threads as tests of memory have at once fill a guest's stack,
// which the kernel leaves them: one that came into being later would be taken for a leak.
func threads(t *testing.T, p *component.Program) {
	t.Helper()
	const most = 16
	var all, made sync.WaitGroup
	all.Add(most)
	for range most {
		made.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			all.Done()
			all.Wait()
			if err := p.Call(context.Background(), overflow, nil, nil); err == nil {
				t.Error("a stack without an end")
			}
		})
	}
	made.Wait()
}

// movedLittle runs work until what it takes of memory has settled, which other threads'
// heaps do late, and then as often again: it fails the test unless the last two of these
// runs leave the memory within 1% of what it had settled at, which is measured once. A
// leak of two thousandths a run fails it.
func movedLittle(t *testing.T, loops *component.Program, rounds int, work func()) {
	t.Helper()
	threads(t, loops)
	const runs = 6
	taken := make([]int64, 2*runs)
	for i := range taken {
		for range rounds {
			work()
		}
		taken[i] = settled(t, loops)
	}
	before, after := taken[runs-1], min(taken[2*runs-2], taken[2*runs-1])
	moved := float64(after-before) / float64(before) * 100
	t.Logf("resident: %d KiB, after %d more runs %d KiB: %+.2f%%", before>>10, runs, after>>10, moved)
	if moved >= 1 {
		t.Errorf("resident memory grows: %d", taken)
	}
}

// Traps arrive as signals, on threads that Go's collector also signals.
func TestInvariant5TrapsUnderGarbageCollection(t *testing.T) {
	e := newEngine(t, component.Config{})
	p := linkSuspect(t, e, component.Limits{})
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	fns := []*component.Export{outside, divide, overflow, unreachable}
	each := traps(t) / 3 / 8
	work := func() {
		err := hammer(each, func(_, i int) error {
			var trap *component.TrapError
			if err := p.Call(context.Background(), fns[i%4], nil, nil); !errors.As(err, &trap) {
				return err
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if raceEnabled {
		work()
	} else {
		movedLittle(t, linkSuspect(t, e, hostileLimits()), 1, work)
	}
	close(stop)
	<-done
	defer func() {
		if recover() == nil {
			t.Fatal("Go's own nil dereference no longer panics")
		}
	}()
	var nowhere *component.TrapError
	_ = nowhere.Reason
}
