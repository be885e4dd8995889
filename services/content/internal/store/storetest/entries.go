package storetest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
)

func testEntryRoundTrip(w *world) {
	a, b := w.newAuthor("Ana"), w.newAuthor("Bia")
	b.Credential = nil
	w.mustWrite(func(tx store.Tx) error { return tx.UpdateAuthor(w.Context(), b) })
	c1, c2, t1 := w.newTerm(entry.Category, "c1"), w.newTerm(entry.Category, "c2"), w.newTerm(entry.Tag, "t1")
	c := plain("s")
	c.Kind, c.Authors, c.Categories, c.Tags = entry.Page, []entry.Author{b, a}, []entry.Term{c2, c1}, []entry.Term{t1}
	e := entry.New(NewID(), c, "writer", now)
	w.mustWrite(func(tx store.Tx) error { return tx.CreateEntry(w.Context(), e) })

	got := w.entry(e.ID)
	if h := got.Newest.Content.Hash(); h != e.Newest.Hash || got.Newest.Hash != h {
		w.Errorf("hash %s, of the content %s, want %s", got.Newest.Hash, h, e.Newest.Hash)
	}
	w.same(*got.Newest.Content.Authors[1].Credential, *a.Credential, "credential")
	if got.Newest.Content.Authors[0].Credential != nil {
		w.Error("an author without a credential got one")
	}
	for i := range got.Newest.Content.Authors {
		got.Newest.Content.Authors[i].Credential, e.Newest.Content.Authors[i].Credential = nil, nil
	}
	w.same(got, e, "entry")

	// A revision shows names as they were.
	a.DisplayName = "Outra"
	w.mustWrite(func(tx store.Tx) error { return tx.UpdateAuthor(w.Context(), a) })
	if name := w.entry(e.ID).Newest.Content.Authors[1].DisplayName; name != "Ana" {
		w.Errorf("a saved revision shows %q", name)
	}
}

func testSteps(w *world) {
	at := func(minutes int) time.Time { return now.Add(time.Duration(minutes) * time.Minute) }
	check := func(e entry.Entry) entry.Entry {
		w.Helper()
		got := w.entry(e.ID)
		if (got.Signature == nil) != (e.Signature == nil) {
			w.Fatalf("%s: signature %v, want %v", e.Status, got.Signature, e.Signature)
		}
		if e.Signature != nil {
			w.same(*got.Signature, *e.Signature, "signature")
			got.Signature = e.Signature
		}
		w.same(got, e, string(e.Status))
		return e
	}
	e := w.newEntry("s")
	e = check(w.save(e.Submit(1, at(1))))
	e = check(w.save(e.Return("por quê", at(2))))
	e = check(w.save(e.Submit(1, at(3))))
	e = check(w.save(e.Sign(reviewer, e.Newest.Hash, nil, at(4))))
	e = check(w.save(e.Publish(at(60), at(5))))
	e = check(w.save(e.PublishDue(at(60))))
	next := plain("s-2")
	e = check(w.save(e.Edit(next, 1, "editor", at(61))))
	if e.Published != 1 {
		w.Errorf("revision %d is public, want 1", e.Published)
	}
	e = check(w.save(e.Submit(2, at(62))))
	e = check(w.save(e.Sign(reviewer, e.Newest.Hash, nil, at(63))))
	e = check(w.save(e.Publish(time.Time{}, at(64))))
	e = check(w.save(e.Unpublish(at(65))))
	e = check(w.save(e.Publish(time.Time{}, at(66))))
	e = check(w.save(e.Trash(at(67))))
	check(w.save(e.Edit(next, 2, "editor", at(68))))

	e.ID = NewID()
	w.want(w.write(ours, func(tx store.Tx) error { return tx.SaveEntry(w.Context(), e) }), store.ErrNotFound, "save of what is not there")
}

func testRevisions(w *world) {
	e := w.newEntry("s")
	for i := 2; i <= 5; i++ {
		c := plain("s")
		c.Title = fmt.Sprint("T", i)
		e = w.save(e.Edit(c, i-1, "editor", now))
	}
	w.mustView(func(r store.Reader) error {
		for _, c := range []struct {
			before, limit int
			want          []int
		}{{0, 2, []int{5, 4}}, {4, 2, []int{3, 2}}, {2, 9, []int{1}}, {1, 9, nil}} {
			list, err := r.Revisions(w.Context(), e.ID, c.before, c.limit)
			if err != nil {
				return err
			}
			var got []int
			for _, rev := range list {
				got = append(got, rev.Number)
				if rev.Content.Body != "" || rev.Content.Title == "" || rev.Hash == "" {
					w.Errorf("listed as %+v", rev)
				}
			}
			if !slices.Equal(got, c.want) {
				w.Errorf("before %d: %v, want %v", c.before, got, c.want)
			}
		}
		rev, err := r.Revision(w.Context(), e.ID, 1)
		if err != nil {
			return err
		}
		w.same(rev.Content.Body, plain("s").Body, "body")
		_, err = r.Revision(w.Context(), e.ID, 6)
		w.want(err, store.ErrNotFound, "revision 6")
		_, err = r.Revisions(w.Context(), NewID(), 0, 1)
		w.want(err, store.ErrNotFound, "revisions of nothing")
		return nil
	})
}

