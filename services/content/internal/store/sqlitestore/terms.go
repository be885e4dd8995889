package sqlitestore

import (
	"context"

	"github.com/hygia-suite/hygia/pkg/sqlite"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
	"github.com/hygia-suite/hygia/services/content/internal/store/sqlitestore/db"
)

func toTerm(row db.Term) entry.Term {
	return entry.Term{
		ID: row.ID, Taxonomy: entry.Taxonomy(row.Taxonomy), Slug: row.Slug, Name: row.Name, Parent: fromOptText(row.Parent),
	}
}

func (r *reader) Term(ctx context.Context, id string) (entry.Term, error) {
	row, err := r.q.GetTerm(ctx, r.tenant, id)
	return toTerm(row), missing("read a term", "term", err)
}

func (r *reader) TermBySlug(ctx context.Context, x entry.Taxonomy, slug string) (entry.Term, error) {
	row, err := r.q.GetTermBySlug(ctx, db.GetTermBySlugParams{Tenant: r.tenant, Taxonomy: string(x), Slug: slug})
	return toTerm(row), missing("find a term", "term", err)
}

func (r *reader) Terms(ctx context.Context, x entry.Taxonomy, after string, limit int) ([]entry.Term, error) {
	rows, err := r.q.ListTerms(ctx, db.ListTermsParams{Tenant: r.tenant, Taxonomy: string(x), After: after, Most: int64(limit)})
	if err != nil {
		return nil, fail("list terms", err)
	}
	var list []entry.Term
	for _, row := range rows {
		list = append(list, toTerm(row))
	}
	return list, nil
}

func (w *writer) CreateTerm(ctx context.Context, t entry.Term) error {
	err := w.q.InsertTerm(ctx, db.InsertTermParams{
		Tenant: w.tenant, ID: t.ID, Taxonomy: string(t.Taxonomy), Slug: t.Slug, Name: t.Name, Parent: optText(t.Parent),
	})
	if sqlite.IsForeignKey(err) {
		return store.NotFound("parent category")
	}
	return slugTaken("create a term", err)
}
