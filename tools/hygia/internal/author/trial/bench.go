package trial

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/fixture"
)

// Measured is what calls of one fixture cost, each in a fresh instance.
type Measured struct {
	Fixture string `json:"fixture"`
	Call    string `json:"call"`
	// Calls is how many calls one after the other the times are of.
	Calls            int   `json:"calls"`
	P50Microseconds  int64 `json:"p50_microseconds"`
	P99Microseconds  int64 `json:"p99_microseconds"`
	LeastNanoseconds int64 `json:"least_nanoseconds"`
	// PerSecond is how many calls a second Workers at once make.
	PerSecond float64 `json:"per_second"`
	Workers   int     `json:"workers"`
}

// ErrFixture says that a fixture does not pass, so that its time says nothing.
var ErrFixture = errors.New("the fixture does not pass: see `hygia plugin test`")

// Bench calls a fixture that passes for about the time that is given, half of it
// one call after the other and half of it on every CPU at once.
func (t *Trial) Bench(ctx context.Context, f fixture.Fixture, spend time.Duration) (Measured, error) {
	if r := t.Run(ctx, f); !r.Pass {
		return Measured{}, fmt.Errorf("%s: %w", f.Name, ErrFixture)
	}
	call, err := t.prepare(f)
	if err != nil {
		return Measured{}, err
	}
	caller, err := t.under(ctx, f.Config)
	if err != nil {
		return Measured{}, err
	}
	defer t.taken() // its lines are not of interest
	m := Measured{Fixture: f.Name, Call: f.Call, Workers: runtime.GOMAXPROCS(0)}
	times, err := t.repeat(ctx, caller, call, spend/2)
	if err != nil {
		return m, err
	}
	slices.Sort(times)
	m.Calls = len(times)
	m.P50Microseconds = times[len(times)/2].Microseconds()
	m.P99Microseconds = times[len(times)*99/100].Microseconds()
	m.LeastNanoseconds = times[0].Nanoseconds()
	m.PerSecond, err = t.atOnce(ctx, caller, call, m.Workers, spend/2)
	return m, err
}

// repeat calls one after the other and returns how long each call took.
func (t *Trial) repeat(ctx context.Context, caller component.Caller, call prepared, spend time.Duration) ([]time.Duration, error) {
	var times []time.Duration
	for begin := t.clock(); len(times) == 0 || t.clock().Sub(begin) < spend; {
		start := t.clock()
		if _, err := call.by(ctx, caller); err != nil {
			return nil, err
		}
		times = append(times, t.clock().Sub(start))
	}
	return times, nil
}

// atOnce calls from several goroutines and returns the calls a second.
func (t *Trial) atOnce(ctx context.Context, caller component.Caller, call prepared, workers int, spend time.Duration) (float64, error) {
	var wait sync.WaitGroup
	counts, errs := make([]int, workers), make([]error, workers)
	begin := t.clock()
	for i := range workers {
		wait.Go(func() {
			times, err := t.repeat(ctx, caller, call, spend)
			counts[i], errs[i] = len(times), err
		})
	}
	wait.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / t.clock().Sub(begin).Seconds(), errors.Join(errs...)
}
