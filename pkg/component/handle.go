package component

// #include "shim.h"
import "C"

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
)

// Handle is the host's own<r> of a guest's resource. It belongs to the instance
// that returned it, and ends with it at the latest; whoever wants to keep one
// calls an Instance, since a fresh instance is gone when its call returns. Use
// it from one goroutine at a time.
type Handle struct {
	inst     *Instance // nil: its instance is gone
	resource int       // its place in Program.resources
	slot     uint32    // its place in C's table

	spent bool // written inside calls of inst only
}

// Call calls fn in the instance that the handle is of, as its Call does: how a
// method is called without the instance at hand. It fails with ErrClosed when the
// handle is a fresh instance's.
func (h *Handle) Call(ctx context.Context, fn *Export, args func(*Encoder), results func(*Decoder)) error {
	if h == nil {
		return ErrHandle
	}
	if h.inst == nil {
		return ErrClosed
	}
	return h.inst.Call(ctx, fn, args, results)
}

// Drop drops the resource: its guest's destructor runs, as a call within the
// instance's limits and ctx, and fails as calls do; a trap ends the instance.
// It fails with ErrBusy while the instance is in a call. Dropping a handle
// that was given away or dropped before, or whose instance is over, does nothing.
func (h *Handle) Drop(ctx context.Context) error {
	if h == nil || h.inst == nil {
		return nil
	}
	err := h.inst.dropHandle(ctx, h)
	if errors.Is(err, ErrClosed) || errors.Is(err, ErrPoisoned) {
		return nil
	}
	return err
}

func (i *Instance) dropHandle(ctx context.Context, h *Handle) error {
	f, err := i.program.engine.enter(ctx, i.program, i)
	if err != nil {
		return err
	}
	defer f.leave(i)
	if h.spent {
		return nil
	}
	h.spent = true
	debugGC()
	if rc := C.hy_instance_drop(f.c, i.c, C.uint32_t(h.slot)); rc != C.HY_OK {
		err := f.failure(ctx, rc)
		i.fail(err)
		return err
	}
	return nil
}

// Own writes an own<r> of a resource of the host's and gives the value away: it
// is the instance's until a host function takes it back with Decoder.Own, or the
// guest drops it. It fails with a LimitError for more than Limits.Resources.
func (e *Encoder) Own(r *Resource, v any) {
	if rep, ok := e.put(KindOwn, r, value{value: v}); ok {
		e.moved.made = append(e.moved.made, rep)
	}
}

// Borrow writes a borrow<r> of a resource of the host's: the guest sees the value
// until the call that it is an argument of is over.
func (e *Encoder) Borrow(r *Resource, v any) {
	if rep, ok := e.put(KindBorrow, r, value{value: v, lent: true}); ok {
		e.moved.showing = append(e.moved.showing, rep)
	}
}

func (e *Encoder) put(k Kind, r *Resource, v value) (rep uint32, ok bool) {
	if !e.room(9) {
		return 0, false
	}
	p := e.scope.program
	if v.resource = p.resource(r, false); v.resource < 0 {
		e.err = noResource(r, "the host")
		return 0, false
	}
	if rep, ok = e.scope.values.add(v, e.limit.Resources); !ok {
		e.err = &LimitError{Limit: LimitResources, Max: int64(e.limit.Resources)}
		return 0, false
	}
	e.handle(k, v.resource, rep)
	return rep, true
}

// Give writes an own<r> of a resource of the guest's: the handle is spent, unless
// the arguments that it is part of never get to the guest. It fails with
// ErrHandle for one that is spent, lent in this call, or another instance's.
func (e *Encoder) Give(h *Handle) {
	if !e.usable(h) {
		return
	}
	for _, l := range e.moved.lent {
		if l == h {
			e.err = fmt.Errorf("%w: it is lent in this call", ErrHandle)
			return
		}
	}
	h.spent = true
	e.moved.given = append(e.moved.given, h)
	e.handle(KindOwn, h.resource, h.slot)
}

// Lend writes a borrow<r> of a resource of the guest's, for this call. It fails
// with ErrHandle for a handle that is spent or another instance's.
func (e *Encoder) Lend(h *Handle) {
	if e.usable(h) {
		e.moved.lent = append(e.moved.lent, h)
		e.handle(KindBorrow, h.resource, h.slot)
	}
}

func (e *Encoder) usable(h *Handle) bool {
	if !e.room(9) {
		return false
	}
	if h == nil || h.inst == nil || h.inst != e.scope.inst || h.spent {
		e.err = ErrHandle
		return false
	}
	return true
}

func (e *Encoder) handle(k Kind, resource int, number uint32) {
	debugGC()
	e.eight(k, uint64(resource)<<32|uint64(number))
}

// Own reads an own<r> of a resource of the host's and returns the value that
// Encoder.Own gave: it is the host's again. It returns nil after an error.
func (d *Decoder) Own(r *Resource) any {
	v, rep, ok := d.value(KindOwn, r)
	if ok {
		d.scope.values.remove(rep)
	}
	return v
}

// Borrow reads a borrow<r> of a resource of the host's and returns the value,
// which the guest still holds: use it in this host call only. It returns nil
// after an error.
func (d *Decoder) Borrow(r *Resource) any {
	v, _, _ := d.value(KindBorrow, r)
	return v
}

func (d *Decoder) value(k Kind, r *Resource) (v any, rep uint32, ok bool) {
	resource, rep, ok := d.handle(k, r, false)
	if !ok {
		return nil, 0, false
	}
	if v, ok = d.scope.values.get(rep, resource); !ok {
		d.err = errGone
	}
	return v, rep, ok
}

// Handle reads an own<r> of a resource of the guest's. It returns nil after an
// error; a handle that nobody reads lasts as long as its instance.
func (d *Decoder) Handle(r *Resource) *Handle {
	resource, slot, ok := d.handle(KindOwn, r, true)
	if !ok {
		return nil
	}
	return &Handle{inst: d.scope.inst, resource: resource, slot: slot}
}

func (d *Decoder) handle(k Kind, r *Resource, guest bool) (resource int, number uint32, ok bool) {
	b := d.next(k, 8)
	if b == nil {
		return 0, 0, false
	}
	debugGC()
	word := binary.LittleEndian.Uint64(b)
	if resource = d.scope.program.resource(r, guest); resource < 0 || uint64(resource) != word>>32 {
		who := "the host"
		if guest {
			who = "the guest"
		}
		d.err = noResource(r, who)
		return 0, 0, false
	}
	return resource, uint32(word), true
}

func noResource(r *Resource, owner string) error {
	return &CodecError{Reason: fmt.Sprintf("the value is no resource %v of %s's", r, owner)}
}

var errGone = &CodecError{Reason: "a handle of a value that is gone"}
