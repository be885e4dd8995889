package component

// #include "shim.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"runtime/cgo"
	"slices"
	"sync/atomic"
	"time"
	"unsafe"
)

// frame is what one call at a time needs: its C half, its codecs, and what the
// watcher must know. The engine keeps and reuses frames.
type frame struct {
	engine *Engine
	c      *C.hy_frame
	handle cgo.Handle
	enc    Encoder
	dec    Decoder

	// Guarded by engine.mu.
	ctx      context.Context // nil while no call runs
	limit    time.Duration
	deadline time.Time // zero until the watcher or a host call sets it
	stopped  error     // why the guest was told to stop
	extra    bool      // made for a call inside a host function: not counted, not kept

	// Only for the call's own goroutine.
	program     *Program
	hostCtx     *hostContext // nil before the first host function
	hostArgs    Decoder
	hostResults Encoder
	hostErr     error
}

func (e *Engine) newFrame() *frame {
	f := &frame{engine: e}
	f.handle = cgo.NewHandle(f)
	f.c = C.hy_frame_new(C.uintptr_t(f.handle))
	return f
}

func (f *frame) delete() {
	C.hy_frame_delete(f.c)
	f.handle.Delete()
}

// enter takes a frame for a call of p, in inst when that is not nil. It waits
// for one as long as ctx allows.
func (e *Engine) enter(ctx context.Context, p *Program, inst *Instance) (*frame, error) {
	if err := ctx.Err(); err != nil {
		return nil, stopError(ctx)
	}
	e.mu.Lock()
	if err := e.admit(p, inst); err != nil {
		e.mu.Unlock()
		return nil, err
	}
	f, wait := e.takeFrame(ctx)
	if f != nil {
		f.begin(ctx, p)
		e.mu.Unlock()
		return f, nil
	}
	e.mu.Unlock()
	f, err := e.await(ctx, p, wait)
	if err != nil {
		e.mu.Lock()
		rest := e.dismiss(p, inst)
		e.mu.Unlock()
		rest.free()
	}
	return f, err
}

// admit counts a call in, if its program and instance are there and free.
func (e *Engine) admit(p *Program, inst *Instance) error {
	switch {
	case e.closed || p.closed:
		return ErrClosed
	case inst == nil:
	case inst.closed:
		return ErrClosed
	case inst.failed != nil:
		return fmt.Errorf("%w: %w", ErrPoisoned, inst.failed)
	case inst.busy:
		return ErrBusy
	default:
		inst.busy = true
	}
	p.refs++
	e.active++
	return nil
}

// remains are what a call was the last to need; they are freed without the lock.
type remains struct {
	program  *Program
	instance *C.hy_instance
}

func (r remains) free() {
	if r.instance != nil {
		C.hy_instance_delete(r.instance)
	}
	if r.program != nil {
		r.program.free()
	}
}

// dismiss undoes admit, and returns what was closed meanwhile.
func (e *Engine) dismiss(p *Program, inst *Instance) remains {
	var r remains
	if inst != nil {
		inst.busy = false
		r = inst.drop()
	}
	if p.unref() {
		r.program = p
	}
	if e.active--; e.active == 0 && e.closed {
		e.idle.Broadcast()
	}
	return r
}

// takeFrame returns a frame, or a channel on which one will come. The channel is
// closed when the engine is.
func (e *Engine) takeFrame(ctx context.Context) (*frame, chan *frame) {
	if n := len(e.free); n > 0 {
		f := e.free[n-1]
		e.free = e.free[:n-1]
		return f, nil
	}
	// A host function's own calls run on their caller's thread, and its caller
	// waits for them: they must not wait for a frame that only it can give back.
	extra := ctx.Value(insideCall{}) != nil
	if extra || len(e.frames) < e.cfg.MaxCalls {
		f := e.newFrame()
		f.extra = extra
		e.frames = append(e.frames, f)
		return f, nil
	}
	w := make(chan *frame, 1)
	e.queue = append(e.queue, w)
	return nil, w
}

