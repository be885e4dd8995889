package rpc

import (
	"context"

	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// Affects names an object that the running call touches, for its audit record:
// a kind such as "entry" and the object's permanent id, never a name.
func Affects(ctx context.Context, kind, id string) {}

// WriteEvent returns the outcome event of the running Write method. The store
// puts it into its outbox in the transaction that makes the change, after every
// object was named with [Affects]. It returns nil outside of a Write method: a
// store then refuses to write.
func WriteEvent(ctx context.Context) *auditv1.Event { return nil }

// WithToken returns a context whose calls through [Dial] carry this actor token.
// Servers do it for their handlers; only the gateway needs to call it.
func WithToken(ctx context.Context, token string) context.Context { return ctx }
