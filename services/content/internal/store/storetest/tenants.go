package storetest

import (
	"errors"
	"time"

	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
)

func testNoTenant(w *world) {
	called := false
	w.want(w.Store.View(w.Context(), "", func(store.Reader) error { called = true; return nil }), store.ErrNoTenant, "view")
	w.want(w.write("", func(store.Tx) error { called = true; return nil }), store.ErrNoTenant, "write")
	if called {
		w.Error("the function ran without a tenant")
	}
}

func testNoEvent(w *world) {
	e := entry.New(NewID(), plain("s"), "writer", now)
	create := func(tx store.Tx) error { return tx.CreateEntry(w.Context(), e) }
	w.noEvent = true
	w.want(w.write(ours, create), store.ErrNoEvent, "write")
	w.noEvent = false
	if err := w.write(ours, create); err != nil {
		w.Errorf("the refused write left something: %v", err)
	}
}

func testAtomic(w *world) {
	stop := errors.New("stop")
	e := entry.New(NewID(), plain("s"), "writer", now)
	err := w.write(ours, func(tx store.Tx) error {
		if err := tx.CreateEntry(w.Context(), e); err != nil {
			return err
		}
		return stop
	})
	w.want(err, stop, "failed write")
	w.mustView(func(r store.Reader) error {
		_, err := r.Entry(w.Context(), e.ID)
		w.want(err, store.ErrNotFound, "what a failed write made")
		return nil
	})
	if events := w.pending(); events != 0 {
		w.Errorf("a failed write left %d events", events)
	}
}

func (w *world) pending() int {
	w.Helper()
	events, err := w.Outbox.Pending(w.Context(), 100)
	if err != nil {
		w.Fatal(err)
	}
	return len(events)
}

func testEvents(w *world) {
	w.newEntry("s")
	if n := w.pending(); n != 1 {
		w.Errorf("%d events, want 1", n)
	}
	w.mustWrite(func(tx store.Tx) error { return tx.Record(w.Context()) })
	if n := w.pending(); n != 3 {
		w.Errorf("%d events, want 3", n)
	}
}

func testSnapshot(w *world) {
	e := w.newEntry("s")
	w.mustView(func(r store.Reader) error {
		before, err := r.Entry(w.Context(), e.ID)
		if err != nil {
			return err
		}
		w.save(e.Trash(now.Add(time.Second)))
		after, err := r.Entry(w.Context(), e.ID)
		w.same(after.Status, before.Status, "status in one snapshot")
		return err
	})
}

