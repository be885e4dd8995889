package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/rpc"
	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	"github.com/hygia-suite/hygia/services/accounts/internal/apitoken"
	"github.com/hygia-suite/hygia/services/accounts/internal/store"
	"github.com/hygia-suite/hygia/services/accounts/internal/wire"
)

// Exchange trades an API token for an actor token. It changes nothing: that the
// token was used is in the audit log.
func (s *Service) Exchange(ctx context.Context, r *accountsv1.ExchangeRequest) (*accountsv1.ExchangeResponse, error) {
	token, person, err := s.authenticate(ctx, r.GetApiToken())
	if err != nil {
		return nil, err
	}
	purpose, ok := wire.Choose(person.Roles, wire.Purpose(r.GetPurpose()))
	if !ok {
		return nil, ErrPurpose.WithHint("purposes of this person: " + list(wire.Purposes(person.Roles)))
	}
	who, err := s.Vault.Unseal(person.Tenant, person.ID, person.Profile)
	if err != nil {
		return nil, err
	}
	signed, expires, err := s.Issuer.Issue(actor.Actor{
		Person: person.ID, Tenant: person.Tenant, DisplayName: who.DisplayName,
		Roles: person.Roles, Purpose: purpose, Credential: who.Credential,
	})
	if err != nil {
		return nil, fmt.Errorf("auth: issue: %w", err)
	}
	return &accountsv1.ExchangeResponse{
		ActorToken: signed, ExpireTime: timestamppb.New(earlier(expires, token.ExpireTime)),
	}, nil
}

// authenticate finds the person of an API token that still holds.
func (s *Service) authenticate(ctx context.Context, text string) (store.Token, store.Person, error) {
	digest, err := apitoken.Parse(text)
	if err != nil {
		return store.Token{}, store.Person{}, ErrTokenUnknown
	}
	token, person, err := s.Store.TokenByDigest(ctx, digest)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.Token{}, store.Person{}, ErrTokenUnknown
	case err != nil:
		return store.Token{}, store.Person{}, err
	}
	rpc.Affects(ctx, "person", person.ID)
	rpc.Affects(ctx, "token", token.ID)
	switch {
	case token.Revoked, person.Disabled:
		return store.Token{}, store.Person{}, ErrTokenRevoked
	case !s.Clock().Before(token.ExpireTime):
		return store.Token{}, store.Person{}, ErrTokenExpired
	}
	return token, person, nil
}

func list(purposes []actor.Purpose) string {
	names := make([]string, len(purposes))
	for i, p := range purposes {
		names[i] = string(p)
	}
	return strings.Join(names, ", ")
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
