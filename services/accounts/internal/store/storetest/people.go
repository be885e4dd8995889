package storetest

import (
	"errors"
	"sync"
	"testing"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/services/accounts/internal/store"
)

func testRoundTrip(t *testing.T, s Subject) {
	w := build(t, s.Store, "one")
	tenant, err := s.Store.Tenant(t.Context(), w.tenant.ID)
	must(t, err)
	equal(t, "Tenant", tenant, w.tenant)
	tenant, err = s.Store.TenantBySlug(t.Context(), "one")
	must(t, err)
	equal(t, "TenantBySlug", tenant, w.tenant)
	p, err := s.Store.Person(t.Context(), w.tenant.ID, w.admin.ID)
	must(t, err)
	equal(t, "Person", p, w.admin)
	p, err = s.Store.PersonByEmail(t.Context(), w.tenant.ID, w.editor.EmailIndex)
	must(t, err)
	equal(t, "PersonByEmail", p, w.editor)
	tok, err := s.Store.Token(t.Context(), w.tenant.ID, w.adminToken.ID)
	must(t, err)
	equal(t, "Token", tok, w.adminToken)
	tok, p, err = s.Store.TokenByDigest(t.Context(), w.editorToken.Digest)
	must(t, err)
	equal(t, "TokenByDigest, token", tok, w.editorToken)
	equal(t, "TokenByDigest, person", p, w.editor)
}

func testReopen(t *testing.T, s Subject) {
	w := build(t, s.Store, "one")
	before := snapshot(t, s.Store, w)
	equal(t, "after reopening", snapshot(t, s.Reopen(t), w), before)
}

func testUnique(t *testing.T, s Subject) {
	w := build(t, s.Store, "one")
	twin := store.Tenant{ID: id(), Slug: "one", Name: "Twin", CreateTime: start()}
	admin := person(twin.ID, "x@example.org", actor.RoleAdmin)
	want(t, "a slug twice", s.Store.CreateTenant(t.Context(), twin, admin, token(admin, "t"), event()), store.ErrTaken)
	want(t, "an e-mail twice", s.Store.CreatePerson(t.Context(), person(w.tenant.ID, "admin@example.org", actor.RoleEditor), event()), store.ErrTaken)
	copied := token(w.editor, "copy")
	copied.Digest = w.adminToken.Digest
	want(t, "a digest twice", s.Store.CreateToken(t.Context(), copied, event()), store.ErrTaken)
}

func testSameEmail(t *testing.T, s Subject) {
	a, b := build(t, s.Store, "a"), build(t, s.Store, "b")
	if string(a.admin.EmailIndex) != string(b.admin.EmailIndex) || a.admin.ID == b.admin.ID {
		t.Fatal("the test's people are not two with one e-mail")
	}
}

func testRefusedTenant(t *testing.T, s Subject) {
	w := build(t, s.Store, "one")
	other := store.Tenant{ID: id(), Slug: "two", Name: "Two", CreateTime: start()}
	admin := person(other.ID, "x@example.org", actor.RoleAdmin)
	bad := token(admin, "t")
	bad.Digest = w.adminToken.Digest
	want(t, "CreateTenant", s.Store.CreateTenant(t.Context(), other, admin, bad, event()), store.ErrTaken)
	_, err := s.Store.TenantBySlug(t.Context(), "two")
	want(t, "TenantBySlug", err, store.ErrNotFound)
	_, err = s.Store.Person(t.Context(), other.ID, admin.ID)
	want(t, "Person", err, store.ErrNotFound)
}

func testDisable(t *testing.T, s Subject) {
	w := build(t, s.Store, "one")
	p, err := s.Store.UpdatePerson(t.Context(), w.tenant.ID, w.editor.ID, func(p *store.Person) error {
		p.Roles, p.Profile, p.Disabled = []actor.Role{actor.RoleReviewer}, []byte("sealed anew"), true
		return nil
	}, event())
	must(t, err)
	after := w.editor
	after.Roles, after.Profile, after.Disabled = []actor.Role{actor.RoleReviewer}, []byte("sealed anew"), true
	equal(t, "what UpdatePerson returns", p, after)
	tok, p, err := s.Store.TokenByDigest(t.Context(), w.editorToken.Digest)
	must(t, err)
	equal(t, "what is stored", p, after)
	if !tok.Revoked {
		t.Error("the token of a disabled person is not revoked")
	}
	tok, err = s.Store.Token(t.Context(), w.tenant.ID, w.adminToken.ID)
	must(t, err)
	if tok.Revoked {
		t.Error("another person's token was revoked")
	}
}

