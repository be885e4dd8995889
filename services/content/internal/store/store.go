// Package store says what the content service keeps, and how it keeps it.
//
// Store is a contract: storetest proves it of every implementation.
package store

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
)

// Errors of a defect in the caller: no person's request should meet them.
var (
	// ErrNoTenant refuses a call that names no tenant.
	ErrNoTenant = errors.New("store: a call without a tenant is refused")
	// ErrNoEvent refuses a change without its audit event.
	ErrNoEvent = errors.New("store: a change without an audit event is refused")
	// ErrRefused is what the schema answers to a row that breaks an invariant:
	// something public without its signature, a signature of someone who took
	// part, a reference to another tenant's row.
	ErrRefused = errors.New("store: the schema refuses the row")
)

// Errors that a person's request can meet.
var (
	// ErrNotFound is the kind of NotFound's faults.
	ErrNotFound = fault.New(codes.NotFound, "NOT_FOUND", "what was asked for does not exist")
	// ErrSlugTaken means that another entry of the kind, or another term of the
	// taxonomy, has the slug.
	ErrSlugTaken = fault.New(codes.AlreadyExists, "SLUG_TAKEN", "the slug belongs to another").
			WithHint("choose another slug, or leave it empty to have one made")
)

// NotFound says which kind of thing the tenant does not have. It is the same
// answer whether nobody has it or another tenant does.
func NotFound(kind string) error {
	return fault.New(codes.NotFound, ErrNotFound.Reason, "there is no such "+kind)
}

// Store keeps the service's data. It is safe for concurrent use.
//
// Everything is reached through View and Write, which bind their transaction to
// one tenant: an id of another tenant's is an id that does not exist. Both
// refuse an empty tenant with ErrNoTenant. What Write acknowledges is durable.
type Store interface {
	// View runs f over one snapshot.
	View(ctx context.Context, tenant string, f func(Reader) error) error
	// Write runs f in a transaction. No other Write runs meanwhile, so what f
	// reads stays true until the end. Where f fails nothing changes, and Write
	// returns f's error as it is. The call's audit event is committed with the
	// change; without one Write fails with ErrNoEvent.
	Write(ctx context.Context, tenant string, f func(Tx) error) error

	// Due returns entries whose scheduled time has come, the longest due first,
	// of every tenant. Ids are all that ever crosses tenants.
	Due(ctx context.Context, now time.Time, limit int) ([]Ref, error)
	// OpenImports returns imports that have not ended, the oldest first, of
	// every tenant.
	OpenImports(ctx context.Context, limit int) ([]Ref, error)
}

// Ref names something of a tenant's.
type Ref struct{ Tenant, ID string }

// Reader reads one tenant's data. Get methods answer with NotFound; lists are
// bounded by their limit, which must be above 0. It is valid until the function
// that it was given to returns.
type Reader interface {
	// Entry returns an entry with its newest revision, complete.
	Entry(ctx context.Context, id string) (entry.Entry, error)
	// Entries returns entries, the last changed first, without their bodies.
	Entries(ctx context.Context, f Filter, after EntryKey, limit int) ([]entry.Entry, error)
	Revision(ctx context.Context, entryID string, number int) (entry.Revision, error)
	// Revisions returns those with a number below before, newest first, without
	// their bodies; before 0 begins with the newest.
	Revisions(ctx context.Context, entryID string, before, limit int) ([]entry.Revision, error)
	// Participants returns all who ever saved a revision or submitted the entry.
	Participants(ctx context.Context, entryID string) ([]string, error)
	// SlugTaken tells whether an entry outside of the trash has the slug.
	SlugTaken(ctx context.Context, kind entry.Kind, slug string) (bool, error)
	// Request returns what an earlier request of this id made.
	Request(ctx context.Context, id string) (Request, error)

	Author(ctx context.Context, id string) (entry.Author, error)
	// Authors returns authors by id, those after an id.
	Authors(ctx context.Context, after string, limit int) ([]entry.Author, error)
	// AuthorNamed returns the oldest author of a name.
	AuthorNamed(ctx context.Context, displayName string) (entry.Author, error)
	// EntriesShowing returns the ids, after an id, of entries outside of the
	// trash whose newest revision shows an author.
	EntriesShowing(ctx context.Context, authorID, after string, limit int) ([]string, error)

	Term(ctx context.Context, id string) (entry.Term, error)
	TermBySlug(ctx context.Context, t entry.Taxonomy, slug string) (entry.Term, error)
	// Terms returns terms by id, those after an id; of both taxonomies where
	// none is given.
	Terms(ctx context.Context, t entry.Taxonomy, after string, limit int) ([]entry.Term, error)

	Import(ctx context.Context, id string) (Import, error)
	// Imports returns imports, newest first, those before an id; before "" begins
	// with the newest.
	Imports(ctx context.Context, before string, limit int) ([]Import, error)
	// CountOpenImports returns how many have not ended.
	CountOpenImports(ctx context.Context) (int, error)
	// Omissions returns what an import left out, in the order of the export,
	// after a place (from 1).
	Omissions(ctx context.Context, importID string, after, limit int) ([]Omission, error)
	// SourceEntry returns the id of the entry that was made of a site's item.
	SourceEntry(ctx context.Context, site, sourceID string) (string, error)
	// SourceAuthor returns the id of the author who stands for a site's login.
	SourceAuthor(ctx context.Context, site, login string) (string, error)
}

// Tx also changes. What the schema refuses is ErrRefused.
type Tx interface {
	Reader

	// CreateEntry keeps a new entry with its first revision. Its faults:
	// ErrSlugTaken.
	CreateEntry(ctx context.Context, e entry.Entry) error
	// SaveEntry makes the stored entry what e is after one step: it adds the
	// newest revision and its signature where they are new. Its faults:
	// NotFound, ErrSlugTaken.
	SaveEntry(ctx context.Context, e entry.Entry) error
	// AddSubmission keeps who asked for a review of a revision.
	AddSubmission(ctx context.Context, entryID string, revision int, person string, at time.Time) error
	SaveRequest(ctx context.Context, r Request, at time.Time) error

	CreateAuthor(ctx context.Context, a entry.Author, at time.Time) error
	UpdateAuthor(ctx context.Context, a entry.Author) error
	// CreateTerm's faults: ErrSlugTaken, NotFound for the parent.
	CreateTerm(ctx context.Context, t entry.Term) error

	CreateImport(ctx context.Context, i Import) error
	// SaveImport keeps all of i but its omissions, which AddOmission counts.
	SaveImport(ctx context.Context, i Import) error
	AddOmission(ctx context.Context, importID string, o Omission) error
	SetSourceEntry(ctx context.Context, site, sourceID, entryID string) error
	SetSourceAuthor(ctx context.Context, site, login, authorID string) error

	// Record commits the audit event so far, before the one that Write commits
	// at the end: for changes of more objects than one event can name.
	Record(ctx context.Context) error
}

// Filter narrows a list of entries; empty fields do not.
type Filter struct {
	// Status; all but the trash where it is empty.
	Status entry.Status
	Kind   entry.Kind
	Import string
}

// EntryKey is the place of an entry in a list; the zero key stands before all.
type EntryKey struct {
	UpdateTime time.Time
	ID         string
}

// Request is what an idempotent request made.
type Request struct {
	ID string
	// Digest is of what was asked for.
	Digest string
	Entry  string
}
