package supervise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/thejerf/suture/v4"

	"github.com/hygia-suite/hygia/pkg/identity"
	"github.com/hygia-suite/hygia/pkg/identity/workload"
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
	// Address it serves on, Metrics where its /metrics is, and PID its process,
	// once it is ready.
	Address, Metrics string
	PID              int
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
	// temporary is the folder of the Workload API's socket, where it is not in
	// Folder.
	temporary string

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
		if err := <-s.ended; !errors.Is(err, context.Canceled) {
			errs = append(errs, err)
		}
	}
	for _, c := range s.children {
		errs = append(errs, c.log.Close())
	}
	if s.log != nil {
		errs = append(errs, s.log.Close())
	}
	closeSockets(s.sockets)
	if s.temporary != "" {
		errs = append(errs, os.RemoveAll(s.temporary))
	}
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
