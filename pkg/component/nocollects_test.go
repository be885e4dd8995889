//go:build !hygia_debug_gc

package component_test

const collects = false

func repeated(n int) int { return n }
