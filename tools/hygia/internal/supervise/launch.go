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
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
	"github.com/thejerf/suture/v4"

	"github.com/hygia-suite/hygia/pkg/identity"
	"github.com/hygia-suite/hygia/pkg/identity/workload"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/telemetry"
)

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

// logEvent logs what goes wrong in the tree itself; services log their own ends.
func (s *Suite) logEvent(e suture.Event) {
	switch e.Type() {
	case suture.EventTypeStopTimeout:
		s.telemetry.Logger.Error("a service did not stop in time")
	case suture.EventTypeServicePanic:
		s.telemetry.Logger.Error("the keeper of a service panicked")
	case suture.EventTypeBackoff:
		s.telemetry.Logger.Warn("restarts are paused")
	}
}

// named is a function as a suture.Service.
type named struct {
	name  string
	serve func(context.Context) error
}

func (n named) Serve(ctx context.Context) error { return n.serve(ctx) }
func (n named) String() string                  { return n.name }

func (s *Suite) workloadAPI() (*workload.Server, error) {
	socket, away, err := socketPath(s.config.Folder.Path("run"))
	if err != nil {
		return nil, err
	}
	if away {
		s.temporary = filepath.Dir(socket)
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
		kill:  s.kill, notify: s.notify, clock: s.config.Clock, logger: s.telemetry.Logger,
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
