package server_test

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/metadata"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/ratelimit"
	"github.com/hygia-suite/hygia/pkg/rpc"
	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	"github.com/hygia-suite/hygia/services/accounts/internal/apitoken"
	"github.com/hygia-suite/hygia/services/accounts/internal/server"
)

const (
	admin    = accountsv1.Role_ROLE_ADMIN
	editor   = accountsv1.Role_ROLE_EDITOR
	reviewer = accountsv1.Role_ROLE_REVIEWER
	dpo      = accountsv1.Role_ROLE_DPO
)

func login(mail, password string) *accountsv1.LoginRequest {
	return &accountsv1.LoginRequest{Tenant: "clinica", Email: mail, Password: password}
}

func TestLoginGivesATokenThatWorks(t *testing.T) {
	w := start(t, nil)
	r, err := w.gateway.Login(t.Context(), login(strings.ToUpper(adminMail), adminPassword))
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(r.GetExpireTime().AsTime()); left < 7*time.Hour || left > 9*time.Hour {
		t.Errorf("the token holds for %v, want a few hours", left)
	}
	me, err := w.gateway.GetMe(w.acting(t, r.GetToken()), &accountsv1.GetMeRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if me.GetPerson().GetEmail() != adminMail || me.GetTenant().GetSlug() != "clinica" || me.GetPerson().GetId() != r.GetPerson().GetId() {
		t.Errorf("GetMe = %v", me)
	}
}

func TestLoginGivesOneAnswerToWhateverIsWrong(t *testing.T) {
	w := start(t, nil)
	off, _ := w.person(t, "off@clinica.example", editor)
	if _, err := w.gateway.UpdatePerson(w.acting(t, w.admin.GetToken()), &accountsv1.UpdatePersonRequest{
		Id: off.GetId(), DisplayName: "Off", Roles: off.GetRoles(), Disabled: true,
	}); err != nil {
		t.Fatal(err)
	}
	w.person(t, "tokens@clinica.example", editor)
	messages := map[string]bool{}
	for name, r := range map[string]*accountsv1.LoginRequest{
		"a wrong password":          login(adminMail, "uma senha bem errada"),
		"an unknown person":         login("nobody@clinica.example", adminPassword),
		"a disabled person":         login("off@clinica.example", adminPassword),
		"a person without password": login("tokens@clinica.example", adminPassword),
		"an unknown tenant":         {Tenant: "nowhere", Email: adminMail, Password: adminPassword},
		"a password that cannot be": login(adminMail, "\u0001\u0002"),
	} {
		_, err := w.gateway.Login(t.Context(), r)
		f := wantFault(t, name, err, "LOGIN_REFUSED")
		messages[f.Message+f.Hint] = true
	}
	if len(messages) != 1 {
		t.Errorf("%d different answers, want one: %v", len(messages), messages)
	}
}

func TestLoginIsLimitedPerAccountAndPerAddress(t *testing.T) {
	w := start(t, func(c *server.Config) { c.Login.PerAccount, c.Login.PerAddress = 2, 3 })
	from := func(address string) func(mail string) error {
		ctx := metadata.AppendToOutgoingContext(t.Context(), ratelimit.AddressMetadata, address)
		return func(mail string) error {
			_, err := w.gateway.Login(ctx, login(mail, "wrong, wrong, wrong"))
			return err
		}
	}
	for range 2 {
		wantFault(t, "an attempt", from("192.0.2.1")(adminMail), "LOGIN_REFUSED")
	}
	f := wantFault(t, "a third attempt", from("192.0.2.2")(strings.ToUpper(adminMail)), "LOGIN_LIMIT")
	if !strings.Contains(f.Hint, "try again in") {
		t.Errorf("hint %q does not say when", f.Hint)
	}
	if _, err := w.gateway.Login(t.Context(), login(adminMail, adminPassword)); err == nil {
		t.Error("the right password passes the limit")
	}
	for _, mail := range []string{"a@x.example", "b@x.example", "c@x.example"} {
		wantFault(t, "an attempt on "+mail, from("192.0.2.3")(mail), "LOGIN_REFUSED")
	}
	wantFault(t, "a fourth account from one address", from("192.0.2.3")("d@x.example"), "LOGIN_LIMIT")
	wantFault(t, "the same account from another", from("192.0.2.4")("d@x.example"), "LOGIN_REFUSED")
}

func TestExchangeBindsRolesToPurposes(t *testing.T) {
	w := start(t, nil)
	_, editorToken := w.person(t, "e@x.example", editor)
	_, reviewerToken := w.person(t, "r@x.example", reviewer)
	_, dpoToken := w.person(t, "d@x.example", dpo)
	_, bothToken := w.person(t, "b@x.example", dpo, editor)
	const (
		none           = accountsv1.Purpose_PURPOSE_UNSPECIFIED
		administration = accountsv1.Purpose_PURPOSE_ADMINISTRATION
		editorial      = accountsv1.Purpose_PURPOSE_EDITORIAL
		review         = accountsv1.Purpose_PURPOSE_MEDICAL_REVIEW
		privacy        = accountsv1.Purpose_PURPOSE_PRIVACY
		auditing       = accountsv1.Purpose_PURPOSE_AUDIT
	)
	for _, c := range []struct {
		who, token string
		asked      accountsv1.Purpose
		want       actor.Purpose // empty: refused
	}{
		{"admin", w.admin.GetToken(), none, actor.PurposeAdministration},
		{"admin", w.admin.GetToken(), editorial, actor.PurposeEditorial},
		{"admin", w.admin.GetToken(), auditing, actor.PurposeAudit},
		{"admin", w.admin.GetToken(), privacy, ""},
		{"admin", w.admin.GetToken(), review, ""},
		{"editor", editorToken, none, actor.PurposeEditorial},
		{"editor", editorToken, administration, ""},
		{"editor", editorToken, auditing, ""},
		{"reviewer", reviewerToken, none, actor.PurposeMedicalReview},
		{"reviewer", reviewerToken, editorial, ""},
		{"dpo", dpoToken, none, actor.PurposePrivacy},
		{"dpo", dpoToken, auditing, actor.PurposeAudit},
		{"dpo", dpoToken, editorial, ""},
		{"dpo and editor", bothToken, none, actor.PurposePrivacy},
		{"dpo and editor", bothToken, editorial, actor.PurposeEditorial},
		{"dpo and editor", bothToken, review, ""},
	} {
		r, err := w.gateway.Exchange(t.Context(), &accountsv1.ExchangeRequest{ApiToken: c.token, Purpose: c.asked})
		if c.want == "" {
			wantFault(t, c.who+" for "+c.asked.String(), err, "PURPOSE_NOT_ALLOWED")
			continue
		}
		if err != nil {
			t.Errorf("%s for %s: %v", c.who, c.asked, err)
			continue
		}
		if a := w.actorOf(t, r.GetActorToken()); a.Purpose != c.want {
			t.Errorf("%s for %s acts for %s, want %s", c.who, c.asked, a.Purpose, c.want)
		}
	}
}

func TestAnActorTokenSaysWhoActs(t *testing.T) {
	w := start(t, nil)
	p, token := w.person(t, "r@x.example", reviewer, editor)
	r, err := w.gateway.Exchange(t.Context(), &accountsv1.ExchangeRequest{ApiToken: token})
	if err != nil {
		t.Fatal(err)
	}
	a := w.actorOf(t, r.GetActorToken())
	if a.Person != p.GetId() || a.Tenant != w.admin.GetTenant().GetId() || a.DisplayName != "Somebody" ||
		!a.HasRole(actor.RoleReviewer) || !a.HasRole(actor.RoleEditor) || a.HasRole(actor.RoleAdmin) {
		t.Errorf("actor %+v", a)
	}
	if c := a.Credential; c == nil || c.Council != "CRM" || c.Number != "123456" || c.Region != "SP" || len(c.Specialties) != 1 {
		t.Errorf("credential %+v", c)
	}
	if left := time.Until(r.GetExpireTime().AsTime()); left > 5*time.Minute || left < 4*time.Minute {
		t.Errorf("the actor token holds for %v, want 5m", left)
	}
}

func TestTokensThatDoNotHoldAreRefused(t *testing.T) {
	w := start(t, nil)
	me := w.acting(t, w.admin.GetToken())
	made, err := w.gateway.CreateApiToken(me, &accountsv1.CreateApiTokenRequest{Label: "laptop", Days: 365})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.gateway.RevokeApiToken(me, &accountsv1.RevokeApiTokenRequest{Id: made.GetApiToken().GetId()}); err != nil {
		t.Fatal(err)
	}
	person, ended := w.person(t, "e@x.example", editor)
	if _, err := w.gateway.UpdatePerson(me, &accountsv1.UpdatePersonRequest{Id: person.GetId(), DisplayName: "E", Roles: person.GetRoles(), Disabled: true}); err != nil {
		t.Fatal(err)
	}
	stranger, _, err := apitoken.New(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ token, reason string }{
		"no token":                  {"hyg_abcdefghijklmnop", "TOKEN_INVALID"},
		"a token of nobody":         {stranger, "TOKEN_INVALID"},
		"a revoked token":           {made.GetToken(), "TOKEN_REVOKED"},
		"a disabled person's token": {ended, "TOKEN_REVOKED"},
	} {
		_, err := w.gateway.Exchange(t.Context(), &accountsv1.ExchangeRequest{ApiToken: c.token})
		wantFault(t, name, err, c.reason)
	}
}

func TestATokenEndsWhenItSays(t *testing.T) {
	w := start(t, nil)
	r, err := w.gateway.Login(t.Context(), login(adminMail, adminPassword))
	if err != nil {
		t.Fatal(err)
	}
	request := &accountsv1.ExchangeRequest{ApiToken: r.GetToken()}
	w.later.Store(int64(8*time.Hour - time.Minute))
	short, err := w.gateway.Exchange(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if !short.GetExpireTime().AsTime().Equal(r.GetExpireTime().AsTime()) {
		t.Errorf("the exchange ends at %v, after the API token at %v", short.GetExpireTime().AsTime(), r.GetExpireTime().AsTime())
	}
	w.later.Store(int64(8*time.Hour + time.Minute))
	_, err = w.gateway.Exchange(t.Context(), request)
	wantFault(t, "an expired token", err, "TOKEN_EXPIRED")
}

func TestSessionsSurviveARestartAndLostKeysStopTheStart(t *testing.T) {
	w := start(t, nil)
	before := w.acting(t, w.admin.GetToken())
	w.stop()
	w.serve(t, nil)
	w.gateway = w.as(t, rpc.Gateway)
	if _, err := w.gateway.GetMe(before, &accountsv1.GetMeRequest{}); err != nil {
		t.Errorf("an actor token from before the restart: %v", err)
	}
	w.acting(t, w.admin.GetToken())
	w.stop()
	if err := os.Remove(filepath.Join(w.dir, "profile-seal.keys")); err != nil {
		t.Fatal(err)
	}
	tel := quiet(t, rpc.Accounts)
	err := server.Serve(t.Context(), server.Deps{
		Config: configFor(w.dir), Options: rpc.ServerOptions{Clock: time.Now, Telemetry: tel, Identity: w.ca.Source(t, rpc.Accounts)},
	})
	if err == nil || !strings.Contains(err.Error(), "other keys") {
		t.Errorf("Serve without the old keys: %v", err)
	}
}

// Whoever has the folder's database alone reads nobody's address (LGPD art. 46).
func TestNoPlaintextOnDisk(t *testing.T) {
	w := start(t, nil)
	w.person(t, "beatriz.lima@paciente.example", reviewer)
	if _, err := w.gateway.Login(t.Context(), login(adminMail, adminPassword)); err != nil {
		t.Fatal(err)
	}
	w.stop()
	files, err := filepath.Glob(filepath.Join(w.dir, "*"))
	if err != nil || len(files) < 4 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, canary := range []string{adminMail, "ana.souza", "Ana Souza", "beatriz.lima", "paciente.example", "123456", adminPassword, w.admin.GetToken()} {
			if strings.Contains(string(data), canary) {
				t.Errorf("%s holds %q", filepath.Base(file), canary)
			}
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", filepath.Base(file), info.Mode())
		}
	}
	for _, e := range w.log.Events() {
		for _, canary := range []string{"ana.souza", "Ana Souza", "beatriz", "hyg_"} {
			if strings.Contains(e.String(), canary) {
				t.Errorf("the audit log holds %q: %v", canary, e)
			}
		}
	}
}

func TestInvariant2WhatIsDoneIsInTheLog(t *testing.T) {
	w := start(t, nil)
	_, _ = w.gateway.Login(t.Context(), login(adminMail, "wrong, wrong, wrong"))
	if _, err := w.gateway.Login(t.Context(), login(adminMail, adminPassword)); err != nil {
		t.Fatal(err)
	}
	outcomes := map[auditv1.Outcome]int{}
	for _, e := range w.log.Events() {
		if e.GetMethod() != accountsv1.AuthService_Login_FullMethodName {
			continue
		}
		outcomes[e.GetOutcome()]++
		if tenant := w.admin.GetTenant().GetId(); e.GetOutcome() == auditv1.Outcome_OUTCOME_SUCCESS && e.GetTenant() != tenant {
			t.Errorf("a login is recorded under tenant %q, want %q", e.GetTenant(), tenant)
		}
		if e.GetPhase() == auditv1.Phase_PHASE_OUTCOME && e.GetObjects()[0].GetId() != w.admin.GetAdmin().GetId() {
			t.Errorf("event %v does not name the account", e)
		}
	}
	if outcomes[auditv1.Outcome_OUTCOME_PENDING] != 2 || outcomes[auditv1.Outcome_OUTCOME_REFUSED] != 1 || outcomes[auditv1.Outcome_OUTCOME_SUCCESS] != 1 {
		t.Errorf("outcomes of two logins: %v", outcomes)
	}
}
