package storetest

import (
	"fmt"
	"time"

	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
)

func testAuthors(w *world) {
	ctx := w.Context()
	a, b := w.newAuthor("Ana"), w.newAuthor("Ana")
	c := plain("s")
	c.Authors = []entry.Author{a}
	e := entry.New(NewID(), c, "writer", now)
	w.mustWrite(func(tx store.Tx) error { return tx.CreateEntry(ctx, e) })
	w.mustView(func(r store.Reader) error {
		got, err := r.AuthorNamed(ctx, "Ana")
		if err != nil {
			return err
		}
		w.same(got.ID, a.ID, "the oldest of a name")
		_, err = r.AuthorNamed(ctx, "ana")
		w.want(err, store.ErrNotFound, "another name")
		first, err := r.Authors(ctx, "", 1)
		if err != nil {
			return err
		}
		rest, err := r.Authors(ctx, first[0].ID, 9)
		w.same([]string{first[0].ID, rest[0].ID}, []string{a.ID, b.ID}, "authors")
		if len(rest) != 1 {
			w.Errorf("%d more authors, want 1", len(rest))
		}
		ids, err2 := r.EntriesShowing(ctx, a.ID, "", 9)
		w.same(ids, []string{e.ID}, "entries showing")
		ids, _ = r.EntriesShowing(ctx, a.ID, e.ID, 9)
		w.same(len(ids), 0, "entries showing, after")
		if err == nil {
			err = err2
		}
		return err
	})
	// Only the newest revision counts.
	e = w.save(e.Edit(plain("s"), 1, "editor", now))
	w.mustView(func(r store.Reader) error {
		ids, err := r.EntriesShowing(ctx, a.ID, "", 9)
		w.same(len(ids), 0, "entries that showed the author once")
		return err
	})
	w.want(w.write(ours, func(tx store.Tx) error { return tx.UpdateAuthor(ctx, entry.Author{ID: NewID(), DisplayName: "X"}) }),
		store.ErrNotFound, "update of nobody")
}

func testTerms(w *world) {
	ctx := w.Context()
	top := w.newTerm(entry.Category, "a")
	below := entry.Term{ID: NewID(), Taxonomy: entry.Category, Slug: "b", Name: "B", Parent: top.ID}
	tag := w.newTerm(entry.Tag, "a") // the same slug, another taxonomy
	w.mustWrite(func(tx store.Tx) error { return tx.CreateTerm(ctx, below) })
	w.mustView(func(r store.Reader) error {
		got, err := r.TermBySlug(ctx, entry.Category, "b")
		w.same(got, below, "term")
		if err != nil {
			return err
		}
		for x, want := range map[entry.Taxonomy][]entry.Term{"": {top, tag, below}, entry.Category: {top, below}, entry.Tag: {tag}} {
			list, err := r.Terms(ctx, x, "", 9)
			if err != nil {
				return err
			}
			if len(list) != len(want) {
				w.Errorf("%q: %d terms, want %d", x, len(list), len(want))
			}
		}
		list, err := r.Terms(ctx, entry.Category, top.ID, 9)
		w.same(list, []entry.Term{below}, "terms after one")
		return err
	})
	for name, c := range map[string]struct {
		term entry.Term
		want error
	}{
		"same slug":     {entry.Term{ID: NewID(), Taxonomy: entry.Tag, Slug: "a", Name: "A"}, store.ErrSlugTaken},
		"no parent":     {entry.Term{ID: NewID(), Taxonomy: entry.Category, Slug: "z", Name: "Z", Parent: NewID()}, store.ErrNotFound},
		"tag as parent": {entry.Term{ID: NewID(), Taxonomy: entry.Category, Slug: "z", Name: "Z", Parent: tag.ID}, store.ErrNotFound},
		"tag below":     {entry.Term{ID: NewID(), Taxonomy: entry.Tag, Slug: "z", Name: "Z", Parent: tag.ID}, store.ErrRefused},
	} {
		w.want(w.write(ours, func(tx store.Tx) error { return tx.CreateTerm(ctx, c.term) }), c.want, name)
	}
}

