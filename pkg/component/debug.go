//go:build !hygia_debug_gc

package component

// debugGC collects garbage where a Go value is about to be used through C, where C's
// memory is about to be read or freed, and at each use of a handle, when built with
// the tag hygia_debug_gc: what is kept alive by luck then fails.
func debugGC() {}
