package server_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/service"
	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	documentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/document/v1"
	"github.com/hygia-suite/hygia/services/accounts/internal/server"
)

func configFor(dir string) *server.Config {
	return &server.Config{Config: service.Config{DataDir: dir}}
}

func TestAPersonIsCreatedReadListedAndUpdated(t *testing.T) {
	w := start(t, nil)
	ctx := w.acting(t, w.admin.GetToken())
	made, err := w.gateway.CreatePerson(ctx, &accountsv1.CreatePersonRequest{
		Email: "rita@clinica.example", DisplayName: "Rita Lee", Roles: []accountsv1.Role{reviewer, editor}, Credential: crm(),
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.gateway.GetPerson(ctx, &accountsv1.GetPersonRequest{Id: made.GetPerson().GetId()})
	if err != nil || got.GetPerson().String() != made.GetPerson().String() {
		t.Errorf("GetPerson = %v, %v; want %v", got, err, made.GetPerson())
	}
	updated, err := w.gateway.UpdatePerson(ctx, &accountsv1.UpdatePersonRequest{Id: made.GetPerson().GetId(), DisplayName: "Rita Lee Jones", Roles: []accountsv1.Role{editor}})
	if err != nil {
		t.Fatal(err)
	}
	p := updated.GetPerson()
	if p.GetEmail() != "rita@clinica.example" || p.GetDisplayName() != "Rita Lee Jones" || p.GetCredential() != nil || !slices.Equal(p.GetRoles(), []accountsv1.Role{editor}) {
		t.Errorf("UpdatePerson = %v", p)
	}
	people, err := w.gateway.ListPeople(ctx, &accountsv1.ListPeopleRequest{})
	if err != nil || len(people.GetPeople()) != 2 || people.GetPeople()[1].String() != p.String() || people.GetNextPageToken() != "" {
		t.Errorf("ListPeople = %v, %v", people, err)
	}
}

func TestListsComeInPages(t *testing.T) {
	w := start(t, nil)
	for _, mail := range []string{"a@x.example", "b@x.example", "c@x.example"} {
		w.person(t, mail, editor)
	}
	ctx := w.acting(t, w.admin.GetToken())
	var mails []string
	request := &accountsv1.ListPeopleRequest{PageSize: 2}
	for range 10 {
		r, err := w.gateway.ListPeople(ctx, request)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range r.GetPeople() {
			mails = append(mails, p.GetEmail())
		}
		if request.PageToken = r.GetNextPageToken(); request.PageToken == "" {
			break
		}
	}
	if want := []string{adminMail, "a@x.example", "b@x.example", "c@x.example"}; !slices.Equal(mails, want) {
		t.Errorf("people %v, want %v", mails, want)
	}
	for _, token := range []string{"x", "!!!!", strings.Repeat("A", 200)} {
		_, err := w.gateway.ListPeople(ctx, &accountsv1.ListPeopleRequest{PageToken: token})
		wantFault(t, "page token "+token, err, "PAGE_TOKEN_INVALID")
	}
}

func TestWhatAPersonMayNotBe(t *testing.T) {
	w := start(t, nil)
	ctx := w.acting(t, w.admin.GetToken())
	for name, c := range map[string]struct {
		change        func(*accountsv1.CreatePersonRequest)
		reason, field string
	}{
		"an e-mail twice":       {func(r *accountsv1.CreatePersonRequest) { r.Email = strings.ToUpper(adminMail) }, "PERSON_EXISTS", ""},
		"a short password":      {func(r *accountsv1.CreatePersonRequest) { r.Password = "onze letras" }, "PASSWORD_REFUSED", "password"},
		"no role":               {func(r *accountsv1.CreatePersonRequest) { r.Roles = nil }, "REQUEST_INVALID", "roles"},
		"an unknown role":       {func(r *accountsv1.CreatePersonRequest) { r.Roles = []accountsv1.Role{99} }, "REQUEST_INVALID", "roles[0]"},
		"a role twice":          {func(r *accountsv1.CreatePersonRequest) { r.Roles = []accountsv1.Role{editor, editor} }, "REQUEST_INVALID", "roles"},
		"no e-mail":             {func(r *accountsv1.CreatePersonRequest) { r.Email = "not an address" }, "REQUEST_INVALID", "email"},
		"a reviewer unproved":   {func(r *accountsv1.CreatePersonRequest) { r.Roles = []accountsv1.Role{reviewer} }, "CREDENTIAL_REQUIRED", "credential"},
		"a name of 400 bytes":   {func(r *accountsv1.CreatePersonRequest) { r.DisplayName = strings.Repeat("é", 200) }, "DISPLAY_NAME_TOO_LONG", "display_name"},
		"a registration of air": {func(r *accountsv1.CreatePersonRequest) { r.Credential = &documentv1.Credential{} }, "CREDENTIAL_INVALID", "credential.council"},
		"a region of nowhere": {func(r *accountsv1.CreatePersonRequest) { r.Credential = crm(); r.Credential.Region = "XX" },
			"CREDENTIAL_INVALID", "credential.region"},
		"a specialty in words": {func(r *accountsv1.CreatePersonRequest) {
			r.Credential = crm()
			r.Credential.Specialties = []string{"1", "cardiologia"}
		}, "CREDENTIAL_INVALID", "credential.specialties[1]"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &accountsv1.CreatePersonRequest{Email: "new@x.example", DisplayName: "New", Roles: []accountsv1.Role{editor}}
			c.change(r)
			_, err := w.gateway.CreatePerson(ctx, r)
			f := wantFault(t, name, err, c.reason)
			if c.field != "" && (len(f.Fields) == 0 || f.Fields[0].Path != c.field) {
				t.Errorf("fields %v, want %s", f.Fields, c.field)
			}
			if strings.Contains(f.Message+f.Hint, adminMail) {
				t.Errorf("the error quotes an e-mail: %v", err)
			}
		})
	}
	if people, err := w.gateway.ListPeople(ctx, &accountsv1.ListPeopleRequest{}); err != nil || len(people.GetPeople()) != 1 {
		t.Errorf("after refusals there are %d people, %v; want 1", len(people.GetPeople()), err)
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	w := start(t, nil)
	ctx := w.acting(t, w.admin.GetToken())
	_, err := w.gateway.UpdatePerson(ctx, &accountsv1.UpdatePersonRequest{Id: w.admin.GetAdmin().GetId(), DisplayName: "Ana", Roles: []accountsv1.Role{editor}})
	wantFault(t, "demoting oneself", err, "LAST_ADMIN")
}

func TestOnlyAdministratorsTouchOthersTokens(t *testing.T) {
	w := start(t, nil)
	alice, aliceToken := w.person(t, "a@x.example", editor)
	_, bobToken := w.person(t, "b@x.example", reviewer)
	asAlice, asBob, asAdmin := w.acting(t, aliceToken), w.acting(t, bobToken), w.acting(t, w.admin.GetToken())
	asEditorialAdmin := w.acting(t, w.admin.GetToken(), accountsv1.Purpose_PURPOSE_EDITORIAL)

	made, err := w.gateway.CreateApiToken(asAlice, &accountsv1.CreateApiTokenRequest{Label: "own"})
	if err != nil || made.GetApiToken().GetPersonId() != alice.GetId() {
		t.Fatalf("CreateApiToken = %v, %v", made, err)
	}
	for name, ctx := range map[string]int{"bob": 0, "an administrator who acts as an editor": 1} {
		as := asBob
		if ctx == 1 {
			as = asEditorialAdmin
		}
		_, err = w.gateway.CreateApiToken(as, &accountsv1.CreateApiTokenRequest{PersonId: alice.GetId(), Label: "hers"})
		wantFault(t, name+" makes alice's token", err, "TOKEN_FOR_ANOTHER")
		_, err = w.gateway.RevokeApiToken(as, &accountsv1.RevokeApiTokenRequest{Id: made.GetApiToken().GetId()})
		wantFault(t, name+" revokes alice's token", err, "API_TOKEN_NOT_FOUND")
	}
	own, err := w.gateway.ListApiTokens(asAlice, &accountsv1.ListApiTokensRequest{})
	if err != nil || len(own.GetApiTokens()) != 2 {
		t.Errorf("alice sees %v, %v; want her two tokens", own, err)
	}
	all, err := w.gateway.ListApiTokens(asAdmin, &accountsv1.ListApiTokensRequest{})
	if err != nil || len(all.GetApiTokens()) != 4 {
		t.Errorf("the administrator sees %v, %v; want four tokens", all, err)
	}
	if _, err := w.gateway.RevokeApiToken(asAdmin, &accountsv1.RevokeApiTokenRequest{Id: made.GetApiToken().GetId()}); err != nil {
		t.Errorf("the administrator revokes alice's token: %v", err)
	}
}

// Invariant 8: another tenant's people and tokens do not exist.
func TestInvariant8AnotherTenantIsOutOfReach(t *testing.T) {
	w := start(t, nil)
	other := w.tenant(t, "outra")
	ctx := w.acting(t, other.GetToken())
	id := w.admin.GetAdmin().GetId()
	mine, err := w.gateway.ListApiTokens(w.acting(t, w.admin.GetToken()), &accountsv1.ListApiTokensRequest{})
	if err != nil || len(mine.GetApiTokens()) != 1 {
		t.Fatal(mine, err)
	}
	_, err = w.gateway.GetPerson(ctx, &accountsv1.GetPersonRequest{Id: id})
	wantFault(t, "GetPerson", err, "PERSON_NOT_FOUND")
	_, err = w.gateway.UpdatePerson(ctx, &accountsv1.UpdatePersonRequest{Id: id, DisplayName: "X", Roles: []accountsv1.Role{admin}})
	wantFault(t, "UpdatePerson", err, "PERSON_NOT_FOUND")
	_, err = w.gateway.CreateApiToken(ctx, &accountsv1.CreateApiTokenRequest{PersonId: id, Label: "stolen"})
	wantFault(t, "CreateApiToken", err, "PERSON_NOT_FOUND")
	_, err = w.gateway.RevokeApiToken(ctx, &accountsv1.RevokeApiTokenRequest{Id: mine.GetApiTokens()[0].GetId()})
	wantFault(t, "RevokeApiToken", err, "API_TOKEN_NOT_FOUND")
	people, err := w.gateway.ListPeople(ctx, &accountsv1.ListPeopleRequest{})
	if err != nil || len(people.GetPeople()) != 1 || people.GetPeople()[0].GetId() != other.GetAdmin().GetId() {
		t.Errorf("ListPeople = %v, %v", people, err)
	}
}

func TestInvariant1ThePolicyDeniesTheRest(t *testing.T) {
	w := start(t, nil)
	_, editorToken := w.person(t, "e@x.example", editor)
	asEditor := w.acting(t, editorToken)
	asEditorialAdmin := w.acting(t, w.admin.GetToken(), accountsv1.Purpose_PURPOSE_EDITORIAL)
	id := uuid.NewString()
	create := &accountsv1.CreatePersonRequest{Email: "n@x.example", DisplayName: "N", Roles: []accountsv1.Role{admin}}

	_, err := w.gateway.CreatePerson(asEditor, create)
	wantFault(t, "an editor makes an administrator", err, "ROLE_NOT_ALLOWED")
	_, err = w.gateway.CreatePerson(asEditorialAdmin, create)
	wantFault(t, "an administrator for an editorial purpose", err, "PURPOSE_NOT_ALLOWED")
	_, err = w.gateway.GetPerson(asEditor, &accountsv1.GetPersonRequest{Id: id})
	wantFault(t, "an editor reads people", err, "ROLE_NOT_ALLOWED")
	_, err = w.gateway.GetMe(t.Context(), &accountsv1.GetMeRequest{})
	wantFault(t, "nobody", err, "TOKEN_MISSING")

	tenant := &accountsv1.CreateTenantRequest{Slug: "x", Name: "X", Admin: create}
	_, err = w.gateway.CreateTenant(asEditor, tenant)
	wantFault(t, "the gateway makes a tenant", err, "PEER_NOT_ALLOWED")
	content := w.as(t, rpc.Content)
	_, err = content.Login(t.Context(), login(adminMail, adminPassword))
	wantFault(t, "another service logs in", err, "PEER_NOT_ALLOWED")
	_, err = content.Exchange(t.Context(), &accountsv1.ExchangeRequest{ApiToken: w.admin.GetToken()})
	wantFault(t, "another service exchanges", err, "PEER_NOT_ALLOWED")
	_, err = w.as(t, rpc.Operator).GetMe(w.acting(t, w.admin.GetToken()), &accountsv1.GetMeRequest{})
	wantFault(t, "the operator acts for a person", err, "PEER_NOT_ALLOWED")
	_, err = w.as(t, rpc.Operator).CreateTenant(t.Context(), &accountsv1.CreateTenantRequest{Slug: "clinica", Name: "Twin",
		Admin: &accountsv1.CreatePersonRequest{Email: "n@x.example", DisplayName: "N", Roles: []accountsv1.Role{admin}}})
	wantFault(t, "a slug twice", err, "TENANT_EXISTS")
	_, err = w.as(t, rpc.Operator).CreateTenant(t.Context(), &accountsv1.CreateTenantRequest{Slug: "y", Name: "Y",
		Admin: &accountsv1.CreatePersonRequest{Email: "n@x.example", DisplayName: "N", Roles: []accountsv1.Role{editor}}})
	wantFault(t, "a tenant without an administrator", err, "ADMIN_REQUIRED")
}
