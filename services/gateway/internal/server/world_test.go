package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/identity/identitytest"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/service"
	"github.com/hygia-suite/hygia/pkg/telemetry"
	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
	pluginv1 "github.com/hygia-suite/hygia/proto/gen/hygia/plugin/v1"
	statusv1 "github.com/hygia-suite/hygia/proto/gen/hygia/status/v1"
	"github.com/hygia-suite/hygia/services/gateway/internal/problem"
	"github.com/hygia-suite/hygia/services/gateway/internal/server"
)

// Tokens that the suite of these tests knows.
const (
	good    = "hyg_good"
	expired = "hyg_expired"
	unknown = "hyg_unknown"
)

// Ids of entries: one of the caller's tenant, one of another's.
const (
	mine   = "018f8a1e-7c1d-7000-8000-000000000001"
	theirs = "018f8a1e-7c1d-7000-8000-000000000002"
)

// backend is a suite in one process: it answers over mutual TLS, and remembers
// what it was sent.
type backend struct {
	accountsv1.UnimplementedAuthServiceServer
	accountsv1.UnimplementedDirectoryServiceServer
	contentv1.UnimplementedContentServiceServer
	contentv1.UnimplementedImportServiceServer
	pluginv1.UnimplementedPluginServiceServer
	statusv1.UnimplementedStatusServiceServer

	mu        sync.Mutex
	metadata  metadata.MD
	exchanges int
	updated   *contentv1.UpdateEntryRequest
	uploaded  bytes.Buffer
	format    string
	chunks    int
	cut       bool          // an upload ended without its end
	refuse    error         // what uploads are answered after the first piece
	hold      chan struct{} // where it is not nil, ListAuthors waits for it
	entered   chan struct{} // ListAuthors has begun
}

