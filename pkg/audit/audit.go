// Package audit is the callers' side of the audit log: a client that appends
// events until they are durable, and an outbox through which a store hands over
// the events that it wrote in its own transactions.
//
// Whoever makes an event makes its id. The log sequences an id once, so each
// step here may be repeated freely: at-least-once delivery and exactly-once
// sequencing add up to exactly once.
package audit

import (
	"context"

	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// Log takes events for good.
//
// When Append returns nil, every event is durably sequenced: it survives the
// death of every process of the suite. When it returns an error, any prefix of
// the events may or may not have been sequenced; calling again with the same
// events (the same ids and the same content) is safe and is how one finds out.
// Implementations are safe for concurrent use. An event must not change once it
// was handed over, whatever Append returned.
type Log interface {
	Append(ctx context.Context, events ...*auditv1.Event) error
}
