package directory

import (
	"context"
	"errors"
	"slices"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/rpc"
	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	documentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/document/v1"
	"github.com/hygia-suite/hygia/services/accounts/internal/password"
	"github.com/hygia-suite/hygia/services/accounts/internal/profile"
	"github.com/hygia-suite/hygia/services/accounts/internal/store"
	"github.com/hygia-suite/hygia/services/accounts/internal/wire"
)

// maxName bounds a name in bytes, as actor tokens do; protovalidate counts
// characters.
const maxName = 200

// GetMe returns the caller and their tenant.
func (s *Service) GetMe(ctx context.Context, _ *accountsv1.GetMeRequest) (*accountsv1.GetMeResponse, error) {
	a, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	rpc.Affects(ctx, "person", a.Person)
	person, err := s.read(ctx, a.Tenant, a.Person)
	if err != nil {
		return nil, err
	}
	tenant, err := s.Store.Tenant(ctx, a.Tenant)
	if err != nil {
		return nil, answer(err, ErrNoPerson, nil)
	}
	return &accountsv1.GetMeResponse{Person: person, Tenant: wire.Tenant(tenant)}, nil
}

// GetPerson returns a person of the caller's tenant.
func (s *Service) GetPerson(ctx context.Context, r *accountsv1.GetPersonRequest) (*accountsv1.GetPersonResponse, error) {
	a, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	rpc.Affects(ctx, "person", r.GetId())
	person, err := s.read(ctx, a.Tenant, r.GetId())
	if err != nil {
		return nil, err
	}
	return &accountsv1.GetPersonResponse{Person: person}, nil
}

// ListPeople returns the people of the caller's tenant, the oldest account first.
func (s *Service) ListPeople(ctx context.Context, r *accountsv1.ListPeopleRequest) (*accountsv1.ListPeopleResponse, error) {
	a, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	p, err := page(r.GetPageSize(), r.GetPageToken())
	if err != nil {
		return nil, err
	}
	rows, err := s.Store.People(ctx, a.Tenant, store.Page{After: p.After, Limit: p.Limit + 1})
	if err != nil {
		return nil, answer(err, ErrNoPerson, nil)
	}
	rows, token := next(rows, p.Limit, func(p store.Person) string { return p.ID })
	response := &accountsv1.ListPeopleResponse{NextPageToken: token}
	for _, row := range rows {
		rpc.Affects(ctx, "person", row.ID)
		person, err := s.unseal(row)
		if err != nil {
			return nil, err
		}
		response.People = append(response.People, person)
	}
	return response, nil
}

// CreatePerson adds a person to the caller's tenant.
func (s *Service) CreatePerson(ctx context.Context, r *accountsv1.CreatePersonRequest) (*accountsv1.CreatePersonResponse, error) {
	a, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	row, who, err := s.newPerson(ctx, a.Tenant, r, "")
	if err != nil {
		return nil, err
	}
	rpc.Affects(ctx, "person", row.ID)
	if err := s.Store.CreatePerson(ctx, row, rpc.WriteEvent(ctx)); err != nil {
		return nil, answer(err, ErrNoPerson, ErrMailTaken)
	}
	return &accountsv1.CreatePersonResponse{Person: wire.Person(row, who)}, nil
}

// UpdatePerson replaces what a person may do, and how they are called.
func (s *Service) UpdatePerson(ctx context.Context, r *accountsv1.UpdatePersonRequest) (*accountsv1.UpdatePersonResponse, error) {
	a, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	credential, err := proof(r.GetRoles(), r.GetCredential(), r.GetDisplayName(), "")
	if err != nil {
		return nil, err
	}
	rpc.Affects(ctx, "person", r.GetId())
	var who profile.Profile
	row, err := s.Store.UpdatePerson(ctx, a.Tenant, r.GetId(), func(p *store.Person) (err error) {
		if who, err = s.Vault.Unseal(p.Tenant, p.ID, p.Profile); err != nil {
			return err
		}
		who.DisplayName, who.Credential = r.GetDisplayName(), credential
		p.Roles, p.Disabled = wire.Roles(r.GetRoles()), r.GetDisabled()
		p.Profile, err = s.Vault.Seal(p.Tenant, p.ID, who)
		return err
	}, rpc.WriteEvent(ctx))
	if err != nil {
		return nil, answer(err, ErrNoPerson, nil)
	}
	return &accountsv1.UpdatePersonResponse{Person: wire.Person(row, who)}, nil
}

// newPerson makes the row of a request. prefix leads to the request where it is
// part of another one.
func (s *Service) newPerson(ctx context.Context, tenant string, r *accountsv1.CreatePersonRequest, prefix string) (store.Person, profile.Profile, error) {
	fail := func(err error) (store.Person, profile.Profile, error) {
		return store.Person{}, profile.Profile{}, err
	}
	credential, err := proof(r.GetRoles(), r.GetCredential(), r.GetDisplayName(), prefix)
	if err != nil {
		return fail(err)
	}
	row := store.Person{ID: s.IDs(), Tenant: tenant, Roles: wire.Roles(r.GetRoles()), CreateTime: store.Time(s.Clock())}
	who := profile.Profile{Email: r.GetEmail(), DisplayName: r.GetDisplayName(), Credential: credential}
	if row.PasswordHash, err = s.hash(ctx, r.GetPassword(), prefix); err != nil {
		return fail(err)
	}
	if row.Profile, err = s.Vault.Seal(tenant, row.ID, who); err != nil {
		return fail(err)
	}
	if row.EmailIndex, err = s.Vault.EmailIndex(tenant, who.Email); err != nil {
		return fail(err)
	}
	return row, who, nil
}

// proof checks what the roles need and the name's length in bytes.
func proof(roles []accountsv1.Role, from *documentv1.Credential, name, prefix string) (*actor.Credential, error) {
	if len(name) > maxName {
		return nil, ErrName.WithField(prefix+"display_name", "must be at most 200 bytes of UTF-8")
	}
	if from == nil && slices.Contains(roles, accountsv1.Role_ROLE_REVIEWER) {
		return nil, ErrNeedsProof
	}
	return wire.Credential(from, prefix+"credential")
}

// hash hashes a password that is being set; none is set where it is empty.
func (s *Service) hash(ctx context.Context, text, prefix string) (string, error) {
	if text == "" {
		return "", nil
	}
	hash, err := s.Passwords.Hash(ctx, text)
	switch {
	case errors.Is(err, password.ErrShort):
		return "", ErrPassword.WithField(prefix+"password", "must have at least 12 characters")
	case errors.Is(err, password.ErrInvalid):
		return "", ErrPassword.WithField(prefix+"password", "must be at most 1024 bytes, without control characters")
	case errors.Is(err, password.ErrBusy):
		return "", ErrBusy
	case err != nil:
		return "", fault.From(err)
	}
	return hash, nil
}

func (s *Service) read(ctx context.Context, tenant, id string) (*accountsv1.Person, error) {
	row, err := s.Store.Person(ctx, tenant, id)
	if err != nil {
		return nil, answer(err, ErrNoPerson, nil)
	}
	return s.unseal(row)
}

func (s *Service) unseal(row store.Person) (*accountsv1.Person, error) {
	who, err := s.Vault.Unseal(row.Tenant, row.ID, row.Profile)
	if err != nil {
		return nil, err
	}
	return wire.Person(row, who), nil
}
