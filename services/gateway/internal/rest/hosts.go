package rest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/fault"
)

// Hosts are connections to the services that host components, by their names. It
// is a connection itself, which leads each call to the service that its request
// names. It must not change while it is used.
type Hosts map[string]grpc.ClientConnInterface

// Of returns the connection to a service; NOT_FOUND where it hosts no components.
func (h Hosts) Of(service string) (grpc.ClientConnInterface, error) {
	conn, ok := h[service]
	if !ok {
		return nil, fault.New(codes.NotFound, "SERVICE_NOT_FOUND", "no service of this name hosts plugins").
			WithHint("one of: " + strings.Join(slices.Sorted(maps.Keys(h)), ", "))
	}
	return conn, nil
}

// Invoke implements grpc.ClientConnInterface.
func (h Hosts) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	named, ok := args.(interface{ GetService() string })
	if !ok {
		return fault.Internal(errors.New("rest: the request of " + method + " names no service"))
	}
	conn, err := h.Of(named.GetService())
	if err != nil {
		return err
	}
	return conn.Invoke(ctx, method, args, reply, opts...)
}

// NewStream implements grpc.ClientConnInterface: before its first message, a
// stream names no service.
func (Hosts) NewStream(_ context.Context, _ *grpc.StreamDesc, method string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, fault.Internal(errors.New("rest: the stream " + method + " names no service"))
}