func (b *backend) seen(ctx context.Context) {
	md, _ := metadata.FromIncomingContext(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.metadata = md
}

func (b *backend) Exchange(ctx context.Context, r *accountsv1.ExchangeRequest) (*accountsv1.ExchangeResponse, error) {
	b.mu.Lock()
	b.exchanges++
	b.mu.Unlock()
	if r.GetApiToken() == expired {
		return nil, fault.New(codes.Unauthenticated, "TOKEN_EXPIRED", "the API token has expired").WithHint("log in again").GRPCStatus().Err()
	}
	if !strings.HasPrefix(r.GetApiToken(), good) {
		return nil, fault.New(codes.Unauthenticated, "TOKEN_INVALID", "the API token is not known").GRPCStatus().Err()
	}
	return &accountsv1.ExchangeResponse{ActorToken: "actor for " + r.GetPurpose().String(), ExpireTime: timestamppb.New(time.Now().Add(5 * time.Minute))}, nil
}

func (b *backend) Login(ctx context.Context, r *accountsv1.LoginRequest) (*accountsv1.LoginResponse, error) {
	b.seen(ctx)
	if r.GetPassword() != "the right password" {
		return nil, fault.New(codes.Unauthenticated, "LOGIN_REFUSED", "the tenant, the e-mail or the password is wrong").GRPCStatus().Err()
	}
	return &accountsv1.LoginResponse{Token: good}, nil
}

func (b *backend) GetEntry(ctx context.Context, r *contentv1.GetEntryRequest) (*contentv1.GetEntryResponse, error) {
	b.seen(ctx)
	if r.GetId() != mine {
		return nil, fault.New(codes.NotFound, "ENTRY_NOT_FOUND", "the tenant has no such entry").GRPCStatus().Err()
	}
	return &contentv1.GetEntryResponse{Entry: &contentv1.Entry{Id: mine, Revision: 3}}, nil
}

func (b *backend) UpdateEntry(ctx context.Context, r *contentv1.UpdateEntryRequest) (*contentv1.UpdateEntryResponse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.updated = r
	return &contentv1.UpdateEntryResponse{Entry: &contentv1.Entry{Id: r.GetId(), Content: r.GetContent()}}, nil
}

func (b *backend) PublishEntry(context.Context, *contentv1.PublishEntryRequest) (*contentv1.PublishEntryResponse, error) {
	return nil, fault.New(codes.FailedPrecondition, "SIGNATURE_MISSING", "the entry has no sign-off").WithHint("have a reviewer sign it").GRPCStatus().Err()
}

// SubmitEntry fails as no service of ours does: with what happened inside.
func (b *backend) SubmitEntry(context.Context, *contentv1.SubmitEntryRequest) (*contentv1.SubmitEntryResponse, error) {
	return nil, status.Error(codes.Internal, "sql: person 529.982.247-25 at 10.0.0.7")
}

func (b *backend) GetRevision(_ context.Context, r *contentv1.GetRevisionRequest) (*contentv1.GetRevisionResponse, error) {
	return &contentv1.GetRevisionResponse{Revision: &contentv1.Revision{Number: r.GetNumber()}}, nil
}

func (b *backend) ListEntries(_ context.Context, r *contentv1.ListEntriesRequest) (*contentv1.ListEntriesResponse, error) {
	return &contentv1.ListEntriesResponse{Entries: make([]*contentv1.Entry, r.GetPageSize())}, nil
}

func (b *backend) ListAuthors(ctx context.Context, _ *contentv1.ListAuthorsRequest) (*contentv1.ListAuthorsResponse, error) {
	b.entered <- struct{}{}
	select {
	case <-b.hold:
		return &contentv1.ListAuthorsResponse{}, nil
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	}
}

func (b *backend) UploadImport(stream grpc.ClientStreamingServer[contentv1.UploadImportRequest, contentv1.UploadImportResponse]) error {
	b.seen(stream.Context())
	for {
		r, err := stream.Recv()
		b.mu.Lock()
		switch {
		case errors.Is(err, io.EOF):
			defer b.mu.Unlock()
			return stream.SendAndClose(&contentv1.UploadImportResponse{Import: &contentv1.Import{Id: mine, Size: int64(b.uploaded.Len())}})
		case err != nil:
			b.cut = true
			b.mu.Unlock()
			return err
		}
		if b.chunks++; b.chunks == 1 {
			b.format = r.GetFormat()
		}
		b.uploaded.Write(r.GetChunk())
		refuse := b.refuse
		b.mu.Unlock()
		if refuse != nil {
			return refuse
		}
	}
}

func (b *backend) InstallPlugin(stream grpc.ClientStreamingServer[pluginv1.InstallPluginRequest, pluginv1.InstallPluginResponse]) error {
	plugin := &pluginv1.Plugin{}
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(&pluginv1.InstallPluginResponse{Plugin: plugin})
		}
		if err != nil {
			return err
		}
		if plugin.GetName() == "" {
			plugin.Name, plugin.CanaryPercent = r.GetService(), r.GetCanaryPercent()
		}
		plugin.Calls += uint64(len(r.GetChunk()))
	}
}

func (b *backend) ListPlugins(_ context.Context, r *pluginv1.ListPluginsRequest) (*pluginv1.ListPluginsResponse, error) {
	return &pluginv1.ListPluginsResponse{Plugins: []*pluginv1.Plugin{{Name: r.GetService()}}}, nil
}

func (b *backend) GetStatus(context.Context, *statusv1.GetStatusRequest) (*statusv1.GetStatusResponse, error) {
	return &statusv1.GetStatusResponse{Service: "fake", Version: "1.2.3"}, nil
}

