package component_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
)

// hammer runs fn n times on each of 8 goroutines and returns what failed first.
func hammer(n int, fn func(worker, i int) error) error {
	errs := make(chan error, 8)
	for w := range 8 {
		go func() {
			for i := range n {
				if err := fn(w, i); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	var err error
	for range 8 {
		err = errors.Join(err, <-errs)
	}
	return err
}

func TestConcurrentCalls(t *testing.T) {
	e := newEngine(t, component.Config{MaxCalls: 3})
	p, x := echo(t, e, component.String)
	s := linkSuspect(t, e, component.Limits{})
	err := hammer(300, func(w, i int) error {
		want, got := fmt.Sprint(w, i), ""
		err := p.Call(context.Background(), x,
			func(e *component.Encoder) { e.String(want) }, func(d *component.Decoder) { got = d.String() })
		if err != nil || got != want {
			return fmt.Errorf("sent %q, got %q: %w", want, got, err)
		}
		if i%10 == 0 {
			if err := s.Call(context.Background(), unreachable, nil, nil); err == nil {
				return errors.New("no trap")
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestConcurrentCallsAreBounded(t *testing.T) {
	const most = 2
	var now, peak atomic.Int32
	p := linkAsk(t, newEngine(t, component.Config{MaxCalls: most}), component.Limits{},
		func(_ context.Context, a *component.Decoder, r *component.Encoder) error {
			n := now.Add(1)
			for p := peak.Load(); n > p && !peak.CompareAndSwap(p, n); p = peak.Load() {
			}
			time.Sleep(time.Millisecond)
			now.Add(-1)
			r.String(a.String())
			return nil
		})
	err := hammer(5, func(int, int) error { _, err := askIt(context.Background(), p, ""); return err })
	if err != nil || peak.Load() != most {
		t.Fatalf("%d at once: %v", peak.Load(), err)
	}
}

func TestWaitingForAPlaceHonoursTheContext(t *testing.T) {
	inside, release := make(chan struct{}), make(chan struct{})
	p := linkAsk(t, newEngine(t, component.Config{MaxCalls: 1}), component.Limits{},
		func(_ context.Context, a *component.Decoder, r *component.Encoder) error {
			close(inside)
			<-release
			r.String(a.String())
			return nil
		})
	first := make(chan error)
	go func() { _, err := askIt(context.Background(), p, ""); first <- err }()
	<-inside
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	if _, err := askIt(ctx, p, ""); !errors.Is(err, component.ErrDeadline) {
		t.Fatalf("the one that waits: %v", err)
	}
	close(release)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
}

func TestAnInstanceRunsOneCall(t *testing.T) {
	inside, release := make(chan struct{}), make(chan struct{})
	p := linkAsk(t, newEngine(t, component.Config{}), component.Limits{},
		func(_ context.Context, a *component.Decoder, r *component.Encoder) error {
			inside <- struct{}{}
			<-release
			r.String(a.String())
			return nil
		})
	inst := instance(t, p)
	first := make(chan error)
	go func() { _, err := askIt(context.Background(), inst, ""); first <- err }()
	<-inside
	if _, err := askIt(context.Background(), inst, ""); !errors.Is(err, component.ErrBusy) {
		t.Errorf("the second: %v", err)
	}
	inst.Close() // takes effect when the call has returned
	close(release)
	if err := <-first; err != nil {
		t.Error(err)
	}
	if _, err := askIt(context.Background(), inst, ""); !errors.Is(err, component.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestCloseInAnyOrderDuringCalls(t *testing.T) {
	for round := range 20 {
		e, err := component.NewEngine(component.Config{MaxInstances: 50, MaxCalls: 4})
		if err != nil {
			t.Fatal(err)
		}
		c, err := e.Compile(context.Background(), wasm(t, suspect))
		if err != nil {
			t.Fatal(err)
		}
		p, err := e.Link(c, component.LinkOptions{Exports: everySuspect})
		if err != nil {
			t.Fatal(err)
		}
		inst, err := p.Instance(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		var calls sync.WaitGroup
		for w := range 6 {
			calls.Go(func() {
				fn := []*component.Export{&nop, spin, count}[w%3]
				for {
					err := p.Call(context.Background(), fn, nil, nil)
					if errors.Is(err, component.ErrClosed) {
						return
					}
					if err != nil {
						t.Errorf("%s: %v", fn.Name, err)
						return
					}
				}
			})
		}
		closers := []func(){c.Close, p.Close, inst.Close, func() { _ = e.Close() }}
		var closing sync.WaitGroup
		for i := range closers {
			closing.Go(closers[(i+round)%len(closers)])
		}
		closing.Wait()
		calls.Wait()
		for _, again := range closers {
			again()
		}
		if _, err := e.Compile(context.Background(), wasm(t, suspect)); !errors.Is(err, component.ErrClosed) {
			t.Fatalf("compiling after Close: %v", err)
		}
		if _, err := e.Link(c, component.LinkOptions{}); !errors.Is(err, component.ErrClosed) {
			t.Fatalf("linking after Close: %v", err)
		}
		if err := inst.Call(context.Background(), &nop, nil, nil); !errors.Is(err, component.ErrClosed) {
			t.Fatalf("calling after Close: %v", err)
		}
	}
}

// A panic in a caller's own function must give its place back.
func TestPanicInACallersFunction(t *testing.T) {
	p, x := echo(t, newEngine(t, component.Config{MaxCalls: 1}), component.U8)
	panics := func(args func(*component.Encoder), results func(*component.Decoder)) {
		t.Helper()
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = p.Call(context.Background(), x, args, results)
	}
	panics(func(*component.Encoder) { panic("args") }, nil)
	panics(func(e *component.Encoder) { e.U8(1) }, func(*component.Decoder) { panic("results") })
	if err := p.Call(context.Background(), x, func(e *component.Encoder) { e.U8(1) }, nil); err != nil {
		t.Fatal(err)
	}
}

// Everything at once, as a service has it: fresh and live instances, traps, loops
// that a context ends, instances that come and go.
func TestHammer(t *testing.T) {
	e := newEngine(t, component.Config{MaxInstances: 40, MaxCalls: 5})
	s := linkSuspect(t, e, component.Limits{Deadline: late}) // loops end by their contexts
	p, x := echo(t, e, component.ListOf(component.String))
	shared := instance(t, p)
	ops := []func(w, i int) error{
		func(w, i int) error {
			want, got := []string{fmt.Sprint(w), fmt.Sprint(i), "três"}, []string(nil)
			err := p.Call(context.Background(), x, func(e *component.Encoder) {
				e.List(len(want))
				for _, s := range want {
					e.String(s)
				}
			}, func(d *component.Decoder) {
				for range d.List() {
					got = append(got, d.String())
				}
			})
			if err == nil && !slices.Equal(got, want) {
				err = fmt.Errorf("sent %q, got %q", want, got)
			}
			return err
		},
		func(int, int) error {
			err := shared.Call(context.Background(), x, func(e *component.Encoder) { e.List(0) }, nil)
			if errors.Is(err, component.ErrBusy) {
				return nil
			}
			return err
		},
		func(_, i int) error {
			var trap *component.TrapError
			fn := []*component.Export{unreachable, outside, overflow, divide}[i%4]
			if err := s.Call(context.Background(), fn, nil, nil); !errors.As(err, &trap) {
				return fmt.Errorf("%s: %w", fn.Name, err)
			}
			return nil
		},
		func(_, i int) error {
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i%7)*time.Millisecond)
			defer cancel()
			if err := s.Call(ctx, spin, nil, nil); !errors.Is(err, component.ErrDeadline) {
				return fmt.Errorf("spin: %w", err)
			}
			return nil
		},
		func(int, int) error {
			inst, err := s.Instance(context.Background())
			if err != nil {
				return err
			}
			defer inst.Close()
			for want := uint32(1); want < 4; want++ {
				var got uint32
				err := inst.Call(context.Background(), count, nil, func(d *component.Decoder) { got = d.U32() })
				if err != nil || got != want {
					return fmt.Errorf("counted %d, want %d: %w", got, want, err)
				}
			}
			return nil
		},
	}
	err := hammer(100, func(w, i int) error { return ops[(w*7+i)%len(ops)](w, i) })
	if err != nil {
		t.Fatal(err)
	}
}
