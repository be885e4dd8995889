package component

// #include "shim.h"
import "C"

import (
	"context"
	"slices"
	"sync/atomic"
	"unsafe"
)

// enter takes a frame for a call of p, in inst when that is not nil. It waits
// for one as long as ctx allows.
func (e *Engine) enter(ctx context.Context, p *Program, inst *Instance) (*frame, error) {
	if err := ctx.Err(); err != nil {
		return nil, stopError(err, context.Cause(ctx))
	}
	from := originOf(ctx)
	stack := e.cfg.StackBytes + stackOfCall
	if from.outer != nil {
		stack += from.outer.stack
	}
	if stack > e.stack {
		return nil, &LimitError{Limit: LimitNesting, Max: int64(e.stack)}
	}
	if inst != nil && !inst.state.CompareAndSwap(0, instanceBusy) {
		if err := inst.claim(); err != nil {
			return nil, err
		}
	}
	f, ok := e.renew(ctx, from, p, inst)
	if !ok {
		var err error
		if f, err = e.enterFrom(ctx, from, p, inst, f); err != nil {
			if inst != nil {
				inst.release()
			}
			return nil, err
		}
	}
	f.stack, f.usage = stack, from.usage
	f.prepare(p, inst)
	return f, nil
}

// enterFrom takes a frame that has no lease, and ends that of the one that this
// processor used last, if any.
func (e *Engine) enterFrom(ctx context.Context, from origin, p *Program, inst *Instance, last *frame) (*frame, error) {
	e.mu.Lock()
	if last != nil {
		last.mu.Lock()
		if last.lease == leaseIdle {
			e.endLease(last)
		}
		last.mu.Unlock()
	}
	if e.closed || p.closed {
		e.mu.Unlock()
		return nil, ErrClosed
	}
	p.refs++
	e.active++
	if from.outer != nil && from.outer.engine == e {
		// It runs on the thread of the call that it is made for, which waits for it:
		// it must not wait for a place that only that call can give back.
		from.outer.nested++
		f := e.takeFrame()
		f.outer = from.outer
		f.begin(ctx, p, inst)
		e.mu.Unlock()
		return f, nil
	}
	fl := e.flowOf(from.flow)
	if len(fl.waiting) == 0 && (e.mayRun(fl) || e.recall() && e.mayRun(fl)) {
		f := e.place(fl)
		f.begin(ctx, p, inst)
		e.mu.Unlock()
		return f, nil
	}
	w, err := e.enqueue(fl)
	e.mu.Unlock()
	var f *frame
	if err == nil {
		f, err = e.await(ctx, p, inst, fl, w)
	}
	if err != nil {
		e.mu.Lock()
		last := e.dismiss(p)
		e.mu.Unlock()
		if last {
			p.free()
		}
	}
	return f, err
}

// dismiss counts a call of p out, and reports whether p must now be freed.
func (e *Engine) dismiss(p *Program) bool {
	if e.active--; e.active == 0 && e.closed {
		e.idle.Broadcast()
	}
	return p.unref()
}

// takeFrame returns a frame that is free, or a new one: one more than MaxCalls,
// which are kept, is deleted when given back.
func (e *Engine) takeFrame() *frame {
	if n := len(e.free); n > 0 {
		f := e.free[n-1]
		e.free = e.free[:n-1]
		return f
	}
	f := e.newFrame()
	e.frames = append(e.frames, f)
	if f.extra = e.kept >= e.cfg.MaxCalls; !f.extra {
		e.kept++
	}
	return f
}

// enqueue makes a call of the flow wait.
func (e *Engine) enqueue(fl *flow) (*waiter, error) {
	if len(fl.waiting) >= e.cfg.MaxQueue {
		return nil, &LimitError{Limit: LimitQueue, Max: int64(e.cfg.MaxQueue)}
	}
	if len(fl.waiting) == 0 {
		e.queued = append(e.queued, fl)
	}
	w := &waiter{ready: make(chan *frame, 1)}
	fl.waiting = append(fl.waiting, w)
	return w, nil
}

// unqueue takes a flow off the queue when none of its calls waits any more.
func (e *Engine) unqueue(fl *flow) {
	if len(fl.waiting) == 0 {
		i := slices.Index(e.queued, fl)
		e.queued = slices.Delete(e.queued, i, i+1)
	}
}

func (e *Engine) await(ctx context.Context, p *Program, inst *Instance, fl *flow, w *waiter) (*frame, error) {
	select {
	case f, ok := <-w.ready:
		if !ok {
			return nil, ErrClosed
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		f.begin(ctx, p, inst)
		return f, nil
	case <-ctx.Done():
		e.mu.Lock()
		defer e.mu.Unlock()
		if i := slices.Index(fl.waiting, w); i >= 0 {
			fl.waiting = slices.Delete(fl.waiting, i, i+1)
			e.unqueue(fl)
		} else if f, ok := <-w.ready; ok {
			f.mu.Lock()
			e.giveBack(f)
			f.mu.Unlock()
		}
		return nil, stopError(ctx.Err(), context.Cause(ctx))
	}
}

// giveBack must be called with mu and f.mu held.
func (e *Engine) giveBack(f *frame) {
	e.vacate(f)
	f.program, f.ctx, f.hostCtx = nil, nil, nil
	if f.outer != nil {
		f.outer.nested--
		f.outer = nil
	}
	if f.extra {
		i := slices.Index(e.frames, f)
		e.frames = slices.Delete(e.frames, i, i+1)
		f.delete()
	} else {
		e.free = append(e.free, f)
	}
	if len(e.queued) > 0 {
		e.dispatch()
	}
}

// abandon ends every wait, when the engine closes.
func (e *Engine) abandon() {
	for _, fl := range e.queued {
		for _, w := range fl.waiting {
			close(w.ready)
		}
		fl.waiting = nil
	}
	e.queued = nil
}

// hostCalls tells whether the call is inside a host function, and how many host
// calls it has left. Any goroutine may ask.
func (f *frame) hostCalls() (inside bool, left uint32) {
	return atomic.LoadUint32((*uint32)(unsafe.Pointer(&f.c.in_host))) != 0,
		atomic.LoadUint32((*uint32)(unsafe.Pointer(&f.c.calls)))
}
