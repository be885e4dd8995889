package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/actor"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	"github.com/hygia-suite/hygia/services/accounts/internal/apitoken"
	"github.com/hygia-suite/hygia/services/accounts/internal/store"
)

func testEvents(t *testing.T, s Subject) {
	w := build(t, s.Store, "one")
	writes := map[string]func(e *auditv1.Event) error{
		"CreateTenant": func(e *auditv1.Event) error {
			tenant := store.Tenant{ID: id(), Slug: "two", Name: "Two", CreateTime: start()}
			admin := person(tenant.ID, "x@example.org", actor.RoleAdmin)
			return s.Store.CreateTenant(t.Context(), tenant, admin, token(admin, "t"), e)
		},
		"CreatePerson": func(e *auditv1.Event) error {
			return s.Store.CreatePerson(t.Context(), person(w.tenant.ID, "n@example.org", actor.RoleEditor), e)
		},
		"UpdatePerson": func(e *auditv1.Event) error {
			_, err := s.Store.UpdatePerson(t.Context(), w.tenant.ID, w.editor.ID, keep, e)
			return err
		},
		"CreateToken": func(e *auditv1.Event) error { return s.Store.CreateToken(t.Context(), token(w.editor, "n"), e) },
		"Login":       func(e *auditv1.Event) error { return s.Store.Login(t.Context(), token(w.editor, "n"), "", e) },
		"RevokeToken": func(e *auditv1.Event) error {
			return s.Store.RevokeToken(t.Context(), w.tenant.ID, w.editorToken.ID, e)
		},
	}
	for name, write := range writes {
		before := snapshot(t, s.Store, w)
		if err := write(nil); err == nil {
			t.Errorf("%s without an event is taken", name)
		}
		if err := write(&auditv1.Event{}); err == nil {
			t.Errorf("%s with an event without an id is taken", name)
		}
		equal(t, name+" without an event", snapshot(t, s.Store, w), before)
		e := event()
		must(t, write(e))
		if !slices.Contains(s.Events(t), e.GetId()) {
			t.Errorf("%s: its event is not in the outbox", name)
		}
	}
}

func testLogin(t *testing.T, s Subject) {
	w := build(t, s.Store, "one")
	must(t, s.Store.Login(t.Context(), token(w.editor, "login"), "", event()))
	p, err := s.Store.Person(t.Context(), w.tenant.ID, w.editor.ID)
	must(t, err)
	equal(t, "hash after a login", p.PasswordHash, w.editor.PasswordHash)

	tok := token(w.editor, "login")
	must(t, s.Store.Login(t.Context(), tok, "a new hash", event()))
	got, p, err := s.Store.TokenByDigest(t.Context(), tok.Digest)
	must(t, err)
	equal(t, "token of the login", got, tok)
	equal(t, "hash after a login with a new one", p.PasswordHash, "a new hash")
	p, err = s.Store.Person(t.Context(), w.tenant.ID, w.admin.ID)
	must(t, err)
	equal(t, "another person's hash", p.PasswordHash, w.admin.PasswordHash)

	_, err = s.Store.UpdatePerson(t.Context(), w.tenant.ID, w.editor.ID, func(p *store.Person) error { p.Disabled = true; return nil }, event())
	must(t, err)
	want(t, "login of a disabled person", s.Store.Login(t.Context(), token(w.editor, "late"), "", event()), store.ErrNotFound)
}

func testForget(t *testing.T, s Subject) {
	w := build(t, s.Store, "one")
	late := func(p store.Person, after time.Duration) store.Token {
		tok := token(p, "late")
		tok.CreateTime, tok.ExpireTime = tok.CreateTime.Add(after), tok.ExpireTime.Add(after)
		return tok
	}
	age := w.editorToken.ExpireTime.Sub(w.editorToken.CreateTime) + store.ExpiredFor
	must(t, s.Store.Login(t.Context(), late(w.editor, age), "", event()))
	_, err := s.Store.Token(t.Context(), w.tenant.ID, w.editorToken.ID)
	must(t, err)
	must(t, s.Store.Login(t.Context(), late(w.editor, age+time.Millisecond), "", event()))
	_, err = s.Store.Token(t.Context(), w.tenant.ID, w.editorToken.ID)
	want(t, "a token that expired long ago", err, store.ErrNotFound)
	_, err = s.Store.Token(t.Context(), w.tenant.ID, w.adminToken.ID)
	must(t, err) // another person's
}

func testRevoke(t *testing.T, s Subject) {
	w := build(t, s.Store, "one")
	for range 2 {
		must(t, s.Store.RevokeToken(t.Context(), w.tenant.ID, w.editorToken.ID, event()))
		tok, _, err := s.Store.TokenByDigest(t.Context(), w.editorToken.Digest)
		must(t, err)
		if !tok.Revoked {
			t.Fatal("the token is not revoked")
		}
	}
}

func testKeyCheck(t *testing.T, s Subject) {
	for _, fresh := range []string{"first", "second"} {
		kept, err := s.Store.KeyCheck(t.Context(), []byte(fresh))
		must(t, err)
		equal(t, "KeyCheck", string(kept), "first")
	}
	kept, err := s.Reopen(t).KeyCheck(t.Context(), []byte("third"))
	must(t, err)
	equal(t, "KeyCheck after reopening", string(kept), "first")
}

func testNotFound(t *testing.T, s Subject) {
	w := build(t, s.Store, "one")
	ctx, tenant := t.Context(), w.tenant.ID
	ghost := w.editor
	ghost.ID = id()
	_, errPerson := s.Store.Person(ctx, tenant, ghost.ID)
	_, errEmail := s.Store.PersonByEmail(ctx, tenant, []byte("nobody"))
	_, errUpdate := s.Store.UpdatePerson(ctx, tenant, ghost.ID, func(*store.Person) error { return errors.New("called") }, event())
	_, errToken := s.Store.Token(ctx, tenant, id())
	_, _, errDigest := s.Store.TokenByDigest(ctx, apitoken.Digest{})
	_, errSlug := s.Store.TenantBySlug(ctx, "none")
	_, errTenant := s.Store.Tenant(ctx, id())
	for name, err := range map[string]error{
		"Person": errPerson, "PersonByEmail": errEmail, "UpdatePerson": errUpdate, "Token": errToken,
		"TokenByDigest": errDigest, "TenantBySlug": errSlug, "Tenant": errTenant,
		"CreateToken": s.Store.CreateToken(ctx, token(ghost, "t"), event()),
		"Login":       s.Store.Login(ctx, token(ghost, "t"), "hash", event()),
		"RevokeToken": s.Store.RevokeToken(ctx, tenant, id(), event()),
	} {
		want(t, name, err, store.ErrNotFound)
	}
}
