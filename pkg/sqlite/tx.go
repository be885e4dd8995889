package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Write runs f in a transaction that holds the write lock from its beginning.
// Where f returns nil and Write returns nil, the change is on disk. Where Write
// returns an error, nothing was changed; f's own error is returned as it is, so
// that callers can match it. f must not keep the transaction, and must not call
// Write.
func (db *DB) Write(ctx context.Context, f func(tx *sql.Tx) error) error {
	return run(ctx, db.write, f)
}

// View runs f over one snapshot: what others commit meanwhile stays unseen. f
// must not keep the transaction.
func (db *DB) View(ctx context.Context, f func(tx *sql.Tx) error) error {
	return run(ctx, db.read, f)
}

func run(ctx context.Context, pool *sql.DB, f func(tx *sql.Tx) error) (err error) {
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("sqlite: begin: %w", err)
	}
	// Does nothing after a commit; after an error or a panic of f it undoes all.
	defer func() {
		if e := tx.Rollback(); e != nil && !errors.Is(e, sql.ErrTxDone) && err == nil {
			err = fmt.Errorf("sqlite: roll back: %w", e)
		}
	}()
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("sqlite: commit: %w", err)
	}
	return nil
}
