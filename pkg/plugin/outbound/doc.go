// Package outbound sends the requests of hygia:host/outbound-http: over HTTPS, to
// hosts that a manifest names, and to nobody else.
//
// [Admit] makes a [Request] of what a guest asks for, or refuses it; there is no
// other way to make one. A [Client] sends it, and looks at the address that a
// host's name led to when it connects, not before: a name that leads elsewhere a
// moment later gains nothing. Errors are a [host.Failure] without detail, and
// never hold what a guest or a host wrote.
package outbound
