package sqlitestore

import (
	"context"
	"time"

	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
	"github.com/hygia-suite/hygia/services/content/internal/store/sqlitestore/db"
)

func (r *reader) Revision(ctx context.Context, entryID string, number int) (entry.Revision, error) {
	row, err := r.q.GetRevision(ctx, db.GetRevisionParams{Tenant: r.tenant, Entry: entryID, Number: int64(number)})
	if err != nil {
		return entry.Revision{}, missing("read a revision", "revision", err)
	}
	return r.complete(ctx, row)
}

func (r *reader) Revisions(ctx context.Context, entryID string, beforeNumber, limit int) ([]entry.Revision, error) {
	if _, err := r.q.GetEntry(ctx, r.tenant, entryID); err != nil {
		return nil, missing("list revisions", "entry", err)
	}
	rows, err := r.q.ListRevisions(ctx, db.ListRevisionsParams{
		Tenant: r.tenant, Entry: entryID, Before: before(beforeNumber), Most: int64(limit),
	})
	if err != nil {
		return nil, fail("list revisions", err)
	}
	var list []entry.Revision
	for _, row := range rows {
		rev, err := r.complete(ctx, withoutBody(db.GetRevisionHeadRow(row)))
		if err != nil {
			return nil, err
		}
		list = append(list, rev)
	}
	return list, nil
}

func withoutBody(h db.GetRevisionHeadRow) db.Revision {
	return db.Revision{
		Tenant: h.Tenant, Entry: h.Entry, Number: h.Number, Kind: h.Kind, Language: h.Language, Slug: h.Slug,
		Title: h.Title, Excerpt: h.Excerpt, ContentHash: h.ContentHash, Person: h.Person, CreateTime: h.CreateTime,
	}
}

// complete adds the authors and terms that the revision was saved with.
func (r *reader) complete(ctx context.Context, row db.Revision) (entry.Revision, error) {
	rev := entry.Revision{
		Number: int(row.Number),
		Content: entry.Content{
			Kind: entry.Kind(row.Kind), Language: row.Language, Slug: row.Slug,
			Title: row.Title, Excerpt: row.Excerpt, Body: row.Body,
		},
		Hash:       entry.Hash(row.ContentHash),
		Person:     row.Person,
		CreateTime: toTime(row.CreateTime),
	}
	authors, err := r.q.ListRevisionAuthors(ctx, db.ListRevisionAuthorsParams{Tenant: r.tenant, Entry: row.Entry, Revision: row.Number})
	if err != nil {
		return rev, fail("read a revision's authors", err)
	}
	for _, a := range authors {
		c, err := credential{a.Council, a.Number, a.Region, a.Specialties}.value()
		if err != nil {
			return rev, err
		}
		rev.Content.Authors = append(rev.Content.Authors, entry.Author{ID: a.Author, DisplayName: a.DisplayName, Credential: c})
	}
	terms, err := r.q.ListRevisionTerms(ctx, db.ListRevisionTermsParams{Tenant: r.tenant, Entry: row.Entry, Revision: row.Number})
	if err != nil {
		return rev, fail("read a revision's terms", err)
	}
	for _, t := range terms {
		term := entry.Term{ID: t.Term, Taxonomy: entry.Taxonomy(t.Taxonomy), Slug: t.Slug, Name: t.Name}
		if term.Taxonomy == entry.Category {
			rev.Content.Categories = append(rev.Content.Categories, term)
		} else {
			rev.Content.Tags = append(rev.Content.Tags, term)
		}
	}
	return rev, nil
}

