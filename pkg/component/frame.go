package component

// #include "shim.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// frame is what one call at a time needs: its C half, its codecs, and what the
// watcher must know. The engine keeps and reuses frames.
type frame struct {
	engine *Engine
	c      *C.hy_frame
	pinner runtime.Pinner
	enc    Encoder
	dec    Decoder
	scope  scope

	mu       sync.Mutex      // guards what follows; locked after engine.mu
	ctx      context.Context // nil while no call runs
	limit    time.Duration
	deadline time.Time    // zero until the watcher or a host call sets it
	stopped  error        // why the guest was told to stop
	hostCtx  *hostContext // nil before the first host function; only its goroutine sets it
	lease    lease
	stale    bool      // the lease was idle at the watcher's last look
	metered  bool      // the flow is charged
	begun    time.Time // zero where nobody needs to know

	// Guarded by engine.mu: the frame's place, see flow.go.
	extra     bool   // not counted in Engine.kept, and not kept
	flow      *flow  // whose place it holds, or nil
	outer     *frame // the call on whose behalf it runs, or nil
	nested    int    // calls that run on its own behalf
	resting   bool   // waits in a host function: its place is another's; written with mu held too
	wasInside bool   // look's last
	wasLeft   uint32

	// See hosttime.go. The times are in nanoseconds since Engine.born.
	hostMost  time.Duration // guarded by engine.mu for the watcher; 0 for no limit
	hostSince atomic.Int64  // when the running host function began, or 0
	hostTime  atomic.Int64  // what those before took

	// Only for the call's own goroutine.
	program     *Program
	stack       int    // bytes that it and the calls around it may take
	usage       *Usage // nil where nobody asked
	heavy       bool   // may have left much behind in C's heap
	hostArgs    Decoder
	hostResults Encoder
	hostErr     error
}

func (e *Engine) newFrame() *frame {
	f := &frame{engine: e}
	f.scope.frame = f
	for _, enc := range []*Encoder{&f.enc, &f.hostResults} {
		enc.scope, enc.lent.spare = &f.scope, &e.spare
	}
	for _, dec := range []*Decoder{&f.dec, &f.hostArgs} {
		dec.scope = &f.scope
	}
	caller := &caller{frame: f}
	f.pinner.Pin(f)
	f.pinner.Pin(caller)
	f.c = C.hy_frame_new(unsafe.Pointer(caller))
	return f
}

func (f *frame) delete() {
	C.hy_frame_delete(f.c)
	f.pinner.Unpin()
}

// caller is what C keeps, of Go's, in a frame, and hands back where a guest calls the
// host. It is pinned, and what it refers to is: so C may (see cmd/cgo). A cgo.Handle
// would have to be looked up at each call.
type caller struct{ frame *frame }

// begin makes the call known to the watcher. It must be called with engine.mu held;
// prepare, after it, does what needs no lock.
func (f *frame) begin(ctx context.Context, p *Program, inst *Instance) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.program = p
	f.metered = f.flow != nil && (f.flow.key != "" || len(f.engine.flows) > 1)
	f.wasInside = false
	f.share()
	f.start(ctx, p, inst)
	f.engine.wakeWatcher()
}

// start must be called with mu held. A call of an instance that lives may take less time
// than the clock: unless somebody must know when it began, its time is over a tick later.
func (f *frame) start(ctx context.Context, p *Program, inst *Instance) {
	f.ctx, f.limit, f.deadline, f.stopped, f.hostCtx = ctx, p.limits.Deadline, time.Time{}, nil, nil
	f.c.stop = 0
	f.hostMost = p.limits.HostTime
	if f.hostSince.Load()|f.hostTime.Load() != 0 {
		f.hostSince.Store(0)
		f.hostTime.Store(0)
	}
	f.begun = time.Time{}
	if inst == nil || f.metered || len(p.imports) > 0 {
		at := now()
		f.deadline = at.Add(f.limit) // host functions are told it
		if f.metered {
			f.begun = at
		}
	}
}

func (f *frame) prepare(p *Program, inst *Instance) {
	f.hostErr, f.heavy = nil, false
	f.scope.begin(p, inst)
	if calls := C.uint32_t(p.limits.HostCalls); f.c.calls != calls { // loads are free, and stores are not
		atomic.StoreUint32((*uint32)(unsafe.Pointer(&f.c.calls)), uint32(calls))
	}
	f.c.out_max = C.size_t(p.limits.ResultBytes)
	f.c.fuel, f.c.lifted, f.c.memory = p.fuel, 0, 0
	if f.c.asked[0]|f.c.asked[1] != 0 {
		f.c.asked = [2]C.uint64_t{}
	}
	if wanted := C.bool(f.usage != nil); f.c.measured != wanted {
		f.c.measured = wanted
	}
	f.enc.reset(&p.limits)
}

// leave gives the frame back and ends what was closed during the call.
func (f *frame) leave(inst *Instance) {
	if rc := f.release(); rc != C.HY_OK && inst != nil { // whoever read the result panicked
		inst.fail(f.failure(f.ctx, rc))
	}
	f.scope.end(f.ctx)
	if f.hostCtx != nil {
		f.hostCtx.end(context.Canceled)
	}
	if f.usage != nil {
		*f.usage = f.used()
	}
	if f.heavy || f.c.lifted > manyItems {
		C.hy_settle()
	}
	f.hostErr, f.usage = nil, nil
	f.trim()
	f.engine.part(f)
	if inst != nil {
		inst.release()
	}
}

