package component

import (
	"context"
	"errors"
)

// Cause names why a call failed in a few fixed words, fit for a metric's label:
// "deadline", a limit such as "memory bytes", "trap: " and a TrapCode, "exit",
// "host function", "poisoned", "busy", "closed", "cancelled", "values" for
// arguments or results that do not fit the function, "other". It is "" for nil.
func Cause(err error) string {
	var host *HostError
	var limit, theirs *LimitError
	var trap *TrapError
	if errors.As(err, &host) {
		errors.As(host.Err, &theirs) // of a call that the host function made
	}
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrPoisoned): // it wraps what ended the instance
		return "poisoned"
	case errors.As(err, &limit) && limit != theirs:
		return string(limit.Limit)
	case errors.Is(err, ErrDeadline):
		return "deadline"
	case errors.Is(err, ErrClosed):
		return "closed"
	case host != nil:
		return "host function"
	case errors.As(err, &trap):
		return "trap: " + string(trap.Code)
	case errors.As(err, new(*ExitError)):
		return "exit"
	case errors.Is(err, ErrBusy):
		return "busy"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.As(err, new(*ValueError)), errors.As(err, new(*CodecError)), errors.As(err, new(*ExportError)):
		return "values"
	}
	return "other"
}
