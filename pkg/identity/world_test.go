package identity_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"

	"github.com/hygia-suite/hygia/pkg/identity"
)

// health is a service that says who called, and keeps streams open.
type health struct {
	grpc_health_v1.UnimplementedHealthServer

	mu   sync.Mutex
	peer string
}

func (h *health) Check(ctx context.Context, _ *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	id, _ := identity.Peer(ctx)
	h.mu.Lock()
	h.peer = id.String()
	h.mu.Unlock()
	return &grpc_health_v1.HealthCheckResponse{}, nil
}

func (h *health) Watch(_ *grpc_health_v1.HealthCheckRequest, stream grpc.ServerStreamingServer[grpc_health_v1.HealthCheckResponse]) error {
	if err := stream.Send(&grpc_health_v1.HealthCheckResponse{}); err != nil {
		return err
	}
	<-stream.Context().Done()
	return stream.Context().Err()
}

func (h *health) caller() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.peer
}

// serve runs a server on a loopback port until the test ends.
func serve(t *testing.T, creds credentials.TransportCredentials, o ...grpc.ServerOption) (*health, string) {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &health{}
	server := grpc.NewServer(append(o, grpc.Creds(creds))...)
	grpc_health_v1.RegisterHealthServer(server, h)
	go func() { _ = server.Serve(lis) }() // until Stop
	t.Cleanup(server.Stop)
	return h, lis.Addr().String()
}

// aged is how servers of live peers are configured.
func aged(t *testing.T, s *identity.Source) grpc.ServerOption {
	t.Helper()
	age, grace, err := s.ConnectionAge()
	if err != nil {
		t.Fatal(err)
	}
	return grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: age, MaxConnectionAgeGrace: grace})
}

func dial(t *testing.T, addr string, creds credentials.TransportCredentials) grpc_health_v1.HealthClient {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(creds),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 20 * time.Millisecond, Multiplier: 1, MaxDelay: 20 * time.Millisecond},
			MinConnectTimeout: 5 * time.Second,
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return grpc_health_v1.NewHealthClient(conn)
}

// call makes one call, which fails where no connection can be had at once.
func call(t *testing.T, c grpc_health_v1.HealthClient) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, err := c.Check(ctx, &grpc_health_v1.HealthCheckRequest{})
	return err
}

// open starts a stream and returns a channel that gets the error that ends it.
func open(t *testing.T, c grpc_health_v1.HealthClient) <-chan error {
	t.Helper()
	stream, err := c.Watch(t.Context(), &grpc_health_v1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := stream.Recv()
		ended <- err
	}()
	return ended
}

// within waits for a stream's end, and returns when it came.
func within(t *testing.T, ended <-chan error, limit time.Duration) time.Time {
	t.Helper()
	select {
	case err := <-ended:
		if err == nil {
			t.Fatal("the stream got a message instead of its end")
		}
		return time.Now()
	case <-time.After(limit):
		t.Fatalf("the stream is still open after %v", limit)
	}
	return time.Time{}
}

// still checks that a stream is open.
func still(t *testing.T, ended <-chan error) {
	t.Helper()
	select {
	case err := <-ended:
		t.Fatalf("the stream ended: %v", err)
	default:
	}
}

// eventually waits for what happens in the background.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not happen", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
