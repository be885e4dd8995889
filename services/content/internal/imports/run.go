package imports

import (
	"context"
	"sync"
	"time"

	"github.com/hygia-suite/hygia/pkg/telemetry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
)

// How many imports run at once (one of each tenant), how many the runner looks
// at, and how long it waits after an error that is not the export's.
const (
	workers    = 2
	lookAhead  = 1024
	firstRetry = time.Second
	lastRetry  = time.Minute
)

// Run works on open imports until ctx ends, and returns nil.
func (m *Imports) Run(ctx context.Context) error {
	r := runner{m: m, busy: make(map[string]bool), waits: make(map[store.Ref]wait), done: make(chan result)}
	defer r.working.Wait()
	for {
		pause, err := r.start(ctx)
		if err != nil && ctx.Err() == nil {
			m.o.Logger.ErrorContext(ctx, "cannot read which imports are open", telemetry.Err(err))
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			r.drain()
			return nil
		case <-m.wake:
		case done := <-r.done:
			r.finish(ctx, done)
		case <-timer.C:
		}
		timer.Stop()
	}
}

// runner is the state of Run; only its goroutine touches it.
type runner struct {
	m       *Imports
	working sync.WaitGroup
	busy    map[string]bool // tenants
	waits   map[store.Ref]wait
	done    chan result
}

type result struct {
	ref store.Ref
	err error
}

type wait struct {
	until time.Time
	after time.Duration
}

// start gives free workers something to do, and returns after what time to look
// again where nothing happens before.
func (r *runner) start(ctx context.Context) (time.Duration, error) {
	open, err := r.m.o.Store.OpenImports(ctx, lookAhead)
	if err != nil {
		return firstRetry, err
	}
	pause := lastRetry
	for _, ref := range open {
		if len(r.busy) == workers {
			break
		}
		if left := r.waits[ref].until.Sub(r.m.o.Clock()); left > 0 {
			pause = min(pause, left)
			continue
		}
		if r.busy[ref.Tenant] {
			continue
		}
		r.busy[ref.Tenant] = true
		r.working.Go(func() { r.done <- result{ref, r.m.Work(ctx, ref)} })
	}
	return pause, nil
}

func (r *runner) finish(ctx context.Context, d result) {
	delete(r.busy, d.ref.Tenant)
	if d.err == nil || ctx.Err() != nil {
		delete(r.waits, d.ref)
		return
	}
	w := r.waits[d.ref]
	w.after = min(max(2*w.after, firstRetry), lastRetry)
	w.until = r.m.o.Clock().Add(w.after)
	r.waits[d.ref] = w
	r.m.o.Logger.WarnContext(ctx, "an import is interrupted", "tenant", d.ref.Tenant, "job_id", d.ref.ID,
		"next_time", w.until, telemetry.Err(d.err))
}

// drain lets workers, which see that ctx has ended, hand over their results.
func (r *runner) drain() {
	for range r.busy {
		<-r.done
	}
}