// world is a running gateway before a backend.
type world struct {
	*backend
	url    string
	client *http.Client
	stop   context.CancelFunc
	done   chan error
	logs   *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func start(t *testing.T, change func(*server.Config)) *world {
	t.Helper()
	return startAt(t, time.Now, change)
}

// startAt is start, by another clock.
func startAt(t *testing.T, clock func() time.Time, change func(*server.Config)) *world {
	t.Helper()
	w := &world{
		backend: &backend{entered: make(chan struct{}, 100)}, logs: &lockedBuffer{}, done: make(chan error, 1),
		client: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	t.Cleanup(w.client.CloseIdleConnections)
	conn := w.connect(t)
	lis := listen(t)
	w.url = "http://" + lis.Addr().String()
	config := &server.Config{Config: service.Config{}}
	if change != nil {
		change(config)
	}
	if config.TLS.CertFile != "" {
		w.url = "https://" + lis.Addr().String()
	}
	d := server.Deps{
		Config: config, Listener: lis, Telemetry: telemetryTo(t, w.logs), Clock: clock, Conns: map[string]grpc.ClientConnInterface{},
		Self: func() *statusv1.GetStatusResponse { return &statusv1.GetStatusResponse{Service: "gateway"} },
	}
	for _, name := range []string{rpc.Accounts, rpc.Audit, rpc.Content, rpc.Validation, rpc.Anonymization} {
		d.Conns[name] = conn
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.stop = cancel
	go func() { w.done <- server.Serve(ctx, d) }()
	t.Cleanup(func() {
		cancel()
		if err := <-w.done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		w.done <- nil
	})
	return w
}

// connect starts the backend and dials it, as the gateway dials a service.
func (w *world) connect(t *testing.T) *grpc.ClientConn {
	t.Helper()
	ca := identitytest.NewCA(t, "hygia.test")
	s := grpc.NewServer(grpc.Creds(ca.Source(t, rpc.Accounts).ServerCredentials(ca.ID(rpc.Gateway))))
	accountsv1.RegisterAuthServiceServer(s, w.backend)
	accountsv1.RegisterDirectoryServiceServer(s, w.backend)
	contentv1.RegisterContentServiceServer(s, w.backend)
	contentv1.RegisterImportServiceServer(s, w.backend)
	pluginv1.RegisterPluginServiceServer(s, w.backend)
	statusv1.RegisterStatusServiceServer(s, w.backend)
	lis := listen(t)
	go func() { _ = s.Serve(lis) }()
	t.Cleanup(s.Stop)
	conn, err := rpc.Dial(t.Context(), rpc.ClientOptions{
		Target: lis.Addr().String(), Service: rpc.Accounts, Identity: ca.Source(t, rpc.Gateway), Telemetry: telemetryTo(t, io.Discard),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lis.Close() })
	return lis
}

func telemetryTo(t *testing.T, out io.Writer) *telemetry.Telemetry {
	t.Helper()
	tel, err := telemetry.New(t.Context(), telemetry.Options{Service: "gateway", Version: "0.0.0", LogOutput: out, LogFormat: "json", LogLevel: slog.LevelDebug})
	if err != nil {
		t.Fatal(err)
	}
	return tel
}

// request is one request of a test, with a good token and JSON where it does not
// say otherwise.
type request struct {
	method, path, body string
	header             map[string]string // "" takes a header away
	reader             io.Reader         // instead of body
	length             int64             // instead of the body's
}

// answer is a response whose body was read.
type answer struct {
	StatusCode, ProtoMajor int
	ContentLength          int64
	Header                 http.Header
}

func (w *world) do(t *testing.T, r request) (answer, string) {
	t.Helper()
	body := r.reader
	if body == nil && r.body != "" {
		body = strings.NewReader(r.body)
	}
	q, err := http.NewRequestWithContext(t.Context(), r.method, w.url+r.path, body)
	if err != nil {
		t.Fatal(err)
	}
	if r.length != 0 {
		q.ContentLength = r.length
	}
	q.Header.Set("Authorization", "Bearer "+good)
	if body != nil {
		q.Header.Set("Content-Type", "application/json")
	}
	for name, value := range r.header {
		if q.Header.Set(name, value); value == "" {
			q.Header.Del(name)
		}
	}
	response, err := w.client.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.ProtoMajor, response.ContentLength, response.Header}, string(data)
}

// refused sends a request and checks the problem that it is answered with.
func (w *world) refused(t *testing.T, r request, status int, reason string) (problem.Details, http.Header) {
	t.Helper()
	response, body := w.do(t, r)
	var d problem.Details
	if err := json.Unmarshal([]byte(body), &d); err != nil {
		t.Fatalf("%s %s: %d, %q", r.method, r.path, response.StatusCode, body)
	}
	if response.StatusCode != status || d.Status != status || d.Reason != reason || response.Header.Get("Content-Type") != problem.ContentType {
		t.Errorf("%s %s: %d, %s; want %d %s", r.method, r.path, response.StatusCode, body, status, reason)
	}
	if d.Type != "urn:hygia:problem:"+strings.ReplaceAll(strings.ToLower(reason), "_", "-") || d.Title == "" || d.Detail == "" {
		t.Errorf("%s %s: incomplete details %s", r.method, r.path, body)
	}
	return d, response.Header
}
