package rpc

import (
	"context"

	"google.golang.org/grpc"
)

// ClientOptions are a client's dependencies; all are required.
type ClientOptions struct {
	// Target is a gRPC target, such as "127.0.0.1:7001".
	Target string
	// Service is the name that the peer must prove, such as "audit".
	Service  string
	Identity Identity
}

// Dial returns a connection to a service of the suite. It does not wait for the
// service to answer.
func Dial(ctx context.Context, o ClientOptions) (*grpc.ClientConn, error) {
	return grpc.NewClient(o.Target)
}
