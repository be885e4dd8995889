package imports

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/wit/content"
	"github.com/hygia-suite/hygia/pkg/wit/document"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
	"github.com/hygia-suite/hygia/services/content/internal/workflow"
)

// maxMedia is how many media of an entry the report names one by one.
const maxMedia = 100

// entry makes a draft of a source's entry, or says in the report why not.
func (t *transfer) entry(ctx context.Context, src content.SourceEntry) error {
	kind := entry.Post
	if src.Kind == document.EntryKindPage {
		kind = entry.Page
	}
	key := sourceKey(src)
	known, err := t.tx.SourceEntry(ctx, t.i.Site, key)
	if err == nil {
		return t.known(ctx, kind, known, src)
	}
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	id := t.ids()
	c, err := t.content(ctx, id, kind, src)
	if err != nil {
		return err
	}
	if err := c.Check(); err != nil {
		return t.omit(ctx, string(kind), src.SourceID, src.Title, "it cannot be kept as it is: "+fields(err))
	}
	e := entry.New(id, c, t.i.Person, t.now)
	e.Import = t.i.ID
	if err := t.tx.CreateEntry(ctx, e); err != nil {
		return err
	}
	if src.Status == content.SourceStatusTrashed {
		if e, err = e.Trash(t.now); err != nil {
			return err
		}
		if err := t.tx.SaveEntry(ctx, e); err != nil {
			return err
		}
	}
	if err := t.tx.SetSourceEntry(ctx, t.i.Site, key, id); err != nil {
		return err
	}
	rpc.Affects(ctx, "entry", id)
	t.i.EntriesCreated++
	return t.report(ctx, src, c)
}

// known counts an entry of an earlier import. A second item under one id in the
// same export is neither: it is left out, and named.
func (t *transfer) known(ctx context.Context, kind entry.Kind, id string, src content.SourceEntry) error {
	e, err := t.tx.Entry(ctx, id)
	if err != nil {
		return err
	}
	if e.Import == t.i.ID {
		return t.omit(ctx, string(kind), src.SourceID, src.Title, "an earlier item of the export has the same id")
	}
	t.i.EntriesKnown++
	return nil
}

// content makes what a reader would get of a source's entry.
func (t *transfer) content(ctx context.Context, id string, kind entry.Kind, src content.SourceEntry) (entry.Content, error) {
	c := entry.Content{
		Kind: kind, Language: t.i.Language, Title: tidy(src.Title), Excerpt: src.Excerpt, Body: src.Body,
	}
	base := entry.Slug(unescape(src.Slug))
	if base == "" {
		base = entry.Slug(c.Title)
	}
	var err error
	if c.Slug, err = workflow.FreeSlug(ctx, t.tx, kind, base, id); err != nil {
		return c, err
	}
	if src.Author != "" {
		a, err := t.author(ctx, src.Author, "")
		if err != nil {
			return c, err
		}
		c.Authors = []entry.Author{a}
	}
	if c.Categories, err = t.termsOf(ctx, entry.Category, src.Categories); err != nil {
		return c, err
	}
	c.Tags, err = t.termsOf(ctx, entry.Tag, src.Tags)
	return c, err
}

// termsOf returns the terms of slugs, each once. Of more than an entry can have,
// the first that do not fit make Check refuse the entry.
func (t *transfer) termsOf(ctx context.Context, x entry.Taxonomy, slugs []string) ([]entry.Term, error) {
	var list []entry.Term
	seen := map[string]bool{}
	for _, slug := range slugs {
		if len(list) > entry.MaxTerms {
			break
		}
		term, err := t.term(ctx, x, slug, slug, "")
		if err != nil {
			return nil, err
		}
		if !seen[term.ID] {
			seen[term.ID] = true
			list = append(list, term)
		}
	}
	return list, nil
}

// report names what an entry did not keep of its source.
func (t *transfer) report(ctx context.Context, src content.SourceEntry, c entry.Content) error {
	var lines []store.Omission
	add := func(kind, label, reason string) {
		lines = append(lines, store.Omission{Kind: kind, Label: label, Reason: reason})
	}
	at := ""
	if src.PublishedAt != "" {
		at = " (" + src.PublishedAt + ")"
	}
	switch src.Status {
	case content.SourceStatusPublished:
		add("publication", src.Title, "it was public"+at+"; here it is a draft: publication needs a medical sign-off")
	case content.SourceStatusScheduled:
		add("publication", src.Title, "it was scheduled"+at+"; here it is a draft: publication needs a medical sign-off")
	case content.SourceStatusPrivate:
		add("visibility", src.Title, "it was private; here it is a draft, which no reader sees")
	}
	if src.Slug != "" && src.Slug != c.Slug {
		add("slug", src.Slug, "here it is "+c.Slug)
	}
	if src.Sticky {
		add("sticky", src.Title, "entries are not kept at the top of a list here")
	}
	for n, url := range src.Media {
		if n == maxMedia {
			add("media", fmt.Sprintf("%d more", len(src.Media)-maxMedia), "their files were not copied; the text points to where they are")
			break
		}
		add("media", url, "the file was not copied; the text points to where it is")
	}
	for _, o := range lines {
		if err := t.omit(ctx, o.Kind, src.SourceID, o.Label, o.Reason); err != nil {
			return err
		}
	}
	return nil
}

// fields says which parts of content cannot be kept.
func fields(err error) string {
	var parts []string
	for _, f := range fault.From(err).Fields {
		parts = append(parts, strings.TrimPrefix(f.Path, "content.")+" "+f.Message)
	}
	return strings.Join(parts, "; ")
}
