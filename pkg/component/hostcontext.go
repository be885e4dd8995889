package component

import (
	"context"
	"sync"
	"time"
)

// hostContext is what host functions get: the call's context with the call's
// deadline. Most host functions never wait, so the timer that a deadline needs
// is made when one first asks for Done.
type hostContext struct {
	context.Context // the caller's
	deadline        time.Time
	origin          origin // of calls made with it
	log             logCount

	mu      sync.Mutex
	timed   context.Context // nil until asked for
	release context.CancelCauseFunc
	over    error // why it ended before its time; nil while it has not
}

func newHostContext(parent context.Context, deadline time.Time, f *frame) *hostContext {
	if d, ok := parent.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	c := &hostContext{
		Context: parent, deadline: deadline,
		origin: origin{flow: originOf(parent).flow, outer: f},
	}
	c.log.most = int64(f.program.limits.LogBytes)
	c.origin.log = &c.log
	return c
}

func (c *hostContext) Deadline() (time.Time, bool) { return c.deadline, true }

func (c *hostContext) Done() <-chan struct{} { return c.withTimer().Done() }

func (c *hostContext) Err() error {
	c.mu.Lock()
	timed, over := c.timed, c.over
	c.mu.Unlock()
	if timed != nil {
		return timed.Err()
	}
	// Asked once: contexts of calls within calls lie in each other.
	if err := c.Context.Err(); err != nil {
		return err
	}
	switch {
	case over != nil:
		return context.Canceled
	case now().After(c.deadline):
		return context.DeadlineExceeded
	}
	return nil
}

func (c *hostContext) Value(key any) any {
	if key == (originKey{}) {
		return &c.origin
	}
	c.mu.Lock()
	timed := c.timed
	c.mu.Unlock()
	if timed != nil { // also what makes context.Cause find ErrDeadline
		return timed.Value(key)
	}
	return c.Context.Value(key)
}

func (c *hostContext) withTimer() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timed == nil {
		parent, cancel := context.WithCancelCause(c.Context)
		timed, stop := context.WithDeadlineCause(parent, c.deadline, ErrDeadline)
		c.timed, c.release = timed, func(cause error) { cancel(cause); stop() }
		if c.over != nil {
			c.release(c.over)
		}
	}
	return c.timed
}

// end cancels the context, unless that was done before.
func (c *hostContext) end(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over != nil {
		return
	}
	c.over = cause
	if c.release != nil {
		c.release(cause)
	}
}
