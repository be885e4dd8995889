package component

import (
	"fmt"
	"strings"

	"github.com/hygia-suite/hygia/pkg/component/internal/bound"
)

// TrapError says that a guest was ended by what it did.
type TrapError struct {
	Code   TrapCode
	Reason string   // wasmtime's, one line
	Trace  []string // the guest's functions, innermost first, at most traceMax
	Start  bool     // whether the guest was still being instantiated
	// MemoryBytes is how much memory the guest had, as Usage.MemoryBytes is.
	MemoryBytes int64
}

func (e *TrapError) Error() string {
	if e.Start {
		return "component: trap while starting: " + e.Reason
	}
	if e.MemoryBytes > 0 {
		return fmt.Sprintf("component: trap: %s (with %d bytes of memory)", e.Reason, e.MemoryBytes)
	}
	return "component: trap: " + e.Reason
}

// TrapCode is the cause of a trap.
type TrapCode string

// The causes that tell something apart; all others are TrapOther.
const (
	TrapStackOverflow TrapCode = "stack overflow"
	TrapMemory        TrapCode = "memory out of bounds"
	TrapTable         TrapCode = "table out of bounds"
	TrapIndirectCall  TrapCode = "bad indirect call"
	TrapInteger       TrapCode = "integer overflow or division by zero"
	TrapUnreachable   TrapCode = "unreachable"
	TrapCannotEnter   TrapCode = "cannot enter the component"
	TrapValue         TrapCode = "malformed value"
	TrapHandle        TrapCode = "misused handle of a resource"
	TrapOther         TrapCode = "other"
)

// traceMax bounds TrapError.Trace, reasonMax the text of a reason in bytes.
const (
	traceMax  = 32
	reasonMax = 512
)

// guestError makes an error of wasmtime's message for a failed call or, when it
// had not started, instantiation.
func guestError(message string, started bool) error {
	why, frames := reason(message), trace(message)
	if limit := limitOf(why); limit != "" {
		return &LimitError{Limit: limit}
	}
	code := codeOf(why)
	if code == TrapUnreachable && len(frames) > 0 && frames[0] == bound.Trap {
		// A guest that takes that name is ended by what it did just as well.
		return &LimitError{Limit: LimitOwnResources, Max: OwnResources}
	}
	return &TrapError{Code: code, Reason: why, Trace: frames, Start: !started}
}

// limitOf knows what wasmtime says of its limiter, its pool and the amount that
// one crossing may bring to the host. It returns "" for anything else.
func limitOf(reason string) Limit {
	for _, t := range []struct {
		text  string
		limit Limit
	}{
		{"memory minimum size", LimitMemory},
		{"table minimum size", LimitTable},
		{"instance count too high", LimitInstances},
		{"memory count too high", LimitInstances},
		{"table count too high", LimitInstances},
		{"maximum concurrent", LimitPool},
		{"all fuel consumed", LimitFuel},
		{"fuel allocated for hostcalls", LimitResult},
		{"store handle limit exceeded", LimitOwnResources}, // wasmtime 48 also counts handles that are lent
	} {
		if strings.Contains(reason, t.text) {
			return t.limit
		}
	}
	return ""
}

// codeOf knows wasmtime's messages, as its trap_encoding.rs and its lifting of
// component values write them.
func codeOf(reason string) TrapCode {
	for _, t := range []struct {
		text string
		code TrapCode
	}{
		{"call stack exhausted", TrapStackOverflow},
		{"out of bounds memory access", TrapMemory},
		{"out of bounds table access", TrapTable},
		{"uninitialized element", TrapIndirectCall},
		{"indirect call type mismatch", TrapIndirectCall},
		{"integer overflow", TrapInteger},
		{"integer divide by zero", TrapInteger},
		{"invalid conversion to integer", TrapInteger},
		{"`unreachable` instruction", TrapUnreachable},
		{"cannot enter component instance", TrapCannotEnter},
		{"out of bounds of memory", TrapValue},
		{"beyond end of memory", TrapValue},
		{"not aligned", TrapValue},
		{"invalid utf-8", TrapValue},
		{"incomplete utf-8", TrapValue},
		{"discriminant", TrapValue},
		{"unknown handle index", TrapHandle},
		{"used with the wrong type", TrapHandle},
		{"owned resource while borrowed", TrapHandle},
		{"own resource from a borrow", TrapHandle},
		{"borrow handles still remain", TrapHandle},
		{"out of range for `char`", TrapValue},
	} {
		if strings.Contains(reason, t.text) {
			return t.code
		}
	}
	return TrapOther
}

// reason returns the innermost cause of one of wasmtime's messages, without the
// frames and hints that it puts around it.
func reason(message string) string {
	message, _, _ = strings.Cut(message, "\n\nStack backtrace:")
	_, causes, found := strings.Cut(message, "\n\nCaused by:\n")
	if !found {
		causes, _, _ = strings.Cut(message, "\n")
	}
	lines := strings.Split(strings.TrimSpace(causes), "\n")
	last := strings.TrimSpace(lines[len(lines)-1])
	if n, rest, ok := strings.Cut(last, ": "); ok && strings.Trim(n, "0123456789") == "" {
		last = rest // causes are numbered when there is more than one
	}
	last = strings.TrimPrefix(last, "wasm trap: ")
	if len(last) > reasonMax {
		last = strings.ToValidUTF8(last[:reasonMax], "") + "…"
	}
	return last
}

// trace returns the guest's functions from the lines "  0: 0x2a - module!name".
func trace(message string) []string {
	var out []string
	for line := range strings.Lines(message) {
		_, name, ok := strings.Cut(strings.TrimSpace(line), " - ")
		if ok && len(out) < traceMax {
			out = append(out, name)
		}
	}
	return out
}
