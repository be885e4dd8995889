package rpc

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/telemetry"
)

// observe counts and times each call, and logs those that failed through the
// service's own fault: the method, the reason and the types of the causes, never
// the request.
func (s *Server) observe(ctx context.Context, c *call, next func(context.Context) error) error {
	end := s.telemetry.Server.Begin(c.method)
	err := next(ctx)
	code := codes.OK
	if err != nil {
		code = fault.From(err).Code
	}
	end(code)
	switch code {
	case codes.Internal, codes.Unknown, codes.DataLoss:
		s.logger.ErrorContext(ctx, "call failed", "method", c.method, telemetry.Err(err))
	}
	return err
}

// recoverPanics turns a panic into INTERNAL. The log gets the type of what was
// panicked with and the place, not the value: that may quote a request.
func (s *Server) recoverPanics(ctx context.Context, c *call, next func(context.Context) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			s.logger.ErrorContext(ctx, "panic in a call", "method", c.method,
				"panic_type", fmt.Sprintf("%T", r), "panic_at", panicked())
			err = fault.Internal(errPanic)
		}
	}()
	return next(ctx)
}

// panicked names the function and line that panicked: the innermost frame
// outside of the runtime. It is called in a deferred function.
func panicked() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		frame, more := frames.Next()
		if !strings.HasPrefix(frame.Function, "runtime.") || !more {
			return fmt.Sprintf("%s:%d", frame.Function, frame.Line)
		}
	}
}

// gateBuckets reach from an append to memory to the gate's patience, in seconds.
//
//nolint:gochecknoglobals // immutable
var gateBuckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 3}

// newGateSeconds makes the metric of how long calls wait for the audit log.
func newGateSeconds(r prometheus.Registerer) (*prometheus.HistogramVec, error) {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "hygia_rpc_audit_wait_seconds",
		Help:    "Time that calls wait for the audit log, by whether it took the record.",
		Buckets: gateBuckets,
	}, []string{"taken"})
	return h, r.Register(h)
}
