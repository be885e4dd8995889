package trail_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// BenchmarkAppend measures how long a writer waits for one event to be durable,
// by how many write at once.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			w := open(b, b.TempDir())
			defer w.close(b)
			waits := make([]time.Duration, b.N)
			next := make(chan int)
			var wg sync.WaitGroup
			for range writers {
				wg.Go(func() {
					for i := range next {
						event := audittest.Event()
						started := time.Now()
						if _, err := w.trail.Append(b.Context(), []*auditv1.Event{event}); err != nil {
							b.Error(err)
						}
						waits[i] = time.Since(started)
					}
				})
			}
			b.ResetTimer()
			for i := range b.N {
				next <- i
			}
			close(next)
			wg.Wait()
			b.StopTimer()
			slices.Sort(waits)
			at := func(q float64) float64 {
				return float64(waits[int(q*float64(len(waits)-1))].Microseconds()) / 1000
			}
			b.ReportMetric(at(.5), "p50-ms")
			b.ReportMetric(at(.99), "p99-ms")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
