package supervise

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
	"github.com/thejerf/suture/v4"

	"github.com/hygia-suite/hygia/pkg/identity"
	"github.com/hygia-suite/hygia/pkg/identity/workload"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/telemetry"
)

// Config is what a suite is made of. All is required but Traces and Notify.
type Config struct {
	// Folder keeps everything.
	Folder *Folder
	// Binaries is the folder of the services' programs, each named as its service.
	Binaries string
	// Host is the address to listen on, such as "127.0.0.1".
	Host string
	// Ports of each service; one that is not named takes free ports.
	Ports map[string]Ports
	// TrustDomain is the SPIFFE trust domain, such as "hygia.local".
	TrustDomain string
	// Development turns on gRPC reflection in the services.
	Development bool
	// LogLevel of the services: debug, info, warn or error.
	LogLevel string
	// Traces is an OTLP gRPC endpoint, such as "http://127.0.0.1:4317".
	Traces string
	// Version is the suite's, as semver.
	Version string
	// Environment is what services inherit, as "KEY=VALUE". Settings of this
	// process's own identity are replaced.
	Environment []string
	Clock       func() time.Time
	// Notify hears how services fare; it is called from many goroutines, one at a
	// time. It must not block for long.
	Notify func(Event)
}

// State is how a service fares.
type State string

// States of a service.
const (
	Starting   State = "starting"
	Ready      State = "ready"
	Restarting State = "restarting"
	Stopping   State = "stopping"
	Stopped    State = "stopped"
)

// Event is a change in a service's state.
type Event struct {
	Service string
	State   State
	// Address it serves on, once it is ready.
	Address string
	// Took is how long the state took to reach, for Ready and Stopped.
	Took time.Duration
}

// ErrGaveUp says that a service failed too often, or cannot run at all.
var ErrGaveUp = errors.New("gave up")

// Suite is a running suite. It is safe for concurrent use.
type Suite struct {
	config    Config
	sockets   map[string]sockets
	registry  *workload.Registry
	telemetry *telemetry.Telemetry
	log       *logFile
	identity  *identity.Source

	supervisor *suture.Supervisor
	ended      <-chan error
	cancel     context.CancelFunc
	children   []*child
	tokens     map[string]suture.ServiceToken

	kill     chan struct{}
	killOnce sync.Once
	notifyMu sync.Mutex
	failed   chan error
}

