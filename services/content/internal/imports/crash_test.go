package imports_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/pkg/wit/content"
	"github.com/hygia-suite/hygia/services/content/internal/imports"
	"github.com/hygia-suite/hygia/services/content/internal/store"
)

// liar changes each page that an importer reads.
type liar struct {
	imports.Importer
	change func(*content.Page)
}

func (l *liar) ReadItems(ctx context.Context, path string, offset uint64, limit uint32) (content.Page, error) {
	page, err := l.Importer.ReadItems(ctx, path, offset, limit)
	l.change(&page)
	return page, err
}

var errCrash = errors.New("crash")

// TestCrashes ends the process at each transaction of an import, in two ways:
// before it was committed, and after it was committed but before anybody learned
// of it. However it goes, the import ends as if nothing had happened.
func TestCrashes(t *testing.T) {
	newExport := func() *export {
		x := &export{summary: content.Summary{
			Authors: []content.SourceAuthor{{Login: "ana", DisplayName: "Ana"}},
			Tags:    []content.Term{{Slug: "t", Name: "T"}},
		}, items: posts(40)}
		for n := range x.items {
			x.items[n].Entry.Author, x.items[n].Entry.Tags = "ana", []string{"t"}
			x.items[n].Omitted = []content.Omission{{Kind: "postmeta", SourceID: fmt.Sprint(n + 1), Reason: "r"}}
		}
		return x
	}
	calm := newWorld(t, newExport())
	want := outcome(calm, calm.run())
	const transactions = 4 // the inspection, and 40 items by 16
	for _, persisted := range []bool{false, true} {
		for at := range transactions {
			t.Run(fmt.Sprintf("transaction %d, persisted %v", at, persisted), func(t *testing.T) {
				w := newWorld(t, newExport())
				n := -1
				w.job = func(ctx context.Context, run func(context.Context) error) error {
					if n++; n != at {
						return runNow(ctx, run)
					}
					if persisted {
						if err := runNow(ctx, run); err != nil {
							return err
						}
					}
					return errCrash
				}
				i := w.upload()
				if err := w.work(i); !errors.Is(err, errCrash) {
					t.Fatalf("worked through the crash: %v", err)
				}
				w.restart()
				if err := w.work(i); err != nil {
					t.Fatal(err)
				}
				if got := outcome(w, w.read(i.ID)); got != want {
					t.Errorf("ended as\n%s\nwant\n%s", got, want)
				}
				w.restart()
				if w.files() != 0 {
					t.Errorf("%d folders are left", w.files())
				}
			})
		}
	}
}

// outcome is all that an import leaves, but for ids and times.
func outcome(w *world, i store.Import) string {
	var b strings.Builder
	fmt.Fprintln(&b, i.State, i.ItemsDone, i.ItemsTotal, i.EntriesCreated, i.EntriesKnown, i.AuthorsCreated, i.TermsCreated, i.Omissions, i.Problem)
	for _, e := range w.entries(i.ID) {
		fmt.Fprintln(&b, e.Newest.Content.Slug, e.Newest.Hash, e.Status)
	}
	for _, line := range w.report(i.ID) {
		fmt.Fprintln(&b, line)
	}
	return b.String()
}

// TestACrashWhileUploadingLeavesNothing has a folder without a row, and one of
// an import that has ended.
func TestACrashWhileUploadingLeavesNothing(t *testing.T) {
	w := newWorld(t, &export{items: posts(1)})
	open := w.upload()
	_, err := w.imports.Upload(t.Context(), admin, "wordpress", func() ([]byte, error) {
		// As a crash would find it: the folder is there.
		if w.files() != 2 {
			t.Error("the upload has no folder of its own")
		}
		w.restart()
		if w.files() != 1 {
			t.Errorf("%d folders after a start, want that of the open import", w.files())
		}
		return nil, errCrash
	})
	if !errors.Is(err, errCrash) {
		t.Error(err)
	}
	if err := w.work(open); err != nil || w.read(open.ID).State != store.Done {
		t.Errorf("the open import: %v", err)
	}
}
