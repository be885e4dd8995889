// Package rest calls a suite through its gateway: proto3 JSON over HTTP, one
// bearer token, problem details (RFC 9457) as errors.
package rest