func (e *Engine) await(ctx context.Context, p *Program, w chan *frame) (*frame, error) {
	select {
	case f, ok := <-w:
		if !ok {
			return nil, ErrClosed
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		f.begin(ctx, p)
		return f, nil
	case <-ctx.Done():
		e.mu.Lock()
		defer e.mu.Unlock()
		if i := slices.Index(e.queue, w); i >= 0 {
			e.queue = slices.Delete(e.queue, i, i+1)
		} else if f, ok := <-w; ok {
			e.giveBack(f)
		}
		return nil, stopError(ctx)
	}
}

func (e *Engine) giveBack(f *frame) {
	switch {
	case len(e.queue) > 0 && !f.extra:
		e.queue[0] <- f
		e.queue = e.queue[1:]
	case f.extra:
		i := slices.Index(e.frames, f)
		e.frames = slices.Delete(e.frames, i, i+1)
		f.delete()
	default:
		e.free = append(e.free, f)
	}
}

// begin makes the call known to the watcher.
func (f *frame) begin(ctx context.Context, p *Program) {
	f.ctx, f.limit, f.deadline, f.stopped = ctx, p.limits.Deadline, time.Time{}, nil
	f.program, f.hostErr = p, nil
	f.c.stop = 0
	f.c.calls = C.uint32_t(p.limits.HostCalls)
	f.c.out_max = C.size_t(p.limits.ResultBytes)
	f.enc.reset(p.limits)
	if len(p.imports) > 0 {
		f.deadline = time.Now().Add(f.limit) // host functions are told it
	}
	f.engine.wakeWatcher()
}

// leave gives the frame back and ends what was closed during the call.
func (f *frame) leave(inst *Instance) {
	if f.hostCtx != nil {
		f.hostCtx.end()
	}
	p := f.program
	f.hostCtx, f.hostErr, f.program = nil, nil, nil
	f.trim()
	e := f.engine
	e.mu.Lock()
	f.ctx = nil
	e.giveBack(f)
	rest := e.dismiss(p, inst)
	e.mu.Unlock()
	rest.free()
}

// keep is how much of a buffer survives a call, in bytes.
const keep = 64 << 10

func (f *frame) trim() {
	f.dec.buf, f.hostArgs.buf, f.hostResults.buf = nil, nil, nil
	if cap(f.enc.buf) > keep {
		f.enc.buf = nil
	}
	if f.c.out.cap > keep || f.c.in.cap > keep || f.c.arena.cap > keep || f.c.message.cap > keep {
		C.hy_frame_trim(f.c)
	}
}

// arguments encodes a call's arguments.
func (f *frame) arguments(args func(*Encoder)) ([]byte, error) {
	if args != nil {
		args(&f.enc)
	}
	debugGC()
	return f.enc.buf, f.enc.err
}

// results hands the results of a call that went well to its caller.
func (f *frame) results(read func(*Decoder)) error {
	if read == nil {
		return nil
	}
	f.dec.reset(view(&f.c.out), f.program.limits)
	read(&f.dec)
	return f.dec.finish()
}

// failure says why a call failed.
func (f *frame) failure(rc C.int) error {
	limits := f.program.limits
	switch rc {
	case C.HY_STOPPED:
		f.engine.mu.Lock()
		defer f.engine.mu.Unlock()
		return f.stopped
	case C.HY_HOST:
		return f.hostErr
	case C.HY_HOST_VALUE:
		return f.program.imports[f.c._import].failed(
			&CodecError{Reason: "the results do not have the function's type"})
	case C.HY_VALUE:
		return &CodecError{Reason: "the arguments do not have the function's types"}
	case C.HY_RESULT:
		return &LimitError{Limit: LimitResult, Max: int64(limits.ResultBytes)}
	case C.HY_HOST_CALLS:
		return &LimitError{Limit: LimitHostCalls, Max: int64(limits.HostCalls)}
	case C.HY_EXITED:
		return &ExitError{Status: int(f.c.exit_status)}
	case C.HY_FOLDER:
		return ErrFolder
	case C.HY_FAILED:
		return guestError(string(view(&f.c.message)), f.c.started != 0)
	}
	return fmt.Errorf("component: wasmtime broke its own contract (%d)", int(rc))
}

// stopError is why a done context stops a call.
func stopError(ctx context.Context) error {
	err := ctx.Err()
	if errors.Is(err, context.DeadlineExceeded) {
		return ErrDeadline
	}
	if cause := context.Cause(ctx); cause != err {
		return fmt.Errorf("component: call stopped: %w: %w", err, cause)
	}
	return fmt.Errorf("component: call stopped: %w", err)
}

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
			active, stop, done := e.sweep(time.Now())
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

// sweep reports whether a call runs, whether one was told to stop, and whether
// the engine is closed and empty.
func (e *Engine) sweep(now time.Time) (active, stop, done bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, f := range e.frames {
		if f.ctx == nil {
			continue
		}
		active = true
		if f.expired(now) {
			stop = true // again at each tick: a store may have been made since
		}
	}
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
func (f *frame) expired(now time.Time) bool {
	if f.deadline.IsZero() {
		f.deadline = now.Add(f.limit)
	}
	switch {
	case f.stopped != nil:
		return true
	case f.engine.closed:
		f.stopped = ErrClosed
	case f.ctx.Err() != nil:
		f.stopped = stopError(f.ctx)
	case now.After(f.deadline):
		f.stopped = ErrDeadline
	default:
		return false
	}
	atomic.StoreUint32((*uint32)(unsafe.Pointer(&f.c.stop)), 1)
	return true
}