func testImports(w *world) {
	ctx := w.Context()
	var all []store.Import
	for n := range 3 {
		i := store.Import{ID: NewID(), Importer: "x@1", Format: "x", Person: "p", Purpose: "editorial", State: store.Inspecting, Size: int64(n), SHA256: "s", CreateTime: now}
		w.mustWrite(func(tx store.Tx) error { return tx.CreateImport(ctx, i) })
		all = append([]store.Import{i}, all...)
	}
	next := uint64(1 << 40)
	i := all[0]
	i.State, i.Site, i.Next, i.ItemsDone, i.ItemsTotal = store.Running, "site", &next, 1, 2
	i.Language = "en"
	i.EntriesCreated, i.EntriesKnown, i.AuthorsCreated, i.TermsCreated = 3, 4, 5, 6
	w.mustWrite(func(tx store.Tx) error { return tx.SaveImport(ctx, i) })
	w.mustView(func(r store.Reader) error {
		got, err := r.Import(ctx, i.ID)
		if err != nil {
			return err
		}
		if got.Next == nil || *got.Next != next {
			w.Errorf("next %v", got.Next)
		}
		got.Next = i.Next
		w.same(got, i, "import")
		page, err := r.Imports(ctx, "", 2)
		w.same([]string{page[0].ID, page[1].ID}, []string{all[0].ID, all[1].ID}, "newest imports")
		if err != nil {
			return err
		}
		page, err = r.Imports(ctx, page[1].ID, 2)
		w.same(page, all[2:], "older imports")
		return err
	})
	all[2].State, all[2].FinishTime, all[2].Problem = store.Refused, now.Add(time.Second), "why"
	w.mustWrite(func(tx store.Tx) error { return tx.SaveImport(ctx, all[2]) })
	refs, err := w.Store.OpenImports(ctx, 9)
	w.same(refs, []store.Ref{{Tenant: ours, ID: all[1].ID}, {Tenant: ours, ID: all[0].ID}}, "open imports")
	if err != nil {
		w.Error(err)
	}
	w.mustView(func(r store.Reader) error {
		n, err := r.CountOpenImports(ctx)
		w.same(n, 2, "open imports")
		return err
	})
	made := all[1]
	made.State, made.FinishTime, made.EntriesCreated = store.Refused, now, 1
	w.want(w.write(ours, func(tx store.Tx) error { return tx.SaveImport(ctx, made) }), store.ErrRefused, "refused, with an entry")
}

func testOmissions(w *world) {
	ctx := w.Context()
	i := store.Import{ID: NewID(), Person: "p", State: store.Running, CreateTime: now}
	w.mustWrite(func(tx store.Tx) error { return tx.CreateImport(ctx, i) })
	for n := 1; n <= 5; n++ {
		w.mustWrite(func(tx store.Tx) error {
			return tx.AddOmission(ctx, i.ID, store.Omission{Kind: "k", SourceID: fmt.Sprint(n), Label: "l", Reason: "r"})
		})
	}
	// The import's own counters do not set the omissions back.
	w.mustWrite(func(tx store.Tx) error { return tx.SaveImport(ctx, i) })
	w.mustView(func(r store.Reader) error {
		list, err := r.Omissions(ctx, i.ID, 2, 2)
		w.same(list, []store.Omission{
			{Place: 3, Kind: "k", SourceID: "3", Label: "l", Reason: "r"}, {Place: 4, Kind: "k", SourceID: "4", Label: "l", Reason: "r"},
		}, "omissions")
		if err != nil {
			return err
		}
		got, err := r.Import(ctx, i.ID)
		w.same(got.Omissions, 5, "count of omissions")
		_, err2 := r.Omissions(ctx, NewID(), 0, 2)
		w.want(err2, store.ErrNotFound, "omissions of nothing")
		return err
	})
}

func testSources(w *world) {
	ctx := w.Context()
	a, e := w.newAuthor("Ana"), w.newEntry("s")
	w.mustWrite(func(tx store.Tx) error {
		if err := tx.SetSourceAuthor(ctx, "site", "ana", a.ID); err != nil {
			return err
		}
		return tx.SetSourceEntry(ctx, "site", "1", e.ID)
	})
	w.mustView(func(r store.Reader) error {
		id, err := r.SourceEntry(ctx, "site", "1")
		w.same(id, e.ID, "source's entry")
		if err != nil {
			return err
		}
		_, err = r.SourceEntry(ctx, "other", "1")
		w.want(err, store.ErrNotFound, "other site")
		id, err = r.SourceAuthor(ctx, "site", "ana")
		w.same(id, a.ID, "source's author")
		return err
	})
	err := w.write(ours, func(tx store.Tx) error { return tx.SetSourceEntry(ctx, "site", "1", e.ID) })
	w.want(err, store.ErrRefused, "an item twice")
}
