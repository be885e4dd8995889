package server_test

import (
	"context"
	"flag"
	"io"
	"log/slog"
	"net"
	"os"
	"testing"
	"time"

	"google.golang.org/grpc"
	"k8s.io/klog/v2"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/identity/identitytest"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/supervisor"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/telemetry"
	"github.com/hygia-suite/hygia/pkg/wit/audit"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	"github.com/hygia-suite/hygia/services/audit/internal/form"
	"github.com/hygia-suite/hygia/services/audit/internal/intake"
	"github.com/hygia-suite/hygia/services/audit/internal/server"
	"github.com/hygia-suite/hygia/services/audit/internal/tlog"
	"github.com/hygia-suite/hygia/services/audit/internal/trail"
	"github.com/hygia-suite/hygia/services/audit/plugins"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("rapid.checks", "15"); err != nil { // each asks a real server
		panic(err)
	}
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	os.Exit(m.Run())
}

const (
	origin      = "hygia.test/audit"
	otherTenant = "0192f0c1-0000-7000-8000-0000000000ff"
)

// world is the audit service over mutual TLS, with a log in a folder.
type world struct {
	dir string
	ca  *identitytest.CA
	// content appends as the content service, gateway asks as the gateway.
	content, gateway auditv1.AuditServiceClient
	addr             string
}

type verifier map[string]actor.Actor

func (v verifier) Verify(_ context.Context, token string) (actor.Actor, error) {
	if a, ok := v[token]; ok {
		return a, nil
	}
	return actor.Actor{}, actor.ErrTokenInvalid
}

func people() verifier {
	dpo := actor.Actor{
		Person: audittest.Person, Tenant: audittest.Tenant,
		Roles: []actor.Role{actor.RoleDPO}, Purpose: actor.PurposeAudit,
	}
	other := dpo
	other.Tenant = otherTenant
	editor := dpo
	editor.Roles, editor.Purpose = []actor.Role{actor.RoleEditor}, actor.PurposeEditorial
	return verifier{"dpo": dpo, "other": other, "editor": editor}
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{dir: t.TempDir(), ca: identitytest.NewCA(t, "hygia.test")}
	tree, err := tlog.Open(t.Context(), tlog.Options{Dir: w.dir, Origin: origin, CheckpointInterval: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	log, err := intake.Open(t.Context(), intake.Options{Tree: tree, Dir: w.dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	events, err := trail.Open(t.Context(), trail.Options{Log: log, Dir: w.dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	stop := w.serve(t, server.Options{Trail: events, Log: log, Tree: tree})
	t.Cleanup(func() {
		stop()
		if err := events.Close(); err != nil {
			t.Error(err)
		}
		if err := log.Close(); err != nil {
			t.Error(err)
		}
		if err := tree.Close(); err != nil {
			t.Error(err)
		}
	})
	w.content = auditv1.NewAuditServiceClient(w.dial(t, rpc.Content))
	w.gateway = auditv1.NewAuditServiceClient(w.dial(t, rpc.Gateway))
	return w
}

// ownLog records what the service itself shows, as app does.
type ownLog struct{ trail *trail.Trail }

func (l ownLog) Append(ctx context.Context, events ...*auditv1.Event) error {
	_, err := l.trail.Append(ctx, events)
	return err
}

func (w *world) serve(t testing.TB, o server.Options) (stop func()) {
	t.Helper()
	engine, err := component.NewEngine(component.Config{})
	if err != nil {
		t.Fatal(err)
	}
	fhir, err := plugin.Load(t.Context(), plugin.Options{Engine: engine, Files: plugins.FHIRAuditEvent(), Exports: audit.FormatterExports})
	if err != nil {
		t.Fatal(err)
	}
	slot := supervisor.NewSlot(fhir.Manifest().Name, fhir.Manifest(), supervisor.Settings{})
	slot.Swap(fhir)
	s, err := rpc.NewServer(rpc.ServerOptions{
		Service: rpc.Audit, Identity: w.ca.Source(t, rpc.Audit), Verifier: people(), Policy: server.Policy(),
		Audit: ownLog{o.Trail}, Telemetry: newTelemetry(t), Clock: time.Now, IDs: audittest.ID,
	})
	if err != nil {
		t.Fatal(err)
	}
	o.Form = func(name string) (server.Form, bool) { return form.New(slot), name == slot.Name() }
	auditv1.RegisterAuditServiceServer(s.GRPC(), server.New(o))
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.addr = lis.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, lis) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		fhir.Close()
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	}
}

func newTelemetry(t testing.TB) *telemetry.Telemetry {
	t.Helper()
	tel, err := telemetry.New(t.Context(), telemetry.Options{Service: "test", Version: "1.2.3", LogOutput: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	return tel
}

func (w *world) dial(t testing.TB, as string) *grpc.ClientConn {
	t.Helper()
	conn, err := rpc.Dial(t.Context(), rpc.ClientOptions{
		Target: w.addr, Service: rpc.Audit, Identity: w.ca.Source(t, as), Telemetry: newTelemetry(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return conn
}

// append sends events of the content service and returns their places.
func (w *world) append(t testing.TB, events ...*auditv1.Event) []uint64 {
	t.Helper()
	got, err := w.content.Append(t.Context(), &auditv1.AppendRequest{Events: events})
	if err != nil {
		t.Fatal(err)
	}
	return got.GetIndexes()
}

func as(ctx context.Context, token string) context.Context { return rpc.WithToken(ctx, token) }
