// Package sqlitestore is the embedded accounts store: one SQLite file.
package sqlitestore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/hygia-suite/hygia/pkg/sqlite"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	"github.com/hygia-suite/hygia/services/accounts/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store implements store.Store.
type Store struct {
	db    *sqlite.DB
	clock func() time.Time
}

var _ store.Store = (*Store)(nil)

// Open opens the database file, makes it where it is missing, and brings its
// schema up to date.
func Open(ctx context.Context, path string, clock func() time.Time) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("accounts store: %w", err)
	}
	db, err := sqlite.Open(ctx, sqlite.Options{Path: path, Migrations: files})
	if err != nil {
		return nil, fmt.Errorf("accounts store: %w", err)
	}
	return &Store{db: db, clock: clock}, nil
}

// DB is the database, for its outbox.
func (s *Store) DB() *sqlite.DB { return s.db }

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

// KeyCheck implements store.Store.
func (s *Store) KeyCheck(ctx context.Context, fresh []byte) (kept []byte, err error) {
	err = s.db.Write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO key_check (id, value) VALUES (1, ?) ON CONFLICT DO NOTHING`, fresh); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT value FROM key_check`).Scan(&kept)
	})
	return kept, failed("check keys", err)
}

// write runs f in a transaction that holds its audit event already. Nothing can
// be written without a tenant or without an event.
func (s *Store) write(ctx context.Context, what, tenant string, event *auditv1.Event, f func(tx *sql.Tx) error) error {
	if tenant == "" {
		return store.ErrNoTenant
	}
	return failed(what, s.db.Write(ctx, func(tx *sql.Tx) error {
		if err := sqlite.Enqueue(ctx, tx, event, s.clock()); err != nil {
			return err
		}
		return f(tx)
	}))
}

// failed gives an error of the database its meaning or a place.
func failed(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return store.ErrNotFound
	case errors.Is(err, store.ErrLastAdmin):
		return store.ErrLastAdmin
	case sqlite.IsUnique(err):
		return store.ErrTaken
	case sqlite.IsForeignKey(err):
		return store.ErrNotFound
	}
	return fmt.Errorf("accounts store: %s: %w", what, err)
}

// scanner is a row of a result.
type scanner interface{ Scan(dest ...any) error }

// collect scans every row of a result.
func collect[T any](rows *sql.Rows, scan func(scanner) (T, error)) ([]T, error) {
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

func millis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
