package directory

import (
	"encoding/base64"

	"github.com/google/uuid"

	"github.com/hygia-suite/hygia/services/accounts/internal/store"
)

// defaultPage is how many rows a page has where the request does not say.
const defaultPage = 50

// page reads a request's page. The token is the last id of the page before; a
// made-up one is harmless, as every query is bound to the tenant.
func page(size int32, token string) (store.Page, error) {
	p := store.Page{Limit: int(size)}
	if size == 0 {
		p.Limit = defaultPage
	}
	if token == "" {
		return p, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return store.Page{}, ErrPageToken
	}
	id, err := uuid.FromBytes(raw)
	if err != nil {
		return store.Page{}, ErrPageToken
	}
	p.After = id.String()
	return p, nil
}

// next cuts a list that was read with one row too many, and returns the token of
// the page after it, empty at the end.
func next[T any](rows []T, limit int, id func(T) string) ([]T, string) {
	if len(rows) <= limit {
		return rows, ""
	}
	rows = rows[:limit]
	last, err := uuid.Parse(id(rows[limit-1]))
	if err != nil {
		return rows, ""
	}
	return rows, base64.RawURLEncoding.EncodeToString(last[:])
}
