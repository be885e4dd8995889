package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
	"google.golang.org/grpc"

	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	"github.com/hygia-suite/hygia/pkg/identity"
	"github.com/hygia-suite/hygia/pkg/identity/workload"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/service"
	"github.com/hygia-suite/hygia/pkg/telemetry"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	"github.com/hygia-suite/hygia/services/audit/internal/app"
)

// childEnv makes this test binary the audit service, so that a test can kill it.
const childEnv = "HYGIA_TEST_AUDIT_SERVICE"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(service.Main("audit", app.Run))
	}
	os.Exit(m.Run())
}

// suite is one machine: a Workload API, a socket that outlives the service, and
// the service's folder.
type suite struct {
	dir      string
	registry *workload.Registry
	socket   string
	listener *net.TCPListener
	client   auditv1.AuditServiceClient
}

func newSuite(t *testing.T) *suite {
	t.Helper()
	// A unix socket's path has some hundred bytes; a test's folder may have more.
	run, err := os.MkdirTemp("", "hygia")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(run); err != nil {
			t.Error(err)
		}
	})
	s := &suite{dir: t.TempDir(), registry: workload.NewRegistry(), socket: filepath.Join(run, "spiffe.sock")}
	api, err := workload.New(workload.Config{
		SocketPath: s.socket, TrustDomain: "hygia.test", Dir: filepath.Join(run, "ca"),
		Clock: time.Now, Attestor: s.registry, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- api.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lis.Close(); err != nil {
			t.Error(err)
		}
	})
	s.listener = lis.(*net.TCPListener)
	s.connect(t)
	return s
}

// id is an identity that this executable may have.
func (s *suite) id(t *testing.T, name string) spiffeid.ID {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	id := spiffeid.RequireFromString("spiffe://hygia.test/" + name)
	if err := s.registry.Expect(self, id); err != nil {
		t.Fatal(err)
	}
	return id
}

