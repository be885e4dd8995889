package rpc

import (
	"context"
	"time"
)

// The budget of a call. A hop keeps hopMargin for the way back, so that its
// caller gets a clear answer where the next hop runs out of time; a call that
// has less than leastTime left is not begun at all. The idea is boulder's
// (grpc/interceptors.go).
const (
	hopMargin = 20 * time.Millisecond
	leastTime = 50 * time.Millisecond
	// What a call gets that names no deadline, from its client; and the most that
	// a server allows.
	unaryTime  = 30 * time.Second
	streamTime = 15 * time.Minute
)

// limitDeadline gives the handler what is left of the caller's time, less the
// margin.
func (s *Server) limitDeadline(ctx context.Context, c *call, next func(context.Context) error) error {
	left := unaryTime
	if c.streaming {
		left = streamTime
	}
	if deadline, ok := ctx.Deadline(); ok {
		left = min(left, time.Until(deadline))
	}
	if left < leastTime {
		return errTooLittleTime
	}
	ctx, cancel := context.WithTimeout(ctx, left-hopMargin)
	defer cancel()
	return next(ctx)
}
