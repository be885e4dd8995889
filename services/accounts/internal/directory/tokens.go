package directory

import (
	"context"
	"time"

	"github.com/hygia-suite/hygia/pkg/rpc"
	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	"github.com/hygia-suite/hygia/services/accounts/internal/apitoken"
	"github.com/hygia-suite/hygia/services/accounts/internal/store"
	"github.com/hygia-suite/hygia/services/accounts/internal/wire"
)

// defaultDays is how long a token holds where the request does not say.
const defaultDays = 30

// CreateApiToken makes a token for the caller or, where an administrator calls,
// for another person of the tenant.
func (s *Service) CreateApiToken(ctx context.Context, r *accountsv1.CreateApiTokenRequest) (*accountsv1.CreateApiTokenResponse, error) { //nolint:revive // the proto file's name
	a, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	person := r.GetPersonId()
	switch {
	case person == "":
		person = a.Person
	case person != a.Person && !administers(a):
		return nil, ErrNotYours
	}
	text, token, err := s.newToken(a.Tenant, person, r.GetLabel(), r.GetDays())
	if err != nil {
		return nil, err
	}
	rpc.Affects(ctx, "person", person)
	rpc.Affects(ctx, "token", token.ID)
	if err := s.Store.CreateToken(ctx, token, rpc.WriteEvent(ctx)); err != nil {
		return nil, answer(err, ErrNoPerson, nil)
	}
	return &accountsv1.CreateApiTokenResponse{Token: text, ApiToken: wire.Token(token)}, nil
}

// ListApiTokens returns the tokens of the tenant to an administrator, and their
// own to anybody else, the oldest first.
func (s *Service) ListApiTokens(ctx context.Context, r *accountsv1.ListApiTokensRequest) (*accountsv1.ListApiTokensResponse, error) { //nolint:revive // the proto file's name
	a, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	p, err := page(r.GetPageSize(), r.GetPageToken())
	if err != nil {
		return nil, err
	}
	owner := a.Person
	if administers(a) {
		owner = "" // everybody's
	}
	rows, err := s.Store.Tokens(ctx, a.Tenant, owner, store.Page{After: p.After, Limit: p.Limit + 1})
	if err != nil {
		return nil, answer(err, ErrNoPerson, nil)
	}
	rows, token := next(rows, p.Limit, func(t store.Token) string { return t.ID })
	response := &accountsv1.ListApiTokensResponse{NextPageToken: token}
	for _, row := range rows {
		rpc.Affects(ctx, "token", row.ID)
		response.ApiTokens = append(response.ApiTokens, wire.Token(row))
	}
	return response, nil
}

// RevokeApiToken ends a token: anybody's own, any of the tenant's where an
// administrator calls. Another person's token does not exist for the others.
func (s *Service) RevokeApiToken(ctx context.Context, r *accountsv1.RevokeApiTokenRequest) (*accountsv1.RevokeApiTokenResponse, error) { //nolint:revive // the proto file's name
	a, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	rpc.Affects(ctx, "token", r.GetId())
	token, err := s.Store.Token(ctx, a.Tenant, r.GetId())
	if err != nil {
		return nil, answer(err, ErrNoToken, nil)
	}
	if token.Person != a.Person && !administers(a) {
		return nil, ErrNoToken
	}
	rpc.Affects(ctx, "person", token.Person)
	if err := s.Store.RevokeToken(ctx, a.Tenant, token.ID, rpc.WriteEvent(ctx)); err != nil {
		return nil, answer(err, ErrNoToken, nil)
	}
	return &accountsv1.RevokeApiTokenResponse{}, nil
}

func (s *Service) newToken(tenant, person, label string, days int32) (text string, t store.Token, err error) {
	text, digest, err := apitoken.New(s.Random)
	if err != nil {
		return "", store.Token{}, err
	}
	if days == 0 {
		days = defaultDays
	}
	now := store.Time(s.Clock())
	return text, store.Token{
		ID: s.IDs(), Tenant: tenant, Person: person, Label: label, Digest: digest,
		CreateTime: now, ExpireTime: now.Add(time.Duration(days) * 24 * time.Hour),
	}, nil
}