// connect makes this process the content service.
func (s *suite) connect(t *testing.T) {
	t.Helper()
	if err := s.registry.Started(os.Getpid(), s.id(t, rpc.Content)); err != nil {
		t.Fatal(err)
	}
	watch, err := identity.WorkloadAPI("unix://" + s.socket)
	if err != nil {
		t.Fatal(err)
	}
	source, err := identity.Open(t.Context(), identity.Options{Watch: watch, Clock: time.Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	tel, err := telemetry.New(t.Context(), telemetry.Options{Service: "content", LogOutput: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := rpc.Dial(t.Context(), rpc.ClientOptions{
		Target: s.listener.Addr().String(), Service: rpc.Audit, Identity: source, Telemetry: tel,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(conn.Close(), source.Close()); err != nil {
			t.Error(err)
		}
	})
	s.client = auditv1.NewAuditServiceClient(conn)
}

// child is a running audit service.
type child struct {
	*exec.Cmd
	suite  *suite
	output *bytes.Buffer
}

func (s *suite) start(t *testing.T) *child {
	t.Helper()
	config := filepath.Join(s.dir, "config.yaml")
	text := fmt.Sprintf("listen: fd:3\ndata_dir: %s\ntrust_domain: hygia.test\naccounts: 127.0.0.1:1\ncheckpoint_millis: 100\n",
		filepath.Join(s.dir, "data"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	socket, err := s.listener.File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	id := s.id(t, rpc.Audit)
	c := &child{Cmd: exec.Command(self, "-config", config), suite: s, output: &bytes.Buffer{}}
	c.Env = append(os.Environ(), childEnv+"=1", workloadapi.SocketEnv+"=unix://"+s.socket)
	c.ExtraFiles, c.Stderr = []*os.File{socket}, c.output
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if err := s.registry.Started(c.Process.Pid, id); err != nil {
		t.Fatal(err)
	}
	return c
}

// end sends a signal and waits for the process.
func (c *child) end(t *testing.T, signal syscall.Signal) error {
	t.Helper()
	if err := c.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	err := c.Wait()
	c.suite.registry.Exited(c.Process.Pid)
	return err
}

// ledger is what writers were told.
type ledger struct {
	mu      sync.Mutex
	told    map[string]uint64
	pending []*auditv1.Event // sent and not answered: to be sent again
}

// write appends until ctx ends: at first what got no answer before.
func (l *ledger) write(ctx context.Context, client auditv1.AuditServiceClient, random *rand.Rand) error {
	for ctx.Err() == nil {
		batch := l.take(random.IntN(4))
		for range 1 + random.IntN(3) {
			batch = append(batch, audittest.Event())
		}
		got, err := client.Append(ctx, &auditv1.AppendRequest{Events: batch})
		if err := l.note(batch, got.GetIndexes(), err); err != nil {
			return err
		}
	}
	return nil
}

func (l *ledger) take(n int) []*auditv1.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	n = min(n, len(l.pending))
	batch := slices.Clone(l.pending[:n])
	l.pending = l.pending[n:]
	return batch
}

func (l *ledger) note(batch []*auditv1.Event, places []uint64, err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.pending = append(l.pending, batch...)
		return nil
	}
	for i, event := range batch {
		if place, ok := l.told[event.GetId()]; ok && place != places[i] {
			return fmt.Errorf("one event was said to be at %d and at %d", place, places[i])
		}
		l.told[event.GetId()] = places[i]
	}
	return nil
}

// The service is killed in the middle of work, again and again. What it
// acknowledged is in the log exactly once, where it said, and no published tree
// is taken back.
func TestInvariant12AcknowledgedEventsSurviveKills(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	s := newSuite(t)
	l := &ledger{told: make(map[string]uint64)}
	var published [][]byte
	for round := range 6 {
		c := s.start(t)
		random := rand.New(rand.NewPCG(seed, uint64(round)))
		ctx, cancel := context.WithCancel(t.Context())
		before := len(l.told)
		var writers sync.WaitGroup
		for i := range 8 {
			own := rand.New(rand.NewPCG(seed, uint64(100*round+i)))
			writers.Go(func() {
				if err := l.write(ctx, s.client, own); err != nil {
					t.Error(err)
				}
			})
		}
		l.await(t, before+20)
		time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond) // any instant will do
		if err := c.end(t, syscall.SIGKILL); err == nil {
			t.Fatal("the service ended well though it was killed")
		}
		cancel()
		writers.Wait()
		if note, err := os.ReadFile(filepath.Join(s.dir, "data", "log", "checkpoint")); err == nil {
			published = append(published, note)
		}
	}
	c := s.start(t)
	for batch := l.take(50); len(batch) > 0; batch = l.take(50) {
		// The connection may not have tried again yet since the last kill.
		got, err := s.client.Append(t.Context(), &auditv1.AppendRequest{Events: batch}, grpc.WaitForReady(true))
		if err != nil {
			t.Fatal(err)
		}
		if err := l.note(batch, got.GetIndexes(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.end(t, syscall.SIGTERM); err != nil {
		t.Errorf("the service did not drain well: %v\n%s", err, c.output)
	}
	log := readLog(t, filepath.Join(s.dir, "data"))
	log.holdsExactly(t, l.told)
	for _, note := range published {
		log.extends(t, note)
	}
	t.Logf("%d events acknowledged over 7 processes, %d in the log, %d checkpoints compared", len(l.told), len(log.leaves), len(published))
}

// await waits until so many events were acknowledged.
func (l *ledger) await(t *testing.T, n int) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		l.mu.Lock()
		told := len(l.told)
		l.mu.Unlock()
		if told >= n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d events acknowledged within 30 s, want %d", told, n)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestTwoServicesDoNotShareALog(t *testing.T) {
	s := newSuite(t)
	first := s.start(t)
	if _, err := s.client.Append(t.Context(), &auditv1.AppendRequest{Events: []*auditv1.Event{audittest.Event()}}); err != nil {
		t.Fatal(err)
	}
	second := s.start(t)
	err := second.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != service.ExitFailed {
		t.Errorf("a second service over the same log: %v, want exit %d", err, service.ExitFailed)
	}
	if !bytes.Contains(second.output.Bytes(), []byte("another process has the log open")) {
		t.Errorf("it says %s", second.output)
	}
	if err := first.end(t, syscall.SIGTERM); err != nil {
		t.Errorf("%v\n%s", err, first.output)
	}
}
