package component

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/hygia-suite/hygia/pkg/component/internal/bound"
)

// Config sizes an engine. A zero field means the default that it names.
type Config struct {
	// MaxInstances is how many instances may live at once, those of running calls
	// included: 1000 by default, at most 20 000, or 200 000 in a Crowd. Each
	// reserves 4 GiB of addresses (not of memory), so this is what sets how much
	// the process maps.
	MaxInstances int
	// Crowd packs instances, so that as many may live as memory allows: each
	// reserves MaxMemoryBytes of addresses, 64 MiB by default in a crowd, and none
	// a mapping of its own, of which Linux gives a process 65 530. Its price: guests
	// check the bounds of each access to memory themselves, data segments are copied
	// into each instance, and making the engine takes some 5 µs an instance.
	Crowd bool
	// CoreInstances is how many core instances, memories and tables are set aside
	// for each instance on average: 4 core instances and tables by default. Those
	// that Compile adds to count a guest's own resources have places of their own.
	CoreInstances int
	// MaxCalls is how many calls may be inside guests at once, each on a thread of
	// its own: 4 for each CPU by default, and at least 16. Others wait for one to
	// end, as long as their context allows. Calls made by host functions on
	// behalf of a guest do not count: they run on their caller's thread.
	MaxCalls int
	// Parallel is how many of these may compute at once: by default GOMAXPROCS, but
	// no more than there are CPUs. (Give Go one more than there are: else it takes a
	// thread's place in its scheduler from it in each longer call. In a container
	// that may use only some of the machine's, say how many here.) A call that waits
	// in a host function for longer than a tick does not compute. While calls of
	// several flows come (see WithFlow), the flow that has used the least time goes
	// first, and the last place is kept for a flow that has no other, so that a flood
	// of one does not slow the others.
	Parallel int
	// MaxQueue is how many calls of one flow may wait: 512 by default. One more
	// fails with ErrOverloaded.
	MaxQueue int
	// MaxMemoryBytes is the most that any linear memory may ever grow to, whatever
	// Limits.MemoryBytes says: 1 GiB by default, at most 4 GiB.
	MaxMemoryBytes int64
	// KeepBytes is how much of each memory and table of an instance that ended is
	// wiped and kept for the next one; by default all of it goes back to the system,
	// and a crowd has no other way. Giving back costs the next instance a fault for
	// each page it touches, and the kernel an interrupt of every other CPU that runs
	// the process for many of them: then two CPUs may make fewer calls than one.
	// The process keeps up to so much, whether guests touched it or not, for MaxCalls
	// memories and as many more as ever lived at once.
	KeepBytes int64
	// HeadroomBytes is how much larger than it says each memory begins that its own
	// module grows, rounded up to 64 KiB: none by default. A guest that grows by no more
	// then asks nothing of the system, which takes a lock of the process for each growth,
	// and for the shrinking before the next instance. Guests are told the size that they
	// know; but what lies behind it, in the headroom, can be read and written, where each
	// access would trap. It is no other instance's. Memories of 64 bits have none, and none
	// has in a component with a core module that measures or grows a memory that it
	// imports, as an adapter for WASI may. Compiled code depends on it and, where it is not
	// zero, on MaxMemoryBytes.
	HeadroomBytes int64
	// MaxComponentBytes bounds what Compile takes: 64 MiB by default.
	MaxComponentBytes int
	// StackBytes is how much stack a guest may use: 512 KiB by default, at most
	// 2 MiB. Calls that host functions make lie on their caller's stack: a thread
	// of 8 MiB holds 14 in each other at the default; one more fails with ErrNesting.
	StackBytes int
	// Fuel makes guests count what they burn, so that Limits.Fuel can bound it and
	// Usage tell it: the same for the same call on every machine, where time is
	// not. Compiled code is slower by a part, which is why it must be asked for.
	Fuel bool
	// Observe, where it is not nil, is called once for each call or instantiation
	// that failed, with the program's LinkOptions.Name and the error: see Cause. It
	// runs on the call's goroutine, must be quick, and is called concurrently.
	Observe func(program string, err error)
	// Tick is how often running calls are looked at, and so how late a deadline or
	// a cancelled context may be noticed: 1 ms by default. Nothing ticks while no
	// call runs.
	Tick time.Duration
}

// What a thread's stack must hold beside the guests': of each call, its share of
// wasmtime's and Go's frames; once, what reports a trap or compiles at its end.
const (
	stackOfCall = 32 << 10
	stackSpare  = 512 << 10
)

