package workflow_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
	"github.com/hygia-suite/hygia/services/content/internal/workflow"
)

// TestInvariant6NothingIsPublishedUnsigned tries each way to a reader that does
// not pass by a second, credentialed person. The schema's own refusals are
// proved in sqlitestore and storetest, an import's in imports.
func TestInvariant6NothingIsPublishedUnsigned(t *testing.T) {
	later := func(w *world) time.Time { return w.clock().Add(time.Hour) }
	// Each path prepares an entry in a way that must not lead to a publication.
	paths := map[string]func(w *world) string{
		"a draft":           func(w *world) string { return w.create(editor).ID },
		"a submitted entry": func(w *world) string { return w.submit(editor, w.create(editor).ID).ID },
		"a returned entry": func(w *world) string {
			e := w.submit(editor, w.create(editor).ID)
			must(w, func() (entry.Entry, error) { return w.flow.Return(w.ctx(), reviewer, e.ID, "não") })
			return e.ID
		},
		"signed by its writer": func(w *world) string {
			e := w.submit(editor, w.create(reviewer).ID)
			_, err := w.flow.Sign(w.ctx(), reviewer, e.ID, e.Newest.Hash)
			w.want(err, entry.ErrSignerTookPart, "sign")
			return e.ID
		},
		"signed by the writer of an older revision": func(w *world) string {
			e := w.create(reviewer)
			e = must(w, func() (entry.Entry, error) { return w.flow.Update(w.ctx(), editor, e.ID, w.draft(), 1) })
			w.submit(editor, e.ID)
			_, err := w.flow.Sign(w.ctx(), reviewer, e.ID, e.Newest.Hash)
			w.want(err, entry.ErrSignerTookPart, "sign")
			return e.ID
		},
		"signed by its submitter": func(w *world) string {
			e := w.submit(reviewer, w.create(editor).ID)
			_, err := w.flow.Sign(w.ctx(), reviewer, e.ID, e.Newest.Hash)
			w.want(err, entry.ErrSignerTookPart, "sign")
			return e.ID
		},
		"signed by an editor": func(w *world) string {
			e := w.submit(editor, w.create(editor).ID)
			other := person("other", actor.RoleEditor, actor.RoleAdmin)
			other.Credential = reviewer.Credential
			_, err := w.flow.Sign(w.ctx(), other, e.ID, e.Newest.Hash)
			w.want(err, entry.ErrSignerRole, "sign")
			return e.ID
		},
		"signed without a credential": func(w *world) string {
			e := w.submit(editor, w.create(editor).ID)
			bare := reviewer
			bare.Credential = nil
			_, err := w.flow.Sign(w.ctx(), bare, e.ID, e.Newest.Hash)
			w.want(err, entry.ErrSignerCredential, "sign")
			return e.ID
		},
		"signed in another tenant": func(w *world) string {
			e := w.submit(editor, w.create(editor).ID)
			foreign := reviewer
			foreign.Tenant = newID()
			_, err := w.flow.Sign(w.ctx(), foreign, e.ID, e.Newest.Hash)
			w.want(err, store.ErrNotFound, "sign")
			return e.ID
		},
		"signed for what it was": func(w *world) string {
			e := w.create(editor)
			old := e.Newest.Hash
			must(w, func() (entry.Entry, error) { return w.flow.Update(w.ctx(), editor, e.ID, w.draft(), 1) })
			w.submit(editor, e.ID)
			_, err := w.flow.Sign(w.ctx(), reviewer, e.ID, old)
			w.want(err, entry.ErrHashMismatch, "sign")
			return e.ID
		},
		"signed before it was submitted": func(w *world) string {
			e := w.create(editor)
			if _, err := w.flow.Sign(w.ctx(), reviewer, e.ID, e.Newest.Hash); err == nil {
				w.Error("a draft was signed")
			}
			return e.ID
		},
		"changed after the sign-off": func(w *world) string {
			e := w.approved()
			must(w, func() (entry.Entry, error) { return w.flow.Update(w.ctx(), editor, e.ID, w.draft(), 1) })
			return e.ID
		},
		"changed after it was scheduled": func(w *world) string {
			e := w.approved()
			must(w, func() (entry.Entry, error) { return w.flow.Publish(w.ctx(), editor, e.ID, later(w)) })
			must(w, func() (entry.Entry, error) { return w.flow.Update(w.ctx(), editor, e.ID, w.draft(), 1) })
			return e.ID
		},
		"saved again as it was signed": func(w *world) string {
			e := w.approved()
			c := e.Newest.Content
			d := w.draft()
			d.Slug, d.Title, d.Excerpt, d.Body = c.Slug, c.Title, c.Excerpt, c.Body
			again := must(w, func() (entry.Entry, error) { return w.flow.Update(w.ctx(), editor, e.ID, d, 1) })
			if again.Newest.Hash != e.Newest.Hash {
				w.Error("the same content has another hash")
			}
			return e.ID
		},
		"brought back from the trash": func(w *world) string {
			e := w.approved()
			must(w, func() (entry.Entry, error) { return w.flow.Trash(w.ctx(), editor, e.ID) })
			must(w, func() (entry.Entry, error) { return w.flow.Update(w.ctx(), editor, e.ID, w.draft(), 1) })
			return e.ID
		},
		"still in the trash": func(w *world) string {
			e := w.approved()
			must(w, func() (entry.Entry, error) { return w.flow.Publish(w.ctx(), editor, e.ID, later(w)) })
			must(w, func() (entry.Entry, error) { return w.flow.Trash(w.ctx(), editor, e.ID) })
			return e.ID
		},
		"its author's name changed": func(w *world) string {
			author := must(w, func() (entry.Author, error) {
				return w.flow.CreateAuthor(w.ctx(), editor, entry.Author{DisplayName: "Ana"})
			})
			d := w.draft()
			d.AuthorIDs = []string{author.ID}
			e := must(w, func() (entry.Entry, error) { return w.flow.Create(w.ctx(), editor, d, "") })
			w.submit(editor, e.ID)
			w.sign(reviewer, e)
			must(w, func() (entry.Entry, error) { return w.flow.Publish(w.ctx(), editor, e.ID, later(w)) })
			author.DisplayName = "Dra. Ana"
			if err := w.flow.UpdateAuthor(w.ctx(), editor, author); err != nil {
				w.Fatal(err)
			}
			return e.ID
		},
	}
	for name, prepare := range paths {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := prepare(w)
			for _, at := range []time.Time{{}, w.clock(), later(w)} {
				if _, err := w.flow.Publish(w.ctx(), editor, id, at); err == nil {
					t.Errorf("published at %v", at)
				}
			}
			if err := w.flow.PublishDue(w.ctx(), store.Ref{Tenant: tenant, ID: id}); err == nil {
				t.Error("published as due")
			}
			w.wait(2 * time.Hour)
			w.tick()
			if e := w.read(id); e.Published != 0 || e.Status.Signed() {
				t.Errorf("is %s, public %d", e.Status, e.Published)
			}
		})
	}
}

