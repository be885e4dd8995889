//go:build hygia_debug_gc

package component_test

// collects tells that every crossing collects garbage, which takes milliseconds.
const collects = true
