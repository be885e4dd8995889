package imports_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/rpc/rpctest"
	"github.com/hygia-suite/hygia/pkg/wit/content"
	"github.com/hygia-suite/hygia/pkg/wit/document"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/imports"
	"github.com/hygia-suite/hygia/services/content/internal/store"
)

func TestAnExportBecomesDrafts(t *testing.T) {
	top := "saude"
	full := content.SourceEntry{
		SourceID: "7", Kind: document.EntryKindPage, Status: content.SourceStatusPublished, Slug: "dor-de-cabe%C3%A7a", Title: "Dor\nde cabeça",
		Excerpt: "Resumo", Body: "<!-- wp:paragraph --><p>a</p><!-- /wp:paragraph -->", Author: "ana", Categories: []string{"gripe", "gripe", "nova"},
		Tags: []string{"virus"}, PublishedAt: "2024-02-03T04:05:06Z", Media: []string{"https://exemplo.med.br/a.jpg"}, Sticky: true,
	}
	w := newWorld(t, &export{
		summary: content.Summary{
			SiteURL: "https://exemplo.med.br/", Language: "en-us",
			Authors:    []content.SourceAuthor{{Login: "ana", DisplayName: "Dra. Ana"}, {Login: "bia"}},
			Categories: []content.Term{{Slug: "gripe", Name: "Gripe", Parent: &top}, {Slug: "saude", Name: "Saúde"}},
			Tags:       []content.Term{{Slug: "virus", Name: "Vírus"}},
		},
		items: []content.Item{
			{Entry: &full, Omitted: []content.Omission{{Kind: "comment", SourceID: "7", Label: "2 comments", Reason: "r"}}},
			{Omitted: []content.Omission{{Kind: "attachment", SourceID: "8", Label: "a.jpg", Reason: "r"}}},
		},
	})
	i := w.run()
	if i.State != store.Done || i.ItemsDone != 2 || i.ItemsTotal != 2 || i.EntriesCreated != 1 || i.EntriesKnown != 0 ||
		i.AuthorsCreated != 2 || i.TermsCreated != 4 || i.FinishTime.IsZero() || i.Size != 1000 {
		t.Errorf("import %+v", i)
	}
	list := w.entries(i.ID)
	if len(list) != 1 {
		t.Fatalf("%d entries", len(list))
	}
	e := list[0]
	c := e.Newest.Content
	if e.Status != entry.Draft || e.Published != 0 || e.Newest.Person != admin.Person || e.Newest.Hash != c.Hash() {
		t.Errorf("entry %+v", e)
	}
	if c.Kind != entry.Page || c.Language != "en-US" || c.Slug != "dor-de-cabeca" || c.Title != "Dor de cabeça" || c.Body != full.Body ||
		c.Authors[0].DisplayName != "Dra. Ana" || len(c.Categories) != 2 || c.Categories[0].Name != "Gripe" ||
		c.Categories[1].Name != "nova" || c.Tags[0].Name != "Vírus" {
		t.Errorf("content %+v", c)
	}
	w.view(func(r store.Reader) error {
		gripe, err := r.TermBySlug(w.Context(), entry.Category, "gripe")
		if err != nil {
			return err
		}
		above, err := r.Term(w.Context(), gripe.Parent)
		if above.Slug != "saude" {
			t.Errorf("above gripe stands %q", above.Slug)
		}
		return err
	})
	want := []string{
		"publication|7|Dor de cabeça|it was public (2024-02-03T04:05:06Z); here it is a draft: publication needs a medical sign-off",
		"slug|7|dor-de-cabe%C3%A7a|here it is dor-de-cabeca",
		"sticky|7|Dor de cabeça|entries are not kept at the top of a list here",
		"media|7|https://exemplo.med.br/a.jpg|the file was not copied; the text points to where it is",
		"comment|7|2 comments|r",
		"attachment|8|a.jpg|r",
	}
	if got := w.report(i.ID); !slices.Equal(got, want) {
		t.Errorf("report:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if w.files() != 0 || w.export.open != 0 {
		t.Errorf("%d folders and %d importers are left", w.files(), w.export.open)
	}
	if got, want := w.export.folders[0], filepath.Join(w.dir, "imports", i.ID); got != want {
		t.Errorf("the importer sees %s, want %s", got, want)
	}
}

// TestInvariant6NoImportPublishes gives every status that a source can have.
func TestInvariant6NoImportPublishes(t *testing.T) {
	want := map[content.SourceStatus]entry.Status{
		content.SourceStatusPublished: entry.Draft, content.SourceStatusDraft: entry.Draft, content.SourceStatusPending: entry.Draft,
		content.SourceStatusScheduled: entry.Draft, content.SourceStatusPrivate: entry.Draft, content.SourceStatusTrashed: entry.Trashed,
		content.SourceStatusOther: entry.Draft,
	}
	x := &export{}
	for s := range want {
		item := post(fmt.Sprint(int(s)))
		item.Entry.Status, item.Entry.PublishedAt, item.Entry.Title = s, "2024-02-03T04:05:06Z", s.String()
		x.items = append(x.items, item)
	}
	w := newWorld(t, x)
	i := w.run()
	list := w.entries(i.ID)
	if len(list) != len(want) {
		t.Fatalf("%d entries of %d", len(list), len(want))
	}
	for _, e := range list {
		for s, status := range want {
			if s.String() == e.Newest.Content.Title && (e.Status != status || e.Published != 0 || e.Signature != nil) {
				t.Errorf("%s became %s, public %d", s, e.Status, e.Published)
			}
		}
	}
	report := strings.Join(w.report(i.ID), "\n")
	for _, s := range []content.SourceStatus{content.SourceStatusPublished, content.SourceStatusScheduled} {
		if !strings.Contains(report, fmt.Sprintf("publication|%d|%s|", int(s), s)) || !strings.Contains(report, "2024-02-03T04:05:06Z") {
			t.Errorf("the report does not tell of %s:\n%s", s, report)
		}
	}
}

func TestTheSameSourceIsImportedOnce(t *testing.T) {
	x := &export{summary: content.Summary{Authors: []content.SourceAuthor{{Login: "ana", DisplayName: "Ana"}}}, items: posts(20)}
	w := newWorld(t, x)
	first := w.run()
	x.items = append(x.items, post("21"), content.Item{Entry: &content.SourceEntry{Kind: document.EntryKindPost, Title: "sem id"}})
	second := w.run()
	third := w.run()
	if first.EntriesCreated != 20 || second.EntriesCreated != 2 || second.EntriesKnown != 20 || third.EntriesCreated != 0 || third.EntriesKnown != 22 {
		t.Errorf("made %d, %d, %d; knew %d, %d", first.EntriesCreated, second.EntriesCreated, third.EntriesCreated, second.EntriesKnown, third.EntriesKnown)
	}
	if second.AuthorsCreated != 0 {
		t.Errorf("%d authors made again", second.AuthorsCreated)
	}
	x.summary.SiteURL = "https://outro.med.br"
	if other := w.run(); other.EntriesCreated != 22 || other.AuthorsCreated != 0 {
		t.Errorf("of another site: %d entries, %d authors", other.EntriesCreated, other.AuthorsCreated)
	}
	x.summary.SiteURL = " "
	if other := w.run(); other.EntriesCreated != 22 {
		t.Errorf("without a site: %d entries", other.EntriesCreated)
	}
	if other := w.run(); other.EntriesKnown != 22 {
		t.Errorf("the same file without a site: knew %d", other.EntriesKnown)
	}
}

func TestEachItemIsAnEntryOrInTheReport(t *testing.T) {
	kinds := map[string]func(id string) content.Item{
		"plain":      post,
		"long title": func(id string) content.Item { i := post(id); i.Entry.Title = strings.Repeat("x", 600); return i },
		"large body": func(id string) content.Item { i := post(id); i.Entry.Body = strings.Repeat("x", 1<<20+1); return i },
		"deep body": func(id string) content.Item {
			i := post(id)
			i.Entry.Body = strings.Repeat("<!-- wp:a -->", 101)
			return i
		},
		"control":   func(id string) content.Item { i := post(id); i.Entry.Body = "\x01"; return i },
		"no slug":   func(id string) content.Item { i := post(id); i.Entry.Slug, i.Entry.Title = "", ""; return i },
		"same slug": func(id string) content.Item { i := post(id); i.Entry.Slug = "same"; return i },
		"same id":   func(id string) content.Item { i := post(id); i.Entry.SourceID = "0"; return i },
		"stranger":  func(id string) content.Item { i := post(id); i.Entry.Author = "login " + id; return i },
		"odd term": func(id string) content.Item {
			i := post(id)
			i.Entry.Tags = []string{"%E6%97%A5", "", "日本"}
			return i
		},
		"terms": func(id string) content.Item {
			i := post(id)
			for n := range 200 {
				i.Entry.Categories = append(i.Entry.Categories, fmt.Sprint("c", n))
			}
			return i
		},
		"media": func(id string) content.Item { i := post(id); i.Entry.Media = make([]string, 150); return i },
		"only omitted": func(id string) content.Item {
			return content.Item{Omitted: []content.Omission{{Kind: "nav_menu_item", SourceID: id, Label: strings.Repeat("é", 999), Reason: "r\x00\n"}}}
		},
	}
	names := make([]string, 0, len(kinds))
	for name := range kinds {
		names = append(names, name)
	}
	slices.Sort(names)
	site := 0
	w := newWorld(t, &export{})
	rapid.Check(t, func(rt *rapid.T) {
		site++
		drawn := rapid.SliceOfN(rapid.SampledFrom(names), 0, 20).Draw(rt, "items")
		w.export.summary.SiteURL = fmt.Sprint("https://", site)
		w.export.items = nil
		for n, name := range drawn {
			w.export.items = append(w.export.items, kinds[name](fmt.Sprint(site, "-", n)))
		}
		i := w.run()
		if i.State != store.Done || i.ItemsDone != len(drawn) {
			rt.Fatalf("%s after %d of %d: %s", i.State, i.ItemsDone, len(drawn), i.Problem)
		}
		report := w.report(i.ID)
		whole := 0 // items that are in the report instead of being an entry
		for _, line := range report {
			kind, rest, _ := strings.Cut(line, "|")
			if kind == "post" || kind == "nav_menu_item" {
				whole++
				if strings.HasPrefix(rest, "|") {
					rt.Fatalf("the report does not name what it leaves out: %s", line)
				}
			}
		}
		if i.EntriesCreated+whole != len(drawn) || len(w.entries(i.ID)) != i.EntriesCreated {
			rt.Fatalf("%d items, %d entries (%d counted), %d left out", len(drawn), len(w.entries(i.ID)), i.EntriesCreated, whole)
		}
	})
}

func TestABadExportIsRefusedWhole(t *testing.T) {
	place := content.Position{Offset: 120, Line: 7, Message: "tag never\nclosed"}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"truncated":   {content.ImportErrorMalformed(place), "cut off or damaged at line 7, byte 120: tag never closed"},
		"not XML":     {content.ImportErrorNotThisFormat("a PNG image"), "not a WordPress export: a PNG image"},
		"entity bomb": {content.ImportErrorForbidden(place), "never read, at line 7, byte 120"},
		"too large":   {content.ImportErrorTooLarge("nested deeper than 100"), "passes a bound: nested deeper than 100"},
		"unreadable":  {content.ImportErrorUnreadable("gone"), "cannot be opened: gone"},
		"a trap":      {errors.New("wasm trap: 529.982.247-25"), "fake@1 could not read the export within its limits (INTERNAL)"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, &export{items: posts(3), fail: func(string) error { return c.err }})
			i := w.run()
			if i.State != store.Refused || !strings.Contains(i.Problem, c.want) || strings.Contains(i.Problem, "529") {
				t.Errorf("%s: %s", i.State, i.Problem)
			}
			if len(w.entries(i.ID)) != 0 || i.Omissions != 0 || w.files() != 0 {
				t.Errorf("%d entries, %d omissions, %d folders are left", len(w.entries(i.ID)), i.Omissions, w.files())
			}
			if strings.Contains(w.log.String(), "529.982") {
				t.Error("the log quotes the export")
			}
		})
	}
}

