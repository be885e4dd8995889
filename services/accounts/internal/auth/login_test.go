package auth_test

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/ratelimit"
	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	"github.com/hygia-suite/hygia/services/accounts/internal/auth"
	"github.com/hygia-suite/hygia/services/accounts/internal/password"
	"github.com/hygia-suite/hygia/services/accounts/internal/profile"
	"github.com/hygia-suite/hygia/services/accounts/internal/store"
	"github.com/hygia-suite/hygia/services/accounts/internal/store/sqlitestore"
)

// passwords counts the work, and answers as it is told.
type passwords struct {
	checked, hashed int
	hashes          []string // that were checked
	stale           bool
	err             error
}

func (p *passwords) Check(_ context.Context, hash, _ string) (bool, error) {
	p.checked++
	p.hashes = append(p.hashes, hash)
	if hash == "" {
		return false, password.ErrWrong
	}
	return p.stale, p.err
}

func (p *passwords) Hash(context.Context, string) (string, error) {
	p.hashed++
	return "a new hash", nil
}

type world struct {
	*auth.Service
	passwords *passwords
	store     store.Store
	person    store.Person
}

// start makes a service whose only tenant, "clinica", has an active person, a
// disabled one and one without a password.
func start(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	db, err := sqlitestore.Open(t.Context(), filepath.Join(dir, "accounts.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	vault, err := profile.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{passwords: &passwords{}, store: db}
	plenty := ratelimit.Config{PerSecond: 1000, Burst: 1000, Keys: 1000}
	w.Service = auth.New(auth.Options{
		Store: db, Vault: vault, Passwords: w.passwords,
		Accounts: ratelimit.New(plenty, time.Now), Addresses: ratelimit.New(plenty, time.Now),
		Clock: time.Now, IDs: uuid.NewString, Random: rand.Reader,
	})
	tenant := store.Tenant{ID: uuid.NewString(), Slug: "clinica", Name: "Clínica"}
	row := func(mail, hash string, disabled bool) store.Person {
		p := store.Person{ID: uuid.NewString(), Tenant: tenant.ID, Roles: []actor.Role{actor.RoleAdmin}, PasswordHash: hash, Disabled: disabled}
		p.Profile, _ = vault.Seal(p.Tenant, p.ID, profile.Profile{Email: mail})
		p.EmailIndex, _ = vault.EmailIndex(p.Tenant, mail)
		return p
	}
	event := func() *auditv1.Event { return &auditv1.Event{Id: uuid.NewString()} }
	w.person = row("ana@x.example", "the hash of ana", false)
	first := store.Token{ID: uuid.NewString(), Tenant: tenant.ID, Person: w.person.ID}
	if err := db.CreateTenant(t.Context(), tenant, w.person, first, event()); err != nil {
		t.Fatal(err)
	}
	for _, p := range []store.Person{row("off@x.example", "the hash of off", true), row("tokens@x.example", "", false)} {
		if err := db.CreatePerson(t.Context(), p, event()); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// Whatever is wrong, exactly one password is hashed: a clock tells nobody which
// accounts exist.
func TestEveryRefusedLoginCostsOneHash(t *testing.T) {
	for name, c := range map[string]struct{ tenant, mail, hash string }{
		"a wrong password":          {"clinica", "ana@x.example", "the hash of ana"},
		"an unknown tenant":         {"nowhere", "ana@x.example", ""},
		"an unknown person":         {"clinica", "nobody@x.example", ""},
		"a disabled person":         {"clinica", "off@x.example", ""},
		"a person without password": {"clinica", "tokens@x.example", ""},
	} {
		w := start(t)
		w.passwords.err = password.ErrWrong
		_, err := w.Login(t.Context(), &accountsv1.LoginRequest{Tenant: c.tenant, Email: c.mail, Password: "whatever it is"})
		if !errors.Is(err, auth.ErrLogin) {
			t.Errorf("%s: %v", name, err)
		}
		if w.passwords.checked != 1 || w.passwords.hashed != 0 || w.passwords.hashes[0] != c.hash {
			t.Errorf("%s: %d checks of %q, %d hashes; want one check of %q", name, w.passwords.checked, w.passwords.hashes, w.passwords.hashed, c.hash)
		}
	}
}

func TestABusyHasherIsNoRefusal(t *testing.T) {
	w := start(t)
	w.passwords.err = password.ErrBusy
	_, err := w.Login(t.Context(), &accountsv1.LoginRequest{Tenant: "clinica", Email: "ana@x.example", Password: "whatever it is"})
	if !errors.Is(err, auth.ErrLoginBusy) {
		t.Errorf("Login: %v", err)
	}
}

// Without an audit event the login is not made, even where the gate in front of
// the service is missing; a stale hash is made anew only once a login succeeds.
func TestALoginWithoutItsRecordIsNotMade(t *testing.T) {
	w := start(t)
	w.passwords.stale = true
	_, err := w.Login(t.Context(), &accountsv1.LoginRequest{Tenant: "clinica", Email: "ana@x.example", Password: "the right one"})
	if err == nil {
		t.Fatal("a login without an audit event")
	}
	if w.passwords.hashed != 1 {
		t.Errorf("%d hashes, want one, as the old one was stale", w.passwords.hashed)
	}
	p, err := w.store.Person(t.Context(), w.person.Tenant, w.person.ID)
	if err != nil || p.PasswordHash != "the hash of ana" {
		t.Errorf("hash %q, %v", p.PasswordHash, err)
	}
}
