package component

// #include "shim.h"
import "C"

import (
	"context"
	"unsafe"
)

// Instance is a live instance of a program. It may be used from any goroutine,
// by one call at a time: another fails with ErrBusy. A trap, a host function's
// error or a deadline ends it: later calls fail with ErrPoisoned.
type Instance struct {
	program *Program
	c       *C.hy_instance // set once
	values  values         // for the goroutine of its call
	end     func()         // drops what is left of values

	// Guarded by program.engine.mu.
	busy, closed bool
	dropped      bool
	failed       error // what ended it
}

// Call calls fn in the instance, as Program.Call does in a fresh one.
func (i *Instance) Call(ctx context.Context, fn *Export, args func(*Encoder), results func(*Decoder)) error {
	return i.program.observe(i.call(ctx, fn, args, results))
}

func (i *Instance) call(ctx context.Context, fn *Export, args func(*Encoder), results func(*Decoder)) error {
	p := i.program
	index, err := p.index(fn)
	if err != nil {
		return err
	}
	f, err := p.engine.enter(ctx, p, i)
	if err != nil {
		return err
	}
	defer f.leave(i)
	in, err := f.arguments(args)
	if err != nil {
		f.scope.settle(ctx, &f.enc.moved, false)
		return err
	}
	rc := C.hy_instance_call(ref(f.c), ref(i.c), index, (*C.uint8_t)(unsafe.SliceData(in)), C.size_t(len(in)))
	arrived := rc != C.HY_VALUE && rc != C.HY_HEAVY
	if f.enc.moved.any() {
		f.scope.settle(ctx, &f.enc.moved, arrived)
	}
	if rc != C.HY_OK {
		err := f.failure(ctx, rc)
		if arrived {
			i.fail(err)
		}
		return err
	}
	err = f.results(results)
	if rc := f.release(); rc != C.HY_OK {
		err = f.failure(ctx, rc)
		i.fail(err)
	}
	return err
}

func (i *Instance) fail(err error) {
	i.program.engine.mu.Lock()
	i.failed = err
	i.program.engine.mu.Unlock()
}

// over reports whether a call has ended the instance, or Close has.
func (i *Instance) over() bool {
	i.program.engine.mu.Lock()
	defer i.program.engine.mu.Unlock()
	return i.closed || i.failed != nil
}

// Close ends the instance, when its running call has returned if there is one.
// Closing twice does nothing.
func (i *Instance) Close() {
	e := i.program.engine
	e.mu.Lock()
	i.closed = true
	r := i.drop()
	e.mu.Unlock()
	r.free()
}

// drop returns an instance that is over and in no call to be freed, once. It must
// be called with engine.mu held.
func (i *Instance) drop() remains {
	if i.dropped || i.busy || !i.closed && i.failed == nil {
		return remains{}
	}
	i.dropped = true
	r := remains{instance: i}
	if i.program.unref() {
		r.program = i.program
	}
	return r
}

// free gives back what the instance holds, and drops the host's values that its
// guest still owned. The program must still be there.
func (i *Instance) free() {
	C.hy_instance_delete(i.c)
	i.end()
}
