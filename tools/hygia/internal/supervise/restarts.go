package supervise

import (
	"slices"
	"time"
)

const (
	// maxRestarts within restartWindow end the suite.
	maxRestarts   = 5
	restartWindow = time.Minute
	// The pause before a restart doubles from the first to the last.
	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second
)

// restarts bounds how often one service is started again.
type restarts struct{ times []time.Time }

// next tells how long to wait before a start at now, and whether there may be one.
func (r *restarts) next(now time.Time) (time.Duration, bool) {
	r.times = slices.DeleteFunc(r.times, func(t time.Time) bool { return now.Sub(t) > restartWindow })
	n := len(r.times)
	if n > maxRestarts {
		return 0, false
	}
	r.times = append(r.times, now)
	if n == 0 {
		return 0, true
	}
	return min(firstPause<<(n-1), lastPause), true
}
