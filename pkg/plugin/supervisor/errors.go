package supervisor

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
)

// Why a plugin gets no calls.
var (
	// ErrStarting: it was not loaded yet.
	ErrStarting = errors.New("supervisor: the plugin is not loaded yet")
	// ErrRetrying: it could not be loaded, and is tried again.
	ErrRetrying = errors.New("supervisor: the plugin could not be loaded yet")
	// ErrStopped: it could not be loaded, or was removed.
	ErrStopped = errors.New("supervisor: the plugin is stopped")
	// ErrBroken: it failed too often, and gets no calls for a while.
	ErrBroken = errors.New("supervisor: the plugin failed too often")
)

// Error says that a plugin did not answer, for a reason of its own: it failed, or
// it gets no calls.
type Error struct {
	// Plugin is its "name@version", or its name where nothing is loaded.
	Plugin string
	// Skip is what its manifest declares of failures: whether a caller may go on
	// without it, visibly. Otherwise the request fails.
	Skip bool
	// Err is the call's error, or one of those above.
	Err error
}

// Error names the plugin, and what its call failed with.
func (e *Error) Error() string { return "plugin " + e.Plugin + ": " + e.Err.Error() }

// Unwrap returns why.
func (e *Error) Unwrap() error { return e.Err }

// fairPart is the part of what its manifest gives a call that a plugin must have been
// left of its caller's time, to be at fault for not answering within that.
const fairPart = 10

// atFault tells whether the error of a call counts against the plugin: not where the
// caller gave up, sent what no plugin could be given, or found the host busy. A
// caller's deadline that passed counts where the plugin had a fair time: left is how
// much there was when the call had its place, 0 if it never had one, and limit what
// the manifest gives a call.
func atFault(ctx context.Context, err error, left, limit time.Duration) bool {
	switch {
	case err == nil:
		return false
	case errors.Is(err, component.ErrArgBytes), errors.As(err, new(*component.ValueError)), errors.As(err, new(*component.CodecError)):
		return false
	case errors.Is(err, component.ErrPool), errors.Is(err, component.ErrOverloaded), errors.Is(err, component.ErrClosed):
		return false
	case ctx.Err() != nil:
		return left >= limit/fairPart && untilDeadline(ctx) <= 0
	}
	return true
}

// untilDeadline is what is left of a caller's time, by the clock: a remote caller's
// cancellation may arrive when its deadline does. Without a deadline, it never ends.
func untilDeadline(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return time.Until(deadline)
	}
	return math.MaxInt64
}
