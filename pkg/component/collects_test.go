//go:build hygia_debug_gc

package component_test

// collects tells that every crossing collects garbage, which takes milliseconds.
const collects = true

// repeated is how often a test repeats what n times are for in other builds: what this
// one is for, a few times show.
func repeated(n int) int { return n / 25 }
