package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/mattn/go-sqlite3"
)

// Defaults of the Options that are zero.
const (
	DefaultReadConns   = 8
	DefaultBusyTimeout = 5 * time.Second
)

// statements is how many prepared statements a connection keeps: more than a
// service has, so that none is parsed and planned for every call.
const statements = 128

// Options say where a database is and how it is opened.
type Options struct {
	// Path is the file. It is made, with mode 0600, where it is missing; its
	// folder must exist.
	Path string
	// Migrations has the goose migrations at its root, as 00001_name.sql. They
	// hold no "Down" part.
	Migrations fs.FS
	// ReadConns bounds the connections of readers; 0 is DefaultReadConns.
	ReadConns int
	// BusyTimeout is how long a statement waits for another process's lock; 0
	// is DefaultBusyTimeout.
	BusyTimeout time.Duration
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	write *sql.DB
	read  *sql.DB
}

// Open opens the file and brings its schema up to date. It fails with
// [ErrNewer] where the file is of a newer program.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.ReadConns == 0 {
		o.ReadConns = DefaultReadConns
	}
	if o.BusyTimeout == 0 {
		o.BusyTimeout = DefaultBusyTimeout
	}
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	if err := create(path); err != nil {
		return nil, fmt.Errorf("sqlite: create %s: %w", path, err)
	}
	db := &DB{
		write: pool(path, "immediate", o.BusyTimeout),
		read:  pool(path, "deferred", o.BusyTimeout, "PRAGMA query_only = ON"),
	}
	// A second writer of this process would only wait for the first one's lock,
	// and be told "busy" where it waits too long; in Go's queue it just waits.
	db.write.SetMaxOpenConns(1)
	db.read.SetMaxOpenConns(o.ReadConns)
	db.read.SetMaxIdleConns(o.ReadConns)
	if err := migrate(ctx, db.write, o.Migrations); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// Close waits for running statements and closes the file.
func (db *DB) Close() error {
	// The writer goes last: the last connection folds the journal into the file.
	return errors.Join(db.read.Close(), db.write.Close())
}

// Reader is for queries that need no transaction. Its connections cannot write.
func (db *DB) Reader() *sql.DB { return db.read }

// create makes the file first, because SQLite would make it readable to others.
// The journal's files take the mode of the database.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the caller's own database
	if err != nil {
		return err
	}
	return f.Close()
}

// pool names the driver: the only place that does, beside errors.go.
func pool(path, begin string, busy time.Duration, more ...string) *sql.DB {
	pragmas := append([]string{
		fmt.Sprintf("PRAGMA busy_timeout = %d", busy.Milliseconds()),
		"PRAGMA journal_mode = WAL",
		"PRAGMA synchronous = FULL",
		"PRAGMA foreign_keys = ON",
		// REPLACE must not slip past a trigger that forbids deletion.
		"PRAGMA recursive_triggers = ON",
		// What a query spills is not left on disk in files of its own.
		"PRAGMA temp_store = MEMORY",
		// A tampered file's schema must not call functions with side effects.
		"PRAGMA trusted_schema = OFF",
	}, more...)
	hook := func(c *sqlite3.SQLiteConn) error {
		for _, p := range pragmas {
			if _, err := c.Exec(p, nil); err != nil {
				return fmt.Errorf("%s: %w", p, err)
			}
		}
		return nil
	}
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + fmt.Sprintf("?_txlock=%s&_stmt_cache_size=%d", begin, statements)
	return sql.OpenDB(&connector{dsn: dsn, driver: &sqlite3.SQLiteDriver{ConnectHook: hook}})
}

// connector hands database/sql a driver with its own hook, without registering
// it for the whole process.
type connector struct {
	dsn    string
	driver *sqlite3.SQLiteDriver
}

func (c *connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }

func (c *connector) Driver() driver.Driver { return c.driver }
