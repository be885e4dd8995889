package audittest

import (
	"context"
	"slices"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/hygia-suite/hygia/pkg/audit"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// Put writes an event into a store's outbox, in a committed transaction.
type Put func(ctx context.Context, event *auditv1.Event) error

// OutboxStore runs the conformance suite of audit.OutboxStore. open returns an
// empty store and what fills it.
func OutboxStore(t *testing.T, open func(t *testing.T) (audit.OutboxStore, Put)) {
	for name, test := range map[string]func(*testing.T, audit.OutboxStore, Put){
		"empty":               storeEmpty,
		"oldest first":        storeOrder,
		"limit":               storeLimit,
		"delivered is gone":   storeDelivered,
		"event is kept whole": storeWhole,
		"concurrent":          storeConcurrent,
		"ended context":       storeEnded,
	} {
		t.Run(name, func(t *testing.T) {
			store, put := open(t)
			test(t, store, put)
		})
	}
}

func storeEmpty(t *testing.T, store audit.OutboxStore, _ Put) {
	if got := pending(t, store, 10); len(got) != 0 {
		t.Errorf("an empty store has %d pending events", len(got))
	}
	if err := store.Delivered(t.Context(), []string{ID()}); err != nil {
		t.Errorf("Delivered of an unknown id: %v", err)
	}
	if err := store.Delivered(t.Context(), nil); err != nil {
		t.Errorf("Delivered of nothing: %v", err)
	}
}

func storeOrder(t *testing.T, store audit.OutboxStore, put Put) {
	want := fill(t, put, 20)
	// Committed last, with the smallest id: order is that of commits, not of ids.
	early := Event()
	early.Id = "0092f0c1-0000-7000-8000-000000000001"
	mustPut(t, put, early)
	if got := pending(t, store, 100); !slices.Equal(got, append(want, early.GetId())) {
		t.Errorf("pending events are not in the order of their commits")
	}
}

func storeLimit(t *testing.T, store audit.OutboxStore, put Put) {
	want := fill(t, put, 5)
	if got := pending(t, store, 3); !slices.Equal(got, want[:3]) {
		t.Errorf("Pending(3) = %v, want the first three of %v", got, want)
	}
}

func storeDelivered(t *testing.T, store audit.OutboxStore, put Put) {
	ids := fill(t, put, 4)
	for range 2 { // twice: it is idempotent
		if err := store.Delivered(t.Context(), []string{ids[0], ids[2]}); err != nil {
			t.Fatal(err)
		}
		if got, want := pending(t, store, 10), []string{ids[1], ids[3]}; !slices.Equal(got, want) {
			t.Errorf("after Delivered, pending = %v, want %v", got, want)
		}
	}
}

func storeWhole(t *testing.T, store audit.OutboxStore, put Put) {
	want := Event()
	mustPut(t, put, want)
	got, err := store.Pending(t.Context(), 1)
	if err != nil || len(got) != 1 || !proto.Equal(got[0], want) {
		t.Errorf("Pending = %v, %v; want the event that was put", got, err)
	}
}

func storeConcurrent(t *testing.T, store audit.OutboxStore, put Put) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				event := Event()
				if err := put(t.Context(), event); err != nil {
					t.Errorf("put: %v", err)
				}
				if err := store.Delivered(t.Context(), []string{event.GetId()}); err != nil {
					t.Errorf("Delivered: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if got := pending(t, store, 100); len(got) != 0 {
		t.Errorf("%d events are pending after all were delivered", len(got))
	}
}

func storeEnded(t *testing.T, store audit.OutboxStore, put Put) {
	fill(t, put, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := store.Pending(ctx, 1); err == nil {
		t.Error("Pending answers though its context has ended")
	}
}

func fill(t *testing.T, put Put, n int) (ids []string) {
	t.Helper()
	for range n {
		event := Event()
		mustPut(t, put, event)
		ids = append(ids, event.GetId())
	}
	return ids
}

func mustPut(t *testing.T, put Put, event *auditv1.Event) {
	t.Helper()
	if err := put(t.Context(), event); err != nil {
		t.Fatalf("put: %v", err)
	}
}

func pending(t *testing.T, store audit.OutboxStore, limit int) []string {
	t.Helper()
	events, err := store.Pending(t.Context(), limit)
	if err != nil {
		t.Fatalf("Pending: %v", err)
	}
	ids := make([]string, len(events))
	for i, event := range events {
		ids[i] = event.GetId()
	}
	return ids
}
