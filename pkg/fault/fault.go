package fault

import (
	"slices"

	"google.golang.org/grpc/codes"
)

// Error says what was refused or failed, to a program and to a person. Its
// methods that begin with With, and Wrap, return copies: an *Error in a package
// variable serves as a template and as a target of errors.Is. It is safe for
// concurrent use as long as nobody writes its fields.
type Error struct {
	// Code is the gRPC code; never codes.OK.
	Code codes.Code
	// Reason names the kind of failure, in UPPER_SNAKE. It is part of the API:
	// it does not change where the message does.
	Reason string
	// Message says what happened and where.
	Message string
	// Hint says what the caller can do; may be empty.
	Hint string
	// Fields are the parts of the request that were refused.
	Fields []Field

	cause error
}

// Field is one refused part of a request.
type Field struct {
	// Path leads to the field, such as "entry.title" or "items[2].id".
	Path string
	// Message says what the field must be, without repeating its value.
	Message string
}

// New makes an error. A code of codes.OK becomes codes.Unknown: an error is
// never a success.
func New(code codes.Code, reason, message string) *Error {
	if code == codes.OK {
		code = codes.Unknown
	}
	return &Error{Code: code, Reason: reason, Message: message}
}

// Internal makes the error for a defect or a failing disk: the caller learns
// only that it happened, the cause stays here for errors.Is and the log.
func Internal(cause error) *Error {
	return New(codes.Internal, ReasonInternal, neutral[codes.Internal].message).Wrap(cause)
}

// WithHint returns a copy that tells the caller what to do.
func (e *Error) WithHint(hint string) *Error {
	c := e.clone()
	c.Hint = hint
	return c
}

// WithField returns a copy that also names a refused field.
func (e *Error) WithField(path, message string) *Error {
	c := e.clone()
	c.Fields = append(c.Fields, Field{Path: path, Message: message})
	return c
}

// Wrap returns a copy with a cause, which errors.Is and errors.As see in this
// process and which never leaves it.
func (e *Error) Wrap(cause error) *Error {
	c := e.clone()
	c.cause = cause
	return c
}

// Error returns the reason and the message. The cause is left out: what a
// driver or a peer wrote may quote a person's data.
func (e *Error) Error() string { return e.Reason + ": " + e.Message }

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is an *Error of the same reason.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Reason == e.Reason
}

func (e *Error) clone() *Error {
	c := *e
	c.Fields = slices.Clone(e.Fields)
	return &c
}
