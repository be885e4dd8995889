package demo

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	documentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/document/v1"
	"github.com/hygia-suite/hygia/tools/hygia/internal/devenv"
	"github.com/hygia-suite/hygia/tools/hygia/internal/rest"
)

// The demo's organisation.
const (
	tenantSlug = "aurora"
	tenantName = "Portal Aurora de Saúde"
)

// tokenDays is how long the tokens of dev.env hold.
const tokenDays = 365

// cast are the demo's people. None of them exists.
//
//nolint:gochecknoglobals // immutable
var cast = map[string]*accountsv1.CreatePersonRequest{
	"admin":  {Email: "ivo.castanho@aurora.example", DisplayName: "Ivo Amaral Castanho", Roles: []accountsv1.Role{accountsv1.Role_ROLE_ADMIN}},
	"editor": {Email: "nara.prates@aurora.example", DisplayName: "Nara Vilela Prates", Roles: []accountsv1.Role{accountsv1.Role_ROLE_EDITOR}},
	"reviewer": {
		Email: "teresa.moura@aurora.example", DisplayName: "Dra. Teresa Ficta Moura", Roles: []accountsv1.Role{accountsv1.Role_ROLE_REVIEWER},
		Credential: &documentv1.Credential{Council: "CRM", Region: "SP", Number: "000909", Specialties: []string{"00990"}},
	},
	"dpo": {Email: "olavo.reis@aurora.example", DisplayName: "Olavo Quintas Reis", Roles: []accountsv1.Role{accountsv1.Role_ROLE_DPO}},
}

// request is how a person is made, with the password that was chosen for them.
func request(role, password string) *accountsv1.CreatePersonRequest {
	c := cast[role]
	return &accountsv1.CreatePersonRequest{
		Email: c.Email, DisplayName: c.DisplayName, Roles: c.Roles, Credential: c.Credential, Password: password,
	}
}

// people makes the organisation and its people, as far as they are not there.
func (d *demo) people(ctx context.Context) error {
	for _, role := range devenv.Roles() {
		if d.state.People[role] == nil {
			password, err := newPassword(d.config.Random)
			if err != nil {
				return err
			}
			d.state.People[role] = &Person{Password: password}
		}
	}
	if err := d.state.save(); err != nil {
		return err
	}
	if err := d.tenant(ctx); err != nil {
		return fmt.Errorf("make the organisation: %w", err)
	}
	for _, role := range devenv.Roles() {
		if err := d.person(ctx, role); err != nil {
			return fmt.Errorf("make the %s: %w", role, err)
		}
	}
	return nil
}

// newPassword gives 144 random bits.
func newPassword(random io.Reader) (string, error) {
	raw := make([]byte, 18)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

// tenant makes the organisation with its administrator. Where an earlier run did
// and lost the answer, the administrator's password gives another token.
func (d *demo) tenant(ctx context.Context) error {
	admin := d.state.People["admin"]
	if admin.Token != "" {
		return nil
	}
	made, err := d.config.Directory.CreateTenant(ctx, &accountsv1.CreateTenantRequest{
		Slug: tenantSlug, Name: tenantName, Admin: request("admin", admin.Password),
	})
	token, id := made.GetToken(), made.GetAdmin().GetId()
	if status.Code(err) == codes.AlreadyExists {
		token, id, err = d.login(ctx, admin.Password)
	}
	if err != nil {
		return err
	}
	admin.ID = id
	if admin.Token, err = d.token(ctx, token, id); err != nil {
		return err
	}
	return d.state.save()
}

func (d *demo) login(ctx context.Context, password string) (token, id string, err error) {
	client, err := d.config.Client("", "")
	if err != nil {
		return "", "", err
	}
	out := &accountsv1.LoginResponse{}
	err = client.Call(ctx, http.MethodPost, "/v1/login", &accountsv1.LoginRequest{
		Tenant: tenantSlug, Email: cast["admin"].Email, Password: password,
	}, out)
	if err != nil {
		return "", "", fmt.Errorf("the organisation %q is there already, and its administrator cannot log in: %w", tenantSlug, err)
	}
	return out.Token, out.Person.GetId(), nil
}

// token makes a token for a person, with the administrator's.
func (d *demo) token(ctx context.Context, admin, person string) (string, error) {
	client, err := d.config.Client(admin, "administration")
	if err != nil {
		return "", err
	}
	out := &accountsv1.CreateApiTokenResponse{}
	err = client.Call(ctx, http.MethodPost, "/v1/tokens", &accountsv1.CreateApiTokenRequest{
		PersonId: person, Label: "dev.env", Days: tokenDays,
	}, out)
	return out.Token, err
}

// person makes one of the people, or finds the one whom an earlier run made, and
// gets a token for them.
func (d *demo) person(ctx context.Context, role string) error {
	p := d.state.People[role]
	if p.Token != "" {
		return nil
	}
	admin := d.state.People["admin"].Token
	client, err := d.config.Client(admin, "administration")
	if err != nil {
		return err
	}
	out := &accountsv1.CreatePersonResponse{}
	err = client.Call(ctx, http.MethodPost, "/v1/people", request(role, p.Password), out)
	p.ID = out.Person.GetId()
	var problem *rest.Problem
	if errors.As(err, &problem) && problem.Status == http.StatusConflict {
		p.ID, err = find(ctx, client, cast[role].Email)
	}
	if err != nil {
		return err
	}
	if p.Token, err = d.token(ctx, admin, p.ID); err != nil {
		return err
	}
	return d.state.save()
}

func find(ctx context.Context, client *rest.Client, email string) (id string, err error) {
	err = rest.Pages(ctx, func(token string) (string, error) {
		out := &accountsv1.ListPeopleResponse{}
		err := client.Call(ctx, http.MethodGet, "/v1/people?pageSize=200&pageToken="+url.QueryEscape(token), nil, out)
		for _, p := range out.People {
			if p.Email == email {
				id = p.Id
			}
		}
		return out.NextPageToken, err
	})
	if err == nil && id == "" {
		err = fmt.Errorf("%s is taken by somebody who is not listed", email)
	}
	return id, err
}
