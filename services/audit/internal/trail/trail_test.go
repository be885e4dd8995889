package trail_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	"github.com/hygia-suite/hygia/services/audit/internal/index"
	"github.com/hygia-suite/hygia/services/audit/internal/leaf"
	"github.com/hygia-suite/hygia/services/audit/internal/trail"
)

func events(n int) []*auditv1.Event {
	out := make([]*auditv1.Event, n)
	for i := range out {
		out[i] = audittest.Event()
	}
	return out
}

// logged returns the ids of the events in the log, in order.
func (w *world) logged(t testing.TB) (ids []string) {
	t.Helper()
	size, err := w.log.Size(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = w.log.Read(t.Context(), 0, size, func(_ uint64, bytes []byte) error {
		event, err := leaf.Decode(bytes)
		ids = append(ids, event.GetId())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestAnIDIsSequencedOnce(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir)
	batch := events(3)
	first, err := w.trail.Append(t.Context(), batch)
	if err != nil || !slices.Equal(first, []uint64{0, 1, 2}) {
		t.Fatalf("places %v, %v", first, err)
	}
	again := []*auditv1.Event{batch[2], audittest.Event(), batch[0], batch[0]}
	if places, err := w.trail.Append(t.Context(), again); err != nil || !slices.Equal(places, []uint64{2, 3, 0, 0}) {
		t.Errorf("places of a repeated request: %v, %v", places, err)
	}
	w.close(t)
	w = open(t, dir) // another process knows them from the index
	defer w.close(t)
	if places, err := w.trail.Append(t.Context(), again); err != nil || !slices.Equal(places, []uint64{2, 3, 0, 0}) {
		t.Errorf("places after a restart: %v, %v", places, err)
	}
	if n := len(w.logged(t)); n != 4 {
		t.Errorf("the log holds %d leaves, want 4", n)
	}
}

func TestConcurrentRetriesAreSequencedOnce(t *testing.T) {
	w := open(t, t.TempDir())
	defer w.close(t)
	batch := events(20)
	places := make([][]uint64, 16)
	var wg sync.WaitGroup
	for i := range places {
		wg.Go(func() {
			own := slices.Clone(batch)
			if i%2 == 1 {
				slices.Reverse(own)
			}
			got, err := w.trail.Append(t.Context(), own)
			if err != nil {
				t.Error(err)
			}
			if i%2 == 1 {
				slices.Reverse(got)
			}
			places[i] = got
		})
	}
	wg.Wait()
	for i := range places {
		if !slices.Equal(places[i], places[0]) {
			t.Errorf("two callers were told different places: %v, %v", places[i], places[0])
		}
	}
	if n := len(w.logged(t)); n != len(batch) {
		t.Errorf("the log holds %d leaves, want %d", n, len(batch))
	}
}

func TestAnIDStandsForOneContent(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir)
	event := audittest.Event()
	forged := proto.CloneOf(event)
	forged.Method = "/hygia.content.v1.ContentService/TrashEntry"
	other := audittest.Event()
	if _, err := w.trail.Append(t.Context(), []*auditv1.Event{other, event, forged}); !errors.Is(err, trail.ErrConflict) {
		t.Errorf("two contents in one request: %v", err)
	}
	if _, err := w.trail.Append(t.Context(), []*auditv1.Event{event}); err != nil {
		t.Fatal(err)
	}
	refused := func(why string) {
		if _, err := w.trail.Append(t.Context(), []*auditv1.Event{other, forged}); !errors.Is(err, trail.ErrConflict) {
			t.Errorf("%s: %v", why, err)
		}
	}
	refused("before it is indexed")
	if _, err := w.trail.Get(t.Context(), event.GetTenant(), event.GetId()); err != nil {
		t.Fatal(err)
	}
	refused("once it is indexed")
	w.close(t)
	w = open(t, dir)
	defer w.close(t)
	refused("after a restart")
	if got, want := w.logged(t), []string{event.GetId()}; !slices.Equal(got, want) {
		t.Errorf("the log holds %v, want the first alone: a refused request leaves nothing", got)
	}
}

func TestAnInvalidEventIsRefusedWhole(t *testing.T) {
	w := open(t, t.TempDir())
	defer w.close(t)
	bad := audittest.Event()
	bad.Objects[0].Id = "Maria Souza"
	if _, err := w.trail.Append(t.Context(), append(events(2), bad)); !errors.Is(err, trail.ErrInvalid) {
		t.Errorf("error %v", err)
	}
	if n := len(w.logged(t)); n != 0 {
		t.Errorf("%d leaves of a refused request are in the log", n)
	}
}

func TestAManyTimesLargerRequestThanABatch(t *testing.T) {
	w := open(t, t.TempDir())
	defer w.close(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := w.trail.Append(t.Context(), events(256)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(w.logged(t)); n != 1024 {
		t.Errorf("the log holds %d leaves, want 1024", n)
	}
}

// The index is a cache: whatever happens to its files, it comes back from the
// log.
func TestTheIndexIsMadeAgainFromTheLog(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, dir string) error{
		"deleted": func(_ *testing.T, dir string) error { return index.Remove(dir) },
		"garbage": func(_ *testing.T, dir string) error {
			return errors.Join(index.Remove(dir), os.WriteFile(filepath.Join(dir, "index.db"), []byte("no database"), 0o600))
		},
		"of another log": func(t *testing.T, dir string) error {
			other := open(t, t.TempDir())
			if _, err := other.trail.Append(t.Context(), events(3)); err != nil {
				return err
			}
			if _, err := other.trail.Get(t.Context(), audittest.Tenant, audittest.ID()); !errors.Is(err, index.ErrNotFound) {
				return err
			}
			other.close(t)
			return errors.Join(index.Remove(dir), os.Rename(filepath.Join(other.dir, "index.db"), filepath.Join(dir, "index.db")))
		},
		"ahead of the log": func(t *testing.T, dir string) error {
			x, err := index.Open(t.Context(), dir)
			if err != nil {
				return err
			}
			size, err := x.Size(t.Context())
			if err != nil {
				return err
			}
			ghost := audittest.Event()
			bytes, err := leaf.Encode(ghost)
			return errors.Join(err, x.Add(t.Context(), []index.Row{{Position: size, Event: ghost, Leaf: bytes}}), x.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			w := open(t, dir)
			batch := events(300) // more than one bundle
			places, err := w.trail.Append(t.Context(), batch[:150])
			if err != nil {
				t.Fatal(err)
			}
			more, err := w.trail.Append(t.Context(), batch[150:])
			if err != nil {
				t.Fatal(err)
			}
			places = append(places, more...)
			w.close(t)
			if err := damage(t, dir); err != nil {
				t.Fatal(err)
			}
			w = open(t, dir)
			defer w.close(t)
			for i, event := range batch {
				got, err := w.trail.Get(t.Context(), event.GetTenant(), event.GetId())
				if err != nil || got.Position != places[i] {
					t.Fatalf("event %d: at %d, %v; want %d", i, got.Position, err, places[i])
				}
			}
			if again, err := w.trail.Append(t.Context(), batch[:10]); err != nil || !slices.Equal(again, places[:10]) {
				t.Errorf("repeated events got %v, %v; want %v", again, err, places[:10])
			}
			all, err := w.trail.List(t.Context(), index.Query{Tenant: audittest.Tenant, Limit: 1000})
			if err != nil || len(all) != len(batch) {
				t.Errorf("%d events are listed, %v; want %d", len(all), err, len(batch))
			}
		})
	}
}

func TestInvariant8AnotherTenantsEventsDoNotExist(t *testing.T) {
	w := open(t, t.TempDir())
	defer w.close(t)
	mine, theirs := audittest.Event(), audittest.Event()
	theirs.Tenant = "0192f0c1-0000-7000-8000-0000000000ff"
	theirs.Objects = mine.Objects
	none := audittest.Event()
	none.Tenant, none.Person, none.Purpose, none.Roles = "", "", "", nil
	if _, err := w.trail.Append(t.Context(), []*auditv1.Event{mine, theirs, none}); err != nil {
		t.Fatal(err)
	}
	for _, q := range []index.Query{{}, {Object: mine.GetObjects()[0].GetId()}, {Person: mine.GetPerson()}, {Method: mine.GetMethod()}} {
		q.Tenant, q.Limit = mine.GetTenant(), 10
		got, err := w.trail.List(t.Context(), q)
		if err != nil || len(got) != 1 || got[0].Position != 0 {
			t.Errorf("query %+v lists %v, %v; want the tenant's one event", q, got, err)
		}
	}
	for _, event := range []*auditv1.Event{theirs, none} {
		if _, err := w.trail.Get(t.Context(), mine.GetTenant(), event.GetId()); !errors.Is(err, index.ErrNotFound) {
			t.Errorf("Get of another tenant's event: %v", err)
		}
	}
	if _, err := w.trail.List(t.Context(), index.Query{Limit: 10}); err == nil {
		t.Error("List without a tenant is answered")
	}
	if _, err := w.trail.Get(t.Context(), "", none.GetId()); err == nil || errors.Is(err, index.ErrNotFound) {
		t.Errorf("Get without a tenant: %v, want a refusal", err)
	}
}

func TestAnImpatientCallerGetsAnAnswer(t *testing.T) {
	w := open(t, t.TempDir())
	defer w.close(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	event := audittest.Event()
	if _, err := w.trail.Append(ctx, []*auditv1.Event{event}); !errors.Is(err, trail.ErrUnavailable) {
		t.Errorf("Append with an ended context: %v", err)
	}
	if _, err := w.trail.Append(t.Context(), []*auditv1.Event{event}); err != nil {
		t.Error(err)
	}
	if n := len(w.logged(t)); n != 1 {
		t.Errorf("the log holds %d leaves, want one", n)
	}
}
