package workload_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"github.com/hygia-suite/hygia/pkg/identity"
	"github.com/hygia-suite/hygia/pkg/identity/workload"
)

// childEnv makes this test's binary act as a workload of the named kind.
const childEnv = "HYGIA_TEST_WORKLOAD"

func TestMain(m *testing.M) {
	kinds := map[string]func(context.Context, io.Writer) error{"watch": watch, "serve": serve, "exec": replaceSelf}
	kind, ok := kinds[os.Getenv(childEnv)]
	if !ok {
		os.Exit(m.Run())
	}
	// The parent waits for lines and kills; a child whose parent is gone ends too.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := kind(ctx, os.Stdout); err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
}

// watch prints a line for everything that go-spiffe's own client is told.
func watch(ctx context.Context, out io.Writer) error {
	return workloadapi.WatchX509Context(ctx, printer{out}, workloadapi.WithBackoffStrategy(soon{}))
}

type soon struct{}

func (soon) NewBackoff() workloadapi.Backoff { return soon{} }
func (soon) Next() time.Duration             { return 20 * time.Millisecond }
func (soon) Reset()                          {}

type printer struct{ out io.Writer }

func (p printer) OnX509ContextUpdate(x *workloadapi.X509Context) {
	svid := x.DefaultSVID()
	fmt.Fprintln(p.out, "svid", svid.ID, svid.Certificates[0].SerialNumber)
}

func (p printer) OnX509ContextWatchError(err error) {
	fmt.Fprintln(p.out, "error", status.Code(err))
}

// serve answers health checks to the operator, as a service of the suite does.
func serve(ctx context.Context, out io.Writer) error {
	api, err := identity.WorkloadAPI(os.Getenv(workloadapi.SocketEnv))
	if err != nil {
		return err
	}
	source, err := identity.Open(ctx, identity.Options{Watch: api, Clock: time.Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	operator, err := source.Service("operator")
	if err != nil {
		return err
	}
	age, grace, err := source.ConnectionAge()
	if err != nil {
		return err
	}
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.Creds(source.ServerCredentials(operator)),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: age, MaxConnectionAgeGrace: grace}))
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	fmt.Fprintln(out, "addr", lis.Addr())
	return server.Serve(lis)
}

// replaceSelf becomes another program under the same pid, after it is told to.
func replaceSelf(context.Context, io.Writer) error {
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		return err
	}
	return syscall.Exec(sleep, []string{"sleep", "60"}, nil)
}

// child is a running workload.
type child struct {
	*exec.Cmd
	stdin io.Writer
	lines chan string
}

// start runs binary as a workload of a kind, until the test ends.
func start(t *testing.T, binary, kind, socket string) *child {
	t.Helper()
	cmd := exec.Command(binary)
	cmd.Env = append(os.Environ(), childEnv+"="+kind, workloadapi.SocketEnv+"="+socket)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{Cmd: cmd, stdin: stdin, lines: make(chan string, 1000)}
	go func() {
		defer close(c.lines)
		for s := bufio.NewScanner(stdout); s.Scan(); {
			c.lines <- s.Text()
		}
	}()
	t.Cleanup(c.kill)
	return c
}

func (c *child) kill() {
	_ = c.Process.Kill()
	_ = c.Wait() // its error is the kill
}

// line waits for the next line that begins with prefix.
func (c *child) line(t *testing.T, prefix string) string {
	t.Helper()
	limit := time.After(10 * time.Second)
	for {
		select {
		case line, ok := <-c.lines:
			if !ok {
				t.Fatalf("the child ended before a line with %q", prefix)
			}
			if len(line) >= len(prefix) && line[:len(prefix)] == prefix {
				return line
			}
		case <-limit:
			t.Fatalf("no line with %q", prefix)
		}
	}
}

// world is a server with its registry.
type world struct {
	config   workload.Config
	registry *workload.Registry
	server   *workload.Server
	stop     func()
}

var trustDomain = spiffeid.RequireTrustDomainFromString("hygia.local")

func id(service string) spiffeid.ID { return spiffeid.RequireFromSegments(trustDomain, service) }

func newWorld(t *testing.T, ttl time.Duration) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "wl") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	w := &world{registry: workload.NewRegistry()}
	w.config = workload.Config{
		SocketPath: dir + "/run/spiffe.sock", TrustDomain: trustDomain.Name(), Dir: dir + "/ca",
		TTL: ttl, Clock: time.Now, Attestor: w.registry, Logger: slog.New(slog.DiscardHandler),
	}
	w.run(t)
	return w
}

// run starts the server and returns once it answers; at a second call, anew on
// what the first one left.
func (w *world) run(t *testing.T) {
	t.Helper()
	server, err := workload.New(w.config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx) }()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		conn, err := net.Dial("unix", w.config.SocketPath)
		if err == nil {
			conn.Close()
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	w.server = server
	w.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
		ended <- nil
	}
	t.Cleanup(func() { w.stop() })
}

// self is this test's own binary, which plays every workload.
func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// begin starts a workload and registers it.
func (w *world) begin(t *testing.T, kind, service string) *child {
	t.Helper()
	if err := w.registry.Expect(self(t), id(service)); err != nil {
		t.Fatal(err)
	}
	c := start(t, self(t), kind, w.server.Addr())
	if err := w.registry.Started(c.Process.Pid, id(service)); err != nil {
		t.Fatal(err)
	}
	return c
}
