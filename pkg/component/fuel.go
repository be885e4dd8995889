package component

// #include "shim.h"
import "C"

import (
	"context"
	"errors"
	"math"
	"time"
)

// Usage is what one call used.
type Usage struct {
	// Fuel is what the guest burnt, about one for each instruction, the start of a
	// fresh instance included: the same for the same call, on any machine. It is 0
	// unless the engine has Config.Fuel.
	Fuel int64
	// HostCalls is how many host functions it called.
	HostCalls int
	// HostTime is how long these took: 0 unless Limits.HostTime is set.
	HostTime time.Duration
	// MemoryBytes is how large the guest's memory is that text, bytes and lists have
	// crossed by: 0 where none have, or only by wasmtime's own values. Memories never
	// shrink, so it is the most that a fresh instance had. Others of the guest's, and
	// those of components within it, are not in it; its headroom is.
	MemoryBytes int64
}

// WithUsage returns a context whose next call fills u in when it ends, however
// it ends. Use it for one call at a time; the calls that host functions make are
// not counted.
func WithUsage(ctx context.Context, u *Usage) context.Context {
	o := originOf(ctx)
	o.usage = u
	return context.WithValue(ctx, originKey{}, &o)
}

// fuelFor returns what a call may burn in an engine.
func (l Limits) fuelFor(cfg Config) (C.uint64_t, error) {
	switch {
	case !cfg.Fuel && l.Fuel > 0:
		return 0, errors.New("component: Limits.Fuel needs an engine with Config.Fuel")
	case !cfg.Fuel:
		return 0, nil
	case l.Fuel == 0:
		return math.MaxInt64, nil
	}
	return C.uint64_t(l.Fuel), nil
}

// used tells what the frame's call used.
func (f *frame) used() Usage {
	return Usage{
		Fuel:        int64(f.program.fuel - f.c.fuel),
		HostCalls:   f.program.limits.HostCalls - int(f.c.calls),
		HostTime:    time.Duration(f.hostTime.Load()),
		MemoryBytes: int64(f.c.memory),
	}
}
