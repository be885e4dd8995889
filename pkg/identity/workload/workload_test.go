package workload_test

import (
	"context"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	workloadv1 "github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"github.com/spiffe/go-spiffe/v2/svid/jwtsvid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/hygia-suite/hygia/pkg/identity"
	"github.com/hygia-suite/hygia/pkg/identity/workload"
)

func TestChildGetsItsIdentity(t *testing.T) {
	w := newWorld(t, time.Hour)
	content := w.begin(t, "watch", "content")
	audit := w.begin(t, "watch", "audit")
	if got := content.line(t, "svid"); !strings.HasPrefix(got, "svid spiffe://hygia.local/content ") {
		t.Error(got)
	}
	if got := audit.line(t, "svid"); !strings.HasPrefix(got, "svid spiffe://hygia.local/audit ") {
		t.Error(got)
	}
}

func TestStrangersAreRefused(t *testing.T) {
	w := newWorld(t, time.Hour)
	stranger := start(t, self(t), "watch", w.server.Addr())
	if got := stranger.line(t, "error"); got != "error PermissionDenied" {
		t.Error(got)
	}
	if err := w.registry.Started(stranger.Process.Pid, id("content")); err == nil {
		t.Error("registered without Expect")
	}
	if err := w.registry.Expect("/bin/sh", id("content")); err != nil {
		t.Fatal(err)
	}
	if err := w.registry.Started(stranger.Process.Pid, id("content")); err == nil {
		t.Error("registered with another executable")
	}
	if got := stranger.line(t, "error"); got != "error PermissionDenied" {
		t.Error(got)
	}
	// It goes on asking, and is answered once it is known.
	if err := w.registry.Expect(self(t), id("content")); err != nil {
		t.Fatal(err)
	}
	if err := w.registry.Started(stranger.Process.Pid, id("content")); err != nil {
		t.Fatal(err)
	}
	stranger.line(t, "svid spiffe://hygia.local/content")
}

func TestFreshCertificatesAtHalfLife(t *testing.T) {
	w := newWorld(t, time.Second)
	c := w.begin(t, "watch", "content")
	seen := map[string]bool{}
	begin := time.Now()
	for range 4 {
		seen[c.line(t, "svid")] = true
	}
	if took := time.Since(begin); len(seen) != 4 || took < 1400*time.Millisecond || took > 6*time.Second {
		t.Errorf("%d certificates in %v, want 4 in about 1.5 s", len(seen), took)
	}
}

func TestExitedTakesTheIdentityBack(t *testing.T) {
	w := newWorld(t, time.Hour)
	c := w.begin(t, "watch", "content")
	c.line(t, "svid")
	w.registry.Exited(c.Process.Pid)
	if got := c.line(t, "error"); got != "error PermissionDenied" {
		t.Error(got)
	}
}

// A process that becomes another program keeps its pid and start time, and
// loses the identity.
func TestAnotherProgramUnderTheSamePid(t *testing.T) {
	w := newWorld(t, time.Hour)
	c := w.begin(t, "exec", "content")
	p := workload.Process{PID: c.Process.Pid, UID: os.Getuid()}
	if got, err := w.registry.Attest(p); err != nil || got != id("content") {
		t.Fatalf("%v, %v", got, err)
	}
	if _, err := c.stdin.Write([]byte("\n")); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		if _, err := w.registry.Attest(p); err != nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("another program has the identity")
		}
	}
}

func TestAttestRefuses(t *testing.T) {
	w := newWorld(t, time.Hour)
	c := w.begin(t, "exec", "content")
	if _, err := w.registry.Attest(workload.Process{PID: c.Process.Pid, UID: os.Getuid() + 1}); err == nil {
		t.Error("a process of another user")
	}
	if _, err := w.registry.Attest(workload.Process{}); err == nil {
		t.Error("no process")
	}
	_ = c.Process.Kill()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(2 * time.Millisecond) { // a zombie until Wait
		if _, err := w.registry.Attest(workload.Process{PID: c.Process.Pid, UID: os.Getuid()}); err != nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("a zombie has the identity")
		}
	}
}

