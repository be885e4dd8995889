package supervise_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/tools/hygia/internal/supervise"

	statusv1 "github.com/hygia-suite/hygia/proto/gen/hygia/status/v1"
)

// world is a folder with programs for every service, and what a suite told.
type world struct {
	t        *testing.T
	binaries string
	folder   *supervise.Folder

	mu     sync.Mutex
	events []supervise.Event
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, binaries: t.TempDir()}
	linkPrograms(t, w.binaries)
	var err error
	if w.folder, err = supervise.OpenFolder(filepath.Join(t.TempDir(), "suite"), false); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.folder.Close() })
	return w
}

func linkPrograms(t *testing.T, folder string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range supervise.Names() {
		if err := os.Symlink(self, filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
}

func (w *world) misbehave(name, how string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.binaries, name+".do"), []byte(how), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) config() supervise.Config {
	c := configOf(w.folder, w.binaries)
	c.Notify = func(e supervise.Event) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.events = append(w.events, e)
	}
	return c
}

func (w *world) start() *supervise.Suite {
	w.t.Helper()
	suite, err := supervise.Start(w.t.Context(), w.config())
	if err != nil {
		w.t.Fatal(err)
	}
	return suite
}

// order gives the services that reached a state, in the order in which they did.
func (w *world) order(state supervise.State) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var names []string
	for _, e := range w.events {
		if e.State == state {
			names = append(names, e.Service)
		}
	}
	return names
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

// eventually waits for a condition that another process brings about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 s: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestStartRestartStop(t *testing.T) {
	w := newWorld(t)
	suite := w.start()
	pids := map[string]int{}
	for _, name := range supervise.Names() {
		pids[name] = suite.PID(name)
		if pids[name] == 0 || !slices.Contains(w.order(supervise.Ready), name) {
			t.Errorf("%s does not run, or was not told to be ready", name)
		}
	}
	address := suite.Address(supervise.Content)
	if err := syscall.Kill(pids[supervise.Content], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "content runs again", func() bool {
		pid := suite.PID(supervise.Content)
		return pid != 0 && pid != pids[supervise.Content]
	})
	pids["content again"] = suite.PID(supervise.Content)
	conn, err := suite.Dial(t.Context(), supervise.Content)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	eventually(t, "content answers", func() bool {
		answer, err := statusv1.NewStatusServiceClient(conn).GetStatus(t.Context(), &statusv1.GetStatusRequest{})
		return err == nil && answer.SpiffeId == "spiffe://hygia.local/content"
	})
	if suite.Address(supervise.Content) != address {
		t.Error("the address changed with the restart")
	}
	metrics, err := http.Get("http://" + suite.MetricsAddress(supervise.Audit) + "/metrics")
	if err != nil || metrics.StatusCode != http.StatusOK {
		t.Errorf("metrics: %v, %v", metrics, err)
	} else {
		metrics.Body.Close()
	}
	if err := suite.Stop(); err != nil {
		t.Error(err)
	}
	for name, pid := range pids {
		if alive(pid) {
			t.Errorf("%s outlived the suite", name)
		}
	}
	order := w.order(supervise.Stopped)
	if len(order) != 6 || order[0] != supervise.Gateway || order[4] != supervise.Accounts || order[5] != supervise.Audit {
		t.Errorf("stopped in the order %v", order)
	}
}

func TestFolderIsOneSuites(t *testing.T) {
	w := newWorld(t)
	_, err := supervise.OpenFolder(w.folder.Path(), false)
	if !errors.Is(err, supervise.ErrInUse) || !strings.Contains(err.Error(), fmt.Sprintf("pid %d", os.Getpid())) {
		t.Errorf("got %v", err)
	}
}

func TestTwoSuitesSideBySide(t *testing.T) {
	one, two := newWorld(t), newWorld(t)
	first, second := one.start(), two.start()
	if first.URL() == second.URL() {
		t.Error("both are at ", first.URL())
	}
	if err := errors.Join(first.Stop(), second.Stop()); err != nil {
		t.Error(err)
	}
}

