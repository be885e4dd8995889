package component

// #include "shim.h"
import "C"

import (
	"context"
	"sync/atomic"
	"time"
	"unsafe"
)

// The watcher. One goroutine an engine looks at the running calls once a tick
// and tells those to stop whose time is over; it sleeps while none runs. A guest
// sees its frame's stop word at the next epoch check, which compiled code makes
// in every loop and function once the epoch has moved.

// restAfter is how many ticks without a call let the watcher sleep: waking it
// costs more than a few ticks.
const restAfter = 50

func (e *Engine) watch() {
	defer close(e.ended)
	for range e.wake {
		for quiet := 0; quiet < restAfter; {
			active, stop, done := e.sweep(now())
			if done {
				return
			}
			if stop {
				C.wasmtime_engine_increment_epoch(e.c)
			}
			if quiet++; active {
				quiet = 0
			}
			time.Sleep(e.cfg.Tick)
		}
		if !e.park() {
			e.wake <- struct{}{}
		}
	}
}

// now is the only clock here: a guest that runs is stopped in real time, as the
// contexts that host functions get are.
func now() time.Time {
	return time.Now() //nolint:forbidigo // see above
}

// sweep reports whether a call runs, whether one was told to stop, and whether
// the engine is closed and empty.
func (e *Engine) sweep(at time.Time) (active, stop, done bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, f := range e.frames {
		if f.ctx == nil {
			continue
		}
		active = true
		f.look()
		if f.expired(at) {
			stop = true // again at each tick: a store may have been made since
		}
	}
	if at.Sub(e.forgotten) > flowMemory {
		e.forget()
		e.forgotten = at
	}
	e.dispatch() // to places of calls that rest, or of flows that are forgotten
	return active, stop, e.closed && e.active == 0 && e.frames == nil
}

// park lets the watcher sleep, unless a call has begun.
func (e *Engine) park() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.active > 0 || e.closed {
		return false
	}
	e.parked = true
	return true
}

// wakeWatcher must be called with mu held.
func (e *Engine) wakeWatcher() {
	if e.parked {
		e.parked = false
		e.wake <- struct{}{}
	}
}

// expired tells the guest to stop when its time is over.
func (f *frame) expired(at time.Time) bool {
	if f.deadline.IsZero() {
		f.deadline = at.Add(f.limit)
	}
	switch {
	case f.stopped != nil:
		return true
	case f.engine.closed:
		f.stopped = ErrClosed
		if f.hostCtx != nil {
			f.hostCtx.end(ErrClosed)
		}
	case f.ctx.Err() != nil:
		f.stopped = stopError(f.ctx.Err(), context.Cause(f.ctx))
	case at.After(f.deadline):
		f.stopped = ErrDeadline
	default:
		err := f.hostOverdue(at)
		if err == nil {
			return false
		}
		f.stopped = err
		f.hostCtx.end(err)
	}
	atomic.StoreUint32((*uint32)(unsafe.Pointer(&f.c.stop)), 1)
	return true
}
