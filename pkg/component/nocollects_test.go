//go:build !hygia_debug_gc

package component_test

const collects = false
