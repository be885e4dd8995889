package component

import (
	"context"
	"sync/atomic"
	"time"
)

// CountLog counts n bytes that a host function is about to log, or to write to a
// guest's standard output, against Limits.LogBytes of the call that ctx is of. It
// fails with ErrLog when they are too many: then nothing must be written, and the
// call fails with ErrLog too, whatever the host function returns. Outside of a
// call nothing is counted. It is safe for concurrent use.
func CountLog(ctx context.Context, n int) error {
	log := originOf(ctx).log
	if log == nil {
		return nil
	}
	log.bytes.Add(int64(n))
	return log.err()
}

// logCount is what a call's host functions have logged.
type logCount struct {
	bytes atomic.Int64
	most  int64
}

func (l *logCount) err() error {
	if l.bytes.Load() <= l.most {
		return nil
	}
	return &LimitError{Limit: LimitLog, Max: l.most}
}

// enterHost notes when a host function began. Only a call with a limit on its
// time in host functions pays for the clock.
func (f *frame) enterHost() {
	if f.hostMost > 0 {
		f.hostSince.Store(int64(now().Sub(f.engine.born)))
	}
}

// leaveHost adds up, and fails when it was too much.
func (f *frame) leaveHost() error {
	if f.hostMost == 0 {
		return nil
	}
	took := int64(now().Sub(f.engine.born)) - f.hostSince.Swap(0)
	return f.hostTimeError(f.hostTime.Add(took))
}

func (f *frame) hostTimeError(used int64) error {
	if time.Duration(used) <= f.hostMost {
		return nil
	}
	return &LimitError{Limit: LimitHostTime, Max: int64(f.hostMost)}
}

// hostOverdue is the error of a call whose host function takes too long at this
// moment. The watcher asks.
func (f *frame) hostOverdue(at time.Time) error {
	// In this order: leaveHost writes them in the other, and none is counted twice.
	used := f.hostTime.Load()
	since := f.hostSince.Load()
	if since == 0 {
		return nil
	}
	return f.hostTimeError(used + int64(at.Sub(f.engine.born)) - since)
}
