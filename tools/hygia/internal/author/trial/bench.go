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
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/fixture"
)

// Instances says in which instances calls are measured.
type Instances string

// The kinds of instances. An operator chooses the latter two.
const (
	// Fresh ones are made for each call: what a service does unless told otherwise.
	Fresh Instances = "fresh"
	// Warmed ones are kept ready, each for one call. The calls one after the other
	// pause for as long as a fresh one takes, so that the next is ready.
	Warmed Instances = "warmed"
	// Reused ones serve many calls: where the manifest asks for that.
	Reused Instances = "reused"
)

// kept is how many instances are kept ready for Warmed calls.
const kept = 4

// Measured is what calls of one fixture cost in one kind of instances.
type Measured struct {
	Fixture   string    `json:"fixture"`
	Call      string    `json:"call"`
	Instances Instances `json:"instances"`
	// Calls is how many calls one after the other the times are of.
	Calls            int   `json:"calls"`
	P50Microseconds  int64 `json:"p50_microseconds"`
	P99Microseconds  int64 `json:"p99_microseconds"`
	LeastNanoseconds int64 `json:"least_nanoseconds"`
	// PerSecond is how many calls a second Workers at once make, without a pause.
	PerSecond float64 `json:"per_second"`
	Workers   int     `json:"workers"`
}

// ErrFixture says that a fixture does not pass, so that its time says nothing.
var ErrFixture = errors.New("the fixture does not pass: see `hygia plugin test`")

// Bench calls a fixture that passes in each kind of instances that the plugin can
// have, for about the time that is given each: half of it one call after the other
// and half of it on every CPU at once. A plugin with folders has fresh ones alone.
func (t *Trial) Bench(ctx context.Context, f fixture.Fixture, spend time.Duration) ([]Measured, error) {
	if r := t.Run(ctx, f); !r.Pass {
		return nil, fmt.Errorf("%s: %w", f.Name, ErrFixture)
	}
	call, err := t.prepare(f)
	if err != nil {
		return nil, err
	}
	defer t.taken() // its lines are not of interest
	caller, err := t.under(ctx, f.Config)
	if err != nil {
		return nil, err
	}
	fresh, err := t.measure(ctx, caller, call, spend, 0)
	if err != nil {
		return nil, err
	}
	all := []Measured{fresh.of(f, Fresh)}
	for _, kind := range t.pools() {
		caller, err := t.pooled(ctx, f.Config, kind)
		if err != nil {
			return nil, err
		}
		var pause time.Duration
		if kind == Warmed {
			pause = time.Duration(fresh.P50Microseconds) * time.Microsecond
		}
		m, err := t.measure(ctx, caller, call, spend, pause)
		caller.Close()
		if err != nil {
			return nil, err
		}
		all = append(all, m.of(f, kind))
	}
	return all, nil
}

func (m Measured) of(f fixture.Fixture, kind Instances) Measured {
	m.Fixture, m.Call, m.Instances = f.Name, f.Call, kind
	return m
}

// pools are the kinds of instances beside fresh ones that the plugin can have.
func (t *Trial) pools() []Instances {
	switch m := t.project.Manifest; {
	case len(m.Grants.Folders) > 0:
		return nil
	case m.Reuse:
		return []Instances{Warmed, Reused}
	default:
		return []Instances{Warmed}
	}
}

// pooled loads the plugin for calls in such instances. Close it when done with it.
func (t *Trial) pooled(ctx context.Context, config map[string]string, kind Instances) (*plugin.Plugin, error) {
	o, err := t.options(config, t.manifest, copier{t})
	if err != nil {
		return nil, err
	}
	if o.Reuse = kind == Reused; !o.Reuse {
		o.Warm = kept
	}
	return plugin.Load(ctx, o)
}

// copier gives each plugin a component of its own, for the plugin to close, without
// compiling it again.
type copier struct{ trial *Trial }

// Compile implements plugin.Compiler.
func (c copier) Compile(ctx context.Context, _ []byte) (*component.Component, error) {
	code, err := c.trial.compiled.Serialize()
	if err != nil {
		return nil, err
	}
	return c.trial.engine.Deserialize(ctx, code)
}

// CompilePlain implements plugin.Compiler: a plugin with folders was compiled so.
func (c copier) CompilePlain(ctx context.Context, wasm []byte) (*component.Component, error) {
	return c.Compile(ctx, wasm)
}

// measure makes a call again and again through a caller.
func (t *Trial) measure(ctx context.Context, caller component.Caller, call prepared, spend, pause time.Duration) (Measured, error) {
	times, err := t.repeat(ctx, caller, call, spend/2, pause)
	if err != nil {
		return Measured{}, err
	}
	slices.Sort(times)
	m := Measured{
		Calls: len(times), P50Microseconds: times[len(times)/2].Microseconds(),
		P99Microseconds: times[len(times)*99/100].Microseconds(), LeastNanoseconds: times[0].Nanoseconds(),
		Workers: runtime.GOMAXPROCS(0),
	}
	m.PerSecond, err = t.atOnce(ctx, caller, call, m.Workers, spend/2)
	return m, err
}

// repeat calls one after the other and returns how long each call took.
func (t *Trial) repeat(ctx context.Context, caller component.Caller, call prepared, spend, pause time.Duration) ([]time.Duration, error) {
	var times []time.Duration
	for begin := t.clock(); len(times) == 0 || t.clock().Sub(begin) < spend; {
		start := t.clock()
		if _, err := call.by(ctx, caller); err != nil {
			return nil, err
		}
		times = append(times, t.clock().Sub(start))
		time.Sleep(pause)
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
			times, err := t.repeat(ctx, caller, call, spend, 0)
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
