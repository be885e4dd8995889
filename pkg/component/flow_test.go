package component_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
)

// worker is a guest whose work loops as often as it is told.
const worker = `(component
  (core module $m (func (export "work") (param $n i32)
    (loop (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
  (core instance $i (instantiate $m))
  (func (export "work") (param "n" u32) (canon lift (core func $i "work"))))`

var work = &component.Export{Name: "work", Signature: component.Signature{
	Params: []component.Field{{Name: "n", Type: component.U32}}}}

func toil(ctx context.Context, c component.Caller, n uint32) error {
	return c.Call(ctx, work, func(e *component.Encoder) { e.U32(n) }, nil)
}

// gate is a guest's program of one place whose host function tells who is inside
// and waits to be let go.
func gate(t *testing.T, cfg component.Config) (p *component.Program, inside chan string, letGo chan struct{}) {
	inside, letGo = make(chan string, 100), make(chan struct{}, 100)
	p = linkAsk(t, newEngine(t, cfg), component.Limits{},
		func(_ context.Context, a *component.Decoder, r *component.Encoder) error {
			name := a.String()
			inside <- name
			<-letGo
			r.String(name)
			return nil
		})
	return p, inside, letGo
}

func TestTheFlowThatUsedLeastGoesFirst(t *testing.T) {
	// One thread: a call that waits in a host function keeps it.
	p, inside, letGo := gate(t, component.Config{MaxCalls: 1, Parallel: 1})
	var calls sync.WaitGroup
	ask := func(flow string) {
		calls.Go(func() {
			if _, err := askIt(component.WithFlow(context.Background(), flow), p, flow); err != nil {
				t.Error(err)
			}
		})
	}
	ask("flood")
	order := []string{<-inside}
	for range 5 {
		ask("flood")
	}
	time.Sleep(20 * time.Millisecond) // the flood uses time, and its calls queue up
	ask("quiet")
	for range 6 {
		time.Sleep(5 * time.Millisecond)
		letGo <- struct{}{}
		order = append(order, <-inside)
	}
	letGo <- struct{}{}
	calls.Wait()
	if i := slices.Index(order, "quiet"); i != 1 {
		t.Fatalf("in this order: %v", order)
	}
}

func TestAFloodLeavesAPlaceToOthers(t *testing.T) {
	const flood = 300 * time.Millisecond
	e := newEngine(t, component.Config{Parallel: 2})
	loops := linkSuspect(t, e, component.Limits{Deadline: flood})
	if err := loops.Call(component.WithFlow(context.Background(), "quiet"), &nop, nil, nil); err != nil {
		t.Fatal(err)
	}
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() { _ = loops.Call(component.WithFlow(context.Background(), "flood"), spin, nil, nil) })
	}
	time.Sleep(20 * time.Millisecond) // the flood is inside
	start := time.Now()
	for range 10 {
		if err := loops.Call(component.WithFlow(context.Background(), "quiet"), &nop, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(start); took > flood/2 {
		t.Errorf("ten calls beside a flood took %v", took)
	}
	calls.Wait()
}

func TestACallThatWaitsInAHostFunctionLeavesItsPlace(t *testing.T) {
	p, inside, letGo := gate(t, component.Config{MaxCalls: 4, Parallel: 1})
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			if _, err := askIt(context.Background(), p, ""); err != nil {
				t.Error(err)
			}
		})
	}
	for range 4 {
		<-inside // all four, though one may compute at a time
	}
	for range 4 {
		letGo <- struct{}{}
	}
	calls.Wait()
}

func TestTooManyWaitingCallsOfAFlowAreRefused(t *testing.T) {
	p, inside, letGo := gate(t, component.Config{MaxCalls: 1, MaxQueue: 2})
	ctx := component.WithFlow(context.Background(), "flood")
	first := make(chan error)
	go func() { _, err := askIt(ctx, p, ""); first <- err }()
	<-inside
	errs := make(chan error, 3)
	for range 3 {
		go func() { _, err := askIt(ctx, p, ""); errs <- err }()
	}
	if err := <-errs; !errors.Is(err, component.ErrOverloaded) {
		t.Fatalf("the third to wait: %v", err)
	}
	other := make(chan error)
	go func() {
		_, err := askIt(component.WithFlow(context.Background(), "quiet"), p, "")
		other <- err
	}()
	for range 4 {
		letGo <- struct{}{}
	}
	if err := errors.Join(<-first, <-errs, <-errs, <-other); err != nil {
		t.Fatal(err)
	}
}

// Who counts a plugin's failures tells by it whether a call ever began.
func TestArgumentsAreAskedForWhenACallHasItsPlace(t *testing.T) {
	p, inside, letGo := gate(t, component.Config{MaxCalls: 1, Parallel: 1})
	var first sync.WaitGroup
	first.Go(func() {
		if _, err := askIt(context.Background(), p, ""); err != nil {
			t.Error(err)
		}
	})
	<-inside
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	asked := false
	err := p.Call(ctx, ask, func(e *component.Encoder) { asked = true; e.String("") }, nil)
	if !errors.Is(err, component.ErrDeadline) || asked {
		t.Errorf("a call that waited for its place: %v, arguments asked for: %v", err, asked)
	}
	letGo <- struct{}{}
	first.Wait()
}

// Flows come and go, give up, and overlap: every call ends, and as it should.
func TestFlowsHammer(t *testing.T) {
	e := newEngine(t, component.Config{Parallel: 2, MaxCalls: 3, MaxQueue: 4})
	p := link(t, e, worker, component.LinkOptions{Exports: []*component.Export{work}})
	err := hammer(400, func(w, i int) error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i%5)*time.Millisecond/2)
		defer cancel()
		err := toil(component.WithFlow(ctx, string(rune('a'+(w+i)%3))), p, uint32(1+i*1000))
		if err != nil && !errors.Is(err, component.ErrDeadline) && !errors.Is(err, component.ErrOverloaded) {
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := toil(context.Background(), p, 1); err != nil {
		t.Fatalf("afterwards: %v", err)
	}
}
