//go:generate env GOWORK=off go tool -modfile=../../../../../tools/sqlc.mod sqlc generate

// Package sqlitestore keeps the content service's data in SQLite. Its queries
// are in queries/, its schema in migrations/; sqlc makes db/ of both.
package sqlitestore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"

	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/sqlite"
	"github.com/hygia-suite/hygia/services/content/internal/store"
	"github.com/hygia-suite/hygia/services/content/internal/store/sqlitestore/db"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations has the schema, for pkg/sqlite.
func Migrations() fs.FS {
	sub, err := fs.Sub(files, "migrations")
	if err != nil {
		panic(err) // the path is a constant
	}
	return sub
}

// Options are a store's dependencies; all are required.
type Options struct {
	// Path is the database's file; its folder must exist.
	Path string
	// Event returns the audit event of the change that the context makes, or
	// nil; pkg/rpc's WriteEvent is one.
	Event func(context.Context) *auditv1.Event
	Clock func() time.Time
}

// Store is a store.Store.
type Store struct {
	db    *sqlite.DB
	event func(context.Context) *auditv1.Event
	clock func() time.Time
}

var _ store.Store = (*Store)(nil)

// Open opens the database and brings its schema up to date.
func Open(ctx context.Context, o Options) (*Store, error) {
	file, err := sqlite.Open(ctx, sqlite.Options{Path: o.Path, Migrations: Migrations()})
	if err != nil {
		return nil, err
	}
	return &Store{db: file, event: o.Event, clock: o.Clock}, nil
}

// Close waits for running statements.
func (s *Store) Close() error { return s.db.Close() }

// Outbox gives the audit events that were committed with changes.
func (s *Store) Outbox() audit.OutboxStore { return sqlite.Outbox(s.db) }

// View implements store.Store.
func (s *Store) View(ctx context.Context, tenant string, f func(store.Reader) error) error {
	if tenant == "" {
		return store.ErrNoTenant
	}
	return s.db.View(ctx, func(tx *sql.Tx) error {
		return f(&reader{q: db.New(tx), tenant: tenant})
	})
}

// Write implements store.Store.
func (s *Store) Write(ctx context.Context, tenant string, f func(store.Tx) error) error {
	if tenant == "" {
		return store.ErrNoTenant
	}
	return s.db.Write(ctx, func(tx *sql.Tx) error {
		w := &writer{reader: reader{q: db.New(tx), tenant: tenant}}
		w.record = func(ctx context.Context) error {
			err := sqlite.Enqueue(ctx, tx, s.event(ctx), s.clock())
			if errors.Is(err, sqlite.ErrNoEvent) {
				return store.ErrNoEvent
			}
			return err
		}
		if err := f(w); err != nil {
			return err
		}
		return w.record(ctx)
	})
}

// Due implements store.Store.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) ([]store.Ref, error) {
	ms := now.UnixMilli()
	rows, err := db.New(s.db.Reader()).ListDue(ctx, &ms, int64(limit))
	if err != nil {
		return nil, fail("list what is due", err)
	}
	var refs []store.Ref
	for _, r := range rows {
		refs = append(refs, store.Ref{Tenant: r.Tenant, ID: r.ID})
	}
	return refs, nil
}

// OpenImports implements store.Store.
func (s *Store) OpenImports(ctx context.Context, limit int) ([]store.Ref, error) {
	rows, err := db.New(s.db.Reader()).ListOpenImports(ctx, int64(limit))
	if err != nil {
		return nil, fail("list open imports", err)
	}
	var refs []store.Ref
	for _, r := range rows {
		refs = append(refs, store.Ref{Tenant: r.Tenant, ID: r.ID})
	}
	return refs, nil
}

// reader is a store.Reader: the queries of one transaction, bound to a tenant.
type reader struct {
	q      *db.Queries
	tenant string
}

// writer is a store.Tx.
type writer struct {
	reader
	record func(context.Context) error
}

func (w *writer) Record(ctx context.Context) error { return w.record(ctx) }

// missing turns "no rows" into NotFound.
func missing(what, kind string, err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return store.NotFound(kind)
	}
	return fail(what, err)
}

// fail names the step that failed, and tells apart what the schema refuses.
func fail(what string, err error) error {
	if err == nil {
		return nil
	}
	if sqlite.Detail(err) != "" {
		return fmt.Errorf("%w: %s: %w", store.ErrRefused, what, err)
	}
	return fmt.Errorf("store: %s: %w", what, err)
}

// changed turns "no row was changed" into NotFound.
func changed(what, kind string, rows int64, err error) error {
	if err == nil && rows == 0 {
		return store.NotFound(kind)
	}
	return fail(what, err)
}
