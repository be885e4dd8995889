package component

// #include "shim.h"
import "C"

import (
	"errors"
	"runtime/cgo"
	"runtime/debug"
	"unsafe"
)

// hygiaHostCall runs a host function for the guest whose frame's caller this is. Nothing may unwind from here into C.
//
//export hygiaHostCall
func hygiaHostCall(from unsafe.Pointer, index C.uint32_t) C.int {
	debugGC()
	f := (*caller)(from).frame
	if err := f.hostCall(&f.program.imports[index]); err != nil {
		f.hostErr = err
		return C.HY_HOST
	}
	return C.HY_OK
}

// hygiaResourceDrop drops a value of the host's whose last handle the guest dropped.
//
//export hygiaResourceDrop
func hygiaResourceDrop(from unsafe.Pointer, resource, number C.uint32_t) C.int {
	debugGC()
	f := (*caller)(from).frame
	if err := f.dropValue(int(resource), uint32(number)); err != nil {
		f.hostErr = err
		return C.HY_HOST
	}
	return C.HY_OK
}

func (f *frame) dropValue(resource int, number uint32) error {
	b := f.program.resources[resource]
	v, ok := f.scope.values.get(number, resource)
	if !ok {
		return b.failed(errGone)
	}
	f.scope.values.remove(number)
	ctx := f.hostContext()
	f.enterHost()
	failed := b.end(ctx, v)
	if err := f.overspent(ctx); err != nil {
		return err
	}
	return failed
}

// overspent ends a host function's time, and fails when its call has used more of it,
// or logged more, than it may.
func (f *frame) overspent(ctx *hostContext) error {
	late, logged := f.leaveHost(), ctx.log.err()
	if late == nil && logged == nil {
		return nil
	}
	return errors.Join(late, logged)
}

// hostCall reads the arguments from, and writes the results to, the frame's C
// buffers.
func (f *frame) hostCall(b *boundImport) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = b.failed(&PanicError{Value: v, Stack: debug.Stack()})
		}
	}()
	dec, enc, limits := &f.hostArgs, &f.hostResults, &f.program.limits
	dec.reset(view(&f.c.out), f.distant(), limits)
	enc.buf = unsafe.Slice((*byte)(f.c.in.data), int(f.c.in.cap))[:0]
	enc.reset(limits)
	ctx := f.hostContext()
	f.enterHost()
	failed := b.fn(ctx, dec, enc)
	if err := f.overspent(ctx); err != nil {
		return err
	}
	if failed != nil {
		if exit := (*ExitError)(nil); errors.As(failed, &exit) {
			return exit
		}
		return b.failed(failed)
	}
	if err := dec.finish(); err != nil {
		return b.failed(err)
	}
	if enc.err != nil {
		return b.failed(enc.err)
	}
	f.give(enc.buf)
	return nil
}

// give puts encoded results where C reads them. Most were written there.
func (f *frame) give(b []byte) {
	debugGC()
	if cap(b) != int(f.c.in.cap) || unsafe.SliceData(b) != (*byte)(f.c.in.data) {
		C.hy_reserve(&f.c.in, C.size_t(len(b)))
		copy(unsafe.Slice((*byte)(f.c.in.data), int(f.c.in.cap)), b)
	}
	f.c.in.len = C.size_t(len(b))
}

// hostContext returns the context that the host functions of a call share.
func (f *frame) hostContext() *hostContext {
	if f.hostCtx == nil {
		f.mu.Lock()
		f.hostCtx = newHostContext(f.ctx, f.deadline, f)
		if f.stopped != nil {
			f.hostCtx.end(f.stopped)
		}
		f.mu.Unlock()
	}
	return f.hostCtx
}

// hygiaOutput takes what a guest writes to its standard output or error. It may
// come on any thread, and after the guest is gone.
//
//export hygiaOutput
func hygiaOutput(handle C.uintptr_t, data *C.uint8_t, n C.size_t) C.ptrdiff_t {
	defer func() { _ = recover() }() // the program is gone, or its writer panicked
	debugGC()
	cgo.Handle(handle).Value().(*output).write(unsafe.Slice((*byte)(data), int(n)))
	return C.ptrdiff_t(n)
}
