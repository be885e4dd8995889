package entry_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
)

var (
	now    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	signer = entry.Signer{Person: "reviewer", Reviewer: true, Credential: &entry.Credential{Council: "CRM", Number: "1", Region: "SP"}}
)

func sample() entry.Content {
	return entry.Content{
		Kind: entry.Post, Language: "pt-BR", Slug: "gripe", Title: "Gripe", Excerpt: "Resumo", Body: "<p>corpo</p>",
		Authors: []entry.Author{{ID: "a", DisplayName: "Ana", Credential: &entry.Credential{
			Council: "CRM", Number: "123", Region: "SP", Specialties: []string{"7"},
		}}},
		Categories: []entry.Term{{ID: "c", Taxonomy: entry.Category, Slug: "saude", Name: "Saúde"}},
		Tags:       []entry.Term{{ID: "t", Taxonomy: entry.Tag, Slug: "virus", Name: "Vírus"}},
	}
}

// in returns an entry that reached a status the way that people take.
func in(t *testing.T, s entry.Status) entry.Entry {
	t.Helper()
	e := entry.New("id", sample(), "writer", now)
	must := func(next entry.Entry, err error) entry.Entry {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return next
	}
	if s == entry.Draft {
		return e
	}
	if s == entry.Trashed {
		return must(e.Trash(now))
	}
	e = must(e.Submit(1, now))
	if s == entry.InReview {
		return e
	}
	e = must(e.Sign(signer, e.Newest.Hash, []string{"writer"}, now))
	switch s {
	case entry.Scheduled:
		return must(e.Publish(now.Add(time.Hour), now))
	case entry.Published:
		return must(e.Publish(time.Time{}, now))
	}
	return e
}

func TestTransitions(t *testing.T) {
	at := now.Add(2 * time.Hour)
	steps := map[string]func(entry.Entry) (entry.Entry, error){
		"edit":      func(e entry.Entry) (entry.Entry, error) { return e.Edit(sample(), 1, "writer", at) },
		"submit":    func(e entry.Entry) (entry.Entry, error) { return e.Submit(1, at) },
		"sign":      func(e entry.Entry) (entry.Entry, error) { return e.Sign(signer, e.Newest.Hash, nil, at) },
		"return":    func(e entry.Entry) (entry.Entry, error) { return e.Return("why", at) },
		"publish":   func(e entry.Entry) (entry.Entry, error) { return e.Publish(time.Time{}, at) },
		"schedule":  func(e entry.Entry) (entry.Entry, error) { return e.Publish(at.Add(time.Hour), at) },
		"due":       func(e entry.Entry) (entry.Entry, error) { return e.PublishDue(at) },
		"unpublish": func(e entry.Entry) (entry.Entry, error) { return e.Unpublish(at) },
		"trash":     func(e entry.Entry) (entry.Entry, error) { return e.Trash(at) },
	}
	const no = "" // refused
	want := map[entry.Status]map[string]entry.Status{
		entry.Draft:     {"edit": entry.Draft, "submit": entry.InReview, "trash": entry.Trashed},
		entry.InReview:  {"edit": entry.Draft, "sign": entry.Approved, "return": entry.Draft, "trash": entry.Trashed},
		entry.Approved:  {"edit": entry.Draft, "publish": entry.Published, "schedule": entry.Scheduled, "trash": entry.Trashed},
		entry.Scheduled: {"edit": entry.Draft, "publish": entry.Published, "schedule": entry.Scheduled, "due": entry.Published, "unpublish": entry.Approved, "trash": entry.Trashed},
		entry.Published: {"edit": entry.Draft, "unpublish": entry.Approved, "trash": entry.Trashed},
		entry.Trashed:   {"edit": entry.Draft},
	}
	for from, row := range want {
		for name, step := range steps {
			before := in(t, from)
			after, err := step(before)
			if (err == nil) != (row[name] != no) {
				t.Errorf("%s %s: %v", name, from, err)
				continue
			}
			if err != nil {
				if after.Status != from {
					t.Errorf("%s %s was refused, and is %s", name, from, after.Status)
				}
				var f *fault.Error
				if !errors.As(err, &f) {
					t.Errorf("%s %s: %T is no fault", name, from, err)
				}
				continue
			}
			if after.Status != row[name] || !after.UpdateTime.Equal(at) {
				t.Errorf("%s %s: is %s at %v, want %s", name, from, after.Status, after.UpdateTime, row[name])
			}
			if (after.Status == entry.Scheduled) == after.Scheduled.IsZero() {
				t.Errorf("%s %s: is %s, for %v", name, from, after.Status, after.Scheduled)
			}
		}
	}
}

