package index_test

import (
	"errors"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	"github.com/hygia-suite/hygia/services/audit/internal/index"
)

func open(t *testing.T) *index.Index {
	t.Helper()
	x, err := index.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

func row(position uint64, event *auditv1.Event) index.Row {
	return index.Row{Position: position, Event: event, Leaf: []byte(event.GetId())}
}

func TestRowsFollowEachOther(t *testing.T) {
	x := open(t)
	first := audittest.Event()
	if err := x.Add(t.Context(), []index.Row{row(0, first), row(1, audittest.Event())}); err != nil {
		t.Fatal(err)
	}
	for name, rows := range map[string][]index.Row{
		"a gap":            {row(3, audittest.Event())},
		"again":            {row(1, audittest.Event())},
		"a gap further on": {row(2, audittest.Event()), row(4, audittest.Event())},
	} {
		if err := x.Add(t.Context(), rows); err == nil {
			t.Errorf("%s is taken", name)
		}
		if size, err := x.Size(t.Context()); err != nil || size != 2 {
			t.Errorf("after %s the size is %d, %v", name, size, err)
		}
	}
}

// Whatever wrote an id twice into the log, its first place counts.
func TestTheFirstPlaceOfAnIDCounts(t *testing.T) {
	x := open(t)
	event := audittest.Event()
	if err := x.Add(t.Context(), []index.Row{row(0, event), row(1, event), row(2, audittest.Event())}); err != nil {
		t.Fatal(err)
	}
	if size, err := x.Size(t.Context()); err != nil || size != 3 {
		t.Errorf("Size = %d, %v", size, err)
	}
	places, err := x.Places(t.Context(), []string{event.GetId(), audittest.ID()})
	if err != nil || len(places) != 1 || places[event.GetId()].Position != 0 {
		t.Errorf("Places = %v, %v", places, err)
	}
	if last, err := x.Last(t.Context()); err != nil || last.Position != 2 {
		t.Errorf("Last = %v, %v", last, err)
	}
}

// Bounds of time are those of the events' milliseconds: from, and before.
func TestTimeBounds(t *testing.T) {
	x := open(t)
	at := time.Date(2026, 1, 2, 3, 4, 5, int(6*time.Millisecond), time.UTC)
	event := audittest.Event()
	event.Time = at.Format(audit.TimeFormat)
	if err := x.Add(t.Context(), []index.Row{row(0, event)}); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		since, until time.Time
		want         int
	}{
		"from its time":     {at, time.Time{}, 1},
		"after it":          {at.Add(time.Nanosecond), time.Time{}, 0},
		"before its time":   {time.Time{}, at, 0},
		"until just behind": {time.Time{}, at.Add(time.Nanosecond), 1},
	} {
		got, err := x.List(t.Context(), index.Query{Tenant: event.GetTenant(), Since: test.since, Until: test.until, Limit: 5})
		if err != nil || len(got) != test.want {
			t.Errorf("%s: %d events, %v; want %d", name, len(got), err, test.want)
		}
	}
}

func TestInvariant8TheIndexRefusesAQueryWithoutATenant(t *testing.T) {
	x := open(t)
	if _, err := x.List(t.Context(), index.Query{Limit: 5}); err == nil {
		t.Error("List without a tenant")
	}
	if _, err := x.Get(t.Context(), "", audittest.ID()); err == nil || errors.Is(err, index.ErrNotFound) {
		t.Errorf("Get without a tenant: %v, want a refusal", err)
	}
	if _, err := x.Get(t.Context(), audittest.Tenant, audittest.ID()); !errors.Is(err, index.ErrNotFound) {
		t.Errorf("Get of nothing: %v", err)
	}
}
