package rpc

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/hygia-suite/hygia/pkg/identity"
	statusv1 "github.com/hygia-suite/hygia/proto/gen/hygia/status/v1"
)

// Names of the suite's identities. Operator is the supervisor, not a service.
const (
	Accounts      = "accounts"
	Anonymization = "anonymization"
	Audit         = "audit"
	Content       = "content"
	Gateway       = "gateway"
	Operator      = "operator"
	Validation    = "validation"
)

// suite may connect to every server. What one of them may call is the policy's
// matter; that it may connect lets a refusal be recorded under its name.
//
//nolint:gochecknoglobals // immutable
var suite = [...]string{Accounts, Anonymization, Audit, Content, Gateway, Operator, Validation}

// knownPeers are the identities that may finish a handshake: the suite, and
// whom the policy names besides.
func knownPeers(source *identity.Source, policy Policy) ([]spiffeid.ID, error) {
	names := make(map[string]bool)
	for _, name := range suite {
		names[name] = true
	}
	for _, row := range policy {
		for _, name := range row.Peers {
			names[name] = true
		}
	}
	var peers []spiffeid.ID
	for _, name := range slices.Sorted(maps.Keys(names)) {
		id, err := source.Service(name)
		if err != nil {
			return nil, fmt.Errorf("rpc: peer %q: %w", name, err)
		}
		peers = append(peers, id)
	}
	return peers, nil
}

// ownRows are the rules of the methods that every server has.
func ownRows(development bool) Policy {
	watchers := []string{Gateway, Operator}
	probe := Row{Peers: watchers, Actor: None, Audit: Exempt, MaxRequestBytes: 1 << 10,
		ExemptReason: "tells how the process is and touches no data"}
	rows := Policy{
		grpc_health_v1.Health_Check_FullMethodName:      probe,
		grpc_health_v1.Health_Watch_FullMethodName:      probe,
		grpc_health_v1.Health_List_FullMethodName:       probe,
		statusv1.StatusService_GetStatus_FullMethodName: probe,
	}
	if development {
		schema := Row{Peers: watchers, Actor: None, Audit: Exempt, MaxRequestBytes: 16 << 10,
			ExemptReason: "tells the schema, which is public, and touches no data"}
		rows["/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"] = schema
		rows["/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"] = schema
	}
	return rows
}

func withOwnRows(policy Policy, development bool) (Policy, error) {
	rows := ownRows(development)
	for method, row := range policy {
		if _, ok := rows[method]; ok {
			return nil, fmt.Errorf("policy: %s is not the service's to rule", method)
		}
		rows[method] = row
	}
	return rows, nil
}

func (s *Server) registerOwn(o ServerOptions) {
	grpc_health_v1.RegisterHealthServer(s.grpc, s.health)
	statusv1.RegisterStatusServiceServer(s.grpc, &statusServer{
		name: o.Service, status: o.Status, identity: o.Identity, started: o.Clock(),
	})
	if o.Development {
		reflection.Register(s.grpc)
	}
}

// markServing tells health checks that every registered service is ready.
func (s *Server) markServing() {
	s.health.SetServingStatus("", grpc_health_v1.HealthCheckResponse_SERVING)
	for service := range s.grpc.GetServiceInfo() {
		s.health.SetServingStatus(service, grpc_health_v1.HealthCheckResponse_SERVING)
	}
}

// Status is what a service tells about itself through StatusService.
type Status struct {
	// Version is the suite's, as semver.
	Version string
	// Engine is the linked component engine, such as "wasmtime 44.0.0"; empty
	// where the service hosts no components.
	Engine string
	// Components lists the hosted components; nil where there are none. It is
	// called for every GetStatus, concurrently.
	Components func() []*statusv1.Component
}

type statusServer struct {
	statusv1.UnimplementedStatusServiceServer
	name     string
	status   Status
	identity *identity.Source
	started  time.Time
}

// GetStatus answers also while the identity is failing: that is when one asks.
func (s *statusServer) GetStatus(context.Context, *statusv1.GetStatusRequest) (*statusv1.GetStatusResponse, error) {
	identity := s.identity.Status()
	response := &statusv1.GetStatusResponse{
		Service:               s.name,
		Version:               s.status.Version,
		SpiffeId:              identity.ID.String(),
		CertificateExpireTime: timestamppb.New(identity.Expires),
		StartTime:             timestamppb.New(s.started),
		Engine:                s.status.Engine,
	}
	if s.status.Components != nil {
		response.Components = s.status.Components()
	}
	return response, nil
}
