package session_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	"github.com/hygia-suite/hygia/services/gateway/internal/session"
)

const (
	none      = accountsv1.Purpose_PURPOSE_UNSPECIFIED
	editorial = accountsv1.Purpose_PURPOSE_EDITORIAL
)

// accounts answers exchanges with numbered tokens.
type accounts struct {
	calls atomic.Int32
	holds time.Duration
	takes time.Duration
	err   error
}

func (a *accounts) Exchange(ctx context.Context, r *accountsv1.ExchangeRequest) (*accountsv1.ExchangeResponse, error) {
	n := a.calls.Add(1)
	select {
	case <-time.After(a.takes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if a.err != nil {
		return nil, a.err
	}
	return &accountsv1.ExchangeResponse{
		ActorToken: fmt.Sprintf("%s for %s, %d", r.GetApiToken(), r.GetPurpose(), n),
		ExpireTime: timestamppb.New(time.Now().Add(a.holds)),
	}, nil
}

func anybody() error { return nil }

func sessions(t *testing.T, a *accounts, capacity int) *session.Sessions {
	t.Helper()
	s, err := session.New(session.Options{Exchanger: a, Clock: time.Now, Capacity: capacity})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ask(t *testing.T, s *session.Sessions, token string, purpose accountsv1.Purpose) string {
	t.Helper()
	got, err := s.Actor(t.Context(), token, purpose, anybody)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAnExchangeIsUsedForThirtySeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &accounts{holds: 5 * time.Minute}
		s := sessions(t, a, 10)
		first := ask(t, s, "a", none)
		time.Sleep(session.MaxAge - time.Millisecond)
		if again := ask(t, s, "a", none); again != first {
			t.Errorf("within 30 s: %q, then %q", first, again)
		}
		if other := ask(t, s, "a", editorial); other == first {
			t.Error("another purpose got the same actor token")
		}
		if other := ask(t, s, "b", none); other == first {
			t.Error("another token got the same actor token")
		}
		time.Sleep(time.Millisecond)
		if later := ask(t, s, "a", none); later == first {
			t.Error("after 30 s the old actor token is used")
		}
	})
}

func TestNoActorTokenIsUsedPastItsExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &accounts{holds: 15 * time.Second}
		s := sessions(t, a, 10)
		first := ask(t, s, "a", none)
		time.Sleep(4 * time.Second)
		if again := ask(t, s, "a", none); again != first {
			t.Error("not used again")
		}
		time.Sleep(time.Second)
		if later := ask(t, s, "a", none); later == first {
			t.Error("used too close to its expiry")
		}
		a.holds = 5 * time.Second
		n := a.calls.Load()
		ask(t, s, "c", none)
		ask(t, s, "c", none)
		if a.calls.Load() != n+2 {
			t.Error("an actor token that ends at once was remembered")
		}
	})
}

func TestARefusalIsNotRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &accounts{holds: time.Minute, err: errors.New("refused")}
		s := sessions(t, a, 10)
		if _, err := s.Actor(t.Context(), "a", none, anybody); !errors.Is(err, a.err) {
			t.Fatalf("Actor: %v", err)
		}
		a.err = nil
		ask(t, s, "a", none)
	})
}

func TestConcurrentRequestsAskOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &accounts{holds: time.Minute, takes: time.Second}
		s := sessions(t, a, 10)
		gone, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() { // the first to ask goes away; the others are answered all the same
			if _, err := s.Actor(gone, "a", none, anybody); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Actor: %v", err)
			}
		})
		synctest.Wait()
		for range 20 {
			wg.Go(func() {
				if _, err := s.Actor(t.Context(), "a", none, anybody); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := a.calls.Load(); n != 1 {
			t.Errorf("%d exchanges, want 1", n)
		}
	})
}

func TestOnlyWhoIsAdmittedAsks(t *testing.T) {
	a := &accounts{holds: time.Minute}
	s := sessions(t, a, 10)
	full := errors.New("too many")
	if _, err := s.Actor(t.Context(), "a", none, func() error { return full }); !errors.Is(err, full) || a.calls.Load() != 0 {
		t.Errorf("Actor: %v, after %d exchanges", err, a.calls.Load())
	}
	ask(t, s, "a", none)
	if _, err := s.Actor(t.Context(), "a", none, func() error { return full }); err != nil {
		t.Errorf("a known session needs admission: %v", err)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &accounts{holds: time.Minute}
		s := sessions(t, a, 2)
		for _, token := range []string{"a", "b", "c"} {
			ask(t, s, token, none)
		}
		ask(t, s, "c", none)
		if n := a.calls.Load(); n != 3 {
			t.Fatalf("%d exchanges, want 3", n)
		}
		ask(t, s, "a", none)
		if n := a.calls.Load(); n != 4 {
			t.Error("a third session was remembered in a room for two")
		}
	})
}
