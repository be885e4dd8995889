package workflow

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/text/language"
	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
)

// ErrRequestReused refuses a request id that stands for another request.
var ErrRequestReused = fault.New(codes.InvalidArgument, "REQUEST_ID_REUSED",
	"the request id belongs to an earlier, different request").
	WithField("requestId", "must be a new UUID for each new entry")

// ErrUnknownReference refuses content that names what the tenant does not have.
var ErrUnknownReference = fault.New(codes.InvalidArgument, "UNKNOWN_REFERENCE",
	"the content names an author, a category or a tag that does not exist")

// Draft is what an editor writes: names of authors and terms come from the
// store.
type Draft struct {
	Kind        entry.Kind
	Language    string // entry.DefaultLanguage where it is empty
	Slug        string // made from the title where it is empty
	Title       string
	Excerpt     string
	Body        string
	AuthorIDs   []string
	CategoryIDs []string
	TagIDs      []string
}

// Create keeps a new draft. The same request id and content again give the entry
// that they gave before, as it is now.
func (w *Workflow) Create(ctx context.Context, a actor.Actor, d Draft, requestID string) (entry.Entry, error) {
	digest, err := d.digest(a.Person)
	if err != nil {
		return entry.Entry{}, err
	}
	var made entry.Entry
	err = w.store.Write(ctx, a.Tenant, func(tx store.Tx) error {
		if requestID != "" {
			earlier, err := tx.Request(ctx, requestID)
			if err == nil {
				made, err = replay(ctx, tx, earlier, digest)
				return err
			}
			if !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		id := w.ids()
		c, err := resolve(ctx, tx, d, id)
		if err != nil {
			return err
		}
		made = entry.New(id, c, a.Person, w.now())
		rpc.Affects(ctx, "entry", id)
		if err := tx.CreateEntry(ctx, made); err != nil || requestID == "" {
			return err
		}
		return tx.SaveRequest(ctx, store.Request{ID: requestID, Digest: digest, Entry: id}, w.now())
	})
	return made, err
}

func replay(ctx context.Context, tx store.Tx, earlier store.Request, digest string) (entry.Entry, error) {
	if earlier.Digest != digest {
		return entry.Entry{}, ErrRequestReused
	}
	rpc.Affects(ctx, "entry", earlier.Entry)
	return tx.Entry(ctx, earlier.Entry)
}

// digest tells one person's requests apart.
func (d Draft) digest(person string) (string, error) {
	b, err := json.Marshal(struct {
		Person string
		Draft  Draft
	}{person, d})
	if err != nil {
		return "", fmt.Errorf("workflow: digest a request: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// Update saves a new revision. An empty slug keeps the one that the entry has.
func (w *Workflow) Update(ctx context.Context, a actor.Actor, id string, d Draft, base int) (entry.Entry, error) {
	return w.change(ctx, a.Tenant, id, func(tx store.Tx, e entry.Entry) (entry.Entry, error) {
		// First, so that a stale draft's references are not what is complained of.
		if base != e.Newest.Number {
			return e, entry.ErrRevisionConflict
		}
		if d.Slug == "" {
			d.Slug = e.Newest.Content.Slug
		}
		c, err := resolve(ctx, tx, d, id)
		if err != nil {
			return e, err
		}
		return e.Edit(c, base, a.Person, w.now())
	})
}

// resolve makes content of a draft, and checks it. id is the entry's.
func resolve(ctx context.Context, r store.Reader, d Draft, id string) (entry.Content, error) {
	c := entry.Content{
		Kind: d.Kind, Language: d.Language, Slug: d.Slug, Title: d.Title, Excerpt: d.Excerpt, Body: d.Body,
	}
	if c.Language == "" {
		c.Language = entry.DefaultLanguage
	} else if tag, err := language.Parse(c.Language); err == nil {
		c.Language = tag.String()
	}
	var err error
	if c.Slug == "" {
		if c.Slug, err = FreeSlug(ctx, r, c.Kind, entry.Slug(c.Title), id); err != nil {
			return c, err
		}
	}
	unknown := ErrUnknownReference
	for i, ref := range d.AuthorIDs {
		author, err := r.Author(ctx, ref)
		if errors.Is(err, store.ErrNotFound) {
			unknown = unknown.WithField(fmt.Sprintf("content.authorIds[%d]", i), "must be the id of an author")
		} else if err != nil {
			return c, err
		}
		c.Authors = append(c.Authors, author)
	}
	terms := func(ids []string, x entry.Taxonomy, field string) (list []entry.Term, err error) {
		for i, ref := range ids {
			term, err := r.Term(ctx, ref)
			if errors.Is(err, store.ErrNotFound) || err == nil && term.Taxonomy != x {
				unknown = unknown.WithField(fmt.Sprintf("content.%s[%d]", field, i), "must be the id of a "+string(x))
			} else if err != nil {
				return nil, err
			}
			list = append(list, term)
		}
		return list, nil
	}
	if c.Categories, err = terms(d.CategoryIDs, entry.Category, "categoryIds"); err != nil {
		return c, err
	}
	if c.Tags, err = terms(d.TagIDs, entry.Tag, "tagIds"); err != nil {
		return c, err
	}
	if len(unknown.Fields) > 0 {
		return c, unknown
	}
	return c, c.Check()
}

// suffixes is how many numbers FreeSlug tries.
const suffixes = 9

// FreeSlug returns base, or base with a suffix, such that no entry of the kind
// has it: a small number, or else the end of id, which is random. An empty base
// becomes the kind's name.
func FreeSlug(ctx context.Context, r store.Reader, kind entry.Kind, base, id string) (string, error) {
	if base == "" {
		base = string(kind)
	}
	for n := 1; n <= suffixes; n++ {
		slug := base
		if n > 1 {
			slug = fmt.Sprintf("%s-%d", base, n)
		}
		taken, err := r.SlugTaken(ctx, kind, slug)
		if err != nil || !taken {
			return slug, err
		}
	}
	return base + "-" + id[len(id)-12:], nil
}
