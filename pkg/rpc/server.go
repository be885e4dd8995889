package rpc

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	"google.golang.org/grpc"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/audit"
	statusv1 "github.com/hygia-suite/hygia/proto/gen/hygia/status/v1"
)

// Identity proves who this process is and checks who others are;
// *identity.Source is one.
type Identity interface {
	x509svid.Source
	x509bundle.Source
}

// ActorVerifier checks actor tokens; *actor.Verifier is one.
type ActorVerifier interface {
	Verify(ctx context.Context, token string) (actor.Actor, error)
}

// Status is what a service tells about itself through StatusService.
type Status struct {
	Version string
	// Engine is the linked component engine, such as "wasmtime 44.0.0"; empty
	// where the service hosts no components.
	Engine string
	// Components lists the hosted components; nil where there are none. It is
	// called for every GetStatus.
	Components func() []*statusv1.Component
}

// ServerOptions are a server's dependencies. All are required but those that say
// otherwise.
type ServerOptions struct {
	// Service is the name under which this server acts, such as "content".
	Service  string
	Identity Identity
	Verifier ActorVerifier
	Policy   Policy
	// Audit takes the gate's records.
	Audit audit.Log
	// Outbox is flushed after a Write whose event a store took, so that the log
	// is current when the caller is answered. Optional.
	Outbox *audit.Outbox
	Logger *slog.Logger
	Clock  func() time.Time
	// IDs makes UUIDv7s.
	IDs    func() string
	Status Status
	// Development adds the reflection service.
	Development bool
}

// Server is a gRPC server with the suite's rules built in.
type Server struct {
	grpc *grpc.Server
}

// NewServer returns a server that has no services yet.
func NewServer(o ServerOptions) (*Server, error) {
	if o.Service == "" {
		return nil, errors.New("rpc: options without a service name")
	}
	return &Server{grpc: grpc.NewServer()}, nil
}

// GRPC is where services are registered, before Serve.
func (s *Server) GRPC() *grpc.Server { return s.grpc }

// Serve answers on lis until ctx ends, then drains. It refuses to start when a
// registered method has no row in the policy, or a row no method.
func (s *Server) Serve(ctx context.Context, lis net.Listener) error {
	return s.grpc.Serve(lis)
}
