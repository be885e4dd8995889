package component

// #include "shim.h"
import "C"

import (
	"context"
	"sync/atomic"
	"syscall"
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
			at := now()
			s := e.sweep(at)
			if s.done {
				return
			}
			if s.epoch {
				C.wasmtime_engine_increment_epoch(e.c)
			}
			if quiet++; s.active {
				quiet = 0
			}
			e.pause(at, s.due)
		}
		if !e.park() {
			e.wake <- struct{}{}
		}
	}
}

// pause waits for a tick, or until a deadline that comes before: exactly then, for
// which it takes a thread, since Go's own timers may be a millisecond late.
func (e *Engine) pause(at, due time.Time) {
	left := due.Sub(at)
	if due.IsZero() || left >= e.cfg.Tick {
		time.Sleep(e.cfg.Tick)
		return
	}
	exactly := syscall.NsecToTimespec(max(left, 0).Nanoseconds() + 1)
	_ = syscall.Nanosleep(&exactly, nil) // a signal may end it early: then it is a short tick
}

// now is the only clock here: a guest that runs is stopped in real time, as the
// contexts that host functions get are.
func now() time.Time {
	return time.Now() //nolint:forbidigo // see above
}

// seen is what a look at all calls has found.
type seen struct {
	active bool      // a call runs
	epoch  bool      // one is to see that it must stop, or offer its CPU to others
	done   bool      // the engine is closed and empty
	due    time.Time // the first deadline that is still to come; zero for none
}

// sweep looks at the running calls.
func (e *Engine) sweep(at time.Time) (s seen) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, f := range e.frames {
		f.mu.Lock()
		f.swept(at, &s)
		e.retire(f)
		f.mu.Unlock()
	}
	if at.Sub(e.forgotten) > flowMemory {
		e.forget()
		e.forgotten = at
	}
	e.dispatch() // to places of calls that rest, or of flows that are forgotten
	s.done = e.closed && e.active == 0 && e.frames == nil
	return s
}

// swept looks at a call, if the frame has one. It must be called with both locks held.
func (f *frame) swept(at time.Time, s *seen) {
	if f.ctx == nil || f.lease == leaseIdle {
		return
	}
	s.active = true
	f.look()
	s.epoch = f.share() || s.epoch
	if f.expired(at) {
		s.epoch = true // again at each tick: a store may have been made since
	} else if s.due.IsZero() || f.deadline.Before(s.due) {
		s.due = f.deadline
	}
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
	case !at.Before(f.deadline):
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

// share makes the call offer its CPU to other threads now and then, while its flow
// has more to come and is not the only one. It must be called with mu held.
func (f *frame) share() bool {
	yields := uint32(0)
	if f.flow != nil && len(f.flow.waiting) > 0 && len(f.engine.flows) > 1 {
		yields = 1
	}
	if uint32(f.c.yields) != yields { // only Go writes it
		atomic.StoreUint32((*uint32)(unsafe.Pointer(&f.c.yields)), yields)
	}
	return yields != 0
}
