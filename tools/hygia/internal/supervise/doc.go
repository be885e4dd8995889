// Package supervise runs the whole suite on one machine, as `hygia up` does:
// one process a service, one folder for all that they keep, and an embedded
// SPIFFE Workload API that knows exactly the processes that it started.
//
// The supervisor opens every listening socket itself and passes it on, so that
// port 0 works and no connection attempt is lost while a service restarts.
// Services are restarted with a growing pause, a bounded number of times; a
// service that goes on failing ends the suite rather than hiding. When the
// supervisor ends, in whatever way, no service outlives it: on Linux the kernel
// kills them with it.
package supervise
