package directory

import (
	"context"
	"slices"

	"github.com/hygia-suite/hygia/pkg/rpc"
	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	"github.com/hygia-suite/hygia/services/accounts/internal/store"
	"github.com/hygia-suite/hygia/services/accounts/internal/wire"
)

// firstLabel is the label of the token that a new tenant's administrator gets.
const firstLabel = "first token"

// CreateTenant makes a tenant with its first administrator and a token of
// theirs. The policy lets the operator's identity alone call it.
func (s *Service) CreateTenant(ctx context.Context, r *accountsv1.CreateTenantRequest) (*accountsv1.CreateTenantResponse, error) {
	if !slices.Contains(r.GetAdmin().GetRoles(), accountsv1.Role_ROLE_ADMIN) {
		return nil, ErrNeedsAdmin
	}
	tenant := store.Tenant{ID: s.IDs(), Slug: r.GetSlug(), Name: r.GetName(), CreateTime: store.Time(s.Clock())}
	admin, who, err := s.newPerson(ctx, tenant.ID, r.GetAdmin(), "admin.")
	if err != nil {
		return nil, err
	}
	text, token, err := s.newToken(tenant.ID, admin.ID, firstLabel, 0)
	if err != nil {
		return nil, err
	}
	rpc.Affects(ctx, "tenant", tenant.ID)
	rpc.Affects(ctx, "person", admin.ID)
	rpc.Affects(ctx, "token", token.ID)
	if err := s.Store.CreateTenant(ctx, tenant, admin, token, wire.WriteEvent(ctx, tenant.ID)); err != nil {
		return nil, answer(err, ErrNoPerson, ErrSlugTaken)
	}
	return &accountsv1.CreateTenantResponse{
		Tenant: wire.Tenant(tenant), Admin: wire.Person(admin, who), Token: text,
	}, nil
}
