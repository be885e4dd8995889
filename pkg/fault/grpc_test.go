package fault_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"

	"github.com/hygia-suite/hygia/pkg/fault"
)

// health fails as a handler does.
type health struct {
	grpc_health_v1.UnimplementedHealthServer
	err error
}

func (h *health) Check(context.Context, *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	return nil, fault.From(h.err)
}

// call makes a real call over gRPC to a handler that returns err.
func call(t *testing.T, err error) error {
	t.Helper()
	lis := bufconn.Listen(1 << 16)
	server := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(server, &health{err: err})
	go func() { _ = server.Serve(lis) }() // until Stop
	t.Cleanup(server.Stop)
	conn, dialErr := grpc.NewClient("passthrough:///bufconn",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }))
	if dialErr != nil {
		t.Fatal(dialErr)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, err = grpc_health_v1.NewHealthClient(conn).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
	return err
}

func TestAcrossGRPC(t *testing.T) {
	sent := errNoEntry.WithHint("list the entries").
		WithField("id", "must be an entry's id").
		Wrap(errors.New("canary: select * from entries"))
	got := fault.From(call(t, fmt.Errorf("content: %w", sent)))
	if !errors.Is(got, errNoEntry) {
		t.Errorf("errors.Is is false for %v", got)
	}
	as, ok := errors.AsType[*fault.Error](error(got))
	if !ok || as.Code != codes.NotFound || as.Hint != sent.Hint || len(as.Fields) != 1 || as.Fields[0] != sent.Fields[0] {
		t.Errorf("errors.As gives %+v, want %+v", as, sent)
	}
	for err := error(got); err != nil; err = errors.Unwrap(err) {
		if strings.Contains(err.Error(), "canary") {
			t.Errorf("the cause crossed: %v", err)
		}
	}
}

func TestInternalAcrossGRPC(t *testing.T) {
	err := call(t, errors.New("canary"))
	if got := fault.From(err); got.Code != codes.Internal || got.Reason != fault.ReasonInternal {
		t.Errorf("got %v", got)
	}
	if strings.Contains(err.Error(), "canary") {
		t.Errorf("the cause crossed: %v", err)
	}
}
