package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/identity/identitytest"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/telemetry"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
)

type (
	request  = contentv1.GetEntryRequest
	response = contentv1.GetEntryResponse
)

const (
	service  = "hygia.test.v1.TestService"
	read     = "/" + service + "/Read"
	write    = "/" + service + "/Write"
	exempt   = "/" + service + "/Exempt"
	download = "/" + service + "/Download"
	upload   = "/" + service + "/Upload"
	hop      = "/" + service + "/Hop"
	entryID  = "0192f0c1-0000-7000-8000-00000000000e"
)

// handlers are what the test service does; a nil one is not called.
type handlers struct {
	unary  func(ctx context.Context, r *request) (*response, error)
	stream func(stream grpc.ServerStream) error
}

func unaryMethod(name string) grpc.MethodDesc {
	return grpc.MethodDesc{MethodName: name, Handler: func(srv any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
		in := new(request)
		if err := decode(in); err != nil {
			return nil, err
		}
		info := &grpc.UnaryServerInfo{Server: srv, FullMethod: "/" + service + "/" + name}
		return intercept(ctx, in, info, func(ctx context.Context, r any) (any, error) {
			return srv.(*handlers).unary(ctx, r.(*request))
		})
	}}
}

func streamHandler(srv any, stream grpc.ServerStream) error { return srv.(*handlers).stream(stream) }

var testService = grpc.ServiceDesc{
	ServiceName: service,
	HandlerType: (*any)(nil),
	Methods:     []grpc.MethodDesc{unaryMethod("Read"), unaryMethod("Write"), unaryMethod("Exempt"), unaryMethod("Hop")},
	Streams: []grpc.StreamDesc{
		{StreamName: "Download", Handler: streamHandler, ServerStreams: true},
		{StreamName: "Upload", Handler: streamHandler, ClientStreams: true},
	},
}

// testPolicy has a row for each method of the test service.
func testPolicy() rpc.Policy {
	row := rpc.Row{
		Peers: []string{rpc.Gateway}, Roles: []actor.Role{actor.RoleEditor},
		Purposes: []actor.Purpose{actor.PurposeEditorial}, Action: auditv1.Action_ACTION_READ,
		MaxRequestBytes: 4096,
	}
	change := row
	change.Audit, change.Action = rpc.Write, auditv1.Action_ACTION_UPDATE
	return rpc.Policy{
		read: row, write: change, download: row, upload: change, hop: row,
		exempt: {Peers: []string{rpc.Gateway}, Actor: rpc.None, Audit: rpc.Exempt, ExemptReason: "a test"},
	}
}

// verifier knows tokens by heart.
type verifier map[string]actor.Actor

func (v verifier) Verify(_ context.Context, token string) (actor.Actor, error) {
	if a, ok := v[token]; ok {
		return a, nil
	}
	return actor.Actor{}, actor.ErrTokenInvalid
}

var editor = actor.Actor{
	Person: audittest.Person, Tenant: audittest.Tenant, DisplayName: "Ana",
	Roles: []actor.Role{actor.RoleEditor}, Purpose: actor.PurposeEditorial,
}

// world is a server of the content service, and who may call it.
type world struct {
	t        testing.TB
	ca       *identitytest.CA
	handlers *handlers
	options  rpc.ServerOptions
	logged   *lockedBuffer
	addr     string
	stop     func() error
}

// newWorld prepares a server with this audit log; serve starts it.
func newWorld(t testing.TB, log audit.Log) *world {
	t.Helper()
	w := &world{t: t, ca: identitytest.NewCA(t, "hygia.test"), logged: &lockedBuffer{}}
	reader := editor
	reader.Roles = []actor.Role{actor.RoleDPO}
	auditor := editor
	auditor.Purpose = actor.PurposeAudit
	w.options = rpc.ServerOptions{
		Service: rpc.Content, Identity: w.ca.Source(t, rpc.Content), Policy: testPolicy(), Audit: log,
		Verifier:  verifier{"editor": editor, "dpo": reader, "auditor": auditor},
		Telemetry: newTelemetry(t, w.logged),
		Clock:     time.Now, IDs: audittest.ID, Status: rpc.Status{Version: "1.2.3"},
	}
	w.handlers = &handlers{unary: func(context.Context, *request) (*response, error) { return secret(), nil }}
	return w
}

// secret is a response that must not leave unrecorded.
func secret() *response {
	return &response{Entry: &contentv1.Entry{Id: entryID}}
}

func newTelemetry(t testing.TB, out io.Writer) *telemetry.Telemetry {
	t.Helper()
	tel, err := telemetry.New(t.Context(), telemetry.Options{
		Service: "test", Version: "1.2.3", LogOutput: out, LogFormat: "json", LogLevel: slog.LevelInfo,
	})
	if err != nil {
		t.Fatal(err)
	}
	return tel
}

// serve starts the server until the test ends, or stop is called.
func (w *world) serve() *world {
	w.t.Helper()
	s, err := rpc.NewServer(w.options)
	if err != nil {
		w.t.Fatal(err)
	}
	s.GRPC().RegisterService(&testService, w.handlers)
	lis := listen(w.t)
	w.addr = lis.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, lis) }()
	w.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	w.t.Cleanup(func() {
		if err := w.stop(); err != nil {
			w.t.Errorf("Serve: %v", err)
		}
	})
	return w
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return lis
}

// dial connects a service to the server.
func (w *world) dial(as string) *grpc.ClientConn {
	w.t.Helper()
	conn, err := rpc.Dial(w.t.Context(), rpc.ClientOptions{
		Target: w.addr, Service: rpc.Content, Identity: w.ca.Source(w.t, as), Telemetry: newTelemetry(w.t, io.Discard),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			w.t.Error(err)
		}
	})
	return conn
}

// as is a context with an actor token.
func as(ctx context.Context, token string) context.Context { return rpc.WithToken(ctx, token) }

// get calls a unary method with a valid request.
func get(ctx context.Context, conn *grpc.ClientConn, method string) (*response, error) {
	out := new(response)
	err := conn.Invoke(ctx, method, &request{Id: entryID}, out)
	return out, err
}

// wantFault fails the test unless err has this code and reason.
func wantFault(t testing.TB, err error, code codes.Code, reason string) {
	t.Helper()
	got, ok := errors.AsType[*fault.Error](err)
	if !ok || got.Code != code || got.Reason != reason {
		t.Fatalf("error %v, want %v %s", err, code, reason)
	}
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
