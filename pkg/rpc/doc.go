// Package rpc builds every gRPC server and every gRPC client of the suite, so
// that no service can forget a rule.
//
// A server answers over mutual TLS only. Each call passes the same middleware,
// in the order that [NewServer] shows as one slice. What may be called, by whom,
// for whom and how it is audited is one [Row] of the service's [Policy] for each
// method; a method without a row, or a row without a method, keeps the server
// from starting.
//
// Nothing leaves a server before its audit record is durable: see gate.go.
package rpc
