package wasi

import (
	"context"
	"io"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
)

// state is what an instance has of its own. It lasts as long as the instance,
// which runs one call at a time.
type state struct {
	clock  func() time.Time // nil: time passes by sleeping only
	start  time.Time
	shown  uint64 // by the monotonic clock, at last; nanoseconds
	random io.Reader
}

// origin is what the monotonic clock of a new instance shows, in nanoseconds. It
// is not zero, which Go's runtime takes for a clock that does not work.
const origin = uint64(time.Second)

type stateKey struct{}

func (a adder) state(ctx context.Context) *state {
	return component.Local(ctx, stateKey{}, a.newState).(*state)
}

func (a adder) newState() any {
	s := &state{clock: a.config.Now, shown: origin, random: a.config.Random}
	if s.clock != nil {
		s.start = s.clock()
	}
	if s.random == nil {
		s.random = fixed()
	}
	return s
}

// now returns the monotonic clock's time, which is never less than before.
func (s *state) now() uint64 {
	if s.clock != nil {
		s.shown = max(s.shown, origin+uint64(max(s.clock().Sub(s.start), 0)))
	}
	return s.shown
}

// slept says that the guest has slept.
func (s *state) slept(d time.Duration) {
	if s.clock == nil {
		s.shown += uint64(d)
	}
}