const (
	maxInstances = 20_000
	maxCrowd     = 200_000
	maxAddresses = 64 << 40
	maxMemory    = 4 << 30
	poolTable    = 100_000 // the most elements that any table may have
)

func (c Config) withDefaults() Config {
	def(&c.MaxInstances, 1000)
	def(&c.CoreInstances, 4)
	def(&c.MaxCalls, max(16, 4*runtime.NumCPU()))
	if c.Crowd {
		def(&c.MaxMemoryBytes, 64<<20)
	}
	def(&c.MaxMemoryBytes, 1<<30)
	def(&c.Parallel, min(runtime.GOMAXPROCS(0), runtime.NumCPU()))
	def(&c.MaxQueue, 512)
	def(&c.MaxComponentBytes, 64<<20)
	def(&c.StackBytes, 512<<10)
	def(&c.Tick, time.Millisecond)
	return c
}

func (c Config) check() error {
	most := maxInstances
	if c.Crowd {
		most = maxCrowd
	}
	switch {
	case c.MaxInstances < 1 || c.MaxInstances > most:
		return fmt.Errorf("component: MaxInstances of %d is not in 1..%d", c.MaxInstances, most)
	case c.CoreInstances < 1 || c.CoreInstances > 64:
		return fmt.Errorf("component: CoreInstances of %d is not in 1..64", c.CoreInstances)
	case min(c.MaxCalls, c.Parallel, c.MaxQueue) < 1:
		return errors.New("component: negative MaxCalls, Parallel or MaxQueue")
	case c.MaxMemoryBytes < 1 || c.MaxMemoryBytes > maxMemory:
		return fmt.Errorf("component: MaxMemoryBytes of %d is not in 1..%d", c.MaxMemoryBytes, int64(maxMemory))
	case c.Crowd && c.MaxMemoryBytes > maxAddresses/int64(c.MaxInstances):
		return errors.New("component: a crowd's MaxInstances times MaxMemoryBytes is above 64 TiB")
	case c.KeepBytes < 0 || c.KeepBytes > maxMemory:
		return fmt.Errorf("component: KeepBytes of %d is not in 0..%d", c.KeepBytes, int64(maxMemory))
	case c.Crowd && c.KeepBytes > 0:
		return errors.New("component: a crowd keeps no memory of instances that ended: leave KeepBytes out")
	case c.HeadroomBytes < 0 || c.HeadroomBytes > c.MaxMemoryBytes:
		return fmt.Errorf("component: HeadroomBytes of %d is not in 0..%d, which is MaxMemoryBytes", c.HeadroomBytes, c.MaxMemoryBytes)
	case c.StackBytes < 16<<10 || c.StackBytes > 2<<20: // wasmtime ends the process above that
		return fmt.Errorf("component: StackBytes of %d is not in 16 KiB..2 MiB", c.StackBytes)
	case c.MaxComponentBytes < 1 || c.Tick < 0:
		return errors.New("component: negative MaxComponentBytes or Tick")
	}
	return nil
}

func (c Config) c() C.hy_config {
	cc := C.hy_config{
		instances:          C.uint32_t(c.MaxInstances),
		core_instances:     C.uint32_t(c.MaxInstances * (c.CoreInstances + bound.InstancesMax)),
		memories:           C.uint32_t(c.MaxInstances),
		tables:             C.uint32_t(c.MaxInstances * c.CoreInstances),
		memory_bytes:       C.uint64_t(c.MaxMemoryBytes),
		memory_reservation: maxMemory,
		keep_memories:      C.uint32_t(c.MaxCalls),
		keep_bytes:         C.size_t(c.KeepBytes),
		table_elements:     poolTable,
		stack_bytes:        C.size_t(c.StackBytes),
		fuel:               C.bool(c.Fuel),
		crowd:              C.bool(c.Crowd),
	}
	if c.Crowd {
		const page = 1 << 16
		cc.memory_bytes = (cc.memory_bytes + page - 1) &^ (page - 1)
		cc.memory_reservation = cc.memory_bytes
		cc.memories = (cc.memories + C.HY_MODULE_MEMORIES - 1) &^ (C.HY_MODULE_MEMORIES - 1)
	}
	return cc
}

