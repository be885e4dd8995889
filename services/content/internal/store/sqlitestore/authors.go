package sqlitestore

import (
	"context"
	"time"

	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/store/sqlitestore/db"
)

func toAuthor(row db.Author) (entry.Author, error) {
	c, err := credential{row.Council, row.Number, row.Region, row.Specialties}.value()
	return entry.Author{ID: row.ID, DisplayName: row.DisplayName, Credential: c}, err
}

func (r *reader) Author(ctx context.Context, id string) (entry.Author, error) {
	row, err := r.q.GetAuthor(ctx, r.tenant, id)
	if err != nil {
		return entry.Author{}, missing("read an author", "author", err)
	}
	return toAuthor(row)
}

func (r *reader) AuthorNamed(ctx context.Context, displayName string) (entry.Author, error) {
	row, err := r.q.FindAuthor(ctx, r.tenant, displayName)
	if err != nil {
		return entry.Author{}, missing("find an author", "author", err)
	}
	return toAuthor(row)
}

func (r *reader) Authors(ctx context.Context, after string, limit int) ([]entry.Author, error) {
	rows, err := r.q.ListAuthors(ctx, db.ListAuthorsParams{Tenant: r.tenant, After: after, Most: int64(limit)})
	if err != nil {
		return nil, fail("list authors", err)
	}
	var list []entry.Author
	for _, row := range rows {
		a, err := toAuthor(row)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

func (r *reader) EntriesShowing(ctx context.Context, authorID, after string, limit int) ([]string, error) {
	ids, err := r.q.ListEntriesShowing(ctx, db.ListEntriesShowingParams{
		Tenant: r.tenant, Author: authorID, After: after, Most: int64(limit),
	})
	return ids, fail("list an author's entries", err)
}

func (w *writer) CreateAuthor(ctx context.Context, a entry.Author, at time.Time) error {
	c, err := toCredential(a.Credential)
	if err != nil {
		return err
	}
	return fail("create an author", w.q.InsertAuthor(ctx, db.InsertAuthorParams{
		Tenant: w.tenant, ID: a.ID, DisplayName: a.DisplayName, Council: c.council, Number: c.number,
		Region: c.region, Specialties: c.specialties, CreateTime: at.UnixMilli(),
	}))
}

func (w *writer) UpdateAuthor(ctx context.Context, a entry.Author) error {
	c, err := toCredential(a.Credential)
	if err != nil {
		return err
	}
	rows, err := w.q.UpdateAuthor(ctx, db.UpdateAuthorParams{
		Tenant: w.tenant, ID: a.ID, DisplayName: a.DisplayName, Council: c.council, Number: c.number,
		Region: c.region, Specialties: c.specialties,
	})
	return changed("update an author", "author", rows, err)
}

func (r *reader) SourceAuthor(ctx context.Context, site, login string) (string, error) {
	id, err := r.q.GetSourceAuthor(ctx, db.GetSourceAuthorParams{Tenant: r.tenant, Site: site, Login: login})
	return id, missing("find a source's author", "author", err)
}

func (w *writer) SetSourceAuthor(ctx context.Context, site, login, authorID string) error {
	return fail("keep a source's author", w.q.InsertSourceAuthor(ctx, db.InsertSourceAuthorParams{
		Tenant: w.tenant, Site: site, Login: login, Author: authorID,
	}))
}
