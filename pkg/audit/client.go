package audit

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// What one request to the service may hold. The bytes stay well under the
// default limit of a request, 1 MiB, with one event of MaxEventBytes on top.
const (
	maxBatchEvents = 256
	maxBatchBytes  = 512 << 10
)

// How an attempt is repeated. An answer that is lost costs attemptTimeout, so
// it is short against the seconds that callers wait.
const (
	attemptTimeout = time.Second
	firstBackoff   = 10 * time.Millisecond
	maxBackoff     = 500 * time.Millisecond
)

// NewClient returns a Log over the audit service's RPC.
//
// Append cuts the events into requests of bounded size and sends them in order.
// Callers that wait at the same time share requests. A request whose fate is
// unknown (the service is unreachable, the answer is lost) is sent again, with
// the same ids, until ctx ends; a request that the service refused is not. Give
// ctx a deadline: without one, Append waits for the service for ever.
func NewClient(service auditv1.AuditServiceClient) Log {
	return &client{ferry: ferry{service: service}}
}

type client struct {
	ferry ferry
}

func (c *client) Append(ctx context.Context, events ...*auditv1.Event) error {
	for len(events) > 0 {
		n := batchLen(events)
		if err := c.appendBatch(ctx, events[:n]); err != nil {
			return fmt.Errorf("append to the audit log: %w", err)
		}
		events = events[n:]
	}
	return nil
}

// batchLen says how many of the events fit into one request; at least one.
func batchLen(events []*auditv1.Event) int {
	size := 0
	for i, event := range events[:min(len(events), maxBatchEvents)] {
		size += proto.Size(event)
		if size > maxBatchBytes && i > 0 {
			return i
		}
	}
	return min(len(events), maxBatchEvents)
}

// appendBatch repeats one request until it is answered for certain.
func (c *client) appendBatch(ctx context.Context, events []*auditv1.Event) error {
	for backoff := firstBackoff; ; backoff = min(2*backoff, maxBackoff) {
		err := c.ferry.send(ctx, events)
		if err == nil || !uncertain(err) {
			return err
		}
		if !sleep(ctx, jitter(backoff)) {
			return err
		}
	}
}

// uncertain reports whether err leaves open if the events were sequenced.
func uncertain(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Aborted, codes.ResourceExhausted, codes.Internal:
		return true
	}
	return false
}

// refused reports whether the log will refuse the same events again.
func refused(err error) bool {
	switch status.Code(err) {
	case codes.InvalidArgument, codes.AlreadyExists, codes.PermissionDenied, codes.FailedPrecondition:
		return true
	}
	return false
}

// jitter spreads the retries of callers that failed together: half to all of d.
func jitter(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1) //nolint:gosec // guessing it gains nobody anything
}

// sleep waits for d; false where ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