// testTenants gives another tenant every id that this one has.
func testTenants(w *world) {
	ctx := w.Context()
	a, t, e := w.newAuthor("Ana"), w.newTerm(entry.Category, "c"), w.approved("s")
	e = w.save(e.Publish(now.Add(time.Hour), now))
	i := store.Import{ID: NewID(), Person: "p", State: store.Running, CreateTime: now}
	req := store.Request{ID: NewID(), Digest: "d", Entry: e.ID}
	w.mustWrite(func(tx store.Tx) error {
		return errors.Join(tx.CreateImport(ctx, i), tx.SaveRequest(ctx, req, now),
			tx.SetSourceEntry(ctx, "site", "1", e.ID), tx.SetSourceAuthor(ctx, "site", "ana", a.ID))
	})

	reads := map[string]func(store.Reader) (any, error){
		"Entry":        func(r store.Reader) (any, error) { return r.Entry(ctx, e.ID) },
		"Revision":     func(r store.Reader) (any, error) { return r.Revision(ctx, e.ID, 1) },
		"Revisions":    func(r store.Reader) (any, error) { return r.Revisions(ctx, e.ID, 0, 9) },
		"Request":      func(r store.Reader) (any, error) { return r.Request(ctx, req.ID) },
		"Author":       func(r store.Reader) (any, error) { return r.Author(ctx, a.ID) },
		"AuthorNamed":  func(r store.Reader) (any, error) { return r.AuthorNamed(ctx, "Ana") },
		"Term":         func(r store.Reader) (any, error) { return r.Term(ctx, t.ID) },
		"TermBySlug":   func(r store.Reader) (any, error) { return r.TermBySlug(ctx, entry.Category, "c") },
		"Import":       func(r store.Reader) (any, error) { return r.Import(ctx, i.ID) },
		"Omissions":    func(r store.Reader) (any, error) { return r.Omissions(ctx, i.ID, 0, 9) },
		"SourceEntry":  func(r store.Reader) (any, error) { return r.SourceEntry(ctx, "site", "1") },
		"SourceAuthor": func(r store.Reader) (any, error) { return r.SourceAuthor(ctx, "site", "ana") },
	}
	lists := map[string]func(store.Reader) (int, error){
		"Entries": func(r store.Reader) (int, error) {
			l, err := r.Entries(ctx, store.Filter{}, store.EntryKey{}, 9)
			return len(l), err
		},
		"Participants":     func(r store.Reader) (int, error) { l, err := r.Participants(ctx, e.ID); return len(l), err },
		"Authors":          func(r store.Reader) (int, error) { l, err := r.Authors(ctx, "", 9); return len(l), err },
		"EntriesShowing":   func(r store.Reader) (int, error) { l, err := r.EntriesShowing(ctx, a.ID, "", 9); return len(l), err },
		"Terms":            func(r store.Reader) (int, error) { l, err := r.Terms(ctx, "", "", 9); return len(l), err },
		"Imports":          func(r store.Reader) (int, error) { l, err := r.Imports(ctx, "", 9); return len(l), err },
		"CountOpenImports": func(r store.Reader) (int, error) { return r.CountOpenImports(ctx) },
		"SlugTaken": func(r store.Reader) (int, error) {
			taken, err := r.SlugTaken(ctx, entry.Post, "s")
			if taken {
				return 1, err
			}
			return 0, err
		},
	}
	err := w.Store.View(ctx, theirs, func(r store.Reader) error {
		for name, read := range reads {
			_, err := read(r)
			w.want(err, store.ErrNotFound, name)
		}
		for name, list := range lists {
			if n, err := list(r); err != nil || n != 0 {
				w.Errorf("%s: %d of another tenant's, %v", name, n, err)
			}
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	w.mustView(func(r store.Reader) error {
		for name, read := range reads {
			if _, err := read(r); err != nil {
				w.Errorf("%s for its own tenant: %v", name, err)
			}
		}
		return nil
	})

	trashed, err := e.Trash(now)
	if err != nil {
		w.Fatal(err)
	}
	shows := plain("x")
	shows.Authors = []entry.Author{a}
	sorted := plain("y")
	sorted.Categories = []entry.Term{t}
	imported := entry.New(NewID(), plain("z"), "writer", now)
	imported.Import = i.ID
	for name, c := range map[string]struct {
		write func(store.Tx) error
		want  error
	}{
		"SaveEntry":       {func(tx store.Tx) error { return tx.SaveEntry(ctx, trashed) }, store.ErrNotFound},
		"AddSubmission":   {func(tx store.Tx) error { return tx.AddSubmission(ctx, e.ID, 1, "x", now) }, store.ErrRefused},
		"SaveRequest":     {func(tx store.Tx) error { return tx.SaveRequest(ctx, req, now) }, store.ErrRefused},
		"UpdateAuthor":    {func(tx store.Tx) error { return tx.UpdateAuthor(ctx, a) }, store.ErrNotFound},
		"SaveImport":      {func(tx store.Tx) error { return tx.SaveImport(ctx, i) }, store.ErrNotFound},
		"AddOmission":     {func(tx store.Tx) error { return tx.AddOmission(ctx, i.ID, store.Omission{}) }, store.ErrNotFound},
		"SetSourceEntry":  {func(tx store.Tx) error { return tx.SetSourceEntry(ctx, "s", "1", e.ID) }, store.ErrRefused},
		"SetSourceAuthor": {func(tx store.Tx) error { return tx.SetSourceAuthor(ctx, "s", "a", a.ID) }, store.ErrRefused},
		"their author":    {func(tx store.Tx) error { return tx.CreateEntry(ctx, entry.New(NewID(), shows, "p", now)) }, store.ErrRefused},
		"their category":  {func(tx store.Tx) error { return tx.CreateEntry(ctx, entry.New(NewID(), sorted, "p", now)) }, store.ErrRefused},
		"their import":    {func(tx store.Tx) error { return tx.CreateEntry(ctx, imported) }, store.ErrRefused},
		"their parent term": {func(tx store.Tx) error {
			return tx.CreateTerm(ctx, entry.Term{ID: NewID(), Taxonomy: entry.Category, Slug: "d", Name: "D", Parent: t.ID})
		}, store.ErrNotFound},
	} {
		w.want(w.write(theirs, c.write), c.want, name)
	}
	if got := w.entry(e.ID); got.Status != entry.Scheduled {
		w.Errorf("another tenant made it %s", got.Status)
	}
}
