package component

import "strings"

// TrapError says that a guest was ended by what it did.
type TrapError struct {
	Code   TrapCode
	Reason string   // wasmtime's, one line
	Trace  []string // the guest's functions, innermost first, at most traceMax
	Start  bool     // whether the guest was still being instantiated
}

func (e *TrapError) Error() string {
	if e.Start {
		return "component: trap while starting: " + e.Reason
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
	TrapOther         TrapCode = "other"
)

// traceMax bounds TrapError.Trace, reasonMax the text of a reason in bytes.
const (
	traceMax  = 32
	reasonMax = 512
)

// trapTexts are what wasmtime's messages hold, as its trap_encoding.rs and its
// component values write them.
var trapTexts = []struct {
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
	{"out-of-bounds", TrapValue},
	{"invalid utf-8", TrapValue},
	{"invalid utf-16", TrapValue},
	{"unexpected discriminant", TrapValue},
	{"discriminant", TrapValue},
	{"unaligned pointer", TrapValue},
	{"pointer not aligned", TrapValue},
	{"converted integer out of range for `char`", TrapValue},
	{"return pointer", TrapValue},
}

// limitTexts are what wasmtime says of its limiter, its pool and the amount that
// one crossing may bring to the host.
var limitTexts = []struct {
	text  string
	limit Limit
}{
	{"memory minimum size", LimitMemory},
	{"memory size", LimitMemory},
	{"table minimum size", LimitTable},
	{"instance count too high", LimitInstances},
	{"memory count too high", LimitInstances},
	{"table count too high", LimitInstances},
	{"concurrent", LimitPool},
	{"fuel allocated for hostcalls", LimitResult},
}

// guestError makes an error of wasmtime's message for a failed call or, when it
// had not started, instantiation.
func guestError(message string, started bool) error {
	why := reason(message)
	for _, t := range limitTexts {
		if strings.Contains(why, t.text) {
			return &LimitError{Limit: t.limit}
		}
	}
	e := &TrapError{Code: TrapOther, Reason: why, Trace: trace(message), Start: !started}
	for _, t := range trapTexts {
		if strings.Contains(why, t.text) {
			e.Code = t.code
			break
		}
	}
	return e
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