func (w *writer) addRevision(ctx context.Context, entryID string, rev entry.Revision) error {
	c := rev.Content
	err := w.q.InsertRevision(ctx, db.InsertRevisionParams{
		Tenant: w.tenant, Entry: entryID, Number: int64(rev.Number), Kind: string(c.Kind), Language: c.Language,
		Slug: c.Slug, Title: c.Title, Excerpt: c.Excerpt, Body: c.Body, ContentHash: string(rev.Hash),
		Person: rev.Person, CreateTime: rev.CreateTime.UnixMilli(),
	})
	if err != nil {
		return fail("add a revision", err)
	}
	for i, a := range c.Authors {
		cols, err := toCredential(a.Credential)
		if err != nil {
			return err
		}
		err = w.q.InsertRevisionAuthor(ctx, db.InsertRevisionAuthorParams{
			Tenant: w.tenant, Entry: entryID, Revision: int64(rev.Number), Place: int64(i), Author: a.ID,
			DisplayName: a.DisplayName, Council: cols.council, Number: cols.number, Region: cols.region, Specialties: cols.specialties,
		})
		if err != nil {
			return fail("add a revision's author", err)
		}
	}
	if err := w.addTerms(ctx, entryID, rev.Number, entry.Category, c.Categories); err != nil {
		return err
	}
	return w.addTerms(ctx, entryID, rev.Number, entry.Tag, c.Tags)
}

func (w *writer) addTerms(ctx context.Context, entryID string, revision int, x entry.Taxonomy, terms []entry.Term) error {
	for i, t := range terms {
		err := w.q.InsertRevisionTerm(ctx, db.InsertRevisionTermParams{
			Tenant: w.tenant, Entry: entryID, Revision: int64(revision), Taxonomy: string(x), Place: int64(i),
			Term: t.ID, Slug: t.Slug, Name: t.Name,
		})
		if err != nil {
			return fail("add a revision's term", err)
		}
	}
	return nil
}

func (r *reader) Participants(ctx context.Context, entryID string) ([]string, error) {
	list, err := r.q.ListParticipants(ctx, r.tenant, entryID)
	return list, fail("list participants", err)
}

func (w *writer) AddSubmission(ctx context.Context, entryID string, revision int, person string, at time.Time) error {
	return fail("add a submission", w.q.InsertSubmission(ctx, db.InsertSubmissionParams{
		Tenant: w.tenant, Entry: entryID, Revision: int64(revision), Person: person, CreateTime: at.UnixMilli(),
	}))
}

func (r *reader) signature(ctx context.Context, entryID string, revision int64) (*entry.Signature, error) {
	row, err := r.q.GetSignature(ctx, db.GetSignatureParams{Tenant: r.tenant, Entry: entryID, Revision: revision})
	if err != nil {
		return nil, missing("read a signature", "signature", err)
	}
	list, err := decodeList(row.Specialties)
	if err != nil {
		return nil, err
	}
	return &entry.Signature{
		Revision: int(row.Revision), Hash: entry.Hash(row.ContentHash), Person: row.Person, DisplayName: row.DisplayName,
		Credential: entry.Credential{Council: row.Council, Number: row.Number, Region: row.Region, Specialties: list},
		Time:       toTime(row.SignTime),
	}, nil
}

func (w *writer) addSignature(ctx context.Context, entryID string, s entry.Signature) error {
	list, err := encodeList(s.Credential.Specialties)
	if err != nil {
		return err
	}
	return fail("add a signature", w.q.InsertSignature(ctx, db.InsertSignatureParams{
		Tenant: w.tenant, Entry: entryID, Revision: int64(s.Revision), ContentHash: string(s.Hash), Person: s.Person,
		DisplayName: s.DisplayName, Council: s.Credential.Council, Number: s.Credential.Number, Region: s.Credential.Region,
		Specialties: list, SignTime: s.Time.UnixMilli(),
	}))
}

func (w *writer) SaveRequest(ctx context.Context, r store.Request, at time.Time) error {
	return fail("save a request", w.q.InsertRequest(ctx, db.InsertRequestParams{
		Tenant: w.tenant, ID: r.ID, Digest: r.Digest, Entry: r.Entry, CreateTime: at.UnixMilli(),
	}))
}