// Engine compiles and runs components. It is safe for concurrent use. Close it
// when done with it.
type Engine struct {
	cfg   Config
	c     *C.wasm_engine_t
	wake  chan struct{} // wakes the watcher; holds one
	ended chan struct{} // closed when the watcher is gone
	stack int           // bytes that calls within each other may take together
	born  time.Time

	mu     sync.Mutex // guards what follows but for the pools, and the frames' guarded fields
	closed bool
	parked bool // the watcher sleeps until woken
	frames []*frame
	kept   int // frames that are not extra
	free   []*frame
	active int
	spare  sync.Pool  // of *[]byte: see lent
	lately sync.Pool  // of *frame: see lease.go
	leases int        // frames that are leased
	idle   *sync.Cond // signalled when active falls to zero

	computing int              // calls that hold a place and do not rest
	flows     map[string]*flow // those with calls now or of late
	lastFlow  *flow            // the last that flowOf found
	queued    []*flow          // those with calls that wait
	virtual   time.Duration    // flow.spent of whoever got a place last
	forgotten time.Time        // when flows were last forgotten
}

// NewEngine reserves an engine's addresses and starts its watcher.
func NewEngine(cfg Config) (*Engine, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	stack := int(C.hy_thread_stack()) - stackSpare
	if cfg.StackBytes+stackOfCall > stack {
		return nil, fmt.Errorf("component: StackBytes of %d is more than a thread of this process has", cfg.StackBytes)
	}
	cc := cfg.c()
	e := &Engine{
		cfg:    cfg,
		c:      C.hy_engine_new(&cc),
		wake:   make(chan struct{}, 1),
		ended:  make(chan struct{}),
		parked: true,
		stack:  stack,
		born:   now(),
		flows:  make(map[string]*flow),
	}
	if e.c == nil {
		return nil, errors.New("component: cannot reserve the engine's addresses")
	}
	e.idle = sync.NewCond(&e.mu)
	go e.watch()
	return e, nil
}

// Close ends the engine. Calls that run are stopped and fail with ErrClosed, as
// does everything that is tried later; Close waits until they have returned. The
// engine's components, programs and instances must still be closed, in any
// order. Closing twice does nothing. A host function must not close its engine.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		<-e.ended
		return nil
	}
	e.closed = true
	e.wakeWatcher()
	e.abandon()
	e.recall()
	for e.active > 0 {
		e.idle.Wait()
	}
	frames := e.frames
	e.frames, e.free = nil, nil
	e.wakeWatcher()
	e.mu.Unlock()
	<-e.ended
	for _, f := range frames {
		f.delete()
	}
	C.wasm_engine_delete(e.c)
	return nil
}

// handle returns a handle of the engine of its own, or nil when it is closed.
func (e *Engine) handle() *C.wasm_engine_t {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil
	}
	return C.wasmtime_engine_clone(e.c)
}

// Compile compiles a component from its binary form, and reads what it imports
// and exports. It takes all CPUs, two of them for some half a second a megabyte, and
// cannot be interrupted: the context is looked at before and after. It fails with a
// CompileError when the bytes are no valid component.
func (e *Engine) Compile(ctx context.Context, wasm []byte) (*Component, error) {
	return e.compile(ctx, wasm, compileLane)
}

// CompilePlain is Compile for a component that Link will give wasmtime's own
// WASI, which takes strings and lists in wasmtime's way only: in host functions they
// are slow then, and no list may be more than 4 194 304 items. See Component.Lane.
func (e *Engine) CompilePlain(ctx context.Context, wasm []byte) (*Component, error) {
	return e.compile(ctx, wasm, compilePlain)
}

func (e *Engine) compile(ctx context.Context, wasm []byte, by func(*C.wasm_engine_t, []byte) (*Component, error)) (*Component, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(wasm) > e.cfg.MaxComponentBytes {
		return nil, &CompileError{Reason: fmt.Sprintf("more than %d bytes", e.cfg.MaxComponentBytes)}
	}
	// Wasmtime would take the text form too; nobody signs that.
	if len(wasm) < 8 || string(wasm[:4]) != "\x00asm" {
		return nil, &CompileError{Reason: "not a WebAssembly binary"}
	}
	engine := e.handle()
	if engine == nil {
		return nil, ErrClosed
	}
	defer C.wasm_engine_delete(engine)
	asks := e.cfg.headroom()
	wasm, begins, err := inPieces(engine, wasm, asks)
	if err != nil {
		return nil, err
	}
	component, err := compileBounded(engine, wasm, by)
	if err == nil && ctx.Err() != nil {
		component.Close()
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	component.engine, component.asked, component.begins = e, asks, begins
	return component, nil
}
