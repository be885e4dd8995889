package component

// #include "shim.h"
import "C"

import (
	"context"
	"fmt"
	"sync/atomic"
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

	state  atomic.Uint32
	failed error // what ended it: its call's until it is no longer busy
}

// What an Instance's state is made of. It is freed when it is neither busy nor as it
// was made.
const (
	instanceBusy = 1 << iota // in a call
	instanceClosed
	instanceFailed
)

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
	if rc := f.end(); rc != C.HY_OK {
		err = f.failure(ctx, rc)
		i.fail(err)
	}
	return err
}

// fail ends the instance, in a call.
func (i *Instance) fail(err error) {
	i.failed = err
	i.state.Or(instanceFailed)
}

// over reports whether a call has ended the instance, or Close has.
func (i *Instance) over() bool {
	return i.state.Load()&(instanceClosed|instanceFailed) != 0
}

// claim makes the instance busy until release, if it is there and free.
func (i *Instance) claim() error {
	for !i.state.CompareAndSwap(0, instanceBusy) {
		switch s := i.state.Load(); {
		case s&instanceClosed != 0:
			return ErrClosed
		case s&instanceBusy != 0:
			return ErrBusy
		case s&instanceFailed != 0:
			return fmt.Errorf("%w: %w", ErrPoisoned, i.failed)
		}
	}
	return nil
}

func (i *Instance) release() {
	if !i.state.CompareAndSwap(instanceBusy, 0) {
		i.state.And(^uint32(instanceBusy))
		i.free()
	}
}

// Close ends the instance, when its running call has returned if there is one.
// Closing twice does nothing.
func (i *Instance) Close() {
	if i.state.Or(instanceClosed) == 0 {
		i.free()
	}
}

// free gives back what the instance holds, and drops the host's values that its
// guest still owned.
func (i *Instance) free() {
	debugGC()
	C.hy_instance_delete(i.c)
	i.end()
	p := i.program
	p.engine.mu.Lock()
	last := p.unref()
	p.engine.mu.Unlock()
	if last {
		p.free()
	}
}