func testLastAdmin(t *testing.T, s Subject) {
	w := build(t, s.Store, "one")
	build(t, s.Store, "two") // its administrator does not count here
	before := snapshot(t, s.Store, w)
	for name, change := range map[string]func(*store.Person) error{
		"disabled": func(p *store.Person) error { p.Disabled = true; return nil },
		"demoted":  func(p *store.Person) error { p.Roles = []actor.Role{actor.RoleEditor}; return nil },
	} {
		_, err := s.Store.UpdatePerson(t.Context(), w.tenant.ID, w.admin.ID, change, event())
		want(t, name, err, store.ErrLastAdmin)
	}
	equal(t, "after refused updates", snapshot(t, s.Store, w), before)
	must(t, s.Store.CreatePerson(t.Context(), person(w.tenant.ID, "second@example.org", actor.RoleDPO, actor.RoleAdmin), event()))
	_, err := s.Store.UpdatePerson(t.Context(), w.tenant.ID, w.admin.ID, func(p *store.Person) error { p.Disabled = true; return nil }, event())
	must(t, err)
}

// Two administrators who disable each other at once: one of them stays.
func testConcurrentAdmins(t *testing.T, s Subject) {
	w := build(t, s.Store, "one")
	second := person(w.tenant.ID, "second@example.org", actor.RoleAdmin)
	must(t, s.Store.CreatePerson(t.Context(), second, event()))
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i, who := range []string{w.admin.ID, second.ID} {
		wg.Go(func() {
			_, errs[i] = s.Store.UpdatePerson(t.Context(), w.tenant.ID, who, func(p *store.Person) error { p.Disabled = true; return nil }, event())
		})
	}
	wg.Wait()
	if one := errors.Is(errs[0], store.ErrLastAdmin) != errors.Is(errs[1], store.ErrLastAdmin); !one {
		t.Errorf("answers: %v, %v; want one refusal", errs[0], errs[1])
	}
}

func testRefusedUpdate(t *testing.T, s Subject) {
	w := build(t, s.Store, "one")
	before, events := snapshot(t, s.Store, w), s.Events(t)
	refused := errors.New("refused")
	_, err := s.Store.UpdatePerson(t.Context(), w.tenant.ID, w.editor.ID, func(p *store.Person) error {
		p.Disabled = true
		return refused
	}, event())
	if err != refused { //nolint:errorlint // the contract says: as it is
		t.Errorf("UpdatePerson: %v, want the error of change itself", err)
	}
	equal(t, "after a refused update", snapshot(t, s.Store, w), before)
	equal(t, "events after a refused update", s.Events(t), events)
}

func testPages(t *testing.T, s Subject) {
	w := build(t, s.Store, "one")
	want := []string{w.admin.ID, w.editor.ID}
	for _, email := range []string{"c@example.org", "d@example.org", "e@example.org"} {
		p := person(w.tenant.ID, email, actor.RoleEditor)
		must(t, s.Store.CreatePerson(t.Context(), p, event()))
		want = append(want, p.ID)
	}
	for limit := 1; limit <= 6; limit++ {
		var got []string
		for page := (store.Page{Limit: limit}); ; {
			people, err := s.Store.People(t.Context(), w.tenant.ID, page)
			must(t, err)
			if len(people) > limit {
				t.Fatalf("a page of %d has %d people", limit, len(people))
			}
			for _, p := range people {
				got = append(got, p.ID)
			}
			if len(people) < limit {
				break
			}
			page.After = people[len(people)-1].ID
		}
		equal(t, "people, page by page", got, want)
	}
}
