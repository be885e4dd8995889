package audit_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// service answers each Append with the next of its errors, nil once they are
// used up; before, where keep says so, it sequences the events.
type service struct {
	auditv1.AuditServiceClient
	log     audittest.Log
	errs    []error
	keep    bool
	batches []int
	short   bool // answers with an index too few
	hang    bool // answers when the caller gives up
}

func (s *service) Append(ctx context.Context, r *auditv1.AppendRequest, _ ...grpc.CallOption) (*auditv1.AppendResponse, error) {
	s.batches = append(s.batches, len(r.GetEvents()))
	var err error
	if len(s.errs) > 0 {
		err, s.errs = s.errs[0], s.errs[1:]
	}
	if err == nil || s.keep {
		if err := s.log.Append(ctx, r.GetEvents()...); err != nil {
			return nil, err
		}
	}
	if s.hang {
		<-ctx.Done()
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	n := len(r.GetEvents())
	if s.short {
		n--
	}
	return &auditv1.AppendResponse{Indexes: make([]uint64, n)}, err
}

func events(n int) []*auditv1.Event {
	out := make([]*auditv1.Event, n)
	for i := range out {
		out[i] = audittest.Event()
	}
	return out
}

func TestAppendRepeatsWhatIsUncertain(t *testing.T) {
	for name, test := range map[string]struct {
		errs []error
		keep bool
		want codes.Code // of what Append returns
		n    int        // calls
	}{
		"taken":                     {nil, false, codes.OK, 1},
		"unreachable, then taken":   {[]error{status.Error(codes.Unavailable, "")}, false, codes.OK, 2},
		"answers lost":              {[]error{status.Error(codes.Unavailable, ""), status.Error(codes.DeadlineExceeded, "")}, true, codes.OK, 3},
		"refused":                   {[]error{status.Error(codes.InvalidArgument, "")}, false, codes.InvalidArgument, 1},
		"id of another event":       {[]error{status.Error(codes.AlreadyExists, "")}, false, codes.AlreadyExists, 1},
		"unreachable, then refused": {[]error{status.Error(codes.Unavailable, ""), status.Error(codes.PermissionDenied, "")}, false, codes.PermissionDenied, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &service{errs: test.errs, keep: test.keep}
				err := audit.NewClient(s).Append(t.Context(), events(1)...)
				if status.Code(err) != test.want || len(s.batches) != test.n {
					t.Errorf("%v after %d calls, want %v after %d", err, len(s.batches), test.want, test.n)
				}
				if kept := len(s.log.Events()); test.want == codes.OK && kept != 1 {
					t.Errorf("the log holds %d events", kept)
				}
			})
		})
	}
}

// attempt is longer than one request takes.
const attempt = 2 * time.Second

func TestAppendGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		s := &service{hang: true}
		started := time.Now()
		if err := audit.NewClient(s).Append(ctx, events(1)...); err == nil {
			t.Error("Append succeeded without an answer")
		}
		if took := time.Since(started); took != 3*time.Second {
			t.Errorf("it took %v, want the context's 3 s", took)
		}
		time.Sleep(attempt) // the last request ends by itself
		synctest.Wait()
		if len(s.batches) < 3 {
			t.Errorf("%d attempts in 3 s of lost answers, want one a second", len(s.batches))
		}
	})
}

func TestAppendBoundsItsRequests(t *testing.T) {
	s := &service{}
	many := events(600)
	if err := audit.NewClient(s).Append(t.Context(), many...); err != nil {
		t.Fatal(err)
	}
	for _, n := range s.batches {
		if n > 256 {
			t.Errorf("a request of %d events", n)
		}
	}
	large := events(40)
	for _, event := range large {
		for range audit.MaxObjects {
			event.Objects = append(event.Objects, &auditv1.Object{Kind: "entry", Id: strings.Repeat("x", 100)})
		}
	}
	s.batches = nil
	if err := audit.NewClient(s).Append(t.Context(), large...); err != nil {
		t.Fatal(err)
	}
	for _, n := range s.batches {
		if n > 24 { // some 28 KiB each
			t.Errorf("a request of %d large events", n)
		}
	}
	if got := len(s.log.Events()); got != 640 {
		t.Errorf("%d events arrived, want 640", got)
	}
}

func TestAppendDoubtsAShortAnswer(t *testing.T) {
	if err := audit.NewClient(&service{short: true}).Append(t.Context(), events(2)...); err == nil {
		t.Error("an answer with one index for two events was taken")
	}
}

func TestAppendOfNothing(t *testing.T) {
	if err := audit.NewClient(&service{errs: []error{errors.New("called")}}).Append(t.Context()); err != nil {
		t.Error(err)
	}
}

// busy is a service that takes its time, refuses requests with a certain event,
// and counts.
type busy struct {
	auditv1.AuditServiceClient
	log audittest.Log
	bad string

	mu              sync.Mutex
	calls, now, max int
}

func (b *busy) Append(ctx context.Context, r *auditv1.AppendRequest, _ ...grpc.CallOption) (*auditv1.AppendResponse, error) {
	b.mu.Lock()
	b.calls, b.now = b.calls+1, b.now+1
	b.max = max(b.max, b.now)
	b.mu.Unlock()
	time.Sleep(10 * time.Millisecond) // of synctest's time
	b.mu.Lock()
	b.now--
	b.mu.Unlock()
	for _, e := range r.GetEvents() {
		if e.GetId() == b.bad {
			return nil, status.Error(codes.InvalidArgument, "malformed")
		}
	}
	return &auditv1.AppendResponse{Indexes: make([]uint64, len(r.GetEvents()))}, b.log.Append(ctx, r.GetEvents()...)
}

func TestCallersShareRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &busy{}
		log := audit.NewClient(s)
		var wg sync.WaitGroup
		for range 500 {
			wg.Go(func() {
				if err := log.Append(t.Context(), events(2)...); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := len(s.log.Events()); got != 1000 {
			t.Errorf("%d events arrived, want 1000", got)
		}
		if s.calls > 10 || s.max > 2 {
			t.Errorf("%d requests, %d at once; want few, two at once", s.calls, s.max)
		}
	})
}

func TestARefusalIsForItsOwnCallerAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := events(60)
		s := &busy{bad: all[40].GetId()}
		log := audit.NewClient(s)
		errs := make([]error, len(all))
		var wg sync.WaitGroup
		for i, event := range all {
			wg.Go(func() { errs[i] = log.Append(t.Context(), event) })
		}
		wg.Wait()
		for i, err := range errs {
			if (status.Code(err) == codes.InvalidArgument) != (i == 40) || i != 40 && err != nil {
				t.Errorf("event %d: %v", i, err)
			}
		}
		if got := len(s.log.Events()); got != 59 {
			t.Errorf("%d events arrived, want 59", got)
		}
	})
}

func TestOneWhoLeavesStopsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &busy{}
		log := audit.NewClient(s)
		leaving, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				if i%2 == 0 {
					if err := log.Append(leaving, events(1)...); err == nil {
						t.Error("a caller who left was told that all is well")
					}
					return
				}
				if err := log.Append(t.Context(), events(1)...); err != nil {
					t.Error(err)
				}
			})
		}
		time.Sleep(time.Millisecond)
		cancel()
		wg.Wait()
		time.Sleep(attempt)
	})
}
