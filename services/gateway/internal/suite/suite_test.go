package suite_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	gatewayv1 "github.com/hygia-suite/hygia/proto/gen/hygia/gateway/v1"
	statusv1 "github.com/hygia-suite/hygia/proto/gen/hygia/status/v1"
	"github.com/hygia-suite/hygia/services/gateway/internal/suite"
)

// service answers after a while.
type service struct {
	name  string
	takes time.Duration
	err   error
	calls atomic.Int32
}

func (s *service) GetStatus(ctx context.Context, _ *statusv1.GetStatusRequest, _ ...grpc.CallOption) (*statusv1.GetStatusResponse, error) {
	s.calls.Add(1)
	select {
	case <-time.After(s.takes):
		return &statusv1.GetStatusResponse{Service: s.name, Version: "1.2.3"}, s.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func of(services ...*service) *suite.Suite {
	o := suite.Options{Clock: time.Now, Self: func() *statusv1.GetStatusResponse { return &statusv1.GetStatusResponse{Service: "gateway"} }}
	for _, s := range services {
		o.Services = append(o.Services, suite.Service{Name: s.name, Status: s})
	}
	return suite.New(o)
}

func get(t *testing.T, s *suite.Suite) *gatewayv1.GetSuiteStatusResponse {
	t.Helper()
	r, err := s.GetSuiteStatus(t.Context(), &gatewayv1.GetSuiteStatusRequest{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEveryServiceIsShown(t *testing.T) {
	r := get(t, of(&service{name: "accounts"}, &service{name: "audit"}))
	if !r.GetHealthy() || len(r.GetServices()) != 3 {
		t.Fatalf("%v", r)
	}
	for i, name := range []string{"accounts", "audit", "gateway"} {
		if s := r.GetServices()[i]; s.GetService() != name || !s.GetServing() || s.GetProblem() != "" || s.GetStatus().GetService() != name {
			t.Errorf("%v", s)
		}
	}
}

func TestOneThatFailsOrHangsDoesNotHideTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := of(
			&service{name: "accounts", err: status.Error(codes.Unavailable, "dial tcp 127.0.0.1:7001: connection refused")},
			&service{name: "audit", takes: time.Hour},
			&service{name: "content", takes: time.Second},
			&service{name: "validation", err: errors.New("secret of the inside")},
		)
		start := time.Now()
		r := get(t, s)
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("it took %v", took)
		}
		if r.GetHealthy() {
			t.Error("healthy")
		}
		for i, want := range []string{"the service cannot be reached", "the call took longer than its deadline", "", "an internal error happened"} {
			if got := r.GetServices()[i]; got.GetProblem() != want || got.GetServing() != (want == "") {
				t.Errorf("%v, want problem %q", got, want)
			}
		}
	})
}

func TestHealthIsAskedForOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &service{name: "accounts"}
		s := of(a)
		for range 50 {
			if !s.Healthy(t.Context()) {
				t.Fatal("not healthy")
			}
		}
		if n := a.calls.Load(); n != 1 {
			t.Errorf("asked %d times, want once", n)
		}
		a.err = errors.New("down")
		time.Sleep(time.Second)
		if s.Healthy(t.Context()) {
			t.Error("healthy, though a service fails")
		}
	})
}