func TestBusyPort(t *testing.T) {
	w := newWorld(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	port := taken.Addr().(*net.TCPAddr).Port
	for service, option := range map[string]string{supervise.Gateway: "--http-port", supervise.Audit: "--audit-port"} {
		c := w.config()
		c.Ports = map[string]supervise.Ports{service: {Serve: port}}
		_, err := supervise.Start(t.Context(), c)
		var busy *supervise.BusyError
		if !errors.As(err, &busy) || busy.Option != option || !strings.Contains(err.Error(), option+"=0") {
			t.Errorf("%s: got %v", service, err)
		}
	}
}

func TestMissingProgram(t *testing.T) {
	w := newWorld(t)
	if err := os.Remove(filepath.Join(w.binaries, supervise.Validation)); err != nil {
		t.Fatal(err)
	}
	if _, err := supervise.Start(t.Context(), w.config()); err == nil || !strings.Contains(err.Error(), "validation is not at") {
		t.Errorf("got %v", err)
	}
}

func TestServiceThatCannotRun(t *testing.T) {
	w := newWorld(t)
	w.misbehave(supervise.Validation, "refuse")
	_, err := supervise.Start(t.Context(), w.config())
	if !errors.Is(err, supervise.ErrGaveUp) || !strings.Contains(err.Error(), "the setting x is wrong") {
		t.Errorf("got %v", err)
	}
}

func TestServiceThatKeepsCrashing(t *testing.T) {
	w := newWorld(t)
	suite := w.start()
	w.misbehave(supervise.Validation, "crash")
	if err := syscall.Kill(suite.PID(supervise.Validation), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-suite.Failed():
		if !errors.Is(err, supervise.ErrGaveUp) || !strings.Contains(err.Error(), "out of luck") {
			t.Errorf("got %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Error("it was never given up")
	}
	if n := len(w.order(supervise.Restarting)); n != 5 {
		t.Errorf("it was started again %d times, want 5", n)
	}
	if suite.PID(supervise.Content) == 0 {
		t.Error("another service went with it")
	}
	if err := suite.Stop(); err != nil {
		t.Error(err)
	}
}

func TestCancelledStartLeavesNothing(t *testing.T) {
	w := newWorld(t)
	w.misbehave(supervise.Accounts, "hang")
	ctx, cancel := context.WithCancel(t.Context())
	c := w.config()
	tell := c.Notify
	c.Notify = func(e supervise.Event) {
		tell(e)
		if e.State == supervise.Ready && e.Service == supervise.Gateway {
			cancel()
		}
	}
	if _, err := supervise.Start(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if n := len(w.order(supervise.Stopped)); n != 6 {
		t.Errorf("%d services were stopped", n)
	}
}

// Whatever ends the supervisor, SIGKILL included, ends the services.
func TestServicesDieWithTheSupervisor(t *testing.T) {
	dir := t.TempDir()
	linkPrograms(t, dir)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "SUPERVISOR_TO_KILL="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pids []int
	for lines := bufio.NewScanner(out); len(pids) < 6 && lines.Scan(); {
		var pid int
		if _, err := fmt.Sscan(lines.Text(), &pid); err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	if len(pids) != 6 {
		t.Fatalf("got the pids %v", pids)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	eventually(t, "all services are gone", func() bool { return !slices.ContainsFunc(pids, running) })
	// And the folder can be had again, with what is in it.
	folder, err := supervise.OpenFolder(filepath.Join(dir, "suite"), false)
	if err != nil {
		t.Fatal(err)
	}
	suite, err := supervise.Start(t.Context(), configOf(folder, dir))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(suite.Stop(), folder.Close()); err != nil {
		t.Error(err)
	}
}

// running tells whether a process runs; a zombie that nobody has reaped does not.
func running(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(text), ") Z ")
}

func TestKillDoesNotWait(t *testing.T) {
	w := newWorld(t)
	suite := w.start()
	w.misbehave(supervise.Content, "hang")
	old := suite.PID(supervise.Content)
	if err := syscall.Kill(old, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "content hangs", func() bool { pid := suite.PID(supervise.Content); return pid != 0 && pid != old })
	suite.Kill()
	begin := time.Now()
	if err := suite.Stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}
