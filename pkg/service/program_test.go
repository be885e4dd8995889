package service_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/hygia-suite/hygia/pkg/identity/workload"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/service"
)

// workloadAPI gives this process the identity of a service, and returns the
// socket's address.
func workloadAPI(t *testing.T, name string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "svc") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	registry := workload.NewRegistry()
	if name != "" {
		id := spiffeid.RequireFromPath(spiffeid.RequireTrustDomainFromString("hygia.local"), "/"+name)
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(registry.Expect(self, id), registry.Started(os.Getpid(), id)); err != nil {
			t.Fatal(err)
		}
	}
	server, err := workload.New(workload.Config{
		SocketPath: dir + "/run/s", TrustDomain: "hygia.local", Dir: dir + "/ca",
		Clock: time.Now, Attestor: registry, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- server.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return server.Addr()
}

// run is one run of a service.
type run struct {
	program service.Program[own, *own]
	signals chan os.Signal
	stdout  bytes.Buffer
	stderr  lockedBuffer
	code    chan int
}

// lockedBuffer takes lines from several goroutines.
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

func newRun(t *testing.T, socket, config string, f func(context.Context, *service.Env[own]) error) *run {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(path, []byte("data_dir: "+dir+"/data\n"+config), 0o600); err != nil {
		t.Fatal(err)
	}
	r := &run{signals: make(chan os.Signal, 2), code: make(chan int, 1)}
	r.program = service.Program[own, *own]{
		Name: "content", Version: "0.1.0", Run: f, Args: []string{"-config", path},
		Stdout: &r.stdout, Stderr: &r.stderr, Signals: r.signals,
		LookupEnv: func(key string) (string, bool) { return socket, key == "SPIFFE_ENDPOINT_SOCKET" && socket != "" },
		Clock:     time.Now, IdentityTimeout: 10 * time.Second, DrainTimeout: 100 * time.Millisecond,
	}
	return r
}

func (r *run) start(t *testing.T) { go func() { r.code <- r.program.Execute(t.Context()) }() }

// ends waits for the exit code and checks what was written.
func (r *run) ends(t *testing.T, code int, want ...string) {
	t.Helper()
	select {
	case got := <-r.code:
		if got != code {
			t.Errorf("exit code %d, want %d\n%s", got, code, r.stderr.String())
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("still running\n%s", r.stderr.String())
	}
	for _, text := range want {
		if !strings.Contains(r.stderr.String()+r.stdout.String(), text) {
			t.Errorf("no %q in:\n%s%s", text, r.stderr.String(), r.stdout.String())
		}
	}
}

func TestServiceRunsAndDrains(t *testing.T) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lis.Close() }()
	f, err := lis.(*net.TCPListener).File() // as a supervisor passes it on
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	metricsAddr := metrics.Addr().String()
	_ = metrics.Close()

	ready := make(chan *service.Env[own])
	r := newRun(t, workloadAPI(t, "content"), fmt.Sprintf(
		"listen: fd:%d\nmetrics: %s\nfolder: p\naccounts: 127.0.0.1:1\naudit: 127.0.0.1:1\n", dupFD(t, f), metricsAddr),
		func(ctx context.Context, env *service.Env[own]) error {
			server, err := rpc.NewServer(env.ServerOptions(rpc.Policy{}))
			if err != nil {
				return err
			}
			ready <- env
			return server.Serve(ctx, env.Listener)
		})
	r.start(t)
	var env *service.Env[own]
	select {
	case env = <-ready:
	case code := <-r.code:
		t.Fatalf("exit code %d\n%s", code, r.stderr.String())
	}
	if env.Listener.Addr().String() != lis.Addr().String() || env.Config.Folder != "p" || env.Name != "content" {
		t.Errorf("%+v", env)
	}
	if id, err := env.Identity.ID(); err != nil || id.String() != "spiffe://hygia.local/content" {
		t.Errorf("%v, %v", id, err)
	}
	if id := uuid.MustParse(env.IDs()); id.Version() != 7 {
		t.Errorf("id of version %d", id.Version())
	}
	if env.Verifier == nil || env.AuditLog == nil {
		t.Error("no verifier or audit log")
	}
	a, errA := env.Dial(t.Context(), "audit")
	b, errB := env.Dial(t.Context(), "audit")
	if a != b || errA != nil || errB != nil {
		t.Errorf("two connections to one service: %v, %v", errA, errB)
	}
	for _, none := range []string{"validation", "nobody"} {
		if _, err := env.Dial(t.Context(), none); err == nil {
			t.Errorf("dialled %s, which has no address", none)
		}
	}
	if body := get(t, "http://"+metricsAddr+"/metrics", 200); !strings.Contains(body, "hygia_identity_up 1") || !strings.Contains(body, "hygia_identity_expire_time_seconds 1") {
		t.Error(body)
	}
	get(t, "http://"+metricsAddr+"/debug/pprof/", 404)
	if info, err := os.Stat(env.Config.DataDir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
	r.signals <- syscall.SIGTERM
	r.ends(t, service.ExitOK, `"msg":"service starts"`, `"msg":"service ends"`)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := grpc_health_v1.NewHealthClient(a).Check(ctx, &grpc_health_v1.HealthCheckRequest{}); err == nil {
		t.Error("a connection outlived the service")
	}
}

// dupFD returns a descriptor that the service may close.
func dupFD(t *testing.T, f *os.File) int {
	t.Helper()
	fd, err := syscall.Dup(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	return fd
}

func get(t *testing.T, url string, code int) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != code {
		t.Errorf("%s: %d, %v", url, response.StatusCode, err)
	}
	return string(body)
}

const free = "listen: 127.0.0.1:0\n"

func never(context.Context, *service.Env[own]) error {
	return errors.New("the service ran")
}

func TestExitCodes(t *testing.T) {
	content, stranger := workloadAPI(t, "content"), workloadAPI(t, "")
	audit := workloadAPI(t, "audit")
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = busy.Close() })
	for name, c := range map[string]struct {
		socket, config string
		run            func(context.Context, *service.Env[own]) error
		args           []string
		code           int
		want           string
	}{
		"help":             {args: []string{"-help"}, code: 0, want: "usage: content -config FILE.yaml"},
		"version":          {args: []string{"-version"}, code: 0, want: "content 0.1.0"},
		"unknown flag":     {args: []string{"-x"}, code: 2, want: "-x"},
		"argument":         {args: []string{"x"}, code: 2, want: `"x"`},
		"no configuration": {args: []string{"-config", ""}, code: 2, want: "-config FILE.yaml is required"},
		"no such file":     {args: []string{"-config", "/no/such"}, code: 2, want: "/no/such"},
		"bad file":         {config: "listen: x", code: 2, want: "config.yaml: listen"},
		"no socket":        {config: free, code: 2, want: "start the suite with `hygia up`"},
		"bad socket":       {socket: "spiffe.sock", config: free, code: 2, want: "SPIFFE_ENDPOINT_SOCKET"},
		"refused":          {socket: stranger, config: free, code: 2, want: "no identity issued"},
		"nobody answers":   {socket: "unix:///no/such.sock", config: free, code: 2, want: "/no/such.sock"},
		"another service":  {socket: audit, config: free, code: 2, want: "this is the content service"},
		"trust domain":     {socket: content, config: free + "trust_domain: example.org", code: 2, want: "trust_domain"},
		"port in use":      {socket: content, config: "listen: " + busy.Addr().String(), code: 2, want: "address already in use"},
		"no descriptor":    {socket: content, config: "listen: fd:999", code: 2, want: "fd:999"},
		"metrics in use":   {socket: content, config: free + "metrics: " + busy.Addr().String(), code: 2, want: "metrics"},
		"failure":          {socket: content, config: free, run: never, code: 1, want: "content: the service ran"},
		"ends by itself":   {socket: content, config: free, run: func(context.Context, *service.Env[own]) error { return nil }, code: 1, want: "without being asked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.run == nil {
				c.run = never
			}
			r := newRun(t, c.socket, c.config, c.run)
			r.program.IdentityTimeout = 500 * time.Millisecond
			if c.args != nil {
				r.program.Args = c.args
			}
			r.start(t)
			r.ends(t, c.code, c.want)
			if c.code == 2 && strings.Contains(r.stderr.String(), "the service ran") {
				t.Error("the service ran")
			}
		})
	}
}