// The name of a program may look like the fields that follow it in
// /proc/<pid>/stat.
func TestProgramWithAConfusingName(t *testing.T) {
	w := newWorld(t, time.Hour)
	path := filepath.Join(t.TempDir(), "x) Z 1 (y")
	binary, err := os.ReadFile(self(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, binary, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := w.registry.Expect(path, id("content")); err != nil {
		t.Fatal(err)
	}
	c := start(t, path, "watch", w.server.Addr())
	if err := w.registry.Started(c.Process.Pid, id("content")); err != nil {
		t.Fatal(err)
	}
	c.line(t, "svid")
}

func TestRegistryRefuses(t *testing.T) {
	r := workload.NewRegistry()
	for name, path := range map[string]string{"no file": "/no/such/file", "a folder": t.TempDir()} {
		if err := r.Expect(path, id("content")); err == nil {
			t.Errorf("%s is expected", name)
		}
	}
	if err := r.Expect(self(t), id("content")); err != nil {
		t.Error(err)
	}
	if err := r.Started(1<<22+1, id("content")); err == nil {
		t.Error("a pid that no process has is registered")
	}
}

// client talks to the server as this process, which is registered as operator.
func client(t *testing.T, w *world) *workloadapi.Client {
	t.Helper()
	if err := w.registry.Expect(self(t), id("operator")); err != nil {
		t.Fatal(err)
	}
	if err := w.registry.Started(os.Getpid(), id("operator")); err != nil {
		t.Fatal(err)
	}
	c, err := workloadapi.New(t.Context(), workloadapi.WithAddr(w.server.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestBundles(t *testing.T) {
	w := newWorld(t, time.Hour)
	c := client(t, w)
	bundles, err := c.FetchX509Bundles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	svid, err := c.FetchX509SVID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := x509svid.Verify(svid.Certificates, bundles)
	if err != nil || got != id("operator") {
		t.Errorf("%v, %v", got, err)
	}
	if life := time.Until(svid.Certificates[0].NotAfter); life < 59*time.Minute || life > 61*time.Minute {
		t.Errorf("the SVID holds for %v", life)
	}
}

func TestJWTIsUnimplemented(t *testing.T) {
	w := newWorld(t, time.Hour)
	if _, err := client(t, w).FetchJWTSVID(t.Context(), jwtsvid.Params{Audience: "x"}); status.Code(err) != codes.Unimplemented {
		t.Errorf("%v", err)
	}
}

func TestHeaderIsRequired(t *testing.T) {
	w := newWorld(t, time.Hour)
	client(t, w) // so that an identity applies
	conn, err := grpc.NewClient("unix://"+w.config.SocketPath, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	api := workloadv1.NewSpiffeWorkloadAPIClient(conn)
	for name, c := range map[string]struct {
		header []string
		want   codes.Code
	}{
		"none":  {nil, codes.InvalidArgument},
		"false": {[]string{"workload.spiffe.io", "false"}, codes.InvalidArgument},
		"twice": {[]string{"workload.spiffe.io", "true", "workload.spiffe.io", "true"}, codes.InvalidArgument},
		"true":  {[]string{"workload.spiffe.io", "true"}, codes.OK},
	} {
		ctx, cancel := context.WithTimeout(metadata.NewOutgoingContext(t.Context(), metadata.Pairs(c.header...)), 10*time.Second)
		defer cancel()
		stream, err := api.FetchX509SVID(ctx, &workloadv1.X509SVIDRequest{})
		if err == nil {
			_, err = stream.Recv()
		}
		if status.Code(err) != c.want {
			t.Errorf("%s: stream: %v, want %v", name, err, c.want)
		}
		if c.want == codes.OK {
			continue
		}
		if _, err := api.FetchJWTSVID(ctx, &workloadv1.JWTSVIDRequest{}); status.Code(err) != c.want {
			t.Errorf("%s: unary: %v, want %v", name, err, c.want)
		}
	}
}

func TestFilesAreTheUsersAlone(t *testing.T) {
	w := newWorld(t, time.Hour)
	for path, want := range map[string]fs.FileMode{
		w.config.SocketPath:                            0o600,
		filepath.Dir(w.config.SocketPath):              0o700,
		w.config.Dir:                                   0o700,
		filepath.Join(w.config.Dir, "authorities.pem"): 0o600,
	} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: mode %v, want %v", path, got, want)
		}
	}
}

// What was signed before a restart is trusted after it, and a client that was
// connected goes on.
func TestRestart(t *testing.T) {
	w := newWorld(t, time.Second)
	c := w.begin(t, "watch", "content")
	c.line(t, "svid")
	before, err := client(t, w).FetchX509SVID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.stop()
	c.line(t, "error Unavailable")
	w.run(t)
	c.line(t, "svid")
	bundles, err := client(t, w).FetchX509Bundles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := x509svid.Verify(before.Certificates, bundles, x509svid.WithTime(before.Certificates[0].NotBefore)); err != nil {
		t.Errorf("an SVID from before the restart: %v", err)
	}
}

func TestSocket(t *testing.T) {
	w := newWorld(t, time.Hour)
	serve := func(change func(*workload.Config)) error {
		config := w.config
		change(&config)
		server, err := workload.New(config)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		return server.Serve(ctx)
	}
	dir := filepath.Dir(w.config.SocketPath)
	if err := serve(func(*workload.Config) {}); err == nil {
		t.Error("two servers on one socket")
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := serve(func(c *workload.Config) { c.SocketPath = file }); err == nil {
		t.Error("a file was replaced by a socket")
	}
	if err := serve(func(c *workload.Config) { c.SocketPath = filepath.Join(dir, strings.Repeat("x", 110)) }); err == nil || !strings.Contains(err.Error(), "shorter") {
		t.Errorf("a long path: %v", err)
	}
	open := filepath.Join(dir, "open")
	if err := os.Mkdir(open, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := serve(func(c *workload.Config) { c.SocketPath = filepath.Join(open, "s") }); err == nil {
		t.Error("a folder that is open to others was taken")
	}
	stale := filepath.Join(dir, "stale")
	lis, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	lis.SetUnlinkOnClose(false)
	if err := lis.Close(); err != nil {
		t.Fatal(err)
	}
	if err := serve(func(c *workload.Config) { c.SocketPath = stale }); err != nil {
		t.Errorf("a socket that a killed server left: %v", err)
	}
}

func TestConfig(t *testing.T) {
	good := workload.Config{
		SocketPath: "s", TrustDomain: "hygia.local", Dir: t.TempDir(), Clock: time.Now,
		Attestor: workload.NewRegistry(), Logger: slog.New(slog.DiscardHandler),
	}
	if _, err := workload.New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*workload.Config){
		"no socket":        func(c *workload.Config) { c.SocketPath = "" },
		"no folder":        func(c *workload.Config) { c.Dir = "" },
		"no clock":         func(c *workload.Config) { c.Clock = nil },
		"no attestor":      func(c *workload.Config) { c.Attestor = nil },
		"no logger":        func(c *workload.Config) { c.Logger = nil },
		"trust domain":     func(c *workload.Config) { c.TrustDomain = "Not A Domain" },
		"short life":       func(c *workload.Config) { c.TTL = time.Millisecond },
		"long life":        func(c *workload.Config) { c.TTL = 48 * time.Hour },
		"short authority":  func(c *workload.Config) { c.AuthorityTTL = 2 * time.Hour },
		"another's folder": func(c *workload.Config) { c.TrustDomain = "elsewhere.example" },
	} {
		config := good
		spoil(&config)
		if _, err := workload.New(config); err == nil {
			t.Errorf("%s: a server", name)
		}
	}
}

// service starts a service in another process and returns a client to it, and
// the identity that the client acts with.
func service(t *testing.T, w *world) (*child, grpc_health_v1.HealthClient, *identity.Source) {
	t.Helper()
	client(t, w)
	c := w.begin(t, "serve", "content")
	addr := strings.TrimPrefix(c.line(t, "addr"), "addr ")
	api, err := identity.WorkloadAPI(w.server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	operator, err := identity.Open(t.Context(), identity.Options{Watch: api, Clock: time.Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = operator.Close() })
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(operator.ClientCredentials(id("content"))))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return c, grpc_health_v1.NewHealthClient(conn), operator
}

func check(t *testing.T, c grpc_health_v1.HealthClient) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, err := c.Check(ctx, &grpc_health_v1.HealthCheckRequest{})
	return err
}

// Invariant 11 with real processes: calls to a service in another process go on
// across rotations of both certificates.
func TestInvariant11RotationAcrossProcesses(t *testing.T) {
	_, content, operator := service(t, newWorld(t, 2*time.Second))
	for operator.Status().Rotations < 4 {
		if err := check(t, content); err != nil {
			t.Fatalf("after %d rotations: %v", operator.Status().Rotations, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Invariant 11 with real processes: when a service's registration ends, the open
// stream to it is cut and no call gets through, long before its certificate
// expires.
func TestInvariant11RevocationAcrossProcesses(t *testing.T) {
	w := newWorld(t, time.Hour)
	c, content, _ := service(t, w)
	stream, err := content.Watch(t.Context(), &grpc_health_v1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	w.registry.Exited(c.Process.Pid)
	begin := time.Now()
	if _, err := stream.Recv(); err == nil {
		t.Error("the stream got a message instead of its end")
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("cut after %v", took)
	}
	if err := check(t, content); status.Code(err) != codes.Unavailable {
		t.Errorf("a call to a service without an identity: %v", err)
	}
}
