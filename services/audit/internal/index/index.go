// Package index finds events by id, tenant, person, method, object and time. It
// is a cache of the log in SQLite: deleted, it is made again from the leaves.
package index

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/sqlite"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

//go:embed migrations/*.sql
var files embed.FS

// fileName is the database's name in the service's folder; SQLite adds "-wal"
// and "-shm".
const fileName = "index.db"

// Index is an open index. It is safe for concurrent use.
type Index struct {
	db *sqlite.DB
}

// Row is an event at its place in the log.
type Row struct {
	Position uint64
	Event    *auditv1.Event
	// Leaf is the event as it stands in the log.
	Leaf []byte
}

// Open opens the index in dir, or begins one.
func Open(ctx context.Context, dir string) (*Index, error) {
	migrations, err := fs.Sub(files, "migrations")
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	db, err := sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(dir, fileName), Migrations: migrations})
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	return &Index{db: db}, nil
}

// Remove deletes the files of the index in dir, which nobody may have open.
func Remove(dir string) error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(dir, fileName+suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("index: %w", err)
		}
	}
	return nil
}

// Close closes the files.
func (x *Index) Close() error { return x.db.Close() }

// Size returns how many leaves of the log are indexed, from the first on.
func (x *Index) Size(ctx context.Context) (size uint64, err error) {
	if err := x.db.Reader().QueryRowContext(ctx, `SELECT size FROM progress`).Scan(&size); err != nil {
		return 0, fmt.Errorf("index: size: %w", err)
	}
	return size, nil
}

// Add indexes the leaves from Size on, without a gap, in one transaction. Of an
// id that the log holds twice the first place counts.
func (x *Index) Add(ctx context.Context, rows []Row) error {
	return x.db.Write(ctx, func(tx *sql.Tx) error {
		var size uint64
		if err := tx.QueryRowContext(ctx, `SELECT size FROM progress`).Scan(&size); err != nil {
			return fmt.Errorf("index: size: %w", err)
		}
		for _, row := range rows {
			if row.Position != size {
				return fmt.Errorf("index: leaf %d does not follow %d leaves", row.Position, size)
			}
			if err := insert(ctx, tx, row); err != nil {
				return fmt.Errorf("index: leaf %d: %w", row.Position, err)
			}
			size++
		}
		if _, err := tx.ExecContext(ctx, `UPDATE progress SET size = ?`, size); err != nil {
			return fmt.Errorf("index: size: %w", err)
		}
		return nil
	})
}

func insert(ctx context.Context, tx *sql.Tx, row Row) error {
	at, err := time.Parse(audit.TimeFormat, row.Event.GetTime())
	if err != nil {
		return fmt.Errorf("time: %w", err)
	}
	done, err := tx.ExecContext(ctx, `INSERT INTO events (position, id, tenant, person, method, time, leaf)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
		row.Position, row.Event.GetId(), row.Event.GetTenant(), row.Event.GetPerson(),
		row.Event.GetMethod(), at.UnixMilli(), row.Leaf)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return err
	}
	for _, object := range row.Event.GetObjects() {
		_, err := tx.ExecContext(ctx, `INSERT INTO objects (tenant, id, position) VALUES (?, ?, ?)
			ON CONFLICT DO NOTHING`, row.Event.GetTenant(), object.GetId(), row.Position)
		if err != nil {
			return err
		}
	}
	return nil
}

// Place is where an event stands, and as what.
type Place struct {
	Position uint64
	Leaf     []byte
}

// Places returns where the events of these ids stand, of whichever tenant; ids
// that are not indexed are left out. It serves the sequencer, not askers.
func (x *Index) Places(ctx context.Context, ids []string) (map[string]Place, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("index: places: %w", err)
	}
	rows, err := x.db.Reader().QueryContext(ctx,
		`SELECT id, position, leaf FROM events WHERE id IN (SELECT value FROM json_each(?))`, string(list))
	if err != nil {
		return nil, fmt.Errorf("index: places: %w", err)
	}
	defer rows.Close()
	places := make(map[string]Place)
	for rows.Next() {
		var id string
		var place Place
		if err := rows.Scan(&id, &place.Position, &place.Leaf); err != nil {
			return nil, fmt.Errorf("index: places: %w", err)
		}
		places[id] = place
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("index: places: %w", err)
	}
	return places, nil
}

// Last returns the newest indexed event. There must be one.
func (x *Index) Last(ctx context.Context) (place Place, err error) {
	err = x.db.Reader().QueryRowContext(ctx, `SELECT position, leaf FROM events ORDER BY position DESC LIMIT 1`).
		Scan(&place.Position, &place.Leaf)
	if err != nil {
		return Place{}, fmt.Errorf("index: last: %w", err)
	}
	return place, nil
}
