package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"buf.build/go/protovalidate"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/keepalive"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/identity"
	"github.com/hygia-suite/hygia/pkg/telemetry"
)

// ActorVerifier checks actor tokens; *actor.Verifier is one. Its errors are
// sent to callers as pkg/fault makes them.
type ActorVerifier interface {
	Verify(ctx context.Context, token string) (actor.Actor, error)
}

// ServerOptions are a server's dependencies. All are required but those that say
// otherwise.
type ServerOptions struct {
	// Service is the name under which this server acts, such as "content". Its
	// identity must be that of this name.
	Service  string
	Identity *identity.Source
	Verifier ActorVerifier
	Policy   Policy
	// Audit takes the gate's records.
	Audit audit.Log
	// Outbox is flushed after a change whose event a store took, so that the log
	// is current when the caller is answered. Optional.
	Outbox *audit.Outbox
	// Telemetry takes the server's log lines, metrics and spans. One server a
	// Telemetry.
	Telemetry *telemetry.Telemetry
	Clock     func() time.Time
	// IDs makes UUIDv7s.
	IDs    func() string
	Status Status
	// Development adds the reflection service, for the gateway and the operator.
	Development bool
}

// Limits of the transport.
const (
	maxStreams     = 1000             // concurrent calls on a connection
	maxHeaderBytes = 16 << 10         // a token has at most 4 KiB
	handshakeTime  = 10 * time.Second // to a ready connection
	drainTime      = 10 * time.Second // for calls to end when the server stops
)

// Server is a gRPC server with the suite's rules built in.
type Server struct {
	self     spiffeid.ID
	verifier ActorVerifier
	policy   Policy
	audit    audit.Log
	outbox   *audit.Outbox
	clock    func() time.Time
	ids      func() string
	rules    protovalidate.Validator
	grpc     *grpc.Server
	health   *health.Server

	logger    *slog.Logger
	telemetry *telemetry.Telemetry
	waited    *prometheus.HistogramVec // for the audit log, in seconds
}

// NewServer returns a server that has no services yet but its own: health,
// status and, in development, reflection.
func NewServer(o ServerOptions) (*Server, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	self, err := o.Identity.ID()
	if err != nil {
		return nil, fmt.Errorf("rpc: %w", err)
	}
	if self.Path() != "/"+o.Service {
		return nil, fmt.Errorf("rpc: the identity %s is not that of %q", self, o.Service)
	}
	policy, err := withOwnRows(o.Policy, o.Development)
	if err != nil {
		return nil, err
	}
	rules, err := protovalidate.New()
	if err != nil {
		return nil, fmt.Errorf("rpc: protovalidate: %w", err)
	}
	waited, err := newGateSeconds(o.Telemetry.Registry)
	if err != nil {
		return nil, fmt.Errorf("rpc: metrics: %w", err)
	}
	s := &Server{
		self: self, verifier: newVerifiedActors(o.Verifier, o.Clock), policy: policy, audit: o.Audit, outbox: o.Outbox,
		clock: o.Clock, ids: o.IDs, rules: rules, health: health.NewServer(),
		logger: o.Telemetry.Logger, telemetry: o.Telemetry, waited: waited,
	}
	// Every call passes these, in this order, the first outermost.
	steps := []step{
		s.recoverPanics,  // of the steps below
		s.observe,        // duration, code, faults of our own
		s.identifyPeer,   // mutual TLS → name of a service
		s.limitDeadline,  // budget
		s.recordRefusals, // what the steps below refuse goes into the audit log
		s.allowPeer,      // policy: the service
		s.verifyActor,    // token; policy: role and purpose
		s.checkRequests,  // size, unknown fields, protovalidate
		s.gate,           // audit record before anything leaves
		s.recoverPanics,  // of the handler, so that the gate records them
	}
	options, err := s.transport(o, steps)
	if err != nil {
		return nil, err
	}
	s.grpc = grpc.NewServer(options...)
	s.registerOwn(o)
	return s, nil
}

func (o ServerOptions) check() error {
	if o.Service == "" || o.Identity == nil || o.Verifier == nil || o.Policy == nil || o.Audit == nil ||
		o.Telemetry == nil || o.Clock == nil || o.IDs == nil {
		return errors.New("rpc: server options are incomplete")
	}
	return nil
}

func (s *Server) transport(o ServerOptions, steps []step) ([]grpc.ServerOption, error) {
	peers, err := knownPeers(o.Identity, s.policy)
	if err != nil {
		return nil, err
	}
	age, grace, err := o.Identity.ConnectionAge()
	if err != nil {
		return nil, fmt.Errorf("rpc: %w", err)
	}
	return []grpc.ServerOption{
		grpc.Creds(o.Identity.ServerCredentials(peers...)),
		grpc.UnaryInterceptor(unary(s.policy, steps)),
		grpc.StreamInterceptor(streaming(s.policy, steps)),
		grpc.MaxRecvMsgSize(s.policy.maxRequestBytes() + 1<<10), // the row's own limit answers first
		grpc.MaxSendMsgSize(maxResponseBytes),
		grpc.MaxHeaderListSize(maxHeaderBytes),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.ConnectionTimeout(handshakeTime),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionAge: age, MaxConnectionAgeGrace: grace,
			Time: time.Minute, Timeout: 10 * time.Second,
		}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{
			MinTime: clientPing / 2, PermitWithoutStream: true,
		}),
		grpc.StatsHandler(o.Telemetry.ServerStats()),
	}, nil
}

// GRPC is where services are registered, before Serve.
func (s *Server) GRPC() grpc.ServiceRegistrar { return s.grpc }

// Serve answers on lis until ctx ends. Then it tells health checks so, lets
// running calls end for at most ten seconds, and returns nil. It refuses to
// start when a registered method has no row in the policy, or a row no method
// (invariant 1). A server serves once.
func (s *Server) Serve(ctx context.Context, lis net.Listener) error {
	if err := s.policy.check(s.grpc.GetServiceInfo()); err != nil {
		return errors.Join(err, lis.Close())
	}
	s.markServing()
	stopped := make(chan struct{})
	defer func() { <-stopped }()
	served := make(chan struct{})
	defer close(served)
	go func() {
		defer close(stopped)
		select {
		case <-ctx.Done():
			s.drain()
		case <-served:
		}
	}()
	if err := s.grpc.Serve(lis); err != nil {
		return fmt.Errorf("rpc: serve: %w", err)
	}
	return nil
}

// drain stops taking calls, waits for those that run, and cuts the rest.
func (s *Server) drain() {
	s.health.Shutdown()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.grpc.GracefulStop()
	}()
	timer := time.NewTimer(drainTime)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		s.grpc.Stop()
		<-done
	}
}
