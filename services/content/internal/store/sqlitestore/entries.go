package sqlitestore

import (
	"context"
	"math"
	"strings"

	"github.com/hygia-suite/hygia/pkg/sqlite"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
	"github.com/hygia-suite/hygia/services/content/internal/store/sqlitestore/db"
)

func (r *reader) Entry(ctx context.Context, id string) (entry.Entry, error) {
	row, err := r.q.GetEntry(ctx, r.tenant, id)
	if err != nil {
		return entry.Entry{}, missing("read an entry", "entry", err)
	}
	newest, err := r.Revision(ctx, id, int(row.Revision))
	if err != nil {
		return entry.Entry{}, err
	}
	return r.assemble(ctx, row, newest)
}

func (r *reader) Entries(ctx context.Context, f store.Filter, after store.EntryKey, limit int) ([]entry.Entry, error) {
	// Before every entry stands a time that none has.
	key := db.ListEntriesParams{
		Tenant: r.tenant, BeforeTime: math.MaxInt64, Status: string(f.Status), Kind: string(f.Kind), Most: int64(limit),
	}
	if after.ID != "" {
		key.BeforeTime, key.BeforeID = after.UpdateTime.UnixMilli(), after.ID
	}
	rows, err := r.list(ctx, f.Import, key)
	if err != nil {
		return nil, fail("list entries", err)
	}
	list := make([]entry.Entry, 0, len(rows))
	for _, row := range rows {
		head, err := r.q.GetRevisionHead(ctx, db.GetRevisionHeadParams{Tenant: r.tenant, Entry: row.ID, Number: row.Revision})
		if err != nil {
			return nil, fail("list entries", err)
		}
		newest, err := r.complete(ctx, withoutBody(head))
		if err != nil {
			return nil, err
		}
		e, err := r.assemble(ctx, row, newest)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

func (r *reader) list(ctx context.Context, importID string, key db.ListEntriesParams) ([]db.Entry, error) {
	if importID == "" {
		return r.q.ListEntries(ctx, key)
	}
	return r.q.ListImportedEntries(ctx, db.ListImportedEntriesParams{
		Tenant: key.Tenant, Import: &importID, BeforeTime: key.BeforeTime, BeforeID: key.BeforeID,
		Status: key.Status, Kind: key.Kind, Most: key.Most,
	})
}

// assemble joins an entry's row, its newest revision and that one's signature.
func (r *reader) assemble(ctx context.Context, row db.Entry, newest entry.Revision) (entry.Entry, error) {
	e := entry.Entry{
		ID:          row.ID,
		Status:      entry.Status(row.Status),
		Newest:      newest,
		PublishTime: fromOptTime(row.PublishTime),
		Scheduled:   fromOptTime(row.ScheduledTime),
		ReviewNote:  row.ReviewNote,
		Import:      fromOptText(row.Import),
		CreateTime:  toTime(row.CreateTime),
		UpdateTime:  toTime(row.UpdateTime),
	}
	if row.PublishedRevision != nil {
		e.Published = int(*row.PublishedRevision)
	}
	if row.SignedRevision == nil {
		return e, nil
	}
	s, err := r.signature(ctx, row.ID, *row.SignedRevision)
	e.Signature = s
	return e, err
}

func (r *reader) SlugTaken(ctx context.Context, kind entry.Kind, slug string) (bool, error) {
	taken, err := r.q.SlugTaken(ctx, db.SlugTakenParams{Tenant: r.tenant, Kind: string(kind), Slug: slug})
	return taken, fail("look a slug up", err)
}

func (w *writer) CreateEntry(ctx context.Context, e entry.Entry) error {
	err := w.q.InsertEntry(ctx, db.InsertEntryParams{
		Tenant: w.tenant, ID: e.ID, Kind: string(e.Newest.Content.Kind), Status: string(e.Status),
		Slug: e.Newest.Content.Slug, Revision: int64(e.Newest.Number), ReviewNote: e.ReviewNote, Import: optText(e.Import),
		CreateTime: e.CreateTime.UnixMilli(), UpdateTime: e.UpdateTime.UnixMilli(),
	})
	if err != nil {
		return slugTaken("create an entry", err)
	}
	return w.addRevision(ctx, e.ID, e.Newest)
}

func (w *writer) SaveEntry(ctx context.Context, e entry.Entry) error {
	row, err := w.q.GetEntry(ctx, w.tenant, e.ID)
	if err != nil {
		return missing("save an entry", "entry", err)
	}
	if int64(e.Newest.Number) > row.Revision {
		if err := w.addRevision(ctx, e.ID, e.Newest); err != nil {
			return err
		}
	}
	if e.Signature != nil && row.SignedRevision == nil {
		if err := w.addSignature(ctx, e.ID, *e.Signature); err != nil {
			return err
		}
	}
	next := db.UpdateEntryParams{
		Tenant: w.tenant, ID: e.ID, Status: string(e.Status), Slug: e.Newest.Content.Slug, Revision: int64(e.Newest.Number),
		PublishTime: optTime(e.PublishTime), ScheduledTime: optTime(e.Scheduled), ReviewNote: e.ReviewNote,
		UpdateTime: e.UpdateTime.UnixMilli(),
	}
	if e.Status.Signed() {
		next.SignedRevision = &next.Revision
	}
	if e.Published > 0 {
		if next.PublishedSlug, err = w.publishedSlug(ctx, e, row); err != nil {
			return err
		}
		n := int64(e.Published)
		next.PublishedRevision = &n
	}
	rows, err := w.q.UpdateEntry(ctx, next)
	if err != nil {
		return slugTaken("save an entry", err)
	}
	return changed("save an entry", "entry", rows, nil)
}

// publishedSlug returns the slug of the public revision: that of the newest
// where it becomes public, else the one that was.
func (w *writer) publishedSlug(ctx context.Context, e entry.Entry, row db.Entry) (*string, error) {
	if e.Published == e.Newest.Number {
		return &e.Newest.Content.Slug, nil
	}
	if row.PublishedRevision != nil && int(*row.PublishedRevision) == e.Published {
		return row.PublishedSlug, nil
	}
	head, err := w.q.GetRevisionHead(ctx, db.GetRevisionHeadParams{Tenant: w.tenant, Entry: e.ID, Number: int64(e.Published)})
	return &head.Slug, missing("save an entry", "revision", err)
}

// slugTaken tells a duplicate slug from what else the schema refuses.
func slugTaken(what string, err error) error {
	if sqlite.IsUnique(err) && strings.Contains(sqlite.Detail(err), "slug") {
		return store.ErrSlugTaken.Wrap(err)
	}
	return fail(what, err)
}

func (r *reader) Request(ctx context.Context, id string) (store.Request, error) {
	row, err := r.q.GetRequest(ctx, r.tenant, id)
	if err != nil {
		return store.Request{}, missing("read a request", "request", err)
	}
	return store.Request{ID: id, Digest: row.Digest, Entry: row.Entry}, nil
}
