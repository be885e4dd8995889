package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// ErrNewer means that the file's schema is newer than the program. Opening it
// with an older program could lose what that program does not know.
var ErrNewer = errors.New("sqlite: the database was written by a newer program")

// migrate runs, one transaction each, the migrations that the file has not seen.
func migrate(ctx context.Context, db *sql.DB, files fs.FS) error {
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("sqlite: read migrations: %w", err)
	}
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("sqlite: read schema version: %w", err)
	}
	sources := p.ListSources()
	if last := sources[len(sources)-1].Version; have > last {
		return fmt.Errorf("%w: schema %d, program %d", ErrNewer, have, last)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("sqlite: migrate: %w", err)
	}
	return nil
}
