package app_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/identity/identitytest"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/telemetry"
	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
	statusv1 "github.com/hygia-suite/hygia/proto/gen/hygia/status/v1"
	validationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/validation/v1"
	"github.com/hygia-suite/hygia/services/content/internal/app"
)

// world is a running content service and its callers, over mutual TLS. The audit
// log and the validators are in memory.
type world struct {
	*testing.T
	ca         *identitytest.CA
	log        *audittest.Log
	dir, addr  string
	validation *validation
	stop       func()
	clients

	mu    sync.Mutex
	later time.Duration
}

type clients struct {
	contentv1.ContentServiceClient
	contentv1.ImportServiceClient
	statusv1.StatusServiceClient
}

func start(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, ca: identitytest.NewCA(t, "hygia.test"), log: &audittest.Log{}, dir: t.TempDir(), validation: &validation{}}
	w.serve()
	return w
}

// serve starts the service over the world's folder; again after stop.
func (w *world) serve() {
	w.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.Fatal(err)
	}
	w.addr = lis.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	deps := w.deps(lis)
	go func() { done <- app.Serve(ctx, deps) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.Errorf("Serve: %v", err)
		}
	})
	w.Cleanup(w.stop)
	w.clients = w.as(rpc.Gateway)
	w.ready()
}

// ready waits until the service answers: it compiles its component first.
func (w *world) ready() {
	w.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		_, err := w.GetStatus(w.Context(), &statusv1.GetStatusRequest{})
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			w.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (w *world) deps(lis net.Listener) app.Deps {
	w.Helper()
	return app.Deps{DataDir: w.dir, Listener: lis, Validation: w.validation, Options: rpc.ServerOptions{
		Service: rpc.Content, Identity: w.ca.Source(w, rpc.Content), Verifier: tokens{}, Audit: w.log,
		Telemetry: quiet(w.T, rpc.Content), Clock: w.clock, IDs: newID,
	}}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.later)
}

func (w *world) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.later += d
}

func quiet(t *testing.T, name string) *telemetry.Telemetry {
	t.Helper()
	tel, err := telemetry.New(t.Context(), telemetry.Options{
		Service: name, Version: "0.0.0", LogOutput: io.Discard, LogFormat: "json", LogLevel: slog.LevelInfo,
	})
	if err != nil {
		t.Fatal(err)
	}
	return tel
}

// as returns clients under the identity of a service.
func (w *world) as(peer string) clients {
	w.Helper()
	conn, err := rpc.Dial(w.Context(), rpc.ClientOptions{
		Target: w.addr, Service: rpc.Content, Identity: w.ca.Source(w, peer), Telemetry: quiet(w.T, peer),
	})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() {
		if err := conn.Close(); err != nil {
			w.Error(err)
		}
	})
	return clients{contentv1.NewContentServiceClient(conn), contentv1.NewImportServiceClient(conn), statusv1.NewStatusServiceClient(conn)}
}

// tokens is a verifier to which a token is "role/purpose/tenant".
type tokens struct{}

const (
	clinic = "0190b6a0-0000-7000-8000-00000000000a"
	other  = "0190b6a0-0000-7000-8000-00000000000b"
)

var persons = map[actor.Role]string{
	actor.RoleAdmin: "0190b6a0-0000-7000-8000-000000000001", actor.RoleEditor: "0190b6a0-0000-7000-8000-000000000002",
	actor.RoleReviewer: "0190b6a0-0000-7000-8000-000000000003", actor.RoleDPO: "0190b6a0-0000-7000-8000-000000000004",
}

func (tokens) Verify(_ context.Context, token string) (actor.Actor, error) {
	parts := strings.Split(token, "|")
	if len(parts) != 3 {
		return actor.Actor{}, errors.New("no token")
	}
	role := actor.Role(parts[0])
	a := actor.Actor{
		Person: persons[role], Tenant: parts[2], DisplayName: "Somebody", Roles: []actor.Role{role}, Purpose: actor.Purpose(parts[1]),
		TokenID: newID(), Expires: time.Now().Add(time.Hour),
	}
	if role == actor.RoleReviewer {
		a.Credential = &actor.Credential{Council: "CRM", Number: "52123", Region: "SP"}
	}
	return a, nil
}

func (w *world) acting(role actor.Role, purpose actor.Purpose, tenant string) context.Context {
	return rpc.WithToken(w.Context(), string(role)+"|"+string(purpose)+"|"+tenant)
}

func (w *world) editor() context.Context {
	return w.acting(actor.RoleEditor, actor.PurposeEditorial, clinic)
}

func (w *world) reviewer() context.Context {
	return w.acting(actor.RoleReviewer, actor.PurposeMedicalReview, clinic)
}

// validation is a connection to validators that find what the test says.
type validation struct {
	mu       sync.Mutex
	findings []*validationv1.Finding
	err      error
}

func (v *validation) Invoke(_ context.Context, method string, _, reply any, _ ...grpc.CallOption) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if method != validationv1.ValidationService_Validate_FullMethodName {
		return errors.New("another method was called")
	}
	reply.(*validationv1.ValidateResponse).Findings = v.findings
	return v.err
}

func (v *validation) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errors.New("validators do not stream")
}

func (v *validation) answer(err error, findings ...*validationv1.Finding) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.findings, v.err = findings, err
}

func (w *world) wantReason(err error, reason, what string) {
	w.Helper()
	if f := fault.From(err); err == nil || f.Reason != reason {
		w.Errorf("%s: %v, want %s", what, err, reason)
	}
}

// upload sends an export in pieces.
func (w *world) upload(ctx context.Context, format string, data []byte) (*contentv1.Import, error) {
	w.Helper()
	stream, err := w.UploadImport(ctx)
	if err != nil {
		return nil, err
	}
	for first := true; first || len(data) > 0; first = false {
		n := min(len(data), 64<<10)
		m := &contentv1.UploadImportRequest{Chunk: data[:n]}
		if first {
			m.Format = format
		}
		data = data[n:]
		if err := stream.Send(m); err != nil {
			break // the answer says why
		}
	}
	r, err := stream.CloseAndRecv()
	return r.GetImport(), err
}

// finished waits for an import to end.
func (w *world) finished(id string) *contentv1.Import {
	w.Helper()
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		r, err := w.GetImport(w.editor(), &contentv1.GetImportRequest{Id: id})
		if err != nil {
			w.Fatal(err)
		}
		if s := r.GetImport().GetState(); s != contentv1.ImportState_IMPORT_STATE_INSPECTING && s != contentv1.ImportState_IMPORT_STATE_RUNNING {
			return r.GetImport()
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.Fatal("the import does not end")
	return nil
}

// noExports waits until no export is left: an import's files go after its end.
func (w *world) noExports() {
	w.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		left, err := os.ReadDir(filepath.Join(w.dir, "imports"))
		if err != nil {
			w.Fatal(err)
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			w.Fatalf("%d exports are left", len(left))
		}
		time.Sleep(10 * time.Millisecond)
	}
}
