// Package fault is the one error that crosses a process boundary. It carries a
// gRPC code, a stable reason that programs compare, a message and a hint that
// people read, and the fields of a request that were refused. Its cause stays
// in the process where it happened.
//
// A handler returns a *Error, wrapped or not; pkg/rpc sends From of it. The
// client's side makes the same *Error of the status that arrives, so that
// errors.Is and errors.As give the same answer on both sides.
//
// Messages, hints and fields are shown to people and written to logs: they say
// what happened and where, and hold neither personal data nor the insides of a
// service.
package fault
