//go:build hygia_debug_gc

package component

import "runtime"

func debugGC() { runtime.GC() }
