package supervise

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"github.com/hygia-suite/hygia/pkg/rpc"
	statusv1 "github.com/hygia-suite/hygia/proto/gen/hygia/status/v1"
)

const (
	// readyTime bounds a start. Compiling components on a cold cache is the
	// longest part of it.
	readyTime = 60 * time.Second
	// probePause is the time between two questions to a service that starts.
	probePause = 25 * time.Millisecond
	// probeTime bounds one question.
	probeTime = 2 * time.Second
)

// awaitReady waits until every service answers.
func (s *Suite) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyTime, fmt.Errorf("not every service was ready within %v; see %s", readyTime, s.config.Folder.Path("logs")))
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	done := make(chan struct{})
	var waits errgroup.Group
	for _, sv := range services {
		group.Go(func() error { return s.awaitService(ctx, sv.name) })
	}
	waits.Go(func() error { defer close(done); return group.Wait() })
	select {
	case err := <-s.failed:
		cancel()
		_ = waits.Wait() // what failed first is the reason
		return err
	case <-done:
		return waits.Wait()
	}
}

func (s *Suite) awaitService(ctx context.Context, name string) error {
	begin := s.config.Clock()
	probe, end, err := s.probe(ctx, name)
	if err != nil {
		return err
	}
	defer end()
	for {
		if probe(ctx) == nil {
			s.notify(Event{
				Service: name, State: Ready, Address: s.Address(name), Metrics: s.MetricsAddress(name), PID: s.PID(name),
				Took: s.config.Clock().Sub(begin),
			})
			return nil
		}
		select {
		case <-time.After(probePause):
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", name, context.Cause(ctx))
		}
	}
}

// probe gives a question to ask of a service, and what ends it.
func (s *Suite) probe(ctx context.Context, name string) (func(context.Context) error, func(), error) {
	if name == Gateway {
		client := &http.Client{Timeout: probeTime}
		return func(ctx context.Context) error { return s.healthz(ctx, client) }, client.CloseIdleConnections, nil
	}
	conn, err := s.Dial(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	status := statusv1.NewStatusServiceClient(conn)
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, probeTime)
		defer cancel()
		_, err := status.GetStatus(ctx, &statusv1.GetStatusRequest{})
		return err
	}, func() { _ = conn.Close() }, nil
}

func (s *Suite) healthz(ctx context.Context, client *http.Client) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+"/healthz", nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	if err := response.Body.Close(); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}

// Dial gives a connection to a service, under the operator's identity.
func (s *Suite) Dial(ctx context.Context, service string) (*grpc.ClientConn, error) {
	return rpc.Dial(ctx, rpc.ClientOptions{
		Target: s.Address(service), Service: service, Identity: s.identity, Telemetry: s.telemetry,
	})
}
