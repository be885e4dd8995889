package component

// #include "shim.h"
import "C"

import (
	"context"
	"runtime/cgo"
	"slices"
	"unsafe"
)

// Program is a component with everything that it imports: it can be called. It
// is safe for concurrent use.
type Program struct {
	engine    *Engine
	name      string
	limits    Limits
	fuel      C.uint64_t // that a call may burn; 0 where the engine does not count it
	exports   []*Export  // the index is C's
	imports   []boundImport
	resources []boundResource // the component's; the index is C's
	aliases   []alias
	c         *C.hy_program
	mem       cmem
	output    cgo.Handle // 0 when output is discarded

	// Guarded by engine.mu.
	closed bool
	refs   int // running calls and live instances
}

// Call makes a fresh instance, calls fn in it and drops it. Nothing that the
// guest kept outlives the call.
//
// args is called once, when the call has a place to run in, to write the parameters
// in order; results is called at most once, after the guest has returned, to read the
// result. Either may be nil where there is nothing to write or read.
//
// The call fails with ErrDeadline, a *TrapError, a *LimitError, a *HostError, an
// *ExitError, ErrClosed, an *ExportError for a function that Link was not told
// of, a *CodecError or *ValueError for values that do not fit the function, or
// the context's error. Whatever args and results fail with is returned as it is.
func (p *Program) Call(ctx context.Context, fn *Export, args func(*Encoder), results func(*Decoder)) error {
	return p.observe(p.call(ctx, fn, args, results))
}

// Breached tells Config.Observe of a bound that a call went over and did not fail of, such
// as one of a host function's own. It is safe for concurrent use.
func (p *Program) Breached(err error) { _ = p.observe(err) }

// observe tells the engine's observer of what failed.
func (p *Program) observe(err error) error {
	if err != nil && p.engine.cfg.Observe != nil {
		p.engine.cfg.Observe(p.name, err)
	}
	return err
}

func (p *Program) call(ctx context.Context, fn *Export, args func(*Encoder), results func(*Decoder)) error {
	index, err := p.index(fn)
	if err != nil {
		return err
	}
	f, err := p.engine.enter(ctx, p, nil)
	if err != nil {
		return err
	}
	defer f.leave(nil)
	in, err := f.arguments(args)
	if err != nil {
		return err
	}
	rc := C.hy_run(ref(f.c), ref(p.c), index, (*C.uint8_t)(unsafe.SliceData(in)), C.size_t(len(in)))
	if rc != C.HY_OK {
		return f.failure(ctx, rc)
	}
	err = f.results(results)
	if rc := f.end(); rc != C.HY_OK {
		err = f.failure(ctx, rc)
	}
	return err
}

func (p *Program) index(fn *Export) (C.uint32_t, error) {
	i := slices.Index(p.exports, fn)
	if i < 0 {
		return 0, &ExportError{fn.Interface, fn.Name, "was not named when the program was linked"}
	}
	return C.uint32_t(i), nil
}

// Instance makes an instance that keeps its state from call to call. Close it
// when done with it. It fails as Call does.
func (p *Program) Instance(ctx context.Context) (*Instance, error) {
	inst, err := p.instance(ctx, nil)
	return inst, p.observe(err)
}

// instance makes an instance, or none where wanted, which is asked once there is a
// place for it to start in, says no.
func (p *Program) instance(ctx context.Context, wanted func() bool) (*Instance, error) {
	f, err := p.engine.enter(ctx, p, nil)
	if err != nil {
		return nil, err
	}
	defer f.leave(nil)
	if wanted != nil && !wanted() {
		return nil, nil
	}
	inst := &Instance{program: p}
	inst.end = func() { inst.values.end(ctx, p) }
	f.scope.begin(p, inst)
	debugGC()
	if rc := C.hy_instance_new(f.c, p.c, &inst.c); rc != C.HY_OK {
		inst.end()
		return nil, f.failure(ctx, rc)
	}
	p.engine.mu.Lock()
	p.refs++
	p.engine.mu.Unlock()
	return inst, nil
}

// Close frees the program once its last call has returned and its last instance
// is closed; what is tried after Close fails with ErrClosed. Closing twice does
// nothing.
func (p *Program) Close() {
	e := p.engine
	e.mu.Lock()
	e.recall() // a lease counts as a call
	last := !p.closed && p.refs == 0
	p.closed = true
	e.mu.Unlock()
	if last {
		p.free()
	}
}

// unref drops a reference and reports whether the program must now be freed. It
// must be called with engine.mu held.
func (p *Program) unref() bool {
	p.refs--
	return p.closed && p.refs == 0
}

func (p *Program) free() {
	debugGC()
	C.hy_program_delete(p.c)
	p.mem.free()
	if p.output != 0 {
		p.output.Delete()
	}
}
