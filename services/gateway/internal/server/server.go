package server

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/service"
	"github.com/hygia-suite/hygia/pkg/telemetry"
	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
	statusv1 "github.com/hygia-suite/hygia/proto/gen/hygia/status/v1"
	"github.com/hygia-suite/hygia/services/gateway/internal/front"
	"github.com/hygia-suite/hygia/services/gateway/internal/openapi"
	"github.com/hygia-suite/hygia/services/gateway/internal/rest"
	"github.com/hygia-suite/hygia/services/gateway/internal/session"
	"github.com/hygia-suite/hygia/services/gateway/internal/suite"
	"github.com/hygia-suite/hygia/services/gateway/internal/upload"
)

// sessions is how many exchanges are remembered, some 20 MB at most.
const sessions = 10_000

// backends are the services that requests go to, in the order in which a status
// shows them.
func backends() []string {
	return []string{rpc.Accounts, rpc.Audit, rpc.Content, rpc.Validation, rpc.Anonymization}
}

// componentHosts are the services that host components.
func componentHosts() []string {
	return []string{rpc.Anonymization, rpc.Audit, rpc.Content, rpc.Validation}
}

// Deps are what the gateway runs on; all are required.
type Deps struct {
	Config    *Config
	Listener  net.Listener
	Telemetry *telemetry.Telemetry
	Clock     func() time.Time
	// Conns are connections to the backends, by their names.
	Conns map[string]grpc.ClientConnInterface
	// Self is what the gateway says of itself.
	Self func() *statusv1.GetStatusResponse
}

// Run serves as this process until ctx ends.
func Run(ctx context.Context, env *service.Env[Config]) error {
	d := Deps{
		Config: env.Config, Listener: env.Listener, Telemetry: env.Telemetry, Clock: env.Clock,
		Conns: map[string]grpc.ClientConnInterface{}, Self: self(env),
	}
	for _, name := range backends() {
		conn, err := env.Dial(ctx, name)
		if err != nil {
			return fmt.Errorf("gateway: %w", err)
		}
		d.Conns[name] = conn
	}
	return Serve(ctx, d)
}

// Serve answers on the listener until ctx ends, then lets running requests end.
func Serve(ctx context.Context, d Deps) error {
	if err := d.Config.complete(); err != nil {
		return fmt.Errorf("gateway: configuration: %w", err)
	}
	transport, err := secure(d)
	if err != nil {
		return err
	}
	draining := &atomic.Bool{}
	handler, err := newFront(ctx, d, draining)
	if err != nil {
		return err
	}
	return serve(ctx, d.Config, transport, handler, draining)
}

func newFront(ctx context.Context, d Deps, draining *atomic.Bool) (*front.Front, error) {
	status := newSuite(d)
	hosts := rest.Hosts{}
	for _, name := range componentHosts() {
		hosts[name] = d.Conns[name]
	}
	uploads := []upload.Upload{
		upload.Exports(contentv1.NewImportServiceClient(d.Conns[rpc.Content])), upload.Packages(hosts.Of),
	}
	handler, err := rest.New(ctx, rest.Backends{
		Accounts: d.Conns[rpc.Accounts], Audit: d.Conns[rpc.Audit], Content: d.Conns[rpc.Content],
		Validation: d.Conns[rpc.Validation], Anonymization: d.Conns[rpc.Anonymization], Suite: status,
		Plugins: hosts,
	})
	if err != nil {
		return nil, err
	}
	routes, err := rest.Routes()
	if err != nil {
		return nil, err
	}
	known, err := session.New(session.Options{
		Exchanger: exchanger{accountsv1.NewAuthServiceClient(d.Conns[rpc.Accounts])}, Clock: d.Clock, Capacity: sessions,
	})
	if err != nil {
		return nil, err
	}
	document, err := openapi.Document(
		openapi.Upload{Path: uploads[0].Path, Types: uploads[0].Types},
		openapi.Upload{Path: uploads[1].Path, Types: uploads[1].Types},
	)
	if err != nil {
		return nil, err
	}
	docs, err := openapi.NewHandler(document)
	if err != nil {
		return nil, err
	}
	return front.New(front.Options{
		Routes: routes, REST: handler, Sessions: known, Docs: docs,
		Uploads: uploads,
		Healthy: status.Healthy, Ready: func() bool { return !draining.Load() },
		Limits: d.Config.limits(d.Clock), Origins: d.Config.CORSOrigins,
		TLS: d.Config.TLS.CertFile != "" || d.Config.BehindTLSProxy, Proxied: d.Config.BehindTLSProxy,
		Telemetry: d.Telemetry, Clock: d.Clock,
	})
}

func newSuite(d Deps) *suite.Suite {
	o := suite.Options{Self: d.Self, Clock: d.Clock}
	for _, name := range backends() {
		o.Services = append(o.Services, suite.Service{Name: name, Status: statusv1.NewStatusServiceClient(d.Conns[name])})
	}
	return suite.New(o)
}

// exchanger is the client without its call options.
type exchanger struct{ auth accountsv1.AuthServiceClient }

func (e exchanger) Exchange(ctx context.Context, r *accountsv1.ExchangeRequest) (*accountsv1.ExchangeResponse, error) {
	return e.auth.Exchange(ctx, r)
}

// self answers for the gateway what pkg/rpc answers for the others.
func self(env *service.Env[Config]) func() *statusv1.GetStatusResponse {
	start := timestamppb.New(env.Clock())
	return func() *statusv1.GetStatusResponse {
		status := &statusv1.GetStatusResponse{Service: env.Name, Version: env.Version, StartTime: start}
		now := env.Identity.Status()
		status.SpiffeId = now.ID.String()
		status.CertificateExpireTime = timestamppb.New(now.Expires)
		return status
	}
}
