package auth

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/hygia-suite/hygia/pkg/ratelimit"
	"github.com/hygia-suite/hygia/pkg/rpc"
	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	"github.com/hygia-suite/hygia/services/accounts/internal/apitoken"
	"github.com/hygia-suite/hygia/services/accounts/internal/password"
	"github.com/hygia-suite/hygia/services/accounts/internal/store"
	"github.com/hygia-suite/hygia/services/accounts/internal/wire"
)

// sessionLabel is the label of tokens that a login makes.
const sessionLabel = "login"

// Login trades an e-mail and a password for an API token. Whatever is wrong, it
// hashes one password and gives one answer, so that neither the answer nor its
// time tells whether an account exists.
func (s *Service) Login(ctx context.Context, r *accountsv1.LoginRequest) (*accountsv1.LoginResponse, error) {
	if err := s.limit(ctx, r); err != nil {
		return nil, err
	}
	person, err := s.find(ctx, r)
	if err != nil {
		return nil, err
	}
	newHash, err := s.check(ctx, person.PasswordHash, r.GetPassword())
	if err != nil {
		return nil, err
	}
	who, err := s.Vault.Unseal(person.Tenant, person.ID, person.Profile)
	if err != nil {
		return nil, err
	}
	text, token, err := s.session(person)
	if err != nil {
		return nil, err
	}
	rpc.Affects(ctx, "token", token.ID)
	switch err := s.Store.Login(ctx, token, newHash, wire.WriteEvent(ctx, person.Tenant)); {
	case errors.Is(err, store.ErrNotFound): // disabled meanwhile
		return nil, ErrLogin
	case err != nil:
		return nil, err
	}
	return &accountsv1.LoginResponse{
		Token: text, ExpireTime: timestamppb.New(token.ExpireTime), Person: wire.Person(person, who),
	}, nil
}

// limit takes one attempt from the account's share and one from the address's.
// The account need not exist.
func (s *Service) limit(ctx context.Context, r *accountsv1.LoginRequest) error {
	account, err := s.Vault.EmailIndex(r.GetTenant(), r.GetEmail())
	if err != nil {
		return err
	}
	if ok, wait := s.Accounts.Allow(string(account)); !ok {
		return tooMany(wait)
	}
	// Calls without an address share one bucket.
	address := ""
	if values := metadata.ValueFromIncomingContext(ctx, ratelimit.AddressMetadata); len(values) > 0 {
		address = values[0]
	}
	if ok, wait := s.Addresses.Allow(address); !ok {
		return tooMany(wait)
	}
	return nil
}

func tooMany(wait time.Duration) error {
	return ErrLoginLimit.WithHint(fmt.Sprintf("try again in %.0f s", math.Ceil(wait.Seconds())))
}

// find returns the account that may log in, and an empty person where there is
// none: that is told only after the password's work was done.
func (s *Service) find(ctx context.Context, r *accountsv1.LoginRequest) (store.Person, error) {
	tenant, err := s.Store.TenantBySlug(ctx, r.GetTenant())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.Person{}, nil
	case err != nil:
		return store.Person{}, err
	}
	index, err := s.Vault.EmailIndex(tenant.ID, r.GetEmail())
	if err != nil {
		return store.Person{}, err
	}
	person, err := s.Store.PersonByEmail(ctx, tenant.ID, index)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.Person{}, nil
	case err != nil:
		return store.Person{}, err
	}
	rpc.Affects(ctx, "person", person.ID)
	if person.Disabled {
		return store.Person{}, nil
	}
	return person, nil
}

// check compares the password and returns a new hash where the old one's
// parameters are not today's.
func (s *Service) check(ctx context.Context, hash, text string) (newHash string, err error) {
	stale, err := s.Passwords.Check(ctx, hash, text)
	switch {
	case errors.Is(err, password.ErrWrong):
		return "", ErrLogin
	case errors.Is(err, password.ErrBusy):
		return "", ErrLoginBusy
	case err != nil:
		return "", err
	case !stale:
		return "", nil
	}
	// A password that is right but may not be set anew, since the rules have
	// changed, keeps its hash.
	newHash, err = s.Passwords.Hash(ctx, text)
	switch {
	case errors.Is(err, password.ErrShort), errors.Is(err, password.ErrInvalid), errors.Is(err, password.ErrBusy):
		return "", nil
	case err != nil:
		return "", err
	}
	return newHash, nil
}

func (s *Service) session(p store.Person) (text string, t store.Token, err error) {
	text, digest, err := apitoken.New(s.Random)
	if err != nil {
		return "", store.Token{}, err
	}
	now := store.Time(s.Clock())
	return text, store.Token{
		ID: s.IDs(), Tenant: p.Tenant, Person: p.ID, Label: sessionLabel, Digest: digest,
		CreateTime: now, ExpireTime: now.Add(SessionLifetime),
	}, nil
}
