// Package rpctest lets tests of handlers and stores run as if within a call.
package rpctest

import (
	"context"
	"time"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	"github.com/hygia-suite/hygia/pkg/rpc/internal/access"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// Write returns a context in which rpc.Affects and rpc.WriteEvent do what they
// do in a Write method, for the actor of ctx where it has one. Each call begins
// another access.
func Write(ctx context.Context) context.Context { return with(ctx, true) }

// Read returns a context as a Read method has it: rpc.WriteEvent gives nothing.
func Read(ctx context.Context) context.Context { return with(ctx, false) }

func with(ctx context.Context, write bool) context.Context {
	base := audittest.Event()
	base.Action = auditv1.Action_ACTION_UPDATE
	if a, ok := actor.From(ctx); ok {
		base.Tenant, base.Person, base.Purpose = a.Tenant, a.Person, string(a.Purpose)
		base.Roles = nil
		for _, role := range a.Roles {
			base.Roles = append(base.Roles, string(role))
		}
	}
	return access.With(ctx, access.Begin(base, write, time.Now, audittest.ID)) //nolint:forbidigo // for tests
}
