// Package suite asks every service how it is: SuiteService.
package suite

import (
	"context"
	"sync"
	"time"

	"github.com/hygia-suite/hygia/pkg/fault"
	gatewayv1 "github.com/hygia-suite/hygia/proto/gen/hygia/gateway/v1"
	statusv1 "github.com/hygia-suite/hygia/proto/gen/hygia/status/v1"
)

const (
	// askTime bounds how long a service has to answer.
	askTime = 2 * time.Second
	// healthAge is how long Healthy's answer is used again: it may be asked by
	// anybody, and must not become a way to keep every service busy.
	healthAge = time.Second
)

// Service is one part of the suite.
type Service struct {
	Name   string
	Status statusv1.StatusServiceClient
}

// Options are a Suite's dependencies; all are required.
type Options struct {
	// Services are asked over RPC, in the order in which they are shown.
	Services []Service
	// Self is what the gateway says of itself.
	Self  func() *statusv1.GetStatusResponse
	Clock func() time.Time
}

// Suite implements SuiteService, within the gateway's own process.
type Suite struct {
	gatewayv1.UnimplementedSuiteServiceServer
	Options

	mu      sync.Mutex
	healthy bool
	asked   time.Time
}

// New makes the service.
func New(o Options) *Suite { return &Suite{Options: o} }

// GetSuiteStatus asks every service at once, for at most two seconds, and the
// gateway itself, which comes last.
func (s *Suite) GetSuiteStatus(ctx context.Context, _ *gatewayv1.GetSuiteStatusRequest) (*gatewayv1.GetSuiteStatusResponse, error) {
	all := make([]*gatewayv1.ServiceHealth, len(s.Services), len(s.Services)+1)
	var wg sync.WaitGroup
	for i, service := range s.Services {
		wg.Go(func() { all[i] = ask(ctx, service) })
	}
	wg.Wait()
	response := &gatewayv1.GetSuiteStatusResponse{Healthy: true}
	for _, health := range all {
		response.Healthy = response.Healthy && health.GetServing()
	}
	self := s.Self()
	response.Services = append(all, &gatewayv1.ServiceHealth{Service: self.GetService(), Serving: true, Status: self})
	return response, nil
}

// Healthy tells whether every service serves, as of at most a second ago. Of
// concurrent calls one asks; the others wait for its answer.
func (s *Suite) Healthy(ctx context.Context) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.asked.IsZero() && s.Clock().Sub(s.asked) < healthAge {
		return s.healthy
	}
	r, err := s.GetSuiteStatus(context.WithoutCancel(ctx), &gatewayv1.GetSuiteStatusRequest{})
	s.healthy, s.asked = err == nil && r.GetHealthy(), s.Clock()
	return s.healthy
}

func ask(ctx context.Context, service Service) *gatewayv1.ServiceHealth {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	status, err := service.Status.GetStatus(ctx, &statusv1.GetStatusRequest{})
	if err != nil {
		return &gatewayv1.ServiceHealth{Service: service.Name, Problem: fault.From(err).Message}
	}
	return &gatewayv1.ServiceHealth{Service: service.Name, Serving: true, Status: status}
}
