package supervise

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/thejerf/suture/v4"
)

// exitConfig is the exit code with which a service says that starting it again
// changes nothing (pkg/service.ExitConfig).
const exitConfig = 2

// grace is how long a service has to drain before it is killed.
const grace = 15 * time.Second

// registry is the part of the Workload API that learns which processes are ours.
type registry interface {
	Expect(path string, id spiffeid.ID) error
	Started(pid int, id spiffeid.ID) error
	Exited(pid int)
}

// child runs one service's process, again where it ends unasked. It is a
// suture.Service; Serve is not called concurrently.
type child struct {
	service  service
	id       spiffeid.ID
	binary   string
	config   string
	env      []string
	files    []*os.File
	log      *logFile
	registry registry
	notify   func(Event)
	clock    func() time.Time
	logger   *slog.Logger
	// gaveUp is told why, once.
	gaveUp func(error)

	restarts restarts
	// kill, once closed, ends the process without a drain.
	kill <-chan struct{}

	mu  sync.Mutex
	pid int
}

func (c *child) String() string { return c.service.name }

// Serve runs one process until it ends or ctx does.
func (c *child) Serve(ctx context.Context) error {
	pause, ok := c.restarts.next(c.clock())
	if !ok {
		return c.surrender(fmt.Errorf("%s failed %d times within %v", c.service.name, maxRestarts+1, restartWindow))
	}
	if pause > 0 {
		c.notify(Event{Service: c.service.name, State: Restarting})
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := c.run(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) && err != nil {
		return c.surrender(err)
	}
	if exit != nil && exit.ExitCode() == exitConfig {
		return c.surrender(fmt.Errorf("%s cannot run as it is configured", c.service.name))
	}
	return fmt.Errorf("%s ended: %w", c.service.name, errors.Join(err, errEnded))
}

var errEnded = errors.New("unasked")

// surrender ends the service for good and tells the suite, with what the service
// said last.
func (c *child) surrender(err error) error {
	c.gaveUp(fmt.Errorf("%w; its log, %s, ends with:\n%s", err, c.log.path, c.log.tail(5)))
	return suture.ErrDoNotRestart
}

// run starts the process and waits for its end. The calling thread is locked
// for as long: the kernel ties the parent-death signal to the thread that forked.
func (c *child) run(ctx context.Context) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := c.registry.Expect(c.binary, c.id); err != nil {
		return fmt.Errorf("%s: %w", c.service.name, err)
	}
	// Not bound to ctx, which would kill it: c.end drains it first.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), c.binary, "-config", c.config) //nolint:gosec // the services' own programs
	cmd.Env, cmd.ExtraFiles = c.env, c.files
	cmd.Stdout, cmd.Stderr = c.log, c.log
	cmd.SysProcAttr = processAttributes()
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", c.service.name, err)
	}
	c.setPID(cmd.Process.Pid)
	defer c.setPID(0)
	if err := c.registry.Started(cmd.Process.Pid, c.id); err != nil {
		return errors.Join(fmt.Errorf("%s: %w", c.service.name, err), cmd.Process.Kill(), cmd.Wait())
	}
	c.logger.Info("process started", "spiffe_id", c.id.String(), "pid", cmd.Process.Pid)
	ended := make(chan struct{})
	go c.end(ctx, cmd.Process, ended)
	err := cmd.Wait()
	close(ended)
	c.registry.Exited(cmd.Process.Pid)
	c.logger.Info("process ended", "spiffe_id", c.id.String(), "pid", cmd.Process.Pid,
		"exit_code", cmd.ProcessState.ExitCode(), "ok", ctx.Err() != nil)
	return err
}

// end asks the process to drain once ctx is done, and kills it when it takes too
// long or the suite was told to end at once.
func (c *child) end(ctx context.Context, process *os.Process, ended <-chan struct{}) {
	select {
	case <-ended:
		return
	case <-ctx.Done():
	}
	// Signals to a process that has just ended are lost, as they should be.
	_ = process.Signal(syscall.SIGTERM)
	select {
	case <-ended:
	case <-c.kill:
		_ = process.Kill()
	case <-time.After(grace):
		_ = process.Kill()
	}
}

func (c *child) setPID(pid int) {
	c.mu.Lock()
	c.pid = pid
	c.mu.Unlock()
}

// PID gives the running process's id, or 0.
func (c *child) PID() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pid
}
