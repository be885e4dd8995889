package workflow

import (
	"context"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
)

// pageOfEntries is how many entries of an author are changed between two audit
// events: an event names at most audit.MaxObjects.
const pageOfEntries = 200

// CreateAuthor keeps a name under which entries are published.
func (w *Workflow) CreateAuthor(ctx context.Context, a actor.Actor, author entry.Author) (entry.Author, error) {
	if err := author.Check(); err != nil {
		return author, err
	}
	author.ID = w.ids()
	rpc.Affects(ctx, "author", author.ID)
	return author, w.store.Write(ctx, a.Tenant, func(tx store.Tx) error {
		return tx.CreateAuthor(ctx, author, w.now())
	})
}

// UpdateAuthor replaces an author's name and credential. Every entry that shows
// the author gets a new revision with them, and needs another sign-off; what is
// public stays as it was signed.
func (w *Workflow) UpdateAuthor(ctx context.Context, a actor.Actor, author entry.Author) error {
	if err := author.Check(); err != nil {
		return err
	}
	rpc.Affects(ctx, "author", author.ID)
	return w.store.Write(ctx, a.Tenant, func(tx store.Tx) error {
		if err := tx.UpdateAuthor(ctx, author); err != nil {
			return err
		}
		after := ""
		for {
			ids, err := tx.EntriesShowing(ctx, author.ID, after, pageOfEntries)
			if err != nil {
				return err
			}
			for _, id := range ids {
				if err := w.showAuthor(ctx, tx, a, id, author); err != nil {
					return err
				}
			}
			if len(ids) < pageOfEntries {
				return nil
			}
			if err := tx.Record(ctx); err != nil {
				return err
			}
			after = ids[len(ids)-1]
		}
	})
}

// showAuthor saves a revision of an entry that shows the author as they are now.
func (w *Workflow) showAuthor(ctx context.Context, tx store.Tx, a actor.Actor, id string, author entry.Author) error {
	e, err := tx.Entry(ctx, id)
	if err != nil {
		return err
	}
	c := e.Newest.Content
	for i := range c.Authors {
		if c.Authors[i].ID == author.ID {
			c.Authors[i] = author
		}
	}
	if c.Hash() == e.Newest.Hash {
		return nil
	}
	next, err := e.Edit(c, e.Newest.Number, a.Person, w.now())
	if err != nil {
		return err
	}
	rpc.Affects(ctx, "entry", id)
	return tx.SaveEntry(ctx, next)
}

// CreateTerm keeps a category or a tag. An empty slug is made from the name.
func (w *Workflow) CreateTerm(ctx context.Context, a actor.Actor, t entry.Term) (entry.Term, error) {
	if t.Slug == "" {
		t.Slug = entry.Slug(t.Name)
	}
	if err := t.Check(); err != nil {
		return t, err
	}
	t.ID = w.ids()
	rpc.Affects(ctx, "term", t.ID)
	return t, w.store.Write(ctx, a.Tenant, func(tx store.Tx) error {
		return tx.CreateTerm(ctx, t)
	})
}
