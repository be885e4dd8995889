package component

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Errors without detail of their own. Each works with errors.Is.
var (
	// ErrDeadline: the call took longer than Limits.Deadline or than its context
	// allows. It is also a context.DeadlineExceeded.
	ErrDeadline error = deadlineError{}
	// ErrClosed: the engine, program or instance was closed.
	ErrClosed = errors.New("component: closed")
	// ErrBusy: the instance is inside another call. An instance runs one call at
	// a time, and a host function cannot call back into its own.
	ErrBusy = errors.New("component: instance is busy")
	// ErrPoisoned: an earlier call ended this instance. The error also wraps that
	// call's own.
	ErrPoisoned = errors.New("component: instance has failed before")
	// ErrEngine: the component was compiled by another engine.
	ErrEngine = errors.New("component: compiled by another engine")
	// ErrFolder: a folder that WASI grants cannot be opened.
	ErrFolder = errors.New("component: a granted folder cannot be opened")
	// ErrHandle: a Handle was used with another instance than its own, or after it
	// was given away or dropped.
	ErrHandle = errors.New("component: handle is spent or of another instance")
)

type deadlineError struct{}

func (deadlineError) Error() string        { return "component: deadline exceeded" }
func (deadlineError) Is(target error) bool { return target == context.DeadlineExceeded }
func (deadlineError) Timeout() bool        { return true }

// Limit names one of the bounds of Limits.
type Limit string

// The bounds that a LimitError may name.
const (
	LimitMemory       Limit = "memory bytes"
	LimitTable        Limit = "table elements"
	LimitInstances    Limit = "instances"
	LimitArgBytes     Limit = "argument bytes"
	LimitResult       Limit = "result bytes"
	LimitListItems    Limit = "list items"
	LimitHostCalls    Limit = "host calls"
	LimitResources    Limit = "resources"
	LimitOwnResources Limit = "resources of its own"
	LimitHostTime     Limit = "nanoseconds in host functions"
	LimitLog          Limit = "bytes of log"
	LimitLines        Limit = "lines of log"
	LimitFuel         Limit = "fuel"
	LimitPool         Limit = "live instances"
	LimitQueue        Limit = "waiting calls"
	LimitNesting      Limit = "bytes of stack of calls within calls"
	LimitTypes        Limit = "type size"
)

// LimitError says that a call would have gone over a bound. Two are the same to
// errors.Is when they name the same Limit.
type LimitError struct {
	Limit Limit
	Max   int64 // the bound; 0 where wasmtime does not tell
	// Err is what the guest did when it was refused memory or elements of a table, a
	// *TrapError or an *ExitError; else nil.
	Err error
}

// The limits, for errors.Is.
var (
	// ErrMemory, ErrTable: the component begins with more, or the guest failed after it
	// had asked for more: see LimitError.Err.
	ErrMemory    error = &LimitError{Limit: LimitMemory}
	ErrTable     error = &LimitError{Limit: LimitTable}
	ErrInstances error = &LimitError{Limit: LimitInstances}
	ErrArgBytes  error = &LimitError{Limit: LimitArgBytes}
	ErrResult    error = &LimitError{Limit: LimitResult}
	ErrListItems error = &LimitError{Limit: LimitListItems}
	ErrHostCalls error = &LimitError{Limit: LimitHostCalls}
	ErrResources error = &LimitError{Limit: LimitResources}
	// ErrLines: a host dropped lines of a call's log, of which this package counts none:
	// see Program.Breached.
	ErrLines error = &LimitError{Limit: LimitLines}
	// ErrOwnResources: see OwnResources.
	ErrOwnResources error = &LimitError{Limit: LimitOwnResources}
	ErrHostTime     error = &LimitError{Limit: LimitHostTime}
	ErrLog          error = &LimitError{Limit: LimitLog}
	ErrFuel         error = &LimitError{Limit: LimitFuel}
	ErrPool         error = &LimitError{Limit: LimitPool}
	// ErrNesting: host functions call components within each other too deep for a
	// thread's stack: Config.StackBytes.
	ErrNesting error = &LimitError{Limit: LimitNesting}
	// ErrOverloaded: too many calls of the flow wait already: Config.MaxQueue.
	ErrOverloaded error = &LimitError{Limit: LimitQueue}
)

func (e *LimitError) Error() string {
	switch {
	case e.Max == 0:
		return fmt.Sprintf("component: limit of %s reached", e.Limit)
	case e.Err != nil:
		return fmt.Sprintf("component: more than %d %s: %s", e.Max, e.Limit, strings.TrimPrefix(e.Err.Error(), "component: "))
	}
	return fmt.Sprintf("component: more than %d %s", e.Max, e.Limit)
}

// Unwrap returns Err.
func (e *LimitError) Unwrap() error { return e.Err }

// Is reports whether target names the same limit.
func (e *LimitError) Is(target error) bool {
	t, ok := target.(*LimitError)
	return ok && t.Limit == e.Limit
}

// CompileError says why wasmtime refused a component's bytes.
type CompileError struct{ Reason string }

func (e *CompileError) Error() string { return "component: compile: " + e.Reason }

// ImportError names an import of a component that the host does not give.
type ImportError struct {
	Interface, Name string
	Reason          string
}

func (e *ImportError) Error() string {
	return fmt.Sprintf("component: import %s: %s", qualified(e.Interface, e.Name), e.Reason)
}

// ExportError names a wanted export that a component does not have, or a call
// of one that was not named when the program was linked.
type ExportError struct {
	Interface, Name string
	Reason          string
}

func (e *ExportError) Error() string {
	return fmt.Sprintf("component: export %s: %s", qualified(e.Interface, e.Name), e.Reason)
}

// TypeError says that a component declares a function with another type than
// its descriptor, or with a type that cannot cross.
type TypeError struct {
	Interface, Name string
	Want            string // the descriptor's type, as WIT
	Got             string // the component's, as WIT
}

func (e *TypeError) Error() string {
	return fmt.Sprintf("component: %s: want %s, the component has %s",
		qualified(e.Interface, e.Name), e.Want, e.Got)
}

// ValueError says that a value cannot be represented in its type. It never
// carries the value.
type ValueError struct {
	Type   *Type // may be nil
	Reason string
}

func (e *ValueError) Error() string {
	if e.Type == nil {
		return "component: value: " + e.Reason
	}
	return fmt.Sprintf("component: %v value: %s", e.Type.kind, e.Reason)
}

// CodecError says that code wrote or read values in another order or of other
// types than the signature has: a defect of that code, not of the guest.
type CodecError struct{ Reason string }

func (e *CodecError) Error() string { return "component: codec: " + e.Reason }

// HostError says that a host function failed, which ended the guest's call.
type HostError struct {
	Interface, Name string
	Err             error // what the function returned, or a *PanicError
}

func (e *HostError) Error() string {
	return fmt.Sprintf("component: host function %s: %v", qualified(e.Interface, e.Name), e.Err)
}

// Unwrap returns what the function returned.
func (e *HostError) Unwrap() error { return e.Err }

// PanicError is a panic of a host function. Its text does not hold the value,
// which may hold anything.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic of type %T", e.Value) }

// ExitError says that the guest ended its own process, with a status.
type ExitError struct{ Status int }

func (e *ExitError) Error() string { return fmt.Sprintf("component: guest exited with %d", e.Status) }
