package component

import (
	"context"
	"time"
)

// Leases. A call that ends while none waits leaves its place leased: its frame, its
// flow's place and its reference to the program stay as they are. The next call of
// that program and flow, if it comes on the same processor, goes on with them, and
// so takes no lock that calls on other processors take. Whoever finds no place
// recalls all leases, and the watcher those that were idle for a tick. A flow is not
// charged for calls that kept their lease: nobody waited for their place.

// lease is whether a frame keeps its place between calls. It begins and ends with
// Engine.mu and the frame's mu held; within it, the frame's is enough.
type lease uint8

const (
	leaseNone lease = iota
	leaseBusy       // its call runs
	leaseIdle
)

// renew returns the frame that this processor used last, if any, and whether its
// lease fits such a call, which then has begun.
func (e *Engine) renew(ctx context.Context, from origin, p *Program, inst *Instance) (f *frame, ok bool) {
	if from.outer != nil {
		return nil, false
	}
	if f, ok = e.lately.Get().(*frame); !ok {
		return nil, false
	}
	f.mu.Lock()
	if ok = f.lease == leaseIdle && f.program == p && f.flow.key == from.flow && !f.resting; ok {
		f.lease = leaseBusy
		f.start(ctx, p, inst)
	}
	f.mu.Unlock()
	return f, ok
}

// part ends a frame's call, and leaves its place leased or gives it back.
func (e *Engine) part(f *frame) {
	f.mu.Lock()
	leased := f.lease == leaseBusy
	if leased {
		f.lease, f.stale = leaseIdle, false
	}
	f.mu.Unlock()
	if leased || e.partWith(f) {
		e.lately.Put(f)
	}
}

// partWith leases a frame's place, or gives it back.
func (e *Engine) partWith(f *frame) (leased bool) {
	e.mu.Lock()
	f.mu.Lock()
	f.charge()
	p, last := f.program, false
	if leased = e.mayLease(f); leased {
		f.lease, f.stale = leaseIdle, false
		e.leases++
	} else {
		last = e.dismiss(p)
		e.giveBack(f)
	}
	f.mu.Unlock()
	e.mu.Unlock()
	if last {
		p.free()
	}
	return leased
}

func (e *Engine) mayLease(f *frame) bool {
	return f.flow != nil && !f.resting && !f.extra && len(e.queued) == 0 && !e.closed && !f.program.closed
}

// recall ends all leases: a place whose call runs is given back when that returns. It
// reports whether there was one, and must be called with mu held.
func (e *Engine) recall() bool {
	if e.leases == 0 {
		return false
	}
	for _, f := range e.frames {
		f.mu.Lock()
		e.endLease(f)
		f.mu.Unlock()
	}
	return true
}

// retire ends a lease that was idle at the watcher's last look too. It must be called
// with mu and f.mu held.
func (e *Engine) retire(f *frame) {
	if f.stale && f.lease == leaseIdle {
		e.endLease(f)
	}
	f.stale = f.lease == leaseIdle
}

// endLease must be called with mu and f.mu held.
func (e *Engine) endLease(f *frame) {
	was := f.lease
	if was == leaseNone {
		return
	}
	f.lease = leaseNone
	e.leases--
	if was == leaseIdle {
		f.flow.used, f.begun = true, time.Time{}
		e.dismiss(f.program) // not its last: whoever closes a program recalls first
		e.giveBack(f)
	}
}
