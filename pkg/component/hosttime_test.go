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

// asking is a guest that calls the host n times.
const asking = `(component
  (import "f" (func $f))
  (core func $f' (canon lower (func $f)))
  (core module $m (import "" "f" (func $f))
    (func (export "work") (param $n i32)
      (loop (call $f) (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
  (core instance $i (instantiate $m (with "" (instance (export "f" (func $f'))))))
  (func (export "work") (param "n" u32) (canon lift (core func $i "work"))))`

func linkAsking(t *testing.T, cfg component.Config, l component.Limits, fn component.HostFunc) *component.Program {
	h := component.NewHost()
	h.Func(&component.Import{Name: "f"}, fn)
	return link(t, newEngine(t, cfg), asking, component.LinkOptions{
		Name: "asking", Host: h, Exports: []*component.Export{work}, Limits: l,
	})
}

func TestHostTimeOfManyShortCalls(t *testing.T) {
	calls := 0
	p := linkAsking(t, component.Config{}, component.Limits{HostTime: 200 * time.Millisecond},
		func(context.Context, *component.Decoder, *component.Encoder) error {
			calls++
			time.Sleep(20 * time.Millisecond) // long beside what a busy machine adds
			return nil
		})
	var used component.Usage
	err := toil(component.WithUsage(context.Background(), &used), p, 1000)
	if !errors.Is(err, component.ErrHostTime) || calls < 2 || calls > 11 {
		t.Fatalf("%v after %d calls", err, calls)
	}
	if used.HostCalls != calls || used.HostTime <= 200*time.Millisecond {
		t.Errorf("used %+v", used)
	}
	if err := toil(context.Background(), p, 1); err != nil {
		t.Errorf("a call that asks once: %v", err)
	}
}

func TestHostTimeOfALongCallEndsItsContext(t *testing.T) {
	p := linkAsking(t, component.Config{}, component.Limits{HostTime: 10 * time.Millisecond},
		func(ctx context.Context, _ *component.Decoder, _ *component.Encoder) error {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(late):
				return errors.New("nobody ended the context")
			}
		})
	err := toil(context.Background(), p, 1)
	if !errors.Is(err, component.ErrHostTime) || component.Cause(err) != string(component.LimitHostTime) {
		t.Fatal(err)
	}
}

// A host function that ignores the counter's error does not save its call.
func TestLogLimit(t *testing.T) {
	for name, count := range map[string]func(context.Context) error{
		"heeded":  func(ctx context.Context) error { return component.CountLog(ctx, 10) },
		"ignored": func(ctx context.Context) error { _ = component.CountLog(ctx, 10); return nil },
		"in a derived context": func(ctx context.Context) error {
			ctx, cancel := context.WithCancel(component.WithFlow(ctx, "a"))
			defer cancel()
			return component.CountLog(ctx, 10)
		},
	} {
		calls := 0
		p := linkAsking(t, component.Config{}, component.Limits{LogBytes: 30},
			func(ctx context.Context, _ *component.Decoder, _ *component.Encoder) error {
				calls++
				return count(ctx)
			})
		err := toil(context.Background(), p, 100)
		var host *component.HostError
		if !errors.Is(err, component.ErrLog) || errors.As(err, &host) || calls != 4 {
			t.Errorf("%s: %v after %d calls", name, err, calls)
		}
		if err := toil(context.Background(), p, 3); err != nil {
			t.Errorf("%s: a call within the limit: %v", name, err)
		}
	}
	if err := component.CountLog(context.Background(), 1<<40); err != nil {
		t.Errorf("outside of a call: %v", err)
	}
}

func TestObserverHearsOfEveryFailureOnce(t *testing.T) {
	var mu sync.Mutex
	var heard []string
	cfg := component.Config{Observe: func(program string, err error) {
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, program+" "+component.Cause(err))
	}}
	p := linkAsking(t, cfg, component.Limits{HostCalls: 2, Deadline: 10 * time.Second},
		func(context.Context, *component.Decoder, *component.Encoder) error { return nil })
	inst := instance(t, p)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for _, call := range []struct {
		ctx  context.Context
		on   component.Caller
		asks uint32
	}{
		{context.Background(), p, 1},
		{context.Background(), p, 3},
		{context.Background(), inst, 3},
		{context.Background(), inst, 1},
		{ended, p, 1},
	} {
		_ = toil(call.ctx, call.on, call.asks)
	}
	inst.Close()
	_ = toil(context.Background(), inst, 1)
	want := []string{"asking host calls", "asking host calls", "asking poisoned", "asking cancelled", "asking closed"}
	if !slices.Equal(heard, want) {
		t.Fatalf("heard %q, want %q", heard, want)
	}
}

func TestCause(t *testing.T) {
	for err, want := range map[error]string{
		nil:                   "",
		component.ErrDeadline: "deadline",
		component.ErrMemory:   "memory bytes",
		component.ErrClosed:   "closed",
		&component.TrapError{Code: component.TrapInteger}:    "trap: " + string(component.TrapInteger),
		&component.ExitError{Status: 1}:                      "exit",
		&component.HostError{Err: component.ErrMemory}:       "host function",
		&component.HostError{Err: errors.New("a name")}:      "host function",
		&component.ValueError{Reason: "not UTF-8"}:           "values",
		component.ErrBusy:                                    "busy",
		errors.Join(component.ErrDeadline, errors.New("it")): "deadline",
		errors.New("a person's name"):                        "other",
	} {
		if got := component.Cause(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}
