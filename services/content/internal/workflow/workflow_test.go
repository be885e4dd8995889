package workflow_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/fault"
	validationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/validation/v1"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
	"github.com/hygia-suite/hygia/services/content/internal/workflow"
)

func TestAnArticleIsWrittenSignedAndPublished(t *testing.T) {
	w := newWorld(t)
	e := w.create(editor)
	if e.Status != entry.Draft || e.Newest.Content.Language != "pt-BR" {
		t.Fatalf("created %+v", e)
	}
	e = w.submit(editor, e.ID)
	e = w.sign(reviewer, e)
	e = must(w, func() (entry.Entry, error) { return w.flow.Publish(w.ctx(), editor, e.ID, time.Time{}) })
	got := w.read(e.ID)
	if got.Status != entry.Published || got.Published != 1 || !got.PublishTime.Equal(w.clock()) || got.Signature.Person != reviewer.Person {
		t.Errorf("published %+v", got)
	}
}

func TestCreateTwiceWithARequestID(t *testing.T) {
	w := newWorld(t)
	d, id := w.draft(), newID()
	first := must(w, func() (entry.Entry, error) { return w.flow.Create(w.ctx(), editor, d, id) })
	w.submit(editor, first.ID)
	again := must(w, func() (entry.Entry, error) { return w.flow.Create(w.ctx(), editor, d, id) })
	if again.ID != first.ID || again.Status != entry.InReview {
		t.Errorf("got %s, %s", again.ID, again.Status)
	}
	_, err := w.flow.Create(w.ctx(), person("other", actor.RoleEditor), d, id)
	w.want(err, workflow.ErrRequestReused, "another person")
	d.Title += "!"
	_, err = w.flow.Create(w.ctx(), editor, d, id)
	w.want(err, workflow.ErrRequestReused, "another content")
	d.Slug = first.Newest.Content.Slug
	_, err = w.flow.Create(w.ctx(), editor, d, "")
	w.want(err, store.ErrSlugTaken, "a slug again")
}

func TestSlugsAreMade(t *testing.T) {
	w := newWorld(t)
	d := workflow.Draft{Kind: entry.Post, Title: "Dor de cabeça?"}
	var slugs []string
	for range 10 {
		e := must(w, func() (entry.Entry, error) { return w.flow.Create(w.ctx(), editor, d, "") })
		slugs = append(slugs, e.Newest.Content.Slug)
	}
	if slugs[0] != "dor-de-cabeca" || slugs[1] != "dor-de-cabeca-2" || len(slugs[9]) != len("dor-de-cabeca-")+12 {
		t.Errorf("made %v", slugs)
	}
	e := must(w, func() (entry.Entry, error) {
		return w.flow.Create(w.ctx(), editor, workflow.Draft{Kind: entry.Page}, "")
	})
	if e.Newest.Content.Slug != "page" {
		t.Errorf("without a title: %s", e.Newest.Content.Slug)
	}
	d.Title = "Outro"
	d.Kind = entry.Page
	e = must(w, func() (entry.Entry, error) { return w.flow.Update(w.ctx(), editor, e.ID, d, 1) })
	if e.Newest.Content.Slug != "page" {
		t.Errorf("an update without a slug made %s", e.Newest.Content.Slug)
	}
}

func TestContentNamesOnlyWhatThereIs(t *testing.T) {
	w := newWorld(t)
	tag := must(w, func() (entry.Term, error) {
		return w.flow.CreateTerm(w.ctx(), editor, entry.Term{Taxonomy: entry.Tag, Name: "Vírus"})
	})
	if tag.Slug != "virus" {
		t.Errorf("slug %s", tag.Slug)
	}
	d := w.draft()
	d.AuthorIDs, d.CategoryIDs, d.TagIDs = []string{newID()}, []string{tag.ID}, []string{tag.ID, newID()}
	_, err := w.flow.Create(w.ctx(), editor, d, "")
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || !errors.Is(err, workflow.ErrUnknownReference) {
		t.Fatalf("got %v", err)
	}
	var paths []string
	for _, field := range f.Fields {
		paths = append(paths, field.Path)
	}
	if got := strings.Join(paths, " "); got != "content.authorIds[0] content.categoryIds[0] content.tagIds[1]" {
		t.Errorf("fields %s", got)
	}
	other := editor
	other.Tenant = newID()
	d = w.draft()
	d.TagIDs = []string{tag.ID}
	_, err = w.flow.Create(w.ctx(), other, d, "")
	w.want(err, workflow.ErrUnknownReference, "another tenant's tag")
}

