package imports_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/rpc/rpctest"
	"github.com/hygia-suite/hygia/pkg/wit/content"
	"github.com/hygia-suite/hygia/pkg/wit/document"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/imports"
	"github.com/hygia-suite/hygia/services/content/internal/store"
	"github.com/hygia-suite/hygia/services/content/internal/store/sqlitestore"
)

func newID() string { return uuid.Must(uuid.NewV7()).String() }

var admin = actor.Actor{
	Person: "0190b6a0-0000-7000-8000-000000000001", Tenant: "0190b6a0-0000-7000-8000-00000000000a",
	Roles: []actor.Role{actor.RoleAdmin}, Purpose: actor.PurposeEditorial,
}

// export is an importer that reads items from memory; a place is 100 + an index.
type export struct {
	summary content.Summary
	items   []content.Item
	// fail, where it is set, decides about each call: "inspect" or "read".
	fail func(call string) error
	// most is how many items a page can hold before a limit is hit; 0 for any.
	most    uint32
	folders []string
	calls   int
	open    int
}

func (x *export) Inspect(_ context.Context, path string) (content.Summary, error) {
	if err := x.call("inspect", path); err != nil {
		return content.Summary{}, err
	}
	x.summary.Items, x.summary.FirstItem = uint32(len(x.items)), 100
	return x.summary, nil
}

func (x *export) ReadItems(_ context.Context, path string, offset uint64, limit uint32) (content.Page, error) {
	if err := x.call("read", path); err != nil {
		return content.Page{}, err
	}
	if x.most > 0 && limit > x.most {
		return content.Page{}, errors.New("component: limit")
	}
	first := int(offset - 100)
	end := min(first+int(limit), len(x.items))
	page := content.Page{Items: x.items[first:end]}
	if end < len(x.items) {
		next := uint64(end + 100)
		page.Next = &next
	}
	return page, nil
}

func (x *export) call(name, path string) error {
	x.calls++
	if path != "/export/export.xml" {
		return fmt.Errorf("called for %s", path)
	}
	if x.fail == nil {
		return nil
	}
	return x.fail(name)
}

func post(id string) content.Item {
	return content.Item{Entry: &content.SourceEntry{
		SourceID: id, Kind: document.EntryKindPost, Status: content.SourceStatusDraft, Slug: "s-" + id, Title: "Título " + id, Body: "<p>corpo</p>",
	}}
}

func posts(n int) (items []content.Item) {
	for i := range n {
		items = append(items, post(fmt.Sprint(i+1)))
	}
	return items
}

// world is Imports over a real store and real files.
type world struct {
	*testing.T
	dir     string
	store   *sqlitestore.Store
	imports *imports.Imports
	export  *export
	// job wraps each transaction; a test replaces it to crash before or after.
	job func(ctx context.Context, run func(context.Context) error) error
	// through wraps the importer that the next one to be opened is.
	through func(imports.Importer) imports.Importer
	log     bytes.Buffer
}

func newWorld(t *testing.T, x *export) *world {
	t.Helper()
	if x.summary.SiteURL == "" {
		x.summary.SiteURL = "https://exemplo.med.br/"
	}
	w := &world{T: t, dir: t.TempDir(), export: x, job: runNow}
	s, err := sqlitestore.Open(t.Context(), sqlitestore.Options{
		Path: filepath.Join(w.dir, "content.db"), Event: rpc.WriteEvent, Clock: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	w.store = s
	w.restart()
	return w
}

func runNow(ctx context.Context, run func(context.Context) error) error {
	return run(rpctest.Write(ctx))
}

// restart is what a crash leaves: the files, and the database.
func (w *world) restart() {
	w.Helper()
	var err error
	w.imports, err = imports.New(w.Context(), imports.Options{
		Dir: filepath.Join(w.dir, "imports"), Store: w.store, Clock: time.Now, IDs: newID,
		Logger: slog.New(slog.NewTextHandler(&w.log, nil)),
		Formats: map[string]imports.Format{"wordpress": {
			Importer: func() string { return "fake@1" },
			Open: func(folder string) (imports.Opened, error) {
				w.export.folders = append(w.export.folders, folder)
				w.export.open++
				opened := imports.Opened{Importer: w.export, Path: "/export/export.xml", Close: func() { w.export.open-- }}
				if w.through != nil {
					opened.Importer = w.through(w.export)
				}
				return opened, nil
			},
		}},
		Job: func(ctx context.Context, tenant string, i store.Import, run func(context.Context) error) error {
			if tenant != admin.Tenant || i.Person != admin.Person || i.Purpose != string(admin.Purpose) {
				return fmt.Errorf("a job of %q for %q", tenant, i.Person)
			}
			return w.job(ctx, run)
		},
	})
	if err != nil {
		w.Fatal(err)
	}
}

// body yields a text in two pieces.
func body(text string) func() ([]byte, error) {
	parts := [][]byte{[]byte(text[:len(text)/2]), []byte(text[len(text)/2:])}
	return func() ([]byte, error) {
		if len(parts) == 0 {
			return nil, io.EOF
		}
		p := parts[0]
		parts = parts[1:]
		return p, nil
	}
}

const xml = "<rss>an export</rss> and so on, as long as its places"

func (w *world) upload() store.Import {
	w.Helper()
	i, err := w.imports.Upload(rpctest.Write(w.Context()), admin, "wordpress", body(fmt.Sprintf("%-1000s", xml)))
	if err != nil {
		w.Fatal(err)
	}
	return i
}

func (w *world) work(i store.Import) error {
	return w.imports.Work(w.Context(), store.Ref{Tenant: admin.Tenant, ID: i.ID})
}

// run uploads and works to the end.
func (w *world) run() store.Import {
	w.Helper()
	i := w.upload()
	if err := w.work(i); err != nil {
		w.Fatal(err)
	}
	return w.read(i.ID)
}

func (w *world) view(f func(store.Reader) error) {
	w.Helper()
	if err := w.store.View(w.Context(), admin.Tenant, f); err != nil {
		w.Fatal(err)
	}
}

func (w *world) read(id string) (i store.Import) {
	w.Helper()
	w.view(func(r store.Reader) (err error) { i, err = r.Import(w.Context(), id); return err })
	return i
}

// entries are those of an import, the trash included, in the order of their ids.
func (w *world) entries(id string) (all []entry.Entry) {
	w.Helper()
	w.view(func(r store.Reader) error {
		for _, status := range []entry.Status{"", entry.Trashed} {
			list, err := r.Entries(w.Context(), store.Filter{Import: id, Status: status}, store.EntryKey{}, 1000)
			if err != nil {
				return err
			}
			for _, e := range list {
				full, err := r.Entry(w.Context(), e.ID)
				if err != nil {
					return err
				}
				all = append(all, full)
			}
		}
		return nil
	})
	slices.SortFunc(all, func(a, b entry.Entry) int { return bytes.Compare([]byte(a.ID), []byte(b.ID)) })
	return all
}

// report has a line for each omission: kind, source's id, label, reason.
func (w *world) report(id string) (lines []string) {
	w.Helper()
	w.view(func(r store.Reader) error {
		list, err := r.Omissions(w.Context(), id, 0, 1000)
		for _, o := range list {
			lines = append(lines, fmt.Sprintf("%s|%s|%s|%s", o.Kind, o.SourceID, o.Label, o.Reason))
		}
		return err
	})
	return lines
}

// files counts what the inbox holds.
func (w *world) files() int {
	w.Helper()
	list, err := os.ReadDir(filepath.Join(w.dir, "imports"))
	if err != nil {
		w.Fatal(err)
	}
	return len(list)
}