func TestAnImportThatStopsOnTheWaySaysSo(t *testing.T) {
	reads := 0
	x := &export{items: posts(40), fail: func(call string) error {
		if call == "read" {
			if reads++; reads > 1 {
				return content.ImportErrorMalformed{Offset: 9, Line: 2, Message: "m"}
			}
		}
		return nil
	}}
	w := newWorld(t, x)
	i := w.run()
	if i.State != store.Failed || i.ItemsDone != 16 || i.EntriesCreated != 16 || len(w.entries(i.ID)) != 16 {
		t.Errorf("%s, %d items, %d entries", i.State, i.ItemsDone, i.EntriesCreated)
	}
	if !strings.Contains(i.Problem, "line 2") || !strings.Contains(i.Problem, "after item 16 of 40") {
		t.Errorf("problem %q", i.Problem)
	}
	// The way out that the problem names.
	x.fail = nil
	if again := w.run(); again.State != store.Done || again.EntriesCreated != 24 || again.EntriesKnown != 16 {
		t.Errorf("again: %s, %d made, %d known", again.State, again.EntriesCreated, again.EntriesKnown)
	}
}

func TestImporterThatBreaksItsPromise(t *testing.T) {
	for name, change := range map[string]func(*content.Page){
		"stands still":    func(p *content.Page) { p.Next = new(uint64(100)) },
		"leaves the file": func(p *content.Page) { p.Next = new(uint64(1 << 40)) },
		"ends early":      func(p *content.Page) { p.Next = nil },
		"gives too much":  func(p *content.Page) { p.Items = append(p.Items, posts(40)...) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, &export{items: posts(40)})
			w.through = func(i imports.Importer) imports.Importer { return &liar{i, change} }
			if i := w.run(); i.State != store.Failed || len(w.entries(i.ID)) != i.EntriesCreated {
				t.Errorf("%s: %s", i.State, i.Problem)
			}
		})
	}
}

