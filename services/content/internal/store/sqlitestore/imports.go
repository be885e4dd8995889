package sqlitestore

import (
	"context"

	"github.com/hygia-suite/hygia/services/content/internal/store"
	"github.com/hygia-suite/hygia/services/content/internal/store/sqlitestore/db"
)

// lastID is above every UUID.
const lastID = "g"

func toImport(row db.Import) store.Import {
	i := store.Import{
		ID: row.ID, Importer: row.Importer, Format: row.Format, Person: row.Person, Purpose: row.Purpose,
		State: store.ImportState(row.State), Site: row.Site, Language: row.Language,
		ItemsDone: int(row.ItemsDone), ItemsTotal: int(row.ItemsTotal), EntriesCreated: int(row.EntriesCreated),
		EntriesKnown: int(row.EntriesKnown), AuthorsCreated: int(row.AuthorsCreated), TermsCreated: int(row.TermsCreated),
		Omissions: int(row.Omissions), Problem: row.Problem, Size: row.Size, SHA256: row.Sha256,
		CreateTime: toTime(row.CreateTime), FinishTime: fromOptTime(row.FinishTime),
	}
	if row.NextItem != nil {
		n := uint64(*row.NextItem)
		i.Next = &n
	}
	return i
}

// place keeps an importer's unsigned place in SQLite's signed column, and back.
func place(n *uint64) *int64 {
	if n == nil {
		return nil
	}
	v := int64(*n)
	return &v
}

func (r *reader) Import(ctx context.Context, id string) (store.Import, error) {
	row, err := r.q.GetImport(ctx, r.tenant, id)
	return toImport(row), missing("read an import", "import", err)
}

func (r *reader) Imports(ctx context.Context, beforeID string, limit int) ([]store.Import, error) {
	if beforeID == "" {
		beforeID = lastID
	}
	rows, err := r.q.ListImports(ctx, db.ListImportsParams{Tenant: r.tenant, Before: beforeID, Most: int64(limit)})
	if err != nil {
		return nil, fail("list imports", err)
	}
	var list []store.Import
	for _, row := range rows {
		list = append(list, toImport(row))
	}
	return list, nil
}

func (r *reader) CountOpenImports(ctx context.Context) (int, error) {
	n, err := r.q.CountOpenImports(ctx, r.tenant)
	return int(n), fail("count open imports", err)
}

func (r *reader) Omissions(ctx context.Context, importID string, after, limit int) ([]store.Omission, error) {
	if _, err := r.Import(ctx, importID); err != nil {
		return nil, err
	}
	rows, err := r.q.ListOmissions(ctx, db.ListOmissionsParams{
		Tenant: r.tenant, Import: importID, After: int64(after), Most: int64(limit),
	})
	if err != nil {
		return nil, fail("list omissions", err)
	}
	var list []store.Omission
	for _, row := range rows {
		list = append(list, store.Omission{
			Place: int(row.Place), Kind: row.Kind, SourceID: row.SourceID, Label: row.Label, Reason: row.Reason,
		})
	}
	return list, nil
}

func (w *writer) CreateImport(ctx context.Context, i store.Import) error {
	return fail("create an import", w.q.InsertImport(ctx, db.InsertImportParams{
		Tenant: w.tenant, ID: i.ID, Importer: i.Importer, Format: i.Format, Person: i.Person, Purpose: i.Purpose,
		State: string(i.State), Site: i.Site, Language: i.Language, NextItem: place(i.Next), ItemsDone: int64(i.ItemsDone), ItemsTotal: int64(i.ItemsTotal),
		EntriesCreated: int64(i.EntriesCreated), EntriesKnown: int64(i.EntriesKnown),
		AuthorsCreated: int64(i.AuthorsCreated), TermsCreated: int64(i.TermsCreated), Omissions: int64(i.Omissions),
		Problem: i.Problem, Size: i.Size, Sha256: i.SHA256,
		CreateTime: i.CreateTime.UnixMilli(), FinishTime: optTime(i.FinishTime),
	}))
}

func (w *writer) SaveImport(ctx context.Context, i store.Import) error {
	rows, err := w.q.UpdateImport(ctx, db.UpdateImportParams{
		Tenant: w.tenant, ID: i.ID, Importer: i.Importer, State: string(i.State), Site: i.Site, Language: i.Language,
		NextItem: place(i.Next), ItemsDone: int64(i.ItemsDone), ItemsTotal: int64(i.ItemsTotal), EntriesCreated: int64(i.EntriesCreated),
		EntriesKnown: int64(i.EntriesKnown), AuthorsCreated: int64(i.AuthorsCreated), TermsCreated: int64(i.TermsCreated),
		Problem: i.Problem, FinishTime: optTime(i.FinishTime),
	})
	return changed("save an import", "import", rows, err)
}

func (w *writer) AddOmission(ctx context.Context, importID string, o store.Omission) error {
	n, err := w.q.CountOmission(ctx, w.tenant, importID)
	if err != nil {
		return missing("add an omission", "import", err)
	}
	return fail("add an omission", w.q.InsertOmission(ctx, db.InsertOmissionParams{
		Tenant: w.tenant, Import: importID, Place: n, Kind: o.Kind, SourceID: o.SourceID, Label: o.Label, Reason: o.Reason,
	}))
}

func (r *reader) SourceEntry(ctx context.Context, site, sourceID string) (string, error) {
	id, err := r.q.GetSourceEntry(ctx, db.GetSourceEntryParams{Tenant: r.tenant, Site: site, SourceID: sourceID})
	return id, missing("find a source's entry", "entry", err)
}

func (w *writer) SetSourceEntry(ctx context.Context, site, sourceID, entryID string) error {
	return fail("keep a source's entry", w.q.InsertSourceEntry(ctx, db.InsertSourceEntryParams{
		Tenant: w.tenant, Site: site, SourceID: sourceID, Entry: entryID,
	}))
}
