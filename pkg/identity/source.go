package identity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/hygia-suite/hygia/pkg/fault"
)

// ErrUnavailable says that this process has no identity at the moment: none
// came yet, it was taken back, or it expired. The cause says which.
var ErrUnavailable = fault.New(codes.Unavailable, "IDENTITY_UNAVAILABLE",
	"this service has no valid identity at the moment").
	WithHint("check that the Workload API runs and that the service is registered with it")

// Options is what a Source is made of.
type Options struct {
	// Watch feeds the source until its context ends. WorkloadAPI makes the one
	// for production.
	Watch  func(context.Context, workloadapi.X509ContextWatcher) error
	Clock  func() time.Time
	Logger *slog.Logger
}

// Source is this process's identity, kept current. It is safe for concurrent
// use, and an x509svid.Source and x509bundle.Source as go-spiffe has them.
type Source struct {
	clock  func() time.Time
	logger *slog.Logger
	stop   context.CancelFunc
	done   chan struct{}
	first  chan struct{} // closed when the first SVID came

	mu        sync.Mutex
	svid      *x509svid.SVID // nil: none came yet, or it was taken back
	bundles   *x509bundle.Set
	received  time.Time // when svid came
	rotations uint64
	problem   error // what the Workload API last said, nil after an update
	conns     map[*conn]struct{}
	closed    bool
}

// Open starts a source and waits, as long as ctx allows, for the first SVID.
// Its error then holds what the Workload API answered last.
func Open(ctx context.Context, o Options) (*Source, error) {
	if o.Watch == nil || o.Clock == nil || o.Logger == nil {
		return nil, errors.New("identity: options without Watch, Clock or Logger")
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &Source{
		clock: o.Clock, logger: o.Logger, stop: stop,
		done: make(chan struct{}), first: make(chan struct{}),
		conns: make(map[*conn]struct{}),
	}
	go s.feed(run, o.Watch)
	select {
	case <-s.first:
		return s, nil
	case <-ctx.Done():
		problem := s.Status().Problem
		_ = s.Close()
		return nil, ErrUnavailable.Wrap(errors.Join(ctx.Err(), problem))
	}
}

// Close stops the feed and cuts every connection. The source then has no
// identity. Its error is nil; a Source is an io.Closer.
func (s *Source) Close() error {
	s.stop()
	<-s.done
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.svid, s.bundles = nil, nil
	s.cut(func(*conn) error { return errClosed })
	return nil
}

var errClosed = errors.New("identity: source is closed")

// Status is a source's state at one moment.
type Status struct {
	ID        spiffeid.ID // zero where there is no identity
	Expires   time.Time   // of the certificate in use
	Rotations uint64      // certificates received after the first
	Open      int         // connections that the source watches over
	// Problem is nil while the Workload API answers; otherwise what it said last.
	// The identity may still hold until Expires.
	Problem error
}

// Status returns the state now.
func (s *Source) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Status{Rotations: s.rotations, Problem: s.problem, Open: len(s.conns)}
	if s.svid != nil {
		st.ID, st.Expires = s.svid.ID, s.svid.Certificates[0].NotAfter
	}
	return st
}

// Check returns nil while this process has a valid identity, and otherwise an
// error that is ErrUnavailable.
func (s *Source) Check() error {
	_, err := s.current()
	return err
}

// ID returns this process's SPIFFE ID, also after the certificate expired.
func (s *Source) ID() (spiffeid.ID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.svid == nil {
		return spiffeid.ID{}, s.unavailable(nil)
	}
	return s.svid.ID, nil
}

// Service returns the SPIFFE ID of a service of the own trust domain, such as
// spiffe://hygia.local/audit for "audit".
func (s *Source) Service(name string) (spiffeid.ID, error) {
	own, err := s.ID()
	if err != nil {
		return spiffeid.ID{}, err
	}
	id, err := spiffeid.FromSegments(own.TrustDomain(), name)
	if err != nil {
		return spiffeid.ID{}, fmt.Errorf("identity: service name: %w", err)
	}
	return id, nil
}

// GetX509SVID implements x509svid.Source. Unlike go-spiffe's own source it does
// not return what has expired or was taken back.
func (s *Source) GetX509SVID() (*x509svid.SVID, error) {
	now, err := s.current()
	if err != nil {
		return nil, err
	}
	return now.svid, nil
}

// GetX509BundleForTrustDomain implements x509bundle.Source.
func (s *Source) GetX509BundleForTrustDomain(td spiffeid.TrustDomain) (*x509bundle.Bundle, error) {
	now, err := s.current()
	if err != nil {
		return nil, err
	}
	return now.bundles.GetX509BundleForTrustDomain(td)
}

// ConnectionAge says after how long a server should ask a client to connect
// anew, and how long calls then have to end: both are small beside the
// lifetime of the certificates, which are renewed at half of it, so that a
// connection of live peers ends before its certificates do (of one hour: 10 and
// 7.5 minutes). It goes into grpc's keepalive.ServerParameters.
func (s *Source) ConnectionAge() (age, grace time.Duration, err error) {
	now, err := s.current()
	if err != nil {
		return 0, 0, err
	}
	// A certificate ends on a whole second; the next one may hold for less.
	lifetime := now.expires().Sub(now.received).Truncate(time.Second)
	return lifetime / 6, lifetime / 8, nil
}

// snapshot is the identity at one moment; what it holds is never changed.
type snapshot struct {
	svid     *x509svid.SVID
	bundles  *x509bundle.Set
	received time.Time
}

func (n snapshot) expires() time.Time { return n.svid.Certificates[0].NotAfter }

func (s *Source) current() (snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.valid()
}

// valid must be called with mu held.
func (s *Source) valid() (snapshot, error) {
	if s.svid == nil {
		return snapshot{}, s.unavailable(nil)
	}
	now := snapshot{svid: s.svid, bundles: s.bundles, received: s.received}
	if !s.clock().Before(now.expires()) {
		return snapshot{}, s.unavailable(errors.New("identity: the certificate has expired"))
	}
	return now, nil
}

// unavailable must be called with mu held.
func (s *Source) unavailable(why error) error {
	if s.closed {
		return ErrUnavailable.Wrap(errClosed)
	}
	return ErrUnavailable.Wrap(errors.Join(why, s.problem))
}

// refused reports whether the Workload API said that this process has no
// identity, in contrast to not answering.
func refused(err error) bool { return status.Code(err) == codes.PermissionDenied }
