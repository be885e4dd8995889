package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// suite is a running `hygia up`, and the credentials that it wrote.
type suite struct {
	dir  string
	cmd  *exec.Cmd
	vars map[string]string
	url  string

	mu     sync.Mutex
	events []event
	stderr bytes.Buffer
	ready  chan struct{}
	ended  chan struct{}
	err    error // of the process, once ended
}

// event is a line of `hygia up --json`.
type event struct {
	Event, Service, State, Address, Name, URL string
	Number                                    int
	Result                                    json.RawMessage
}

// start runs a suite in a folder and waits until it is up. The suite ends with
// the test.
func start(t *testing.T, dir string, flags ...string) *suite {
	t.Helper()
	s := &suite{dir: dir, ready: make(chan struct{}), ended: make(chan struct{})}
	args := append([]string{"up", "--json", "--dir", dir, "--http-port", "0"}, flags...)
	s.cmd = exec.Command(filepath.Join(binaries, "hygia"), args...)
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stderr = &s.stderr
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go s.follow(out)
	t.Cleanup(func() {
		s.stop(t)
		if t.Failed() {
			s.tell(t)
		}
	})
	select {
	case <-s.ready:
	case <-s.ended:
		t.Fatalf("hygia up ended: %v\n%s", s.err, s.stderr.String())
	case <-time.After(2 * time.Minute):
		t.Fatal("hygia up was not ready within two minutes")
	}
	s.vars = readEnv(t, filepath.Join(dir, "dev.env"))
	s.url = s.vars["HYGIA_URL"]
	return s
}

// follow reads what the suite says until it ends.
func (s *suite) follow(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue
		}
		s.mu.Lock()
		s.events = append(s.events, e)
		s.mu.Unlock()
		if e.Event == "up" {
			close(s.ready)
		}
	}
	s.err = s.cmd.Wait()
	close(s.ended)
}

// said gives the events so far.
func (s *suite) said() []event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]event(nil), s.events...)
}

// stop ends the suite as Ctrl-C does, and wants a clean exit.
func (s *suite) stop(t *testing.T) {
	t.Helper()
	select {
	case <-s.ended:
		return
	default:
	}
	_ = s.cmd.Process.Signal(os.Interrupt)
	select {
	case <-s.ended:
		if s.err != nil {
			t.Errorf("hygia up did not end cleanly: %v\n%s", s.err, s.stderr.String())
		}
	case <-time.After(time.Minute):
		_ = s.cmd.Process.Kill()
		<-s.ended
		t.Error("hygia up did not end within a minute of Ctrl-C")
	}
}

// tell shows the ends of the logs of a test that failed.
func (s *suite) tell(t *testing.T) {
	for _, name := range services {
		text, err := os.ReadFile(filepath.Join(s.dir, "logs", name+".log"))
		if err != nil {
			continue
		}
		t.Logf("%s.log ends with\n%s", name, text[max(0, len(text)-1500):])
	}
}

// pid finds the process of a service of this suite.
func (s *suite) pid(t *testing.T, service string) int {
	t.Helper()
	pids, err := s.children(service)
	if err != nil || len(pids) != 1 {
		t.Fatalf("%s has the processes %v: %v", service, pids, err)
	}
	return pids[0]
}

// children finds the processes that run a service's binary on this suite's folder.
func (s *suite) children(service string) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	want := filepath.Join(s.dir, "run", service+".yaml")
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		line, err := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if err == nil && bytes.Contains(line, []byte(want)) {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// kill ends a service with SIGKILL.
func (s *suite) kill(t *testing.T, service string) {
	t.Helper()
	if err := syscall.Kill(s.pid(t, service), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// cli runs the command line against the suite and gives its exit code.
func (s *suite) cli(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(binaries, "hygia"), args...)
	cmd.Env = os.Environ()
	for name, value := range s.vars {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Dir = t.TempDir()
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("hygia %s: %v", strings.Join(args, " "), err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// readEnv reads the lines `export NAME='VALUE'`.
func readEnv(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	vars := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		if ok {
			vars[name] = strings.Trim(value, "'")
		}
	}
	return vars
}

// eventually tries until there is no error, for a while.
func eventually(t *testing.T, span time.Duration, try func() error) {
	t.Helper()
	end := time.Now().Add(span)
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal(fmt.Errorf("not within %v: %w", span, err))
		}
		time.Sleep(50 * time.Millisecond)
	}
}
