package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/identity"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/telemetry"
	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// How long keys of the accounts service are trusted without asking again, and
// how often tokens with unknown keys may cause a question.
const (
	keysMaxAge      = 5 * time.Minute
	keysMinInterval = time.Second
)

// Env is what a service's run function works with. C is the service's
// configuration. Its methods are safe for concurrent use.
type Env[C any] struct {
	Name      string // such as "content"
	Version   string // the suite's, as semver
	Config    *C
	Logger    *slog.Logger
	Identity  *identity.Source
	Telemetry *telemetry.Telemetry
	Clock     func() time.Time
	IDs       func() string // UUIDv7
	CPUs      int           // that this process may use; 0 is what Go finds
	// Listener is Config.Listen, opened; the run function serves on it.
	Listener net.Listener
	// Verifier checks actor tokens with the accounts service's keys; nil where
	// Config.Accounts is empty.
	Verifier *actor.Verifier
	// AuditLog appends to the audit service; nil where Config.Audit is empty.
	AuditLog audit.Log

	base *Config

	mu    sync.Mutex
	conns map[string]*grpc.ClientConn
}

// ServerOptions returns the options of this service's gRPC server, for
// rpc.NewServer. The run function changes what is different in its service.
func (e *Env[C]) ServerOptions(policy rpc.Policy) rpc.ServerOptions {
	o := rpc.ServerOptions{
		Service:     e.Name,
		Identity:    e.Identity,
		Policy:      policy,
		Audit:       e.AuditLog,
		Telemetry:   e.Telemetry,
		Clock:       e.Clock,
		IDs:         e.IDs,
		Status:      rpc.Status{Version: e.Version},
		Development: e.base.Development,
	}
	if e.Verifier != nil { // a nil pointer in an interface is not nil
		o.Verifier = e.Verifier
	}
	return o
}

// Dial returns the connection to a service whose address the configuration
// names, such as "audit"; there is one for each, which Main closes. It does not
// wait for the service to answer.
func (e *Env[C]) Dial(ctx context.Context, service string) (*grpc.ClientConn, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if conn, ok := e.conns[service]; ok {
		return conn, nil
	}
	target, err := e.base.target(service)
	if err != nil {
		return nil, err
	}
	conn, err := rpc.Dial(ctx, rpc.ClientOptions{
		Target: target, Service: service, Identity: e.Identity, Telemetry: e.Telemetry,
	})
	if err != nil {
		return nil, fmt.Errorf("service: dial %s: %w", service, err)
	}
	e.conns[service] = conn
	return conn, nil
}

// connect makes the clients that every service has.
func (e *Env[C]) connect(ctx context.Context) error {
	if e.base.Audit != "" {
		conn, err := e.Dial(ctx, "audit")
		if err != nil {
			return err
		}
		e.AuditLog = audit.NewClient(auditv1.NewAuditServiceClient(conn))
	}
	if e.base.Accounts == "" {
		return nil
	}
	conn, err := e.Dial(ctx, "accounts")
	if err != nil {
		return err
	}
	issuer, err := e.Identity.Service("accounts")
	if err != nil {
		return err
	}
	auth := accountsv1.NewAuthServiceClient(conn)
	keys := actor.NewRemoteKeys(actor.RemoteKeysOptions{
		Fetch: func(ctx context.Context) ([]byte, error) {
			response, err := auth.ListKeys(ctx, &accountsv1.ListKeysRequest{})
			return []byte(response.GetJwks()), err
		},
		Clock: e.Clock, MaxAge: keysMaxAge, MinInterval: keysMinInterval,
	})
	e.Verifier = actor.NewVerifier(actor.VerifierOptions{Keys: keys, Issuer: issuer.String(), Clock: e.Clock})
	return nil
}

func (e *Env[C]) close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	var errs []error
	for _, conn := range e.conns {
		errs = append(errs, conn.Close())
	}
	clear(e.conns)
	return errors.Join(append(errs, e.Identity.Close())...)
}