func TestSignals(t *testing.T) {
	socket := workloadAPI(t, "content")
	hang := func(started chan struct{}) func(context.Context, *service.Env[own]) error {
		return func(context.Context, *service.Env[own]) error {
			close(started)
			select {} // a call that never ends
		}
	}
	t.Run("second signal", func(t *testing.T) {
		started := make(chan struct{})
		r := newRun(t, socket, free, hang(started))
		r.start(t)
		<-started
		r.signals <- os.Interrupt
		r.signals <- os.Interrupt
		r.ends(t, service.ExitAborted, "second signal")
	})
	t.Run("drain takes too long", func(t *testing.T) {
		started := make(chan struct{})
		r := newRun(t, socket, free, hang(started))
		r.start(t)
		<-started
		r.signals <- os.Interrupt
		r.ends(t, service.ExitFailed, "did not stop within 100ms")
	})
	t.Run("while it waits for its identity", func(t *testing.T) {
		r := newRun(t, "unix:///no/such.sock", free, never)
		r.signals <- os.Interrupt
		r.start(t)
		r.ends(t, service.ExitOK)
	})
}

func TestSpareProcessor(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	all := runtime.NumCPU()
	for _, c := range []struct {
		set                string
		uses, places, cpus int
	}{
		{"", all, all + 1, all},
		{"", 1, 2, 1}, // a container that may use one of the machine's
		{"7", 7, 7, min(7, all)},
	} {
		runtime.GOMAXPROCS(c.uses)
		t.Setenv("GOMAXPROCS", c.set)
		if cpus := service.SpareProcessor(); runtime.GOMAXPROCS(0) != c.places || cpus != c.cpus {
			t.Errorf("%+v: %d places for %d CPUs", c, runtime.GOMAXPROCS(0), cpus)
		}
	}
}
