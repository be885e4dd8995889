package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/services/accounts/internal/store"
)

func keep(*store.Person) error { return nil }

// calls is every method that names a tenant, asked as that tenant for rows of w.
func calls(ctx context.Context, s store.Store, tenant string, w world) map[string]func() error {
	page := store.Page{Limit: 10}
	stray := person(tenant, "stray@example.org", actor.RoleEditor)
	strayToken := token(w.editor, "stray")
	strayToken.Tenant = tenant
	return map[string]func() error{
		"Person":        func() error { _, err := s.Person(ctx, tenant, w.editor.ID); return err },
		"PersonByEmail": func() error { _, err := s.PersonByEmail(ctx, tenant, w.editor.EmailIndex); return err },
		"UpdatePerson":  func() error { _, err := s.UpdatePerson(ctx, tenant, w.editor.ID, keep, event()); return err },
		"CreateToken":   func() error { return s.CreateToken(ctx, strayToken, event()) },
		"Login":         func() error { return s.Login(ctx, strayToken, "new hash", event()) },
		"Token":         func() error { _, err := s.Token(ctx, tenant, w.editorToken.ID); return err },
		"RevokeToken":   func() error { return s.RevokeToken(ctx, tenant, w.editorToken.ID, event()) },
		"Tokens": func() error {
			tokens, err := s.Tokens(ctx, tenant, w.editor.ID, page)
			return emptyIsNotFound(len(tokens), err)
		},
		"Tokens of all": func() error {
			tokens, err := s.Tokens(ctx, tenant, "", page)
			return emptyIsNotFound(countOthers(tokens, tenant), err)
		},
		"People": func() error {
			people, err := s.People(ctx, tenant, page)
			n := 0
			for _, p := range people {
				if p.Tenant != tenant {
					n++
				}
			}
			return emptyIsNotFound(n, err)
		},
		"Tenant": func() error {
			t, err := s.Tenant(ctx, tenant)
			if err == nil && t.ID == w.tenant.ID {
				return nil
			}
			return errors.Join(err, store.ErrNotFound)
		},
		"CreatePerson": func() error {
			if tenant != "" {
				return store.ErrNotFound // a person of their own tenant is no reach into another
			}
			return s.CreatePerson(ctx, stray, event())
		},
	}
}

func countOthers(tokens []store.Token, tenant string) int {
	n := 0
	for _, t := range tokens {
		if t.Tenant != tenant {
			n++
		}
	}
	return n
}

func emptyIsNotFound(n int, err error) error {
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}

// Invariant 8: a query without a tenant is refused.
func testNoTenant(t *testing.T, s Subject) {
	w := build(t, s.Store, "one")
	before := snapshot(t, s.Store, w)
	for name, call := range calls(t.Context(), s.Store, "", w) {
		want(t, name, call(), store.ErrNoTenant)
	}
	headless := store.Tenant{Slug: "headless", Name: "Headless", CreateTime: start()}
	admin := person("", "a@example.org", actor.RoleAdmin)
	want(t, "CreateTenant", s.Store.CreateTenant(t.Context(), headless, admin, token(admin, "t"), event()), store.ErrNoTenant)
	equal(t, "after refused calls", snapshot(t, s.Store, w), before)
}

// Invariant 8: whoever asks as one tenant reads and writes nothing of another.
func testOtherTenant(t *testing.T, s Subject) {
	mine, theirs := build(t, s.Store, "mine"), build(t, s.Store, "theirs")
	before := snapshot(t, s.Store, theirs)
	for name, call := range calls(t.Context(), s.Store, mine.tenant.ID, theirs) {
		if name == "PersonByEmail" { // both tenants have an editor of this e-mail
			p, err := s.Store.PersonByEmail(t.Context(), mine.tenant.ID, theirs.editor.EmailIndex)
			if err != nil || p.ID != mine.editor.ID {
				t.Errorf("PersonByEmail = %s, %v; want the person of one's own tenant", p.ID, err)
			}
			continue
		}
		want(t, name, call(), store.ErrNotFound)
	}
	mixed := store.Tenant{ID: id(), Slug: "mixed", Name: "Mixed", CreateTime: start()}
	admin := person(theirs.tenant.ID, "b@example.org", actor.RoleAdmin)
	want(t, "CreateTenant over another", s.Store.CreateTenant(t.Context(), mixed, admin, token(admin, "t"), event()), store.ErrNoTenant)
	equal(t, "the other tenant", snapshot(t, s.Store, theirs), before)
}

// snapshot is all that a tenant holds.
func snapshot(t *testing.T, s store.Store, w world) []any {
	t.Helper()
	people, err := s.People(t.Context(), w.tenant.ID, store.Page{Limit: 100})
	must(t, err)
	tokens, err := s.Tokens(t.Context(), w.tenant.ID, "", store.Page{Limit: 100})
	must(t, err)
	tenant, err := s.Tenant(t.Context(), w.tenant.ID)
	must(t, err)
	return []any{tenant, people, tokens}
}
