// Package storetest proves that an implementation keeps store.Store's contract.
// Only tests import it.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"

	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
)

// Backend is a new, empty store, and its outbox.
type Backend struct {
	Store  store.Store
	Outbox audit.OutboxStore
}

// Opener opens an empty store that takes its events from event and closes it
// when the test ends.
type Opener func(t *testing.T, event func(context.Context) *auditv1.Event) Backend

// Run proves the contract.
func Run(t *testing.T, open Opener) {
	for name, test := range map[string]func(*world){
		"CallsWithoutATenantAreRefused": testNoTenant,
		"ChangesWithoutEventAreRefused": testNoEvent,
		"WriteIsAllOrNothing":           testAtomic,
		"EventsAreCommittedWithChanges": testEvents,
		"ReadersSeeOneSnapshot":         testSnapshot,
		"Invariant8OtherTenants":        testTenants,
		"EntriesComeBackComplete":       testEntryRoundTrip,
		"StepsAreKept":                  testSteps,
		"RevisionsAreListed":            testRevisions,
		"EntriesAreListed":              testEntries,
		"SlugsAreUnique":                testSlugs,
		"Invariant6Unsigned":            testUnsigned,
		"Invariant6Participants":        testParticipants,
		"DueEntriesAreFound":            testDue,
		"RequestsAreKept":               testRequests,
		"AuthorsAreKept":                testAuthors,
		"TermsAreKept":                  testTerms,
		"ImportsAreKept":                testImports,
		"OmissionsAreCounted":           testOmissions,
		"SourcesAreKept":                testSources,
	} {
		t.Run(name, func(t *testing.T) { test(newWorld(t, open)) })
	}
}

// now is when everything happens; milliseconds are what a store keeps.
//
//nolint:gochecknoglobals // immutable
var now = time.Date(2026, 5, 4, 3, 2, 1, 987_000_000, time.UTC)

const (
	ours   = "tenant-a"
	theirs = "tenant-b"
)

// world is a store, and short ways to use it.
type world struct {
	*testing.T
	Backend
	noEvent bool
}

func newWorld(t *testing.T, open Opener) *world {
	w := &world{T: t}
	w.Backend = open(t, func(context.Context) *auditv1.Event {
		if w.noEvent {
			return nil
		}
		return &auditv1.Event{Id: NewID()}
	})
	return w
}

// NewID returns a UUIDv7.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

func (w *world) write(tenant string, f func(store.Tx) error) error {
	return w.Store.Write(w.Context(), tenant, f)
}

func (w *world) mustWrite(f func(store.Tx) error) {
	w.Helper()
	if err := w.write(ours, f); err != nil {
		w.Fatal(err)
	}
}

func (w *world) mustView(f func(store.Reader) error) {
	w.Helper()
	if err := w.Store.View(w.Context(), ours, f); err != nil {
		w.Fatal(err)
	}
}

func (w *world) want(err, target error, what string) {
	w.Helper()
	if !errors.Is(err, target) {
		w.Errorf("%s: got %v, want %v", what, err, target)
	}
}

// same compares as Go prints, which follows no pointer but prints what times,
// texts and numbers are.
func (w *world) same(got, want any, what string) {
	w.Helper()
	if g, x := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != x {
		w.Errorf("%s:\ngot  %s\nwant %s", what, g, x)
	}
}

func (w *world) newAuthor(name string) entry.Author {
	w.Helper()
	a := entry.Author{ID: NewID(), DisplayName: name, Credential: &entry.Credential{
		Council: "CRM", Number: "12", Region: "SP", Specialties: []string{"7", "8"},
	}}
	w.mustWrite(func(tx store.Tx) error { return tx.CreateAuthor(w.Context(), a, now) })
	return a
}

func (w *world) newTerm(x entry.Taxonomy, slug string) entry.Term {
	w.Helper()
	t := entry.Term{ID: NewID(), Taxonomy: x, Slug: slug, Name: "N " + slug}
	w.mustWrite(func(tx store.Tx) error { return tx.CreateTerm(w.Context(), t) })
	return t
}

// newEntry keeps a draft of a slug, written by "writer".
func (w *world) newEntry(slug string) entry.Entry {
	w.Helper()
	e := entry.New(NewID(), plain(slug), "writer", now)
	w.mustWrite(func(tx store.Tx) error { return tx.CreateEntry(w.Context(), e) })
	return e
}

func plain(slug string) entry.Content {
	return entry.Content{Kind: entry.Post, Language: "pt-BR", Slug: slug, Title: "T", Excerpt: "E", Body: "<p>B\x01\n</p>"}
}

func (w *world) save(e entry.Entry, err error) entry.Entry {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
	w.mustWrite(func(tx store.Tx) error { return tx.SaveEntry(w.Context(), e) })
	return e
}

func (w *world) entry(id string) (e entry.Entry) {
	w.Helper()
	w.mustView(func(r store.Reader) (err error) {
		e, err = r.Entry(w.Context(), id)
		return err
	})
	return e
}

// reviewer may sign what they did not write.
//
//nolint:gochecknoglobals // immutable
var reviewer = entry.Signer{
	Person: "reviewer", DisplayName: "R", Reviewer: true, Credential: &entry.Credential{Council: "CRM", Number: "1", Region: "RJ"},
}

// approved keeps an entry that was signed.
func (w *world) approved(slug string) entry.Entry {
	w.Helper()
	e := w.newEntry(slug)
	e = w.save(e.Submit(1, now))
	return w.save(e.Sign(reviewer, e.Newest.Hash, nil, now))
}
