package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrNotFound says that the tenant has no such event.
var ErrNotFound = errors.New("index: no such event")

// errNoTenant refuses a query that would cross tenants (invariant 8).
var errNoTenant = errors.New("index: a query needs a tenant")

// Query selects events of one tenant. Zero values select all.
type Query struct {
	Tenant string // required
	Person string
	Method string
	// Object is the id of an object that the event names.
	Object string
	// Since and Until bound the event's own time: from, and before.
	Since, Until time.Time
	// Before selects places before this one; 0 is the end of the log.
	Before uint64
	// Limit is how many events are returned at most; required.
	Limit int
}

// List returns the places and leaves of events, newest first.
func (x *Index) List(ctx context.Context, q Query) ([]Place, error) {
	if q.Tenant == "" {
		return nil, errNoTenant
	}
	text, args := q.sql()
	rows, err := x.db.Reader().QueryContext(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("index: list: %w", err)
	}
	defer rows.Close()
	var places []Place
	for rows.Next() {
		var place Place
		if err := rows.Scan(&place.Position, &place.Leaf); err != nil {
			return nil, fmt.Errorf("index: list: %w", err)
		}
		places = append(places, place)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("index: list: %w", err)
	}
	return places, nil
}

// sql puts together fixed pieces of text; what askers say goes into args.
func (q Query) sql() (string, []any) {
	where, args := []string{"tenant = ?"}, []any{q.Tenant}
	add := func(wanted bool, condition string, values ...any) {
		if wanted {
			where, args = append(where, condition), append(args, values...)
		}
	}
	add(q.Before > 0, "position < ?", q.Before)
	add(q.Person != "", "person = ?", q.Person)
	add(q.Method != "", "method = ?", q.Method)
	add(!q.Since.IsZero(), "time >= ?", ceilMilli(q.Since))
	add(!q.Until.IsZero(), "time < ?", ceilMilli(q.Until))
	add(q.Object != "", "position IN (SELECT position FROM objects WHERE tenant = ? AND id = ?)", q.Tenant, q.Object)
	text := "SELECT position, leaf FROM events WHERE " + strings.Join(where, " AND ") +
		" ORDER BY position DESC LIMIT ?"
	return text, append(args, q.Limit)
}

// ceilMilli rounds up to the log's milliseconds: an event at .001 is not since
// .0015, and one at .001 is before it.
func ceilMilli(t time.Time) int64 {
	ms := t.UnixMilli()
	if time.UnixMilli(ms).Before(t) {
		ms++
	}
	return ms
}

// Get returns the place and leaf of a tenant's event, or ErrNotFound.
func (x *Index) Get(ctx context.Context, tenant, id string) (Place, error) {
	if tenant == "" {
		return Place{}, errNoTenant
	}
	var place Place
	err := x.db.Reader().QueryRowContext(ctx,
		`SELECT position, leaf FROM events WHERE id = ? AND tenant = ?`, id, tenant).
		Scan(&place.Position, &place.Leaf)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Place{}, ErrNotFound
	case err != nil:
		return Place{}, fmt.Errorf("index: get: %w", err)
	}
	return place, nil
}
