package imports

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/hygia-suite/hygia/pkg/wit/content"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
)

// maxSite is the longest address of a site that is kept.
const maxSite = 2000

// transfer is one transaction of an import.
type transfer struct {
	tx  store.Tx
	i   store.Import
	now time.Time
	ids func() string
}

// begin makes what entries refer to, and turns to the first item.
func (t *transfer) begin(ctx context.Context, s content.Summary) error {
	t.i.Site = strings.TrimRight(strings.TrimSpace(s.SiteURL), "/")
	if t.i.Site == "" || len(t.i.Site) > maxSite {
		// Without a name of its own, only the same file is the same source.
		t.i.Site = "sha256:" + t.i.SHA256
	}
	t.i.Language = entry.DefaultLanguage
	if tag, err := language.Parse(s.Language); err == nil && s.Language != "" {
		t.i.Language = tag.String()
	}
	for _, a := range s.Authors {
		if _, err := t.author(ctx, a.Login, a.DisplayName); err != nil {
			return err
		}
	}
	if err := t.terms(ctx, entry.Category, s.Categories); err != nil {
		return err
	}
	if err := t.terms(ctx, entry.Tag, s.Tags); err != nil {
		return err
	}
	t.i.State, t.i.ItemsTotal = store.Running, int(s.Items)
	if s.Items == 0 {
		t.finish()
		return nil
	}
	t.i.Next = &s.FirstItem
	return nil
}

// page takes items over, and turns to the next.
func (t *transfer) page(ctx context.Context, p content.Page) error {
	for _, item := range p.Items {
		if item.Entry != nil {
			if err := t.entry(ctx, *item.Entry); err != nil {
				return err
			}
		}
		for _, o := range item.Omitted {
			if err := t.omit(ctx, o.Kind, o.SourceID, o.Label, o.Reason); err != nil {
				return err
			}
		}
		t.i.ItemsDone++
	}
	t.i.Next = p.Next
	if p.Next != nil {
		return nil
	}
	if t.i.ItemsDone != t.i.ItemsTotal {
		return errReader{fmt.Errorf("%w: %d items of %d", errPromise, t.i.ItemsDone, t.i.ItemsTotal)}
	}
	t.finish()
	return nil
}

func (t *transfer) finish() {
	t.i.State, t.i.FinishTime = store.Done, t.now
}

func (t *transfer) omit(ctx context.Context, kind, sourceID, label, reason string) error {
	return t.tx.AddOmission(ctx, t.i.ID, store.Omission{
		Kind: cut(tidy(kind), 64), SourceID: cut(tidy(sourceID), 64), Label: cut(tidy(label), 200), Reason: cut(tidy(reason), 1000),
	})
}

// author returns the author who stands for a login of the site: the one of an
// earlier import, one of the same name, or a new one.
func (t *transfer) author(ctx context.Context, login, name string) (entry.Author, error) {
	id, err := t.tx.SourceAuthor(ctx, t.i.Site, login)
	if err == nil {
		return t.tx.Author(ctx, id)
	}
	if !errors.Is(err, store.ErrNotFound) {
		return entry.Author{}, err
	}
	if name = cut(tidy(name), entry.MaxName); name == "" {
		name = cut(tidy(login), entry.MaxName)
	}
	a, err := t.tx.AuthorNamed(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		a = entry.Author{ID: t.ids(), DisplayName: name}
		if err = t.tx.CreateAuthor(ctx, a, t.now); err == nil {
			t.i.AuthorsCreated++
		}
	}
	if err != nil {
		return a, err
	}
	return a, t.tx.SetSourceAuthor(ctx, t.i.Site, login, a.ID)
}

// terms makes a taxonomy's terms, those above before those below. Where terms
// are each above the other, the first of them stands at the top.
func (t *transfer) terms(ctx context.Context, x entry.Taxonomy, list []content.Term) error {
	bySlug := make(map[string]content.Term, len(list))
	for _, term := range list {
		bySlug[term.Slug] = term
	}
	for _, term := range list {
		// The way up, from the term to one that is there or has none above.
		var way []content.Term
		seen := map[string]bool{}
		for up, ok := term, true; ok && !seen[up.Slug]; {
			seen[up.Slug] = true
			way = append(way, up)
			if up.Parent == nil || *up.Parent == "" {
				break
			}
			up, ok = bySlug[*up.Parent]
		}
		parent := ""
		for i := len(way) - 1; i >= 0; i-- {
			made, err := t.term(ctx, x, way[i].Slug, way[i].Name, parent)
			if err != nil {
				return err
			}
			if x == entry.Category {
				parent = made.ID
			}
		}
	}
	return nil
}

// term returns the term of a slug: the tenant's, or a new one.
func (t *transfer) term(ctx context.Context, x entry.Taxonomy, slug, name, parent string) (entry.Term, error) {
	made := entry.Term{Taxonomy: x, Slug: termSlug(slug, name), Name: cut(tidy(name), entry.MaxName), Parent: parent}
	there, err := t.tx.TermBySlug(ctx, x, made.Slug)
	if !errors.Is(err, store.ErrNotFound) {
		return there, err
	}
	if made.Name == "" {
		made.Name = made.Slug
	}
	made.ID = t.ids()
	t.i.TermsCreated++
	return made, t.tx.CreateTerm(ctx, made)
}
