package rpc

import (
	"context"

	"github.com/hygia-suite/hygia/pkg/rpc/internal/access"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// Affects names an object that the running call touches, for its audit record:
// a kind such as "entry" and the object's permanent id, never a name. A kind or
// an id that the log does not take (see audit.ValidateObject) fails the call
// with INTERNAL. Naming an object twice counts once. Without a gated call in ctx
// it does nothing.
func Affects(ctx context.Context, kind, id string) {
	if a := access.From(ctx); a != nil {
		a.Affect(kind, id)
	}
}

// WriteEvent returns the outcome event of the running Write method, with the
// objects that were named with [Affects] since the last one. The store puts it
// into its outbox in the transaction that makes the change; the gate then makes
// no event of its own for the success. A call that commits several transactions
// asks for one event in each; one whose transaction is rolled back returns why.
//
// It returns nil where there is no event to give: outside of a Write method,
// after an object that the log does not take, or with more than audit.MaxObjects
// objects. A store then refuses to write.
func WriteEvent(ctx context.Context) *auditv1.Event {
	if a := access.From(ctx); a != nil {
		return a.Take()
	}
	return nil
}
