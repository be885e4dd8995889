package supervisor_test

import (
	"testing"

	"github.com/hygia-suite/hygia/pkg/plugin/supervisor"
)

// What a slot adds to a call.
func BenchmarkCall(b *testing.B) {
	slot, _ := newSlot(supervisor.Settings{})
	r := newRelease("1.0.0")
	slot.Swap(r)
	b.Run("direct", func(b *testing.B) {
		for b.Loop() {
			_ = call(r)
		}
	})
	b.Run("slot", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = call(slot)
		}
	})
	b.Run("slot, in parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_ = call(slot)
			}
		})
	})
}
