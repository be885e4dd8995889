package audit

import (
	"context"

	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// NewClient returns a Log over the audit service's RPC.
func NewClient(service auditv1.AuditServiceClient) Log {
	return &client{service: service}
}

type client struct {
	service auditv1.AuditServiceClient
}

// Append sends the events in one request.
func (c *client) Append(ctx context.Context, events ...*auditv1.Event) error {
	_, err := c.service.Append(ctx, &auditv1.AppendRequest{Events: events})
	return err
}
