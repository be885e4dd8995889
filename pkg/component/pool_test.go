package component_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
)

func pool(t *testing.T, p *component.Program, o component.PoolOptions) *component.Pool {
	t.Helper()
	l, err := p.Pool(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// counted calls count of a flow, which tells how many calls its instance has had.
func counted(t *testing.T, c component.Caller, flow string) (n uint32) {
	t.Helper()
	err := c.Call(component.WithFlow(context.Background(), flow), count, nil,
		func(d *component.Decoder) { n = d.U32() })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestInvariant4APoolReusesNothingUnlessAsked(t *testing.T) {
	p := linkSuspect(t, newEngine(t, component.Config{}), component.Limits{})
	l := pool(t, p, component.PoolOptions{Max: 3, Warm: 2})
	for range 50 {
		if n := counted(t, l, ""); n != 1 {
			t.Fatalf("counted %d", n)
		}
	}
}

func TestAPoolReusesAnInstanceWithinItsFlow(t *testing.T) {
	p := linkSuspect(t, newEngine(t, component.Config{}), component.Limits{})
	l := pool(t, p, component.PoolOptions{Max: 2, Warm: 1, Reuse: 3})
	for _, call := range []struct {
		flow string
		want uint32
	}{
		{"a", 1}, {"b", 1}, {"a", 2}, {"b", 2}, {"b", 3},
		{"b", 1},           // its instance was retired
		{"c", 1}, {"a", 1}, // nobody's instance is idle for c: the oldest idle one ends
	} {
		if n := counted(t, l, call.flow); n != call.want {
			t.Fatalf("%s counted %d, want %d", call.flow, n, call.want)
		}
	}
}

func TestAPoolDropsWhatFailedAndWhatIsOld(t *testing.T) {
	at := time.Unix(0, 0)
	p := linkSuspect(t, newEngine(t, component.Config{}), component.Limits{})
	l := pool(t, p, component.PoolOptions{Reuse: 1000, MaxAge: time.Minute, Now: func() time.Time { return at }})
	for want := uint32(1); want < 4; want++ {
		if n := counted(t, l, ""); n != want {
			t.Fatalf("counted %d, want %d", n, want)
		}
	}
	var trap *component.TrapError
	if err := l.Call(context.Background(), unreachable, nil, nil); !errors.As(err, &trap) {
		t.Fatal(err)
	}
	if n := counted(t, l, ""); n != 1 {
		t.Fatalf("after a trap: counted %d", n)
	}
	at = at.Add(time.Minute)
	if n := counted(t, l, ""); n != 1 {
		t.Fatalf("after a minute: counted %d", n)
	}
}

// A pool never holds more than it may, and calls beyond that get fresh instances.
func TestAPoolIsBounded(t *testing.T) {
	p, inside, letGo := gate(t, component.Config{MaxInstances: 4, CoreInstances: 8, MaxCalls: 8})
	l := pool(t, p, component.PoolOptions{Max: 2, Reuse: 100})
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			if _, err := askIt(context.Background(), l, ""); err != nil {
				t.Error(err)
			}
		})
	}
	for range 4 {
		<-inside
	}
	for range 4 {
		letGo <- struct{}{}
	}
	calls.Wait()
	for range 2 { // the two that the pool does not hold are to be had
		instance(t, p)
	}
	if _, err := p.Instance(context.Background()); !errors.Is(err, component.ErrPool) {
		t.Fatalf("the fifth: %v", err)
	}
}

func TestAPoolFillsUpAgain(t *testing.T) {
	const all = 3
	e := newEngine(t, component.Config{MaxInstances: all, CoreInstances: 8})
	p := linkSuspect(t, e, component.Limits{})
	l := pool(t, p, component.PoolOptions{Max: all, Warm: all})
	for end, wait := time.Now().Add(late*5), time.Millisecond; ; wait *= 2 {
		if n := counted(t, l, ""); n != 1 { // what its filling up failed on, the next call tries again
			t.Fatalf("counted %d", n)
		}
		time.Sleep(wait)
		in, err := p.Instance(context.Background()) // fails when the pool has them all
		if errors.Is(err, component.ErrPool) {
			return
		}
		if err != nil || time.Now().After(end) {
			t.Fatalf("nothing was made ahead: %v", err)
		}
		in.Close()
	}
}

func TestAPoolThatIsClosed(t *testing.T) {
	p, inside, letGo := gate(t, component.Config{})
	l := pool(t, p, component.PoolOptions{Reuse: 10})
	first := make(chan error)
	go func() { _, err := askIt(context.Background(), l, ""); first <- err }()
	<-inside
	l.Close()
	l.Close()
	if _, err := askIt(context.Background(), l, ""); !errors.Is(err, component.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	letGo <- struct{}{}
	if err := <-first; err != nil {
		t.Errorf("the call that was inside: %v", err)
	}
}

func TestPoolOptionsAreChecked(t *testing.T) {
	p := linkSuspect(t, newEngine(t, component.Config{}), component.Limits{})
	for _, o := range []component.PoolOptions{{Max: -1}, {Warm: -1}, {Max: 1, Warm: 2}, {Reuse: -1}, {MaxAge: -1}} {
		if _, err := p.Pool(context.Background(), o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
	p.Close()
	if _, err := p.Pool(context.Background(), component.PoolOptions{Warm: 1}); !errors.Is(err, component.ErrClosed) {
		t.Errorf("of a closed program: %v", err)
	}
}

func TestPoolHammer(t *testing.T) {
	e := newEngine(t, component.Config{MaxInstances: 30, MaxCalls: 5})
	p := linkSuspect(t, e, component.Limits{})
	l := pool(t, p, component.PoolOptions{Max: 4, Warm: 2, Reuse: 5})
	err := hammer(300, func(w, i int) error {
		ctx := component.WithFlow(context.Background(), string(rune('a'+w%3)))
		if i%7 == 0 {
			if err := l.Call(ctx, unreachable, nil, nil); err == nil {
				return errors.New("no trap")
			}
			return nil
		}
		return l.Call(ctx, count, nil, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
}
