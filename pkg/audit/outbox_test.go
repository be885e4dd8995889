package audit_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// memory is an OutboxStore whose Delivered fails on demand.
type memory struct {
	mu     sync.Mutex
	events []*auditv1.Event
	fail   func() error
}

func (m *memory) Put(_ context.Context, e *auditv1.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(m.events, proto.CloneOf(e))
	return nil
}

func (m *memory) Pending(ctx context.Context, limit int) ([]*auditv1.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.events[:min(limit, len(m.events))]), ctx.Err()
}

func (m *memory) Delivered(_ context.Context, ids []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		if err := m.fail(); err != nil {
			return err
		}
	}
	m.events = slices.DeleteFunc(m.events, func(e *auditv1.Event) bool { return slices.Contains(ids, e.GetId()) })
	return nil
}

func TestMemoryConforms(t *testing.T) {
	audittest.OutboxStore(t, func(*testing.T) (audit.OutboxStore, audittest.Put) {
		m := &memory{}
		return m, m.Put
	})
}

func newOutbox(m *memory, log audit.Log) *audit.Outbox {
	return audit.NewOutbox(m, log, slog.New(slog.DiscardHandler), time.Now)
}

func ids(events []*auditv1.Event) (out []string) {
	for _, e := range events {
		out = append(out, e.GetId())
	}
	return out
}

// Whatever fails and wherever, each event is in the log once, in order, as soon
// as things work again.
func TestDeliveryIsExactlyOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		faults := rapid.SliceOfN(rapid.SampledFrom([]string{"", "before", "after", "delivered"}), 0, 12).Draw(t, "faults")
		n := rapid.IntRange(0, 300).Draw(t, "events")
		next := func(kind string) error {
			if len(faults) > 0 && faults[0] == kind {
				faults = faults[1:]
				return status.Error(codes.Unavailable, kind)
			}
			return nil
		}
		log := &audittest.Log{
			Before: func(context.Context, []*auditv1.Event) error {
				if len(faults) > 0 && faults[0] == "" {
					faults = faults[1:]
				}
				return next("before")
			},
			After: func(context.Context, []*auditv1.Event) error { return next("after") },
		}
		m := &memory{fail: func() error { return next("delivered") }}
		var want []string
		for range n {
			e := audittest.Event()
			want = append(want, e.GetId())
			if err := m.Put(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
		outbox := newOutbox(m, log)
		for range 20 {
			if err := outbox.Flush(t.Context()); err == nil {
				break
			}
		}
		if got := ids(log.Events()); !slices.Equal(got, want) {
			t.Fatalf("the log holds %d events, want these %d in order", len(got), len(want))
		}
		if len(m.events) != 0 {
			t.Fatalf("%d events are still pending", len(m.events))
		}
	})
}

func TestAMalformedEventHoldsBackNoOther(t *testing.T) {
	m := &memory{}
	var bad string
	log := &audittest.Log{Before: func(_ context.Context, events []*auditv1.Event) error {
		if slices.Contains(ids(events), bad) {
			return status.Error(codes.InvalidArgument, "malformed")
		}
		return nil
	}}
	var want []string
	for i := range 5 {
		e := audittest.Event()
		if i == 2 {
			bad = e.GetId()
		} else {
			want = append(want, e.GetId())
		}
		if err := m.Put(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if err := newOutbox(m, log).Flush(t.Context()); err == nil {
		t.Error("Flush hides that an event was refused")
	}
	if got := ids(log.Events()); !slices.Equal(got, want) {
		t.Errorf("the log holds %v, want %v", got, want)
	}
	if got := ids(m.events); !slices.Equal(got, []string{bad}) {
		t.Errorf("pending are %v, want the refused one alone: it must not be lost", got)
	}
}

func TestRunDeliversAndBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		broken, tries := true, 0
		log := &audittest.Log{Before: func(context.Context, []*auditv1.Event) error {
			mu.Lock()
			defer mu.Unlock()
			tries++
			if broken {
				return status.Error(codes.Unavailable, "down")
			}
			return nil
		}}
		m := &memory{}
		if err := m.Put(t.Context(), audittest.Event()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- newOutbox(m, log).Run(ctx) }()
		time.Sleep(10 * time.Minute)
		mu.Lock()
		if tries < 20 || tries > 70 {
			t.Errorf("%d tries in ten minutes of failure, want one every 10 to 20 s", tries)
		}
		broken = false
		mu.Unlock()
		time.Sleep(20 * time.Second)
		if len(log.Events()) != 1 {
			t.Error("the event was not delivered once the log was back")
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestFlushWaitsItsTurnButNotForEver(t *testing.T) {
	m, entered, proceed := &memory{}, make(chan struct{}), make(chan struct{})
	log := &audittest.Log{Before: func(context.Context, []*auditv1.Event) error {
		close(entered)
		<-proceed
		return nil
	}}
	if err := m.Put(t.Context(), audittest.Event()); err != nil {
		t.Fatal(err)
	}
	outbox := newOutbox(m, log)
	first := make(chan error, 1)
	go func() { first <- outbox.Flush(t.Context()) }()
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := outbox.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second Flush: %v, want its deadline", err)
	}
	close(proceed)
	if err := <-first; err != nil {
		t.Error(err)
	}
}
