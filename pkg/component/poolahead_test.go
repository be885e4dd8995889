package component_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
)

// slowStarter calls its host while it starts and before it spins, and counts.
const slowStarter = `(component
  (import "f" (func $f))
  (core func $f' (canon lower (func $f)))
  (core module $m
    (import "" "f" (func $f))
    (global $n (mut i32) (i32.const 0))
    (func (export "count") (result i32)
      (global.set $n (i32.add (global.get $n) (i32.const 1)))
      (global.get $n))
    (func (export "spin") (call $f) (loop (br 0)))
    (start $f))
  (core instance $i (instantiate $m (with "" (instance (export "f" (func $f'))))))
  (func (export "count") (result u32) (canon lift (core func $i "count")))
  (func (export "spin") (canon lift (core func $i "spin"))))`

// starts are those of a program's instances: each says that it has begun, and is
// then told what to do.
type starts struct {
	program *component.Program
	begun   chan struct{}
	end     chan func(context.Context) error
}

func well(context.Context) error { return nil }

func newStarts(t *testing.T, cfg component.Config) starts {
	t.Helper()
	s := starts{begun: make(chan struct{}, 100), end: make(chan func(context.Context) error, 100)}
	h := component.NewHost()
	h.Func(&component.Import{Name: "f"}, func(ctx context.Context, _ *component.Decoder, _ *component.Encoder) error {
		s.begun <- struct{}{}
		select {
		case do := <-s.end:
			return do(ctx)
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	s.program = link(t, newEngine(t, cfg), slowStarter, component.LinkOptions{
		Host: h, Exports: []*component.Export{count, spin}, Limits: component.Limits{Deadline: time.Minute}})
	return s
}

// pool makes one with an instance of flow "a" in it and another in the making,
// which are all that it may hold.
func (s starts) pool(t *testing.T) *component.Pool {
	t.Helper()
	s.end <- well
	l := pool(t, s.program, component.PoolOptions{Max: 2, Warm: 1, Reuse: 10})
	<-s.begun
	if n := counted(t, l, "a"); n != 1 {
		t.Fatalf("counted %d", n)
	}
	<-s.begun
	return l
}

type answer struct {
	n   uint32
	err error
}

func countOf(ctx context.Context, c component.Caller, flow string) (a answer) {
	a.err = c.Call(component.WithFlow(ctx, flow), count, nil, func(d *component.Decoder) { a.n = d.U32() })
	return a
}

// waits says whether a call has not returned in a time that is long for it.
func waits(t *testing.T, call <-chan answer) {
	t.Helper()
	select {
	case a := <-call:
		t.Fatalf("did not wait: %+v", a)
	case <-time.After(20 * time.Millisecond):
	}
}

// A call of another flow ends nobody's instance for one that is nearly there.
func TestAPoolsCallTakesWhatIsBeingMade(t *testing.T) {
	s := newStarts(t, component.Config{})
	l := s.pool(t)
	b := make(chan answer, 1)
	go func() { b <- countOf(context.Background(), l, "b") }()
	waits(t, b)
	if n := counted(t, l, "a"); n != 2 { // meanwhile
		t.Errorf("a counted %d", n)
	}
	s.end <- well
	if got := <-b; got != (answer{1, nil}) {
		t.Errorf("b: %+v", got)
	}
	for flow, want := range map[string]uint32{"a": 3, "b": 2} {
		if n := counted(t, l, flow); n != want {
			t.Errorf("%s counted %d, want %d", flow, n, want)
		}
	}
	if len(s.begun) > 0 {
		t.Errorf("%d instances more than needed were made", len(s.begun))
	}
}

// One call waits for it, and others do not.
func TestAPoolsOneInTheMakingIsForOneCall(t *testing.T) {
	s := newStarts(t, component.Config{})
	l := s.pool(t)
	b := make(chan answer, 1)
	go func() { b <- countOf(context.Background(), l, "b") }()
	waits(t, b)
	c := make(chan answer, 1)
	go func() { c <- countOf(context.Background(), l, "c") }()
	<-s.begun // c makes its own, in the stead of a's
	s.end <- well
	s.end <- well
	for _, call := range []chan answer{b, c} {
		if got := <-call; got != (answer{1, nil}) {
			t.Errorf("got %+v", got)
		}
	}
}

func TestAPoolsCallMakesItsOwnWhereMakingAheadFails(t *testing.T) {
	s := newStarts(t, component.Config{})
	l := s.pool(t)
	b := make(chan answer, 1)
	go func() { b <- countOf(context.Background(), l, "b") }()
	waits(t, b)
	s.end <- func(context.Context) error { return errors.New("no") }
	<-s.begun
	s.end <- well
	if got := <-b; got != (answer{1, nil}) {
		t.Errorf("b: %+v", got)
	}
	for flow, want := range map[string]uint32{"a": 2, "b": 2} { // both are there
		if n := counted(t, l, flow); n != want {
			t.Errorf("%s counted %d, want %d", flow, n, want)
		}
	}
}

// A call that gives up leaves the one in the making to those that follow.
func TestAPoolsWaitEndsWithItsContext(t *testing.T) {
	heard := make(chan error, 1)
	s := newStarts(t, component.Config{Observe: func(_ string, err error) { heard <- err }})
	l := s.pool(t)
	ctx, cancel := context.WithCancel(context.Background())
	b, c := make(chan answer, 1), make(chan answer, 1)
	go func() { b <- countOf(ctx, l, "b") }()
	waits(t, b)
	cancel()
	if got := <-b; !errors.Is(got.err, context.Canceled) || !errors.Is(<-heard, got.err) {
		t.Errorf("b: %+v", got)
	}
	go func() { c <- countOf(context.Background(), l, "c") }()
	waits(t, c)
	s.end <- well
	if got := <-c; got != (answer{1, nil}) {
		t.Errorf("c: %+v", got)
	}
	if n := counted(t, l, "a"); n != 2 {
		t.Errorf("a counted %d", n)
	}
}

// What waits for a place to be made in is not waited for, nor is it made once a
// call has made its own in its stead.
func TestAPoolsCallDoesNotWaitForWhatWaits(t *testing.T) {
	s := newStarts(t, component.Config{Parallel: 2})
	s.end <- well
	l := pool(t, s.program, component.PoolOptions{Max: 2, Warm: 1, Reuse: 10})
	<-s.begun
	// A call of no flow computes: there is a place for other flows, and none for
	// what is made ahead.
	ctx, cancel := context.WithCancel(context.Background())
	spun := make(chan error, 1)
	go func() { spun <- s.program.Call(ctx, spin, nil, nil) }()
	for range 2 { // its start, and itself
		s.end <- well
		<-s.begun
	}
	if n := counted(t, l, "a"); n != 1 {
		t.Fatalf("a counted %d", n)
	}
	time.Sleep(20 * time.Millisecond) // what is made ahead begins to wait
	s.end <- well
	if n := counted(t, l, "b"); n != 1 {
		t.Errorf("b counted %d", n)
	}
	<-s.begun
	cancel()
	if err := <-spun; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for flow, want := range map[string]uint32{"a": 2, "b": 2} {
		if n := counted(t, l, flow); n != want {
			t.Errorf("%s counted %d, want %d", flow, n, want)
		}
	}
	select {
	case <-s.begun:
		t.Error("one more was made")
	case <-time.After(20 * time.Millisecond):
	}
}

// What a start calls through the host does not wait for that start.
func TestAPoolsStartDoesNotWaitForItself(t *testing.T) {
	s := newStarts(t, component.Config{})
	l := s.pool(t)
	inner := make(chan answer, 1)
	s.end <- func(ctx context.Context) error {
		inner <- countOf(ctx, l, "b")
		return nil
	}
	s.end <- well // of the instance that this makes
	if got := <-inner; got != (answer{1, nil}) {
		t.Errorf("got %+v", got)
	}
}

// The pool ends while a call waits for what is being made.
func TestAPoolThatIsClosedWhileACallWaits(t *testing.T) {
	s := newStarts(t, component.Config{})
	l := s.pool(t)
	b := make(chan answer, 1)
	go func() { b <- countOf(context.Background(), l, "b") }()
	waits(t, b)
	closed := make(chan struct{})
	go func() { l.Close(); close(closed) }()
	<-s.begun // b's own
	s.end <- well
	if got := <-b; got != (answer{1, nil}) {
		t.Errorf("b: %+v", got)
	}
	<-closed
}

// However a start ahead ends, and even as its call gives up, the pool holds as many
// instances as it may afterwards, and no more.
func TestAPoolLosesNoPlace(t *testing.T) {
	failed := errors.New("no")
	for name, end := range map[string]error{"made": nil, "not made": failed} {
		t.Run(name+", for no call", func(t *testing.T) {
			s := newStarts(t, component.Config{MaxInstances: 8})
			l := s.pool(t)
			s.end <- func(context.Context) error { return end }
			time.Sleep(20 * time.Millisecond) // it ends
			s.holdsTwo(t, l)
		})
		for range 50 {
			t.Run(name+", for a call that gives up", func(t *testing.T) {
				s := newStarts(t, component.Config{MaxInstances: 8})
				l := s.pool(t)
				ctx, cancel := context.WithCancel(context.Background())
				b := make(chan answer, 1)
				go func() { b <- countOf(ctx, l, "c") }()
				s.end <- func(context.Context) error { cancel(); return end }
				if got := <-b; got.err != nil && !errors.Is(got.err, context.Canceled) {
					t.Errorf("got %+v", got)
				}
				s.holdsTwo(t, l)
			})
		}
	}
}

// holdsTwo checks that a pool keeps two instances, of which one has been flow "a"'s.
func (s starts) holdsTwo(t *testing.T, l *component.Pool) {
	t.Helper()
	for range 10 {
		s.end <- well
	}
	for i := range uint32(3) {
		if a, b := counted(t, l, "a"), counted(t, l, "b"); a != i+2 || b != i+1 {
			t.Errorf("counted %d and %d, want %d and %d", a, b, i+2, i+1)
		}
	}
}