func TestEditKeepsWhatIsPublic(t *testing.T) {
	e := in(t, entry.Published)
	c := sample()
	c.Body = "<p>outro</p>"
	e, err := e.Edit(c, 1, "writer", now)
	if err != nil {
		t.Fatal(err)
	}
	if e.Status != entry.Draft || e.Published != 1 || e.Newest.Number != 2 || e.Signature != nil {
		t.Errorf("got %+v", e)
	}
	if e, err = e.Unpublish(now); err != nil || e.Published != 0 || !e.PublishTime.IsZero() || e.Status != entry.Draft {
		t.Errorf("unpublished: %v %+v", err, e)
	}
	if _, err := e.Unpublish(now); !errors.Is(err, entry.ErrNotPublished) {
		t.Errorf("unpublished twice: %v", err)
	}
}

func TestEditRefuses(t *testing.T) {
	e := in(t, entry.Draft)
	if _, err := e.Edit(sample(), 2, "writer", now); !errors.Is(err, entry.ErrRevisionConflict) {
		t.Errorf("other base: %v", err)
	}
	c := sample()
	c.Kind = entry.Page
	if _, err := e.Edit(c, 1, "writer", now); !errors.Is(err, entry.ErrKindChanged) {
		t.Errorf("other kind: %v", err)
	}
	if _, err := e.Submit(2, now); !errors.Is(err, entry.ErrRevisionConflict) {
		t.Errorf("submit of what was not validated: %v", err)
	}
}

