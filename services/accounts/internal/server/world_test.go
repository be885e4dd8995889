package server_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/identity/identitytest"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/service"
	"github.com/hygia-suite/hygia/pkg/telemetry"
	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	documentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/document/v1"
	"github.com/hygia-suite/hygia/services/accounts/internal/password"
	"github.com/hygia-suite/hygia/services/accounts/internal/server"
)

const (
	adminMail     = "ana.souza@clinica.example"
	adminPassword = "uma senha bem comprida"
)

// world is a running accounts service and its callers, over mutual TLS.
type world struct {
	ca      *identitytest.CA
	log     *audittest.Log
	dir     string
	addr    string
	stop    func()
	gateway clients
	admin   *accountsv1.CreateTenantResponse
	// later is how far the service's clock runs ahead.
	later atomic.Int64
}

type clients struct {
	accountsv1.AuthServiceClient
	accountsv1.DirectoryServiceClient
}

// start runs a service over an empty folder and makes a tenant with an
// administrator who has a password.
func start(t *testing.T, change func(*server.Config)) *world {
	t.Helper()
	w := &world{ca: identitytest.NewCA(t, "hygia.test"), log: &audittest.Log{}, dir: t.TempDir()}
	w.serve(t, change)
	w.gateway = w.as(t, rpc.Gateway)
	w.admin = w.tenant(t, "clinica")
	return w
}

func (w *world) serve(t *testing.T, change func(*server.Config)) {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.addr = lis.Addr().String()
	config := &server.Config{Config: service.Config{DataDir: w.dir}}
	if change != nil {
		change(config)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	deps := server.Deps{
		Config: config, Listener: lis, Passwords: password.Params{MemoryKiB: 64, Passes: 1, Lanes: 1},
		Options: rpc.ServerOptions{
			Service: rpc.Accounts, Identity: w.ca.Source(t, rpc.Accounts), Audit: w.log, Telemetry: quiet(t, rpc.Accounts),
			Clock: func() time.Time { return time.Now().Add(time.Duration(w.later.Load())) }, IDs: func() string { return uuid.Must(uuid.NewV7()).String() },
		},
	}
	go func() { done <- server.Serve(ctx, deps) }()
	stopped := false
	w.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	}
	t.Cleanup(w.stop)
}

func quiet(t *testing.T, name string) *telemetry.Telemetry {
	t.Helper()
	tel, err := telemetry.New(t.Context(), telemetry.Options{Service: name, Version: "0.0.0", LogOutput: io.Discard, LogFormat: "json", LogLevel: slog.LevelInfo})
	if err != nil {
		t.Fatal(err)
	}
	return tel
}

func (w *world) as(t *testing.T, peer string) clients {
	t.Helper()
	conn, err := rpc.Dial(t.Context(), rpc.ClientOptions{
		Target: w.addr, Service: rpc.Accounts, Identity: w.ca.Source(t, peer), Telemetry: quiet(t, peer),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return with(conn)
}

func with(conn *grpc.ClientConn) clients {
	return clients{accountsv1.NewAuthServiceClient(conn), accountsv1.NewDirectoryServiceClient(conn)}
}

func (w *world) tenant(t *testing.T, slug string) *accountsv1.CreateTenantResponse {
	t.Helper()
	r, err := w.as(t, rpc.Operator).CreateTenant(t.Context(), &accountsv1.CreateTenantRequest{
		Slug: slug, Name: "Clínica " + slug,
		Admin: &accountsv1.CreatePersonRequest{Email: adminMail, DisplayName: "Ana Souza", Password: adminPassword,
			Roles: []accountsv1.Role{accountsv1.Role_ROLE_ADMIN}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// acting returns a context in which the gateway calls for the token's person.
func (w *world) acting(t *testing.T, token string, purpose ...accountsv1.Purpose) context.Context {
	t.Helper()
	request := &accountsv1.ExchangeRequest{ApiToken: token}
	if len(purpose) > 0 {
		request.Purpose = purpose[0]
	}
	r, err := w.gateway.Exchange(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	return rpc.WithToken(t.Context(), r.GetActorToken())
}

// actorOf verifies an actor token as another service would.
func (w *world) actorOf(t *testing.T, token string) actor.Actor {
	t.Helper()
	r, err := w.as(t, rpc.Content).ListKeys(t.Context(), &accountsv1.ListKeysRequest{})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := actor.ParseJWKS([]byte(r.GetJwks()))
	if err != nil {
		t.Fatal(err)
	}
	a, err := actor.NewVerifier(actor.VerifierOptions{Keys: keys, Issuer: "spiffe://hygia.test/accounts", Clock: time.Now}).Verify(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// person adds somebody to the first tenant and returns them with a token.
func (w *world) person(t *testing.T, mail string, roles ...accountsv1.Role) (*accountsv1.Person, string) {
	t.Helper()
	ctx := w.acting(t, w.admin.GetToken())
	p, err := w.gateway.CreatePerson(ctx, &accountsv1.CreatePersonRequest{Email: mail, DisplayName: "Somebody", Roles: roles, Credential: crm()})
	if err != nil {
		t.Fatal(err)
	}
	token, err := w.gateway.CreateApiToken(ctx, &accountsv1.CreateApiTokenRequest{PersonId: p.GetPerson().GetId(), Label: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return p.GetPerson(), token.GetToken()
}

func crm() *documentv1.Credential {
	return &documentv1.Credential{Council: "CRM", Number: "123456", Region: "SP", Specialties: []string{"4321"}}
}

// wantFault checks the reason of an error and returns it.
func wantFault(t *testing.T, what string, err error, reason string) fault.Error {
	t.Helper()
	f := fault.From(err)
	if f == nil || f.Reason != reason {
		t.Errorf("%s: %v, want %s", what, err, reason)
		return fault.Error{}
	}
	return *f
}