// Start starts every service and waits until each answers. When it fails,
// nothing that it started is left.
func Start(ctx context.Context, c Config) (*Suite, error) {
	s := &Suite{
		config: c, registry: workload.NewRegistry(), tokens: map[string]suture.ServiceToken{},
		kill: make(chan struct{}), failed: make(chan error, len(services)),
	}
	var err error
	if s.sockets, err = openSockets(ctx, c.Host, c.Ports); err != nil {
		return nil, err
	}
	if err = s.launch(ctx); err == nil {
		err = s.awaitReady(ctx)
	}
	if err != nil {
		s.Kill()
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// launch brings up the Workload API, then the services.
func (s *Suite) launch(ctx context.Context) error {
	for _, name := range []string{"run", "logs"} {
		if err := os.MkdirAll(s.config.Folder.Path(name), 0o700); err != nil {
			return err
		}
	}
	var err error
	if s.log, err = openLog(s.config.Folder.Path("logs", "up.log"), logBytes); err != nil {
		return err
	}
	s.telemetry, err = telemetry.New(ctx, telemetry.Options{
		Service: rpc.Operator, Version: s.config.Version, LogOutput: s.log, LogLevel: slog.LevelInfo, LogFormat: "json",
	})
	if err != nil {
		return err
	}
	s.supervise(context.WithoutCancel(ctx))
	api, err := s.workloadAPI()
	if err != nil {
		return err
	}
	s.supervisor.Add(named{"workload API", api.Serve})
	if err := s.identify(ctx, api); err != nil {
		return err
	}
	for _, sv := range services {
		if err := s.add(sv, api.Addr()); err != nil {
			return err
		}
	}
	return nil
}

// supervise starts the tree. It ends when Stop says so, not when ctx does: the
// services are drained in order.
func (s *Suite) supervise(ctx context.Context) {
	s.supervisor = suture.New("hygia up", suture.Spec{
		EventHook: s.logEvent,
		// Services pace their own restarts, and are bounded.
		FailureThreshold: 100, FailureBackoff: lastPause,
		Timeout: grace + 5*time.Second,
	})
	ctx, s.cancel = context.WithCancel(ctx)
	s.ended = s.supervisor.ServeBackground(ctx)
}

func (s *Suite) logEvent(e suture.Event) {
	s.telemetry.Logger.Warn("supervisor: " + eventName(e.Type()))
}

func eventName(t suture.EventType) string {
	names := map[suture.EventType]string{
		suture.EventTypeStopTimeout: "a service did not stop in time", suture.EventTypeServicePanic: "a service's keeper panicked",
		suture.EventTypeServiceTerminate: "a service ended", suture.EventTypeBackoff: "restarts are paused", suture.EventTypeResume: "restarts go on",
	}
	return names[t]
}

// named is a function as a suture.Service.
type named struct {
	name  string
	serve func(context.Context) error
}

func (n named) Serve(ctx context.Context) error { return n.serve(ctx) }
func (n named) String() string                  { return n.name }

func (s *Suite) workloadAPI() (*workload.Server, error) {
	socket, err := socketPath(s.config.Folder.Path("run"), "spiffe.sock")
	if err != nil {
		return nil, err
	}
	return workload.New(workload.Config{
		SocketPath: socket, TrustDomain: s.config.TrustDomain, Dir: s.config.Folder.Path("workload"),
		Clock: s.config.Clock, Attestor: s.registry, Logger: s.telemetry.Logger,
	})
}

// identify gives this very process the operator's identity, by the same API that
// the services use.
func (s *Suite) identify(ctx context.Context, api *workload.Server) error {
	id, err := s.spiffeID(rpc.Operator)
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	if err := errors.Join(s.registry.Expect(program, id), s.registry.Started(os.Getpid(), id)); err != nil {
		return err
	}
	watch, err := identity.WorkloadAPI(api.Addr())
	if err != nil {
		return err
	}
	s.identity, err = identity.Open(ctx, identity.Options{Watch: watch, Clock: s.config.Clock, Logger: s.telemetry.Logger})
	return err
}

func (s *Suite) spiffeID(name string) (spiffeid.ID, error) {
	td, err := spiffeid.TrustDomainFromString(s.config.TrustDomain)
	if err != nil {
		return spiffeid.ID{}, fmt.Errorf("trust domain: %w", err)
	}
	return spiffeid.FromSegments(td, name)
}

// add writes a service's configuration and starts it.
func (s *Suite) add(sv service, workloadAPI string) error {
	id, err := s.spiffeID(sv.name)
	if err != nil {
		return err
	}
	binary := filepath.Join(s.config.Binaries, sv.name)
	if _, err := os.Stat(binary); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the program of %s is not at %s: build the services (make build), or name their folder with --bin", sv.name, binary)
	}
	text, err := s.settings(sv)
	if err != nil {
		return err
	}
	config := s.config.Folder.Path("run", sv.name+".yaml")
	if err := WriteFile(config, text, 0o600); err != nil {
		return err
	}
	log, err := openLog(s.config.Folder.Path("logs", sv.name+".log"), logBytes)
	if err != nil {
		return err
	}
	c := &child{
		service: sv, id: id, binary: binary, config: config, log: log, registry: s.registry,
		env:   environment(s.config.Environment, workloadAPI),
		files: []*os.File{s.sockets[sv.name].serve.file, s.sockets[sv.name].metrics.file},
		kill:  s.kill, notify: s.notify,
		gaveUp: func(err error) { s.failed <- fmt.Errorf("%w: %w", ErrGaveUp, err) },
	}
	s.children = append(s.children, c)
	s.notify(Event{Service: sv.name, State: Starting})
	s.tokens[sv.name] = s.supervisor.Add(c)
	return nil
}

// environment is what services inherit, with their own Workload API, and without
// the tokens of people.
func environment(inherited []string, workloadAPI string) []string {
	var env []string
	for _, pair := range inherited {
		if key, _, _ := strings.Cut(pair, "="); key != workloadapi.SocketEnv && !strings.HasPrefix(key, "HYGIA_") {
			env = append(env, pair)
		}
	}
	return append(env, workloadapi.SocketEnv+"="+workloadAPI)
}

func (s *Suite) notify(e Event) {
	if s.config.Notify == nil {
		return
	}
	s.notifyMu.Lock()
	defer s.notifyMu.Unlock()
	s.config.Notify(e)
}

// Failed tells, once, when a service was given up. The suite then goes on with
// the others until it is stopped.
func (s *Suite) Failed() <-chan error { return s.failed }

// Address gives where a service serves, "host:port".
func (s *Suite) Address(service string) string { return s.sockets[service].serve.address }

// MetricsAddress gives where a service's /metrics is.
func (s *Suite) MetricsAddress(service string) string { return s.sockets[service].metrics.address }

// URL is the gateway's.
func (s *Suite) URL() string { return "http://" + s.Address(Gateway) }

// PID gives the process id of a service, 0 while it does not run.
func (s *Suite) PID(service string) int {
	for _, c := range s.children {
		if c.service.name == service {
			return c.PID()
		}
	}
	return 0
}

// Kill ends every service at once: a Stop that is under way, or to come, does not
// wait for drains.
func (s *Suite) Kill() { s.killOnce.Do(func() { close(s.kill) }) }

// Stop drains the services, callers before those whom they call, and ends the
// suite. It returns when every process is gone. It is to be called once.
func (s *Suite) Stop() error {
	var errs []error
	if s.supervisor != nil {
		for stage := range stages {
			errs = append(errs, s.stopStage(stage)...)
		}
	}
	if s.identity != nil {
		errs = append(errs, s.identity.Close())
	}
	if s.supervisor != nil {
		s.cancel()
		<-s.ended
	}
	for _, c := range s.children {
		errs = append(errs, c.log.Close())
	}
	if s.log != nil {
		errs = append(errs, s.log.Close())
	}
	closeSockets(s.sockets)
	return errors.Join(errs...)
}

func (s *Suite) stopStage(stage int) []error {
	var mu sync.Mutex
	var errs []error
	var group sync.WaitGroup
	for _, c := range s.children {
		if c.service.stage != stage {
			continue
		}
		group.Go(func() {
			begin := s.config.Clock()
			s.notify(Event{Service: c.service.name, State: Stopping})
			if err := s.supervisor.RemoveAndWait(s.tokens[c.service.name], 0); err != nil {
				mu.Lock()
				errs = append(errs, fmt.Errorf("%s: %w", c.service.name, err))
				mu.Unlock()
			}
			s.notify(Event{Service: c.service.name, State: Stopped, Took: s.config.Clock().Sub(begin)})
		})
	}
	group.Wait()
	return errs
}