func TestEditorsDoNotOverwriteEachOther(t *testing.T) {
	w := newWorld(t)
	e := w.create(editor)
	d := w.draft()
	must(w, func() (entry.Entry, error) { return w.flow.Update(w.ctx(), editor, e.ID, d, 1) })
	_, err := w.flow.Update(w.ctx(), person("late", actor.RoleEditor), e.ID, d, 1)
	w.want(err, entry.ErrRevisionConflict, "the second of two")
	if fault.From(err).Code != codes.Aborted {
		t.Errorf("code %v", fault.From(err).Code)
	}
	other := editor
	other.Tenant = newID()
	_, err = w.flow.Update(w.ctx(), other, e.ID, d, 2)
	w.want(err, store.ErrNotFound, "another tenant")
}

func finding(rule string, s validationv1.Severity) *validationv1.Finding {
	return &validationv1.Finding{Rule: rule, Severity: s, Message: "mensagem",
		Location: &validationv1.Location{Field: validationv1.Field_FIELD_BODY, Start: 3, End: 9}}
}

func TestFindingsOfSeverityErrorStopASubmission(t *testing.T) {
	w := newWorld(t)
	e := w.create(editor)
	missing := finding("CRED-1", validationv1.Severity_SEVERITY_ERROR)
	missing.Location = &validationv1.Location{Field: validationv1.Field_FIELD_AUTHORS}
	w.validator.findings = []*validationv1.Finding{
		finding("ADV-1", validationv1.Severity_SEVERITY_ERROR),
		finding("READ-1", validationv1.Severity_SEVERITY_WARNING),
		missing,
		finding("NEW-1", validationv1.Severity_SEVERITY_UNSPECIFIED),
	}
	_, _, err := w.flow.Submit(w.ctx(), editor, e.ID)
	w.want(err, workflow.ErrFindings, "submit")
	f := fault.From(err)
	var got []string
	for _, field := range f.Fields {
		got = append(got, field.Path+" "+field.Message)
	}
	want := "content.body[3:9] ADV-1: mensagem, content.authors CRED-1: mensagem, content.body[3:9] NEW-1: mensagem"
	if strings.Join(got, ", ") != want {
		t.Errorf("fields %q", got)
	}
	if w.read(e.ID).Status != entry.Draft {
		t.Error("the refused submission changed the entry")
	}

	w.validator.findings = w.validator.findings[1:2]
	after, findings, err := w.flow.Submit(w.ctx(), editor, e.ID)
	if err != nil || after.Status != entry.InReview || len(findings) != 1 {
		t.Errorf("with a warning: %v, %s, %d findings", err, after.Status, len(findings))
	}
	calls := w.validator.calls
	_, _, err = w.flow.Submit(w.ctx(), editor, e.ID)
	if err == nil || w.validator.calls != calls {
		t.Errorf("a second submission: %v; validators worked for it: %v", err, w.validator.calls != calls)
	}
}

func TestNothingPassesUnchecked(t *testing.T) {
	w := newWorld(t)
	e := w.create(editor)
	w.validator.err = fault.New(codes.Unavailable, "SERVICE_UNREACHABLE", "no")
	_, _, err := w.flow.Submit(w.ctx(), editor, e.ID)
	w.want(err, w.validator.err, "submit without validators")
	w.validator.err = nil
	w.validator.during = func() {
		w.validator.during = nil
		must(w, func() (entry.Entry, error) { return w.flow.Update(w.ctx(), editor, e.ID, w.draft(), 1) })
	}
	_, _, err = w.flow.Submit(w.ctx(), editor, e.ID)
	w.want(err, entry.ErrRevisionConflict, "submit of what changed while it was checked")
	if got := w.read(e.ID); got.Status != entry.Draft || got.Newest.Number != 2 {
		t.Errorf("left %s, revision %d", got.Status, got.Newest.Number)
	}
}

func TestAnAuthorsChangeNeedsAnotherSignOff(t *testing.T) {
	w := newWorld(t)
	author := must(w, func() (entry.Author, error) {
		return w.flow.CreateAuthor(w.ctx(), editor, entry.Author{DisplayName: "Ana"})
	})
	d := w.draft()
	d.AuthorIDs = []string{author.ID}
	e := must(w, func() (entry.Entry, error) { return w.flow.Create(w.ctx(), editor, d, "") })
	w.submit(editor, e.ID)
	e = w.sign(reviewer, e)
	untouched := w.approved()

	// The same name and credential change nothing.
	if err := w.flow.UpdateAuthor(w.ctx(), editor, author); err != nil {
		t.Fatal(err)
	}
	if got := w.read(e.ID); got.Status != entry.Approved || got.Newest.Number != 1 {
		t.Errorf("nothing changed, and the entry is %s, revision %d", got.Status, got.Newest.Number)
	}
	must(w, func() (entry.Entry, error) { return w.flow.Publish(w.ctx(), editor, e.ID, time.Time{}) })
	author.Credential = &entry.Credential{Council: "CRM", Number: "1", Region: "SP"}
	if err := w.flow.UpdateAuthor(w.ctx(), reviewer, author); err != nil {
		t.Fatal(err)
	}
	got := w.read(e.ID)
	if got.Status != entry.Draft || got.Newest.Number != 2 || got.Newest.Hash == e.Newest.Hash || got.Published != 1 {
		t.Errorf("the author's entry is %s, revision %d, public %d", got.Status, got.Newest.Number, got.Published)
	}
	if w.read(untouched.ID).Status != entry.Approved {
		t.Error("another entry lost its sign-off")
	}
	// Who changed the author saved a revision.
	w.submit(editor, e.ID)
	_, err := w.flow.Sign(w.ctx(), reviewer, e.ID, got.Newest.Hash)
	w.want(err, entry.ErrSignerTookPart, "sign")
}

