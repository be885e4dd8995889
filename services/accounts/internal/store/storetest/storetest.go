// Package storetest is what every accounts store must pass.
package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/hygia-suite/hygia/pkg/actor"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	"github.com/hygia-suite/hygia/services/accounts/internal/store"
)

// Subject is an empty store under test.
type Subject struct {
	Store store.Store
	// Events returns the ids of the audit events that wait for delivery.
	Events func(t *testing.T) []string
	// Reopen closes the store and opens it anew over the same data.
	Reopen func(t *testing.T) store.Store
}

// Run runs the suite; open makes an empty store for each of its tests.
func Run(t *testing.T, open func(t *testing.T) Subject) {
	for name, test := range map[string]func(*testing.T, Subject){
		"rows come back as they were put":             testRoundTrip,
		"writes survive reopening":                    testReopen,
		"invariant 8: no call works without a tenant": testNoTenant,
		"invariant 8: no call reaches another tenant": testOtherTenant,
		"what must be unique is":                      testUnique,
		"every write carries its event":               testEvents,
		"disabling ends every token":                  testDisable,
		"the last administrator stays":                testLastAdmin,
		"an update may be refused":                    testRefusedUpdate,
		"pages cover everything once":                 testPages,
		"logging in replaces the hash if asked":       testLogin,
		"logging in forgets old tokens":               testForget,
		"the first key check is kept":                 testKeyCheck,
		"what does not exist is told so":              testNotFound,
		"revoking is final and may be repeated":       testRevoke,
		"concurrent updates leave one admin":          testConcurrentAdmins,
		"an e-mail may be used in every tenant":       testSameEmail,
		"a refused tenant leaves nothing behind":      testRefusedTenant,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// world is a tenant with an administrator, an editor and a token of each.
type world struct {
	tenant                  store.Tenant
	admin, editor           store.Person
	adminToken, editorToken store.Token
}

// start is when everything was made: with milliseconds, which a store keeps.
func start() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 123_000_000, time.UTC) }

func id() string {
	v, err := uuid.NewV7()
	if err != nil {
		panic(err)
	}
	return v.String()
}

func event() *auditv1.Event { return &auditv1.Event{Id: id()} }

func person(tenant, email string, roles ...actor.Role) store.Person {
	index := sha256.Sum256([]byte(email))
	return store.Person{ID: id(), Tenant: tenant, Roles: roles, Profile: []byte("sealed " + email), EmailIndex: index[:],
		PasswordHash: "hash of " + email, CreateTime: start()}
}

func token(p store.Person, label string) store.Token {
	t := store.Token{ID: id(), Tenant: p.Tenant, Person: p.ID, Label: label, CreateTime: start(), ExpireTime: start().Add(time.Hour)}
	t.Digest = sha256.Sum256([]byte(t.ID))
	return t
}

func build(t *testing.T, s store.Store, slug string) world {
	t.Helper()
	var w world
	w.tenant = store.Tenant{ID: id(), Slug: slug, Name: "Tenant " + slug, CreateTime: start()}
	w.admin = person(w.tenant.ID, "admin@example.org", actor.RoleAdmin, actor.RoleDPO)
	w.adminToken = token(w.admin, "first")
	must(t, s.CreateTenant(t.Context(), w.tenant, w.admin, w.adminToken, event()))
	w.editor = person(w.tenant.ID, "editor@example.org", actor.RoleEditor)
	must(t, s.CreatePerson(t.Context(), w.editor, event()))
	w.editorToken = token(w.editor, "second")
	must(t, s.CreateToken(t.Context(), w.editorToken, event()))
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, what string, got, target error) {
	t.Helper()
	if !errors.Is(got, target) {
		t.Errorf("%s: %v, want %v", what, got, target)
	}
}

// equal compares rows by what they print: times and byte strings included.
func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		t.Errorf("%s\n got %s\nwant %s", what, g, w)
	}
}