// model is what a test that only watches knows of an entry.
type model struct {
	id           string
	participants map[string]bool
	// signers has, by revision, who signed it for what hash, where that was
	// somebody who may.
	signers map[int]entry.Hash
}

// TestInvariant6AnyOrder draws steps in any order, by people who may and who may
// not take them, and watches what is public after each.
func TestInvariant6AnyOrder(t *testing.T) {
	w := newWorld(t)
	both := person("both", actor.RoleEditor, actor.RoleReviewer)
	bare := person("bare", actor.RoleReviewer)
	bare.Credential = nil
	people := []actor.Actor{editor, reviewer, both, bare}
	author := must(w, func() (entry.Author, error) {
		return w.flow.CreateAuthor(w.ctx(), editor, entry.Author{DisplayName: "Ana"})
	})
	published := 0
	rapid.Check(t, func(t *rapid.T) {
		var entries []*model
		pick := func() (*model, actor.Actor) {
			return rapid.SampledFrom(entries).Draw(t, "entry"), rapid.SampledFrom(people).Draw(t, "person")
		}
		draft := func() workflow.Draft {
			d := w.draft()
			d.Body = rapid.SampledFrom([]string{"a", "b"}).Draw(t, "body")
			if rapid.Bool().Draw(t, "with author") {
				d.AuthorIDs = []string{author.ID}
			}
			return d
		}
		add := func(by actor.Actor) {
			e := must(w, func() (entry.Entry, error) { return w.flow.Create(w.ctx(), by, draft(), "") })
			entries = append(entries, &model{e.ID, map[string]bool{by.Person: true}, map[int]entry.Hash{}})
		}
		submit := func(m *model, by actor.Actor) {
			if _, _, err := w.flow.Submit(w.ctx(), by, m.id); err == nil {
				m.participants[by.Person] = true
			}
		}
		sign := func(t *rapid.T, m *model, by actor.Actor) {
			e := w.read(m.id)
			_, err := w.flow.Sign(w.ctx(), by, m.id, e.Newest.Content.Hash())
			may := by.HasRole(actor.RoleReviewer) && by.Credential != nil && !m.participants[by.Person]
			if err == nil && !may {
				t.Fatalf("%s signed", by.DisplayName)
			}
			if err == nil {
				m.signers[e.Newest.Number] = e.Newest.Content.Hash()
			}
		}
		add(editor)
		if stage := rapid.IntRange(0, 2).Draw(t, "stage"); stage > 0 { // else few are ever published
			submit(entries[0], editor)
			if stage > 1 {
				sign(t, entries[0], reviewer)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"create": func(t *rapid.T) {
				if len(entries) < 3 {
					add(rapid.SampledFrom(people).Draw(t, "person"))
				}
			},
			"update": func(t *rapid.T) {
				m, by := pick()
				e := w.read(m.id)
				d := draft()
				d.Slug = ""
				if _, err := w.flow.Update(w.ctx(), by, m.id, d, e.Newest.Number); err == nil {
					m.participants[by.Person] = true
				}
			},
			"update author": func(t *rapid.T) {
				_, by := pick()
				author.DisplayName = rapid.SampledFrom([]string{"Ana", "Bia"}).Draw(t, "name")
				before := map[*model]int{}
				for _, m := range entries {
					before[m] = w.read(m.id).Newest.Number
				}
				if err := w.flow.UpdateAuthor(w.ctx(), by, author); err != nil {
					t.Fatal(err)
				}
				for m, n := range before {
					if w.read(m.id).Newest.Number != n {
						m.participants[by.Person] = true
					}
				}
			},
			"submit": func(t *rapid.T) {
				m, by := pick()
				submit(m, by)
			},
			"sign": func(t *rapid.T) {
				m, by := pick()
				sign(t, m, by)
			},
			"publish": func(t *rapid.T) {
				m, by := pick()
				if _, err := w.flow.Publish(w.ctx(), by, m.id, time.Time{}); err == nil {
					published++
				}
			},
			"schedule": func(t *rapid.T) {
				m, by := pick()
				_, _ = w.flow.Publish(w.ctx(), by, m.id, w.clock().Add(time.Minute))
			},
			"return": func(t *rapid.T) {
				m, by := pick()
				_, _ = w.flow.Return(w.ctx(), by, m.id, "não")
			},
			"unpublish": func(t *rapid.T) {
				m, by := pick()
				_, _ = w.flow.Unpublish(w.ctx(), by, m.id)
			},
			"trash": func(t *rapid.T) {
				m, by := pick()
				_, _ = w.flow.Trash(w.ctx(), by, m.id)
			},
			"wait": func(*rapid.T) {
				w.wait(time.Minute)
				w.tick()
			},
			"": func(t *rapid.T) {
				for _, m := range entries {
					if err := w.check(m); err != nil {
						t.Fatal(err)
					}
				}
			},
		})
	})
	if published == 0 {
		t.Error("nothing was ever published: the test proves nothing")
	}
}

// check holds what the store has against what was seen.
func (w *world) check(m *model) error {
	e := w.read(m.id)
	if e.Newest.Content.Hash() != e.Newest.Hash {
		return errors.New("the newest revision is not what its hash says")
	}
	if e.Status.Signed() && m.signers[e.Newest.Number] != e.Newest.Hash {
		return fmt.Errorf("revision %d is %s without a sign-off", e.Newest.Number, e.Status)
	}
	if e.Published == 0 {
		return nil
	}
	var public entry.Revision
	err := w.store.View(w.Context(), tenant, func(r store.Reader) (err error) {
		public, err = r.Revision(w.Context(), m.id, e.Published)
		return err
	})
	if err != nil {
		return err
	}
	if h := public.Content.Hash(); m.signers[e.Published] != h {
		return fmt.Errorf("revision %d is public as %s, signed was %q", e.Published, h, m.signers[e.Published])
	}
	return nil
}