// TestAnAuthorsManyEntriesAreAllRecorded has more than one audit event can name.
func TestAnAuthorsManyEntriesAreAllRecorded(t *testing.T) {
	w := newWorld(t)
	author := must(w, func() (entry.Author, error) {
		return w.flow.CreateAuthor(w.ctx(), editor, entry.Author{DisplayName: "Ana"})
	})
	const entries = 401
	var ids []string
	err := w.store.Write(w.ctx(), tenant, func(tx store.Tx) error {
		for n := range entries {
			c := entry.Content{Kind: entry.Post, Language: "pt-BR", Slug: fmt.Sprint("many-", n), Authors: []entry.Author{author}}
			e := entry.New(newID(), c, editor.Person, w.clock())
			ids = append(ids, e.ID)
			if err := tx.CreateEntry(w.Context(), e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.store.Outbox().Delivered(t.Context(), w.pending(t, nil)); err != nil {
		t.Fatal(err)
	}
	author.DisplayName = "Bia"
	if err := w.flow.UpdateAuthor(w.ctx(), editor, author); err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	w.pending(t, named)
	for _, id := range ids {
		if e := w.read(id); e.Newest.Number != 2 || e.Newest.Content.Authors[0].DisplayName != "Bia" || !named[id] {
			t.Fatalf("entry %s: revision %d, recorded %v", id, e.Newest.Number, named[id])
		}
	}
	if !named[author.ID] {
		t.Error("the author is not recorded")
	}
}

func TestScheduledEntriesArePublishedInTime(t *testing.T) {
	w := newWorld(t)
	e, other := w.approved(), w.approved()
	at := w.clock().Add(time.Hour)
	for _, id := range []string{e.ID, other.ID} {
		must(w, func() (entry.Entry, error) { return w.flow.Publish(w.ctx(), editor, id, at) })
	}
	must(w, func() (entry.Entry, error) { return w.flow.Unpublish(w.ctx(), editor, other.ID) })
	w.wait(time.Hour - time.Millisecond)
	if n := w.tick(); n != 0 {
		t.Errorf("%d published too early", n)
	}
	w.wait(time.Millisecond)
	if n := w.tick(); n != 1 {
		t.Errorf("%d published, want 1", n)
	}
	if got := w.read(e.ID); got.Status != entry.Published || !got.PublishTime.Equal(at) {
		t.Errorf("is %s at %v", got.Status, got.PublishTime)
	}
	if n := w.tick(); n != 0 {
		t.Errorf("%d published twice", n)
	}
}

// TestWhatCannotBePublishedWaits has two entries due for one slug.
func TestWhatCannotBePublishedWaits(t *testing.T) {
	w := newWorld(t)
	first := w.approved()
	must(w, func() (entry.Entry, error) { return w.flow.Publish(w.ctx(), editor, first.ID, time.Time{}) })
	slug := first.Newest.Content.Slug
	must(w, func() (entry.Entry, error) { return w.flow.Update(w.ctx(), editor, first.ID, w.draft(), 1) })
	d := w.draft()
	d.Slug = slug
	second := must(w, func() (entry.Entry, error) { return w.flow.Create(w.ctx(), editor, d, "") })
	w.submit(editor, second.ID)
	w.sign(reviewer, second)
	at := w.clock().Add(time.Hour)
	must(w, func() (entry.Entry, error) { return w.flow.Publish(w.ctx(), editor, second.ID, at) })
	w.wait(time.Hour)
	if n := w.tick(); n != 0 {
		t.Fatalf("%d published under a slug that is taken", n)
	}
	must(w, func() (entry.Entry, error) { return w.flow.Unpublish(w.ctx(), editor, first.ID) })
	if n := w.tick(); n != 0 {
		t.Error("tried again at once")
	}
	w.wait(10 * time.Second)
	if n := w.tick(); n != 1 {
		t.Error("not tried again")
	}
}

func TestScheduleRunEndsWithItsContext(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.scheduler.Run(ctx) }()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
