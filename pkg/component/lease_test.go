package component_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
)

// Between two calls a place may stay with whoever had it. Whoever else comes must get
// it at once: here the watcher would take it back much later.
func TestAPlaceGoesToWhoeverComes(t *testing.T) {
	for _, parallel := range []int{1, 2} {
		t.Run(fmt.Sprintf("%d places", parallel), func(t *testing.T) {
			e := newEngine(t, component.Config{Parallel: parallel, Tick: 300 * time.Millisecond})
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			var callers []component.Caller
			for range 2 {
				p := link(t, e, worker, component.LinkOptions{Exports: []*component.Export{work}})
				live, err := p.Instance(ctx)
				if err != nil {
					t.Fatal(err)
				}
				defer live.Close()
				callers = append(callers, p, live)
			}
			for i := range 200 {
				flow := component.WithFlow(ctx, fmt.Sprint("flow ", i/3%3))
				var one sync.WaitGroup
				one.Go(func() { // a goroutine of its own, often on another processor
					if err := toil(flow, callers[i%len(callers)], 10); err != nil {
						t.Error(err)
					}
				})
				one.Wait()
			}
		})
	}
}
