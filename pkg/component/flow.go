package component

import (
	"context"
	"time"
)

// Fair queueing. Calls belong to flows; where more calls come than may compute
// at once, the flow that has used the least time goes first (start-time fair
// queueing, with time as it was used and not as it was foreseen). And while
// several flows are about, the last place is kept for one that has no call
// inside: a guest cannot be paused, so a flood that held every place would make
// the others wait for its calls to end.

// WithFlow returns a context whose calls belong to the flow of that key, such as
// a tenant's: see Config.Parallel. Calls without a flow are one flow together.
func WithFlow(ctx context.Context, key string) context.Context {
	o := originOf(ctx)
	o.flow = key
	return context.WithValue(ctx, originKey{}, &o)
}

type originKey struct{}

// origin is where a call comes from: a context has one.
type origin struct {
	flow  string
	usage *Usage // what the call fills in, or nil
	outer *frame // the call that a host function makes it for, or nil
	log   *logCount
}

func originOf(ctx context.Context) origin {
	if o, ok := ctx.Value(originKey{}).(*origin); ok {
		return *o
	}
	return origin{}
}

// flow is what the engine knows of a flow while it has calls, and for a while
// after. Guarded by Engine.mu.
type flow struct {
	key     string
	calls   int // that hold a place
	waiting []*waiter
	spent   time.Duration // virtual: an idle flow saves nothing up
	used    bool          // since forget last looked
}

// waiter is a call that waits for a place. Its channel gets a frame, or is
// closed with the engine.
type waiter struct{ ready chan *frame }

// flowOf finds or begins a flow. It must be called with mu held.
func (e *Engine) flowOf(key string) *flow {
	if e.lastFlow == nil || e.lastFlow.key != key {
		if e.flows[key] == nil {
			if len(e.flows) >= manyFlows {
				e.forget()
			}
			e.recall() // whether they are metered may change
			e.flows[key] = &flow{key: key}
		}
		e.lastFlow = e.flows[key]
	}
	fl := e.lastFlow
	fl.used = true
	if fl.calls == 0 && len(fl.waiting) == 0 {
		fl.spent = max(fl.spent, e.virtual)
	}
	return fl
}

// A flow is forgotten once it has had no call for one to two times flowMemory; where
// there are many, at once.
const (
	flowMemory = 5 * time.Second
	manyFlows  = 10_000
)

// forget drops flows that have had no call since it last looked. It must be
// called with mu held.
func (e *Engine) forget() {
	for key, fl := range e.flows {
		if fl.calls == 0 && len(fl.waiting) == 0 && (!fl.used || len(e.flows) >= manyFlows) {
			delete(e.flows, key)
		}
		fl.used = false
	}
	e.lastFlow = nil
}

// mayRun reports whether there is a place for a call of the flow.
func (e *Engine) mayRun(fl *flow) bool {
	if len(e.free) == 0 && e.kept >= e.cfg.MaxCalls {
		return false
	}
	left := e.cfg.Parallel - e.computing
	alone := fl.calls == 0 || len(e.flows) == 1 || e.cfg.Parallel == 1
	return left > 1 || left == 1 && alone
}

// dispatch gives places to calls that wait, while there are any. It must be
// called with mu held.
func (e *Engine) dispatch() {
	for fl := e.next(); fl != nil; fl = e.next() {
		w := fl.waiting[0]
		fl.waiting[0] = nil
		fl.waiting = fl.waiting[1:]
		e.unqueue(fl)
		w.ready <- e.place(fl)
	}
}

// next returns the flow whose turn it is, or nil where none may run.
func (e *Engine) next() *flow {
	var best *flow
	for _, fl := range e.queued {
		if e.mayRun(fl) && (best == nil || fl.spent < best.spent ||
			fl.spent == best.spent && fl.calls < best.calls) {
			best = fl
		}
	}
	return best
}

// place takes a place for a call of the flow, for which there is one.
func (e *Engine) place(fl *flow) *frame {
	fl.calls++
	e.computing++
	e.virtual = max(e.virtual, fl.spent)
	f := e.takeFrame()
	f.flow = fl
	return f
}

// charge has the flow of a frame's call pay for it. It must be called with both locks
// held.
func (f *frame) charge() {
	if f.flow != nil && !f.begun.IsZero() {
		f.flow.spent += now().Sub(f.begun)
		f.begun = time.Time{}
	}
}

// vacate gives back the place of a frame that took one.
func (e *Engine) vacate(f *frame) {
	fl := f.flow
	if fl == nil {
		return
	}
	fl.calls--
	if !f.resting {
		e.computing--
	}
	f.charge()
	f.flow, f.resting = nil, false
}

// look tells whether a call has waited in a host function since the watcher's
// last look: then it computes nothing, and another may. It is not made to wait
// for a place when it goes on. It must be called with mu held.
func (f *frame) look() {
	if f.flow == nil {
		return
	}
	inside, left := f.hostCalls()
	resting := inside && f.wasInside && left == f.wasLeft && f.nested == 0
	f.wasInside, f.wasLeft = inside, left
	if resting == f.resting {
		return
	}
	f.resting = resting
	if resting {
		f.engine.computing--
	} else {
		f.engine.computing++
	}
}