// manyItems is how many items of lists leave enough behind to be worth settling.
const manyItems = 64 << 10

// keep is how much of a buffer survives a call, in bytes.
const keep = 64 << 10

func (f *frame) trim() {
	f.dec.buf, f.hostArgs.buf, f.hostResults.buf = nil, nil, nil
	f.enc.lent.end()
	f.hostResults.lent.end()
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
	f.dec.reset(view(&f.c.out), f.distant(), &f.program.limits)
	debugGC()
	read(&f.dec)
	return f.dec.finish()
}

// distant returns what the frame's values refer to in the guest's memory.
func (f *frame) distant() []C.hy_far {
	return unsafe.Slice((*C.hy_far)(unsafe.Pointer(f.c.far.data)), int(f.c.far.len/C.sizeof_hy_far))
}

// end ends a call whose result was read, or not all of it: it is as late as one
// whose guest was stopped when its time is over by now.
func (f *frame) end() C.int {
	if rc := f.release(); rc != C.HY_OK || !f.over() {
		return rc
	}
	return C.HY_STOPPED
}

// over reports whether the watcher has told the call to stop.
func (f *frame) over() bool {
	return atomic.LoadUint32((*uint32)(unsafe.Pointer(&f.c.stop))) != 0
}

// release ends what a call left in f.c.held once its result was read.
func (f *frame) release() C.int {
	if f.c.held == nil {
		return C.HY_OK
	}
	f.dec.far = nil
	debugGC()
	return C.hy_release(ref(f.c))
}

// failure says why a call failed.
func (f *frame) failure(ctx context.Context, rc C.int) error {
	limits := &f.program.limits
	switch rc {
	case C.HY_STOPPED:
		f.heavy = true // it may have made anything until then
		return f.why()
	case C.HY_HOST:
		return f.hostFailure(ctx)
	case C.HY_HOST_VALUE:
		return f.program.imports[f.c._import].failed(
			&CodecError{Reason: "the results do not have the function's type"})
	case C.HY_VALUE:
		return &CodecError{Reason: "the arguments do not have the function's types"}
	case C.HY_HEAVY:
		return heavyError()
	case C.HY_HOST_HEAVY:
		return f.program.imports[f.c._import].failed(heavyError())
	case C.HY_RESULT:
		return &LimitError{Limit: LimitResult, Max: int64(limits.ResultBytes)}
	case C.HY_RESOURCES:
		return &LimitError{Limit: LimitResources, Max: int64(limits.Resources)}
	case C.HY_HOST_CALLS:
		return &LimitError{Limit: LimitHostCalls, Max: int64(limits.HostCalls)}
	case C.HY_EXITED:
		return f.refused(&ExitError{Status: int(f.c.exit_status)})
	case C.HY_FOLDER:
		return ErrFolder
	case C.HY_INSIDE:
		return &TrapError{Code: TrapOther, Reason: "cannot leave component instance"}
	case C.HY_FAILED, C.HY_LANE:
		err := limits.named(guestError(string(view(&f.c.message)), f.c.started != 0))
		if trap := (*TrapError)(nil); errors.As(err, &trap) {
			trap.MemoryBytes = int64(f.c.memory)
		}
		f.heavy = errors.Is(err, ErrResult)
		return f.refused(err)
	}
	return fmt.Errorf("component: wasmtime broke its own contract (%d)", int(rc))
}

// refused returns a trap, or the exit of a guest that failed, as a breach of a limit where
// the guest was refused memory or elements of a table.
func (f *frame) refused(err error) error {
	exit := (*ExitError)(nil)
	failed := errors.As(err, new(*TrapError)) || errors.As(err, &exit) && exit.Status != 0
	bytes := min(f.program.limits.MemoryBytes, f.engine.cfg.MaxMemoryBytes)
	elements := min(f.program.limits.TableElements, poolTable)
	switch {
	case !failed || errors.As(err, new(*HostError)): // or what ended another guest
	case uint64(f.c.asked[0]) > uint64(bytes)/pageBytes:
		return &LimitError{Limit: LimitMemory, Max: bytes, Err: err}
	case uint64(f.c.asked[1]) > uint64(elements):
		return &LimitError{Limit: LimitTable, Max: elements, Err: err}
	}
	return err
}

// pageBytes is a page of linear memory.
const pageBytes = 64 << 10

// why is why the call was told to stop.
func (f *frame) why() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stopped
}

// heavyError says that values would take more of the host than wasmtime lets
// values take that come out of a guest.
func heavyError() error {
	return &LimitError{Limit: LimitArgBytes, Max: C.HY_VALUES_MAX / C.sizeof_wasmtime_component_val_t}
}

// hostFailure says that the call was stopped when that is why a host function
// failed, and what it failed with in any case.
func (f *frame) hostFailure(ctx context.Context) error {
	f.mu.Lock()
	why, deadline := f.stopped, f.deadline
	f.mu.Unlock()
	switch {
	case why != nil:
	case ctx.Err() != nil:
		why = stopError(ctx.Err(), context.Cause(ctx))
	case now().After(deadline):
		why = ErrDeadline
	default:
		return f.refused(f.hostErr)
	}
	return fmt.Errorf("%w: %w", why, f.hostErr)
}

// stopError is why a done context stops a call.
func stopError(err, cause error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return ErrDeadline
	}
	if !errors.Is(err, cause) {
		return fmt.Errorf("component: call stopped: %w: %w", err, cause)
	}
	return fmt.Errorf("component: call stopped: %w", err)
}
