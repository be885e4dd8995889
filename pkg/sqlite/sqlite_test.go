package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"

	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	"github.com/hygia-suite/hygia/pkg/sqlite"
)

const first = `-- +goose Up
CREATE TABLE audit_outbox (id TEXT PRIMARY KEY, event BLOB NOT NULL, create_time INTEGER NOT NULL) STRICT;
CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE CHECK (name <> '')) STRICT;
CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parent) STRICT;
`

const second = `-- +goose Up
ALTER TABLE parent ADD COLUMN note TEXT NOT NULL DEFAULT 'x';
`

func migrations(sql ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i, s := range sql {
		m[fmt.Sprintf("%05d_step.sql", i+1)] = &fstest.MapFile{Data: []byte(s)}
	}
	return m
}

func open(t *testing.T, path string, sql ...string) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Migrations: migrations(sql...)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func run(query string, args ...any) func(*sql.Tx) error {
	return func(tx *sql.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	}
}

func count(t *testing.T, db *sqlite.DB, table string) int {
	t.Helper()
	var n int
	if err := db.Reader().QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOpenSetsWhatDurabilityNeeds(t *testing.T) {
	// Characters that a URI would take for its own.
	path := filepath.Join(t.TempDir(), "a b%20?c#d.db")
	db := open(t, path, first)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode().Perm())
	}
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000",
	} {
		err := db.Write(t.Context(), func(tx *sql.Tx) error {
			var got string
			if err := tx.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil {
				return err
			}
			if got != want {
				t.Errorf("%s is %q, want %q", pragma, got, want)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestReadersCannotWrite(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "x.db"), first)
	if _, err := db.Reader().Exec("INSERT INTO parent (name) VALUES ('a')"); err == nil {
		t.Error("a reader wrote")
	}
	if err := db.View(t.Context(), run("INSERT INTO parent (name) VALUES ('a')")); err == nil {
		t.Error("a view wrote")
	}
	if n := count(t, db, "parent"); n != 0 {
		t.Errorf("%d rows, want none", n)
	}
}

func TestMigrationsRunOnceAndOnlyForward(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	for _, steps := range [][]string{{first}, {first}, {first, second}} {
		db, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Migrations: migrations(steps...)})
		if err != nil {
			t.Fatalf("with %d steps: %v", len(steps), err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Migrations: migrations(first)})
	if !errors.Is(err, sqlite.ErrNewer) {
		t.Errorf("an older program got %v, want ErrNewer", err)
	}
}

func TestABadMigrationLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	bad := "-- +goose Up\nCREATE TABLE half (id INTEGER);\nCREATE TABLE half (id INTEGER);\n"
	if _, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Migrations: migrations(first, bad)}); err == nil {
		t.Fatal("opened")
	}
	db := open(t, path, first)
	if n := count(t, db, "sqlite_schema WHERE name = 'half'"); n != 0 {
		t.Error("half of a migration stayed")
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	noDB := filepath.Join(dir, "text")
	if err := os.WriteFile(noDB, []byte("this is not a database, and longer than a header"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]sqlite.Options{
		"missing folder": {Path: filepath.Join(dir, "no", "x.db"), Migrations: migrations(first)},
		"no database":    {Path: noDB, Migrations: migrations(first)},
		"no migrations":  {Path: filepath.Join(dir, "y.db"), Migrations: fstest.MapFS{}},
	} {
		if _, err := sqlite.Open(t.Context(), o); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

func TestWriteIsAllOrNothing(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "x.db"), first)
	stop := errors.New("stop")
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		if err := run("INSERT INTO parent (name) VALUES ('a')")(tx); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Errorf("got %v, want the function's error", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("a panic was swallowed")
			}
		}()
		_ = db.Write(t.Context(), func(tx *sql.Tx) error {
			_ = run("INSERT INTO parent (name) VALUES ('b')")(tx)
			panic("stop")
		})
	}()
	ctx, cancel := context.WithCancel(t.Context())
	err = db.Write(ctx, func(tx *sql.Tx) error {
		defer cancel()
		return run("INSERT INTO parent (name) VALUES ('c')")(tx)
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if n := count(t, db, "parent"); n != 0 {
		t.Errorf("%d rows stayed, want none", n)
	}
}

func TestWritersTakeTurns(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "x.db"), first)
	if err := db.Write(t.Context(), run("INSERT INTO parent (id, name) VALUES (1, 'n')")); err != nil {
		t.Fatal(err)
	}
	const writers, turns = 8, 25
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range turns {
				err := db.Write(t.Context(), func(tx *sql.Tx) error {
					var n int
					if err := tx.QueryRow("SELECT count(*) FROM child").Scan(&n); err != nil {
						return err
					}
					return run("INSERT INTO child (id, parent) VALUES (?, 1)", n)(tx)
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := count(t, db, "child"); n != writers*turns {
		t.Errorf("%d rows, want %d", n, writers*turns)
	}
}

func TestViewSeesOneSnapshot(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "x.db"), first)
	err := db.View(t.Context(), func(tx *sql.Tx) error {
		var before, after int
		if err := tx.QueryRow("SELECT count(*) FROM parent").Scan(&before); err != nil {
			return err
		}
		if err := db.Write(t.Context(), run("INSERT INTO parent (name) VALUES ('a')")); err != nil {
			return err
		}
		if err := tx.QueryRow("SELECT count(*) FROM parent").Scan(&after); err != nil {
			return err
		}
		if before != 0 || after != 0 {
			t.Errorf("saw %d, then %d rows, want none", before, after)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := count(t, db, "parent"); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

func TestConstraintsAreTold(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "x.db"), first)
	if err := db.Write(t.Context(), run("INSERT INTO parent (id, name) VALUES (1, 'a')")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		query string
		is    func(error) bool
	}{
		{"INSERT INTO parent (name) VALUES ('a')", sqlite.IsUnique},
		{"INSERT INTO parent (id, name) VALUES (1, 'b')", sqlite.IsUnique},
		{"INSERT INTO parent (name) VALUES ('')", sqlite.IsCheck},
		{"INSERT INTO child (parent) VALUES (7)", sqlite.IsForeignKey},
	} {
		err := db.Write(t.Context(), run(c.query))
		if err == nil || !c.is(err) || sqlite.Detail(err) == "" {
			t.Errorf("%s: %v (%q)", c.query, err, sqlite.Detail(err))
		}
	}
	if sqlite.Detail(errors.New("x")) != "" || sqlite.IsUnique(nil) {
		t.Error("an error of another kind was taken for a constraint")
	}
}

func TestOutboxKeepsTheContract(t *testing.T) {
	audittest.OutboxStore(t, func(t *testing.T) (audit.OutboxStore, audittest.Put) {
		db := open(t, filepath.Join(t.TempDir(), "x.db"), first)
		return sqlite.Outbox(db), func(ctx context.Context, event *auditv1.Event) error {
			return db.Write(ctx, func(tx *sql.Tx) error { return sqlite.Enqueue(ctx, tx, event, time.UnixMilli(1)) })
		}
	})
}

func TestEnqueueRefusesAnEventTwice(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "x.db"), first)
	event := audittest.Event()
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		return errors.Join(sqlite.Enqueue(t.Context(), tx, event, time.UnixMilli(1)), sqlite.Enqueue(t.Context(), tx, event, time.UnixMilli(1)))
	})
	if !sqlite.IsUnique(err) || count(t, db, "audit_outbox") != 0 {
		t.Errorf("got %v, %d events", err, count(t, db, "audit_outbox"))
	}
}

func TestEnqueueRefusesAMissingEvent(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "x.db"), first)
	for _, e := range []*auditv1.Event{nil, {}} {
		err := db.Write(t.Context(), func(tx *sql.Tx) error {
			return sqlite.Enqueue(t.Context(), tx, e, time.UnixMilli(1))
		})
		if !errors.Is(err, sqlite.ErrNoEvent) {
			t.Errorf("got %v, want ErrNoEvent", err)
		}
	}
}
