package component

// #include "shim.h"
import "C"

import (
	"context"
	"fmt"
	"slices"
)

// enter takes a frame for a call of p, in inst when that is not nil. It waits
// for one as long as ctx allows.
func (e *Engine) enter(ctx context.Context, p *Program, inst *Instance) (*frame, error) {
	if err := ctx.Err(); err != nil {
		return nil, stopError(err, context.Cause(ctx))
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
	if extra || e.kept < e.cfg.MaxCalls {
		f := e.newFrame()
		f.extra = extra
		e.frames = append(e.frames, f)
		if !extra {
			e.kept++
		}
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
		return nil, stopError(ctx.Err(), context.Cause(ctx))
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