func TestSignRefuses(t *testing.T) {
	e := in(t, entry.InReview)
	editor, bare, empty := signer, signer, signer
	editor.Reviewer = false
	bare.Credential = nil
	empty.Credential = &entry.Credential{Council: "CRM"}
	stale := e
	stale.Newest.Content.Body += "!"
	for name, c := range map[string]struct {
		entry        entry.Entry
		signer       entry.Signer
		hash         entry.Hash
		participants []string
		want         error
	}{
		"no reviewer":               {e, editor, e.Newest.Hash, nil, entry.ErrSignerRole},
		"no credential":             {e, bare, e.Newest.Hash, nil, entry.ErrSignerCredential},
		"no number":                 {e, empty, e.Newest.Hash, nil, entry.ErrSignerCredential},
		"took part":                 {e, signer, e.Newest.Hash, []string{"writer", "reviewer"}, entry.ErrSignerTookPart},
		"read something else":       {e, signer, "sha256:0", nil, entry.ErrHashMismatch},
		"content is not the hashed": {stale, signer, e.Newest.Hash, nil, entry.ErrHashMismatch},
	} {
		if got, err := c.entry.Sign(c.signer, c.hash, c.participants, now); !errors.Is(err, c.want) || got.Signature != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestPublishRefusesWhatWasNotSigned(t *testing.T) {
	for _, s := range []entry.Status{entry.Approved, entry.Scheduled} {
		signed := in(t, s)
		none, other, older := signed, signed, signed
		none.Signature = nil
		other.Newest.Content.Title += "!"
		sig := *signed.Signature
		sig.Revision--
		older.Signature = &sig
		for name, e := range map[string]entry.Entry{"no signature": none, "other content": other, "older revision": older} {
			for _, at := range []time.Time{{}, now.Add(time.Hour)} {
				if _, err := e.Publish(at, now); !errors.Is(err, entry.ErrSignOffMissing) {
					t.Errorf("%s, %s at %v: %v", s, name, at, err)
				}
			}
			if s == entry.Scheduled {
				if _, err := e.PublishDue(now.Add(time.Hour)); !errors.Is(err, entry.ErrSignOffMissing) {
					t.Errorf("due, %s: %v", name, err)
				}
			}
		}
	}
	for _, s := range []entry.Status{entry.Draft, entry.InReview} {
		if _, err := in(t, s).Publish(time.Time{}, now); !errors.Is(err, entry.ErrSignOffMissing) {
			t.Errorf("publish %s: %v", s, err)
		}
	}
}

func TestPublishTimes(t *testing.T) {
	e := in(t, entry.Approved)
	for name, c := range map[string]struct {
		at   time.Time
		want error
		then entry.Status
	}{
		"now":          {now, nil, entry.Published},
		"a slow clock": {now.Add(-entry.ClockLeeway), nil, entry.Published},
		"past":         {now.Add(-entry.ClockLeeway - 1), entry.ErrTimePast, entry.Approved},
		"to come":      {now.Add(1), nil, entry.Scheduled},
		"too far":      {now.Add(entry.MaxAhead + 1), entry.ErrTimeFar, entry.Approved},
	} {
		got, err := e.Publish(c.at, now)
		if !errors.Is(err, c.want) || got.Status != c.then {
			t.Errorf("%s: %v, %s", name, err, got.Status)
		}
	}
	s := in(t, entry.Scheduled)
	if _, err := s.PublishDue(s.Scheduled.Add(-1)); !errors.Is(err, entry.ErrNotDue) {
		t.Errorf("before its time: %v", err)
	}
	if got, err := s.PublishDue(s.Scheduled); err != nil || got.Published != 1 {
		t.Errorf("at its time: %v", err)
	}
}

// TestHashIsPinned keeps the serialisation: another one needs another version.
func TestHashIsPinned(t *testing.T) {
	const want = "sha256:733e916f833dab909430f341fa0a7b1fbb64bf4b1f9476a89dbcbb8d77e194f8"
	if got := sample().Hash(); got != want {
		t.Errorf("got %s", got)
	}
}

// TestHashBindsAllThatAReaderGets changes one thing at a time.
func TestHashBindsAllThatAReaderGets(t *testing.T) {
	seen := map[entry.Hash]string{sample().Hash(): "the sample"}
	for name, change := range map[string]func(*entry.Content){
		"kind":            func(c *entry.Content) { c.Kind = entry.Page },
		"language":        func(c *entry.Content) { c.Language = "en" },
		"slug":            func(c *entry.Content) { c.Slug += "x" },
		"title":           func(c *entry.Content) { c.Title += "x" },
		"excerpt":         func(c *entry.Content) { c.Excerpt += "x" },
		"body":            func(c *entry.Content) { c.Body += "x" },
		"moved text":      func(c *entry.Content) { c.Title, c.Excerpt = c.Title+"R", c.Excerpt[1:] },
		"no author":       func(c *entry.Content) { c.Authors = nil },
		"author's name":   func(c *entry.Content) { c.Authors[0].DisplayName += "x" },
		"no credential":   func(c *entry.Content) { c.Authors[0].Credential = nil },
		"council":         func(c *entry.Content) { c.Authors[0].Credential.Council = "CRO" },
		"number":          func(c *entry.Content) { c.Authors[0].Credential.Number = "124" },
		"region":          func(c *entry.Content) { c.Authors[0].Credential.Region = "RJ" },
		"specialty":       func(c *entry.Content) { c.Authors[0].Credential.Specialties = nil },
		"category's name": func(c *entry.Content) { c.Categories[0].Name += "x" },
		"category's slug": func(c *entry.Content) { c.Categories[0].Slug += "x" },
		"tag's name":      func(c *entry.Content) { c.Tags[0].Name += "x" },
		"no tag":          func(c *entry.Content) { c.Tags = nil },
		"tag as category": func(c *entry.Content) { c.Categories = append(c.Categories, c.Tags...); c.Tags = nil },
	} {
		c := sample()
		change(&c)
		h := c.Hash()
		if other, ok := seen[h]; ok {
			t.Errorf("%s has the hash of %s", name, other)
		}
		seen[h] = name
	}
	c := sample()
	c.Authors[0].ID, c.Tags[0].ID, c.Categories[0].Parent = "other", "other", "other"
	if c.Hash() != sample().Hash() {
		t.Error("ids, which no reader gets, change the hash")
	}
}

// TestHashIsInjective draws pairs of contents of few letters, so that texts
// often differ only in where they are cut.
func TestHashIsInjective(t *testing.T) {
	content := rapid.Custom(func(t *rapid.T) entry.Content {
		word := rapid.StringOfN(rapid.RuneFrom([]rune("ab")), 0, 2, -1)
		term := rapid.Custom(func(t *rapid.T) entry.Term { return entry.Term{Slug: word.Draw(t, "s"), Name: word.Draw(t, "n")} })
		return entry.Content{Title: word.Draw(t, "title"), Excerpt: word.Draw(t, "excerpt"),
			Categories: rapid.SliceOfN(term, 0, 2).Draw(t, "c"), Tags: rapid.SliceOfN(term, 0, 2).Draw(t, "t")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := content.Draw(t, "a"), content.Draw(t, "b")
		same := a.Title == b.Title && a.Excerpt == b.Excerpt && slices.Equal(a.Categories, b.Categories) && slices.Equal(a.Tags, b.Tags)
		if (a.Hash() == b.Hash()) != same {
			t.Fatalf("%+v and %+v: same %v", a, b, same)
		}
	})
}

func TestSlug(t *testing.T) {
	for title, want := range map[string]string{
		"Hipertensão: o que é?":  "hipertensao-o-que-e",
		"  -- Vacinação 2026 --": "vacinacao-2026",
		"ÀÉÎÕÜ ç":                "aeiou-c",
		"日本語":                    "",
		"":                       "",
		"a_b.c":                  "a-b-c",
		strings.Repeat("a", 500): strings.Repeat("a", 180),
	} {
		if got := entry.Slug(title); got != want {
			t.Errorf("%q gives %q, want %q", title, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		if s := entry.Slug(rapid.String().Draw(t, "title")); s != "" && !entry.IsSlug(s) {
			t.Fatalf("%q is no slug", s)
		}
	})
	for _, bad := range []string{"", "-a", "a-", "a--b", "A", "é", "a b", strings.Repeat("a", 201)} {
		if entry.IsSlug(bad) {
			t.Errorf("%q passes", bad)
		}
	}
}

func TestCheckNamesEachField(t *testing.T) {
	if err := sample().Check(); err != nil {
		t.Fatal(err)
	}
	for path, change := range map[string]func(*entry.Content){
		"content.kind":        func(c *entry.Content) { c.Kind = "x" },
		"content.language":    func(c *entry.Content) { c.Language = "not a language" },
		"content.slug":        func(c *entry.Content) { c.Slug = "A" },
		"content.title":       func(c *entry.Content) { c.Title = "a\nb" },
		"content.excerpt":     func(c *entry.Content) { c.Excerpt = strings.Repeat("é", entry.MaxExcerpt+1) },
		"content.body":        func(c *entry.Content) { c.Body = "\x00" },
		"content.authorIds":   func(c *entry.Content) { c.Authors = make([]entry.Author, entry.MaxAuthors+1) },
		"content.categoryIds": func(c *entry.Content) { c.Categories = make([]entry.Term, entry.MaxTerms+1) },
		"content.tagIds":      func(c *entry.Content) { c.Tags = make([]entry.Term, entry.MaxTerms+1) },
	} {
		c := sample()
		change(&c)
		expectField(t, c.Check(), entry.ErrInvalidContent, path)
	}
	for path, a := range map[string]entry.Author{
		"displayName":               {DisplayName: " "},
		"credential.council":        {DisplayName: "A", Credential: &entry.Credential{Council: "crm", Number: "1", Region: "SP"}},
		"credential.number":         {DisplayName: "A", Credential: &entry.Credential{Council: "CRM", Number: "1-2", Region: "SP"}},
		"credential.region":         {DisplayName: "A", Credential: &entry.Credential{Council: "CRM", Number: "1", Region: "SPX"}},
		"credential.specialties[0]": {DisplayName: "A", Credential: &entry.Credential{Council: "CRM", Number: "1", Region: "SP", Specialties: []string{"x"}}},
	} {
		expectField(t, a.Check(), entry.ErrInvalidAuthor, path)
	}
}

func TestTermCheckNamesEachField(t *testing.T) {
	good := entry.Term{Taxonomy: entry.Category, Slug: "a", Name: "A", Parent: "p"}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for path, change := range map[string]func(*entry.Term){
		"taxonomy": func(t *entry.Term) { t.Taxonomy = "x" },
		"name":     func(t *entry.Term) { t.Name = "\t" },
		"slug":     func(t *entry.Term) { t.Slug = "" },
		"parentId": func(t *entry.Term) { t.Taxonomy = entry.Tag },
	} {
		term := good
		change(&term)
		expectField(t, term.Check(), entry.ErrInvalidTerm, path)
	}
}

func expectField(t *testing.T, err, kind error, path string) {
	t.Helper()
	var f *fault.Error
	if !errors.Is(err, kind) || !errors.As(err, &f) || len(f.Fields) != 1 || f.Fields[0].Path != path {
		t.Errorf("%s: %v", path, err)
	}
}