func testEntries(w *world) {
	imp := store.Import{ID: NewID(), Person: "p", State: store.Running, CreateTime: now}
	var ids []string
	w.mustWrite(func(tx store.Tx) error {
		if err := tx.CreateImport(w.Context(), imp); err != nil {
			return err
		}
		for i := range 6 {
			c := plain(fmt.Sprint("s", i))
			// The same time for pairs: the id decides.
			e := entry.New(NewID(), c, "writer", now.Add(time.Duration(i/2)*time.Second))
			if i == 4 {
				e.Import = imp.ID
			}
			if i == 5 {
				e.Newest.Content.Kind = entry.Page
			}
			ids = append([]string{e.ID}, ids...)
			if err := tx.CreateEntry(w.Context(), e); err != nil {
				return err
			}
		}
		return nil
	})
	last := w.entry(ids[5])
	w.save(last.Trash(now)) // ids[5] goes away
	list := func(f store.Filter, after store.EntryKey, limit int) (got []string, key store.EntryKey) {
		w.Helper()
		w.mustView(func(r store.Reader) error {
			entries, err := r.Entries(w.Context(), f, after, limit)
			for _, e := range entries {
				got, key = append(got, e.ID), store.EntryKey{UpdateTime: e.UpdateTime, ID: e.ID}
				if e.Newest.Content.Body != "" || e.Newest.Content.Title == "" {
					w.Errorf("listed as %+v", e)
				}
			}
			return err
		})
		return got, key
	}
	var paged []string
	for key, page := (store.EntryKey{}), []string{""}; len(page) > 0; {
		page, key = list(store.Filter{}, key, 2)
		paged = append(paged, page...)
	}
	if !slices.Equal(paged, ids[:5]) {
		w.Errorf("pages give %v, want %v", paged, ids[:5])
	}
	for name, c := range map[string]struct {
		filter store.Filter
		want   []string
	}{
		"trash":         {store.Filter{Status: entry.Trashed}, ids[5:]},
		"drafts":        {store.Filter{Status: entry.Draft}, ids[:5]},
		"published":     {store.Filter{Status: entry.Published}, nil},
		"pages":         {store.Filter{Kind: entry.Page}, ids[:1]},
		"imported":      {store.Filter{Import: imp.ID}, ids[1:2]},
		"imported page": {store.Filter{Import: imp.ID, Kind: entry.Page}, nil},
		"other import":  {store.Filter{Import: NewID()}, nil},
	} {
		if got, _ := list(c.filter, store.EntryKey{}, 10); !slices.Equal(got, c.want) {
			w.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func testSlugs(w *world) {
	create := func(slug string, kind entry.Kind) error {
		c := plain(slug)
		c.Kind = kind
		return w.write(ours, func(tx store.Tx) error {
			return tx.CreateEntry(w.Context(), entry.New(NewID(), c, "writer", now))
		})
	}
	taken := func(slug string) (yes bool) {
		w.mustView(func(r store.Reader) (err error) {
			yes, err = r.SlugTaken(w.Context(), entry.Post, slug)
			return err
		})
		return yes
	}
	e := w.newEntry("s")
	w.want(create("s", entry.Post), store.ErrSlugTaken, "same slug")
	if err := create("s", entry.Page); err != nil {
		w.Errorf("same slug, other kind: %v", err)
	}
	if !taken("s") || taken("free") {
		w.Error("SlugTaken is wrong")
	}
	w.save(e.Trash(now))
	if taken("s") {
		w.Error("the trash keeps a slug")
	}
	if err := create("s", entry.Post); err != nil {
		w.Errorf("slug of the trash: %v", err)
	}
	e = w.entry(e.ID)
	back, err := e.Edit(plain("s"), 1, "editor", now)
	if err != nil {
		w.Fatal(err)
	}
	w.want(w.write(ours, func(tx store.Tx) error { return tx.SaveEntry(w.Context(), back) }), store.ErrSlugTaken, "back from the trash")

	// A public slug stays taken for publication, though a draft gave it up.
	p := w.approved("public")
	p = w.save(p.Publish(time.Time{}, now))
	w.save(p.Edit(plain("private"), 1, "editor", now))
	q := w.approved("public")
	q, err = q.Publish(time.Time{}, now)
	if err != nil {
		w.Fatal(err)
	}
	w.want(w.write(ours, func(tx store.Tx) error { return tx.SaveEntry(w.Context(), q) }), store.ErrSlugTaken, "second public one")
}

// testUnsigned tries to keep what the domain never asks for.
func testUnsigned(w *world) {
	for name, change := range map[string]func(*entry.Entry){
		"approved":     func(e *entry.Entry) { e.Status = entry.Approved },
		"published":    func(e *entry.Entry) { e.Status, e.Published, e.PublishTime = entry.Published, 1, now },
		"public draft": func(e *entry.Entry) { e.Published, e.PublishTime = 1, now },
		"scheduled":    func(e *entry.Entry) { e.Status, e.Scheduled = entry.Scheduled, now },
		"signed by nobody": func(e *entry.Entry) {
			e.Status, e.Signature = entry.Approved, &entry.Signature{Revision: 1, Hash: e.Newest.Hash, Person: "x", Time: now}
		},
		"signed for another hash": func(e *entry.Entry) {
			other := e.Newest.Content
			other.Title += "!"
			e.Status, e.Signature = entry.Approved, &entry.Signature{
				Revision: 1, Hash: other.Hash(), Person: "x", Credential: *reviewer.Credential, Time: now,
			}
		},
		"signature of the revision before": func(e *entry.Entry) {
			e.Newest.Number, e.Newest.Person = 2, "editor"
			e.Status, e.Signature = entry.Approved, &entry.Signature{
				Revision: 1, Hash: e.Newest.Hash, Person: "x", Credential: *reviewer.Credential, Time: now,
			}
		},
	} {
		e := w.newEntry("s-" + entry.Slug(name))
		bad := e
		change(&bad)
		err := w.write(ours, func(tx store.Tx) error { return tx.SaveEntry(w.Context(), bad) })
		w.want(err, store.ErrRefused, name)
		if got := w.entry(e.ID); got.Status != entry.Draft || got.Published != 0 || got.Signature != nil {
			w.Errorf("%s: left %+v", name, got)
		}
		// Nor is it made so.
		bad.ID, bad.Newest.Content.Slug = NewID(), "n-"+entry.Slug(name)
		if bad.Status == entry.Draft {
			continue
		}
		err = w.write(ours, func(tx store.Tx) error { return tx.CreateEntry(w.Context(), bad) })
		w.want(err, store.ErrRefused, "create "+name)
	}
}

func testParticipants(w *world) {
	for _, who := range []string{"writer", "submitter"} {
		e := w.newEntry("s-" + who)
		e = w.save(e.Submit(1, now))
		w.mustWrite(func(tx store.Tx) error { return tx.AddSubmission(w.Context(), e.ID, 1, "submitter", now) })
		var got []string
		w.mustView(func(r store.Reader) (err error) {
			got, err = r.Participants(w.Context(), e.ID)
			return err
		})
		slices.Sort(got)
		if !slices.Equal(got, []string{"submitter", "writer"}) {
			w.Errorf("participants %v", got)
		}
		s := reviewer
		s.Person = who
		signed, err := e.Sign(s, e.Newest.Hash, nil, now) // nobody told the domain
		if err != nil {
			w.Fatal(err)
		}
		err = w.write(ours, func(tx store.Tx) error { return tx.SaveEntry(w.Context(), signed) })
		w.want(err, store.ErrRefused, who+" signs")
	}
}

func testDue(w *world) {
	var want []store.Ref
	for i := range 3 {
		e := w.approved(fmt.Sprint("s", i))
		e = w.save(e.Publish(now.Add(time.Duration(3-i)*time.Hour), now))
		want = append([]store.Ref{{Tenant: ours, ID: e.ID}}, want...)
	}
	due := func(at time.Time, limit int) []store.Ref {
		w.Helper()
		refs, err := w.Store.Due(w.Context(), at, limit)
		if err != nil {
			w.Fatal(err)
		}
		return refs
	}
	if got := due(now.Add(time.Hour-time.Millisecond), 9); len(got) != 0 {
		w.Errorf("too early: %v", got)
	}
	w.same(due(now.Add(time.Hour), 9), want[:1], "at the hour")
	w.same(due(now.Add(5*time.Hour), 9), want, "later")
	w.same(due(now.Add(5*time.Hour), 2), want[:2], "bounded")
	first := w.entry(want[0].ID)
	w.save(first.PublishDue(now.Add(time.Hour)))
	w.same(due(now.Add(5*time.Hour), 9), want[1:], "after one was published")
}

func testRequests(w *world) {
	e := w.newEntry("s")
	r := store.Request{ID: NewID(), Digest: "d", Entry: e.ID}
	w.mustView(func(rd store.Reader) error {
		_, err := rd.Request(w.Context(), r.ID)
		w.want(err, store.ErrNotFound, "unknown request")
		return nil
	})
	w.mustWrite(func(tx store.Tx) error { return tx.SaveRequest(w.Context(), r, now) })
	w.mustView(func(rd store.Reader) error {
		got, err := rd.Request(w.Context(), r.ID)
		w.same(got, r, "request")
		return err
	})
	err := w.write(ours, func(tx store.Tx) error { return tx.SaveRequest(w.Context(), r, now) })
	if !errors.Is(err, store.ErrRefused) {
		w.Errorf("the same request twice: %v", err)
	}
}