func TestLargeItemsAreReadOneByOne(t *testing.T) {
	w := newWorld(t, &export{items: posts(5), most: 1})
	if i := w.run(); i.State != store.Done || i.EntriesCreated != 5 {
		t.Errorf("%s, %d entries: %s", i.State, i.EntriesCreated, i.Problem)
	}
}

func TestAnImportersHiccupIsTriedAgain(t *testing.T) {
	n := 0
	w := newWorld(t, &export{items: posts(2), fail: func(string) error {
		if n++; n%3 != 0 {
			return errors.New("component: deadline exceeded")
		}
		return nil
	}})
	if i := w.run(); i.State != store.Done || i.EntriesCreated != 2 {
		t.Errorf("%s: %s", i.State, i.Problem)
	}
}

func TestUploadRefuses(t *testing.T) {
	endless := func() ([]byte, error) { return make([]byte, 1<<20), nil }
	broken := errors.New("connection lost")
	for name, c := range map[string]struct {
		format string
		next   func() ([]byte, error)
		want   error
	}{
		"another format": {"drupal", body(xml), imports.ErrFormat},
		"too large":      {"wordpress", endless, imports.ErrTooLarge},
		"cut off":        {"wordpress", func() ([]byte, error) { return nil, broken }, broken},
	} {
		w := newWorld(t, &export{})
		if _, err := w.imports.Upload(rpctest.Write(t.Context()), admin, c.format, c.next); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if w.files() != 0 {
			t.Errorf("%s: %d folders are left", name, w.files())
		}
	}
	w := newWorld(t, &export{})
	if _, err := w.imports.Upload(rpctest.Read(t.Context()), admin, "wordpress", body(xml)); !errors.Is(err, store.ErrNoEvent) || w.files() != 0 {
		t.Errorf("without an event: %v, %d folders", err, w.files())
	}
	for range imports.MaxOpen {
		w.upload()
	}
	if _, err := w.imports.Upload(rpctest.Write(t.Context()), admin, "wordpress", body(xml)); !errors.Is(err, imports.ErrTooMany) || w.files() != imports.MaxOpen {
		t.Errorf("one too many: %v, %d folders", err, w.files())
	}
}

func TestUploadTakesExactlyTheBound(t *testing.T) {
	w := newWorld(t, &export{})
	left := imports.MaxBytes
	i, err := w.imports.Upload(rpctest.Write(t.Context()), admin, "wordpress", func() ([]byte, error) {
		if left == 0 {
			return nil, io.EOF
		}
		left -= 1 << 18
		return make([]byte, 1<<18), nil
	})
	if err != nil || i.Size != imports.MaxBytes {
		t.Fatalf("%d bytes: %v", i.Size, err)
	}
	info, err := os.Stat(filepath.Join(w.dir, "imports", i.ID, imports.FileName))
	if err != nil || info.Size() != imports.MaxBytes || info.Mode().Perm() != 0o600 {
		t.Errorf("stored as %v, %v", info, err)
	}
}

func TestRunWorksOnWhatIsThereAndWhatComes(t *testing.T) {
	w := newWorld(t, &export{items: posts(3)})
	before := w.upload()
	w.restart()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.imports.Run(ctx) }()
	after := w.upload()
	for _, id := range []string{before.ID, after.ID} {
		for w.read(id).State != store.Done {
			if t.Context().Err() != nil {
				t.Fatal("never done")
			}
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
