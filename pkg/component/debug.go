//go:build !hygia_debug_gc

package component

// debugGC collects garbage where a Go value is about to be used through C, when
// built with the tag hygia_debug_gc: what is kept alive by luck then fails.
func debugGC() {}
