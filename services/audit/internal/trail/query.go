package trail

import (
	"context"

	"github.com/hygia-suite/hygia/services/audit/internal/index"
)

// List returns events of one tenant, newest first, and all that were sequenced
// before it was called.
func (t *Trail) List(ctx context.Context, q index.Query) ([]index.Place, error) {
	if err := t.awaitIndexed(ctx); err != nil {
		return nil, err
	}
	return t.index.List(ctx, q)
}

// Get returns a tenant's event, or index.ErrNotFound.
func (t *Trail) Get(ctx context.Context, tenant, id string) (index.Place, error) {
	if err := t.awaitIndexed(ctx); err != nil {
		return index.Place{}, err
	}
	return t.index.Get(ctx, tenant, id)
}
