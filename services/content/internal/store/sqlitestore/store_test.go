package sqlitestore_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"

	"github.com/hygia-suite/hygia/pkg/sqlite"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
	"github.com/hygia-suite/hygia/services/content/internal/store/sqlitestore"
	"github.com/hygia-suite/hygia/services/content/internal/store/storetest"
)

func open(t testing.TB, path string, event func(context.Context) *auditv1.Event) *sqlitestore.Store {
	t.Helper()
	s, err := sqlitestore.Open(t.Context(), sqlitestore.Options{Path: path, Event: event, Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func event(context.Context) *auditv1.Event { return &auditv1.Event{Id: storetest.NewID()} }

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T, event func(context.Context) *auditv1.Event) storetest.Backend {
		s := open(t, filepath.Join(t.TempDir(), "content.db"), event)
		return storetest.Backend{Store: s, Outbox: s.Outbox()}
	})
}

// TestInvariant6And8SchemaRefuses goes past the store, as a defect in it would,
// and finds that SQL alone cannot publish what was not signed, change what was,
// or cross tenants.
func TestInvariant6And8SchemaRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "content.db")
	s := open(t, path, event)
	now := time.Now()
	ctx := t.Context()
	content := entry.Content{Kind: entry.Post, Slug: "s", Title: "T", Body: "B"}
	e := entry.New("e1", content, "writer", now)
	content.Slug = "t"
	signed := entry.New("e2", content, "writer", now)
	author := entry.Author{ID: "a1", DisplayName: "Ana"}
	err := s.Write(ctx, "A", func(tx store.Tx) error {
		signed, err := signed.Submit(1, now)
		if err != nil {
			return err
		}
		next, err := signed.Sign(entry.Signer{Person: "r", Reviewer: true, Credential: &entry.Credential{Council: "CRM", Number: "1"}}, signed.Newest.Hash, nil, now)
		if err != nil {
			return err
		}
		for _, do := range []func() error{
			func() error { return tx.CreateEntry(ctx, e) },
			func() error { return tx.CreateEntry(ctx, signed) },
			func() error { return tx.AddSubmission(ctx, "e2", 1, "submitter", now) },
			func() error { return tx.SaveEntry(ctx, next) },
			func() error { return tx.CreateAuthor(ctx, author, now) },
		} {
			if err := do(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := sqlite.Open(ctx, sqlite.Options{Path: path, Migrations: sqlitestore.Migrations()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := raw.Close(); err != nil {
			t.Error(err)
		}
	}()
	hash := "sha256:" + strings.Repeat("0", 64)
	for _, query := range []string{
		// Invariant 6: no publication, schedule or approval without a signature…
		`UPDATE entries SET published_revision = 1, published_slug = 's', publish_time = 1 WHERE id = 'e1'`,
		`UPDATE entries SET status = 'published', signed_revision = 1, published_revision = 1, published_slug = 's', publish_time = 1 WHERE id = 'e1'`,
		`UPDATE entries SET status = 'approved' WHERE id = 'e1'`,
		`UPDATE entries SET status = 'approved', signed_revision = 1 WHERE id = 'e1'`,
		`UPDATE entries SET status = 'scheduled', scheduled_time = 1 WHERE id = 'e1'`,
		// …no signature but a second, credentialed person's, of the very hash…
		`INSERT INTO signatures SELECT tenant, 'e1', 1, '` + hash + `', 'x', 'x', 'CRM', '1', 'SP', '[]', 1 FROM entries WHERE id = 'e1'`,
		`INSERT INTO signatures SELECT tenant, entry, 1, content_hash, 'writer', 'x', 'CRM', '1', 'SP', '[]', 1 FROM revisions WHERE entry = 'e1'`,
		`INSERT INTO signatures SELECT tenant, entry, 1, content_hash, 'x', 'x', '', '', '', '[]', 1 FROM revisions WHERE entry = 'e1'`,
		`INSERT INTO signatures SELECT tenant, entry, 1, content_hash, '', 'x', 'CRM', '1', 'SP', '[]', 1 FROM revisions WHERE entry = 'e1'`,
		// …and no change of what was saved or signed.
		`UPDATE revisions SET body = 'other' WHERE entry = 'e2'`,
		`DELETE FROM revisions WHERE entry = 'e1'`,
		`REPLACE INTO revisions SELECT tenant, entry, number, kind, language, slug, title, excerpt, 'other', content_hash, person, create_time FROM revisions WHERE entry = 'e2'`,
		`UPDATE signatures SET person = 'x'`,
		`DELETE FROM signatures`,
		`DELETE FROM submissions`,
		`INSERT INTO revision_authors VALUES ('A', 'e2', 1, 0, 'a1', 'Ana', NULL, NULL, NULL, NULL)`,
		`UPDATE entries SET revision = 2 WHERE id = 'e2'`,
		// Invariant 8: no reference crosses tenants, and no row is without one.
		`INSERT INTO revision_authors SELECT 'B', entry, number, 0, 'a1', 'Ana', NULL, NULL, NULL, NULL FROM revisions WHERE entry = 'e1'`,
		`INSERT INTO source_entries VALUES ('B', 'site', '1', 'e1')`,
		`INSERT INTO source_authors VALUES ('B', 'site', 'ana', 'a1')`,
		`INSERT INTO requests VALUES ('B', 'r', 'd', 'e1', 1)`,
		`INSERT INTO submissions VALUES ('B', 'e1', 1, 'x', 1)`,
		`UPDATE entries SET tenant = 'B' WHERE id = 'e2'`,
		`INSERT INTO authors VALUES ('', 'a9', 'X', NULL, NULL, NULL, NULL, 1)`,
		`INSERT INTO terms VALUES ('', 't9', 'tag', 's', 'n', NULL)`,
	} {
		err := raw.Write(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, query)
			return err
		})
		if sqlite.Detail(err) == "" {
			t.Errorf("not refused (%v): %s", err, query)
		}
	}
}
