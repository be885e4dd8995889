package identity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// How often the Workload API is asked again when it does not answer or refuses:
// a service that starts before it is registered should not wait long, one that
// is not registered should not be a burden.
const (
	retryFirst = 50 * time.Millisecond
	retryMost  = 2 * time.Second
	// connectTimeout bounds one attempt to connect.
	connectTimeout = 5 * time.Second
)

// WorkloadAPI returns the Watch of Options for the Workload API at addr, in the
// form that SPIFFE_ENDPOINT_SOCKET has ("unix:///run/spiffe.sock",
// "tcp://127.0.0.1:8081").
func WorkloadAPI(addr string) (func(context.Context, workloadapi.X509ContextWatcher) error, error) {
	if err := workloadapi.ValidateAddress(addr); err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	return func(ctx context.Context, w workloadapi.X509ContextWatcher) error {
		connect := grpc.ConnectParams{
			Backoff: backoff.Config{
				BaseDelay: retryFirst, Multiplier: 1.6, Jitter: 0.2, MaxDelay: retryMost,
			},
			MinConnectTimeout: connectTimeout,
		}
		client, err := workloadapi.New(ctx,
			workloadapi.WithAddr(addr),
			workloadapi.WithDialOptions(grpc.WithConnectParams(connect)),
			workloadapi.WithBackoffStrategy(strategy{}))
		if err != nil {
			return fmt.Errorf("identity: workload API client: %w", err)
		}
		defer func() { _ = client.Close() }()
		return client.WatchX509Context(ctx, w)
	}, nil
}

type strategy struct{}

func (strategy) NewBackoff() workloadapi.Backoff { return &doubling{next: retryFirst} }

// doubling is go-spiffe's Backoff with delays from retryFirst to retryMost.
type doubling struct{ next time.Duration }

func (d *doubling) Next() time.Duration {
	delay := d.next
	d.next = min(2*delay, retryMost)
	return delay
}

func (d *doubling) Reset() { d.next = retryFirst }

// feed keeps the watch going: go-spiffe's ends for good on some errors.
func (s *Source) feed(ctx context.Context, watch func(context.Context, workloadapi.X509ContextWatcher) error) {
	defer close(s.done)
	wait := &doubling{next: retryFirst}
	for {
		err := watch(ctx, watcher{s})
		if ctx.Err() != nil {
			return
		}
		watcher{s}.OnX509ContextWatchError(err)
		select {
		case <-time.After(wait.Next()):
		case <-ctx.Done():
			return
		}
	}
}

// watcher keeps the callbacks out of Source's methods.
type watcher struct{ s *Source }

// OnX509ContextUpdate takes the full new state.
func (w watcher) OnX509ContextUpdate(x *workloadapi.X509Context) {
	s := w.s
	svid := x.DefaultSVID()
	now := s.clock()
	if _, _, err := x509svid.Verify(svid.Certificates, x.Bundles, x509svid.WithTime(now)); err != nil {
		s.fail(fmt.Errorf("identity: the Workload API sent an SVID that is not valid: %w", err), false)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.svid == nil || !s.svid.Certificates[0].Equal(svid.Certificates[0]) {
		select {
		case <-s.first:
			s.rotations++
		default:
			close(s.first)
		}
		s.received = now
	}
	s.svid, s.bundles, s.problem = svid, x.Bundles, nil
	s.cut(func(c *conn) error { return c.stillGood(s.svid.ID, s.bundles, now) })
	s.logger.Info("identity received", "spiffe_id", svid.ID.String(),
		"expires", svid.Certificates[0].NotAfter, "rotations", s.rotations)
}

// OnX509ContextWatchError keeps the identity where the Workload API does not
// answer, and drops it where it refuses.
func (w watcher) OnX509ContextWatchError(err error) {
	if err == nil || status.Code(err) == codes.Canceled || errors.Is(err, context.Canceled) {
		return
	}
	w.s.fail(err, refused(err))
}

func (s *Source) fail(err error, drop bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	repeated := s.problem != nil && status.Code(s.problem) == status.Code(err)
	s.problem = err
	if drop {
		s.svid, s.bundles = nil, nil
		s.cut(func(*conn) error { return errTakenBack })
	}
	if !repeated {
		s.logger.Warn("identity not renewed", "code", status.Code(err).String(), "refused", drop)
	}
}

var errTakenBack = errors.New("identity: the Workload API took the identity back")
