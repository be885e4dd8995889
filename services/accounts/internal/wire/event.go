package wire

import (
	"context"

	"github.com/hygia-suite/hygia/pkg/rpc"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// WriteEvent returns the audit event of a change that no actor makes, such as a
// login, under the tenant that it turned out to concern: without one, nobody of
// that tenant would find it in their trail. It is nil where rpc.WriteEvent is.
func WriteEvent(ctx context.Context, tenant string) *auditv1.Event {
	event := rpc.WriteEvent(ctx)
	if event != nil {
		event.Tenant = tenant
	}
	return event
}
