package sqlitestore_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
	"github.com/hygia-suite/hygia/services/content/internal/store/sqlitestore"
	"github.com/hygia-suite/hygia/services/content/internal/store/storetest"
)

const benchTenant = "0190b6a0-0000-7000-8000-00000000000a"

// filled is a store with entries of 8 KiB, each with an author and two terms.
func filled(b *testing.B, n int) (*sqlitestore.Store, []string) {
	s := open(b, filepath.Join(b.TempDir(), "content.db"), event)
	now := time.Now()
	author := entry.Author{ID: storetest.NewID(), DisplayName: "Ana", Credential: &entry.Credential{Council: "CRM", Number: "1", Region: "SP"}}
	category := entry.Term{ID: storetest.NewID(), Taxonomy: entry.Category, Slug: "c", Name: "C"}
	tag := entry.Term{ID: storetest.NewID(), Taxonomy: entry.Tag, Slug: "t", Name: "T"}
	var ids []string
	err := s.Write(b.Context(), benchTenant, func(tx store.Tx) error {
		if err := tx.CreateAuthor(b.Context(), author, now); err != nil {
			return err
		}
		for _, t := range []entry.Term{category, tag} {
			if err := tx.CreateTerm(b.Context(), t); err != nil {
				return err
			}
		}
		for i := range n {
			e := entry.New(storetest.NewID(), entry.Content{
				Kind: entry.Post, Language: "pt-BR", Slug: fmt.Sprint("s-", i), Title: "Título", Body: strings.Repeat("palavra ", 1024),
				Authors: []entry.Author{author}, Categories: []entry.Term{category}, Tags: []entry.Term{tag},
			}, "writer", now)
			ids = append(ids, e.ID)
			if err := tx.CreateEntry(b.Context(), e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return s, ids
}

// BenchmarkEntry reads one entry, complete.
func BenchmarkEntry(b *testing.B) {
	s, ids := filled(b, 1000)
	b.RunParallel(func(pb *testing.PB) {
		for n := 0; pb.Next(); n++ {
			err := s.View(b.Context(), benchTenant, func(r store.Reader) error {
				_, err := r.Entry(b.Context(), ids[n%len(ids)])
				return err
			})
			if err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkEntries reads the largest page.
func BenchmarkEntries(b *testing.B) {
	s, _ := filled(b, 1000)
	for b.Loop() {
		err := s.View(b.Context(), benchTenant, func(r store.Reader) error {
			_, err := r.Entries(b.Context(), store.Filter{}, store.EntryKey{}, 200)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSave commits one change of an entry.
func BenchmarkSave(b *testing.B) {
	s, ids := filled(b, 1)
	for b.Loop() {
		err := s.Write(b.Context(), benchTenant, func(tx store.Tx) error {
			e, err := tx.Entry(b.Context(), ids[0])
			if err != nil {
				return err
			}
			return tx.SaveEntry(b.Context(), e)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
