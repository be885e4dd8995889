package rpc

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/identity"
	"github.com/hygia-suite/hygia/pkg/telemetry"
)

const (
	// maxResponseBytes bounds a response message: 16 MiB.
	maxResponseBytes = 16 << 20
	// readyTime bounds how long a call waits for a connection. A service that
	// restarts is back within it.
	readyTime = 3 * time.Second
	// clientPing is how often an idle connection is probed.
	clientPing = 30 * time.Second
)

// ClientOptions are a client's dependencies; all are required.
type ClientOptions struct {
	// Target is a gRPC target, such as "127.0.0.1:7001".
	Target string
	// Service is the name that the peer must prove, such as "audit".
	Service   string
	Identity  *identity.Source
	Telemetry *telemetry.Telemetry
}

// Dial returns a connection to a service of the suite, over mutual TLS with
// exactly that service. It does not wait for the service to answer; calls wait
// for at most three seconds and then fail with ErrUnreachable.
//
// Calls carry the actor token of their context (see WithToken), and get a
// deadline where they have none. A call that only reads is repeated, at most
// twice, where the service is UNAVAILABLE. Errors are *fault.Error.
func Dial(_ context.Context, o ClientOptions) (*grpc.ClientConn, error) {
	if o.Target == "" || o.Service == "" || o.Identity == nil || o.Telemetry == nil {
		return nil, errors.New("rpc: client options are incomplete")
	}
	peer, err := o.Identity.Service(o.Service)
	if err != nil {
		return nil, fmt.Errorf("rpc: %w", err)
	}
	config, err := serviceConfig(o.Service)
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(o.Target,
		grpc.WithTransportCredentials(o.Identity.ClientCredentials(peer)),
		grpc.WithDefaultServiceConfig(config),
		grpc.WithDisableServiceConfig(), // none from a name server
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxResponseBytes)),
		grpc.WithMaxHeaderListSize(maxHeaderBytes),
		grpc.WithIdleTimeout(0), // a service is called again, and soon
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{
				BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second,
			},
			MinConnectTimeout: readyTime,
		}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: clientPing, Timeout: 10 * time.Second, PermitWithoutStream: true,
		}),
		grpc.WithUnaryInterceptor(client{o.Telemetry.Client}.unary),
		grpc.WithStreamInterceptor(client{o.Telemetry.Client}.stream),
		grpc.WithStatsHandler(o.Telemetry.ClientStats()),
	)
	if err != nil {
		return nil, fmt.Errorf("rpc: dial %s: %w", o.Service, err)
	}
	return conn, nil
}

// client is what each call of a connection passes.
type client struct{ metrics *telemetry.RPCMetrics }

func (c client) unary(ctx context.Context, method string, request, response any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	ctx, cancel := withDeadline(ctx, unaryTime)
	defer cancel()
	end := c.metrics.Begin(method)
	err := awaitReady(ctx, conn)
	if err == nil {
		err = invoke(withActor(ctx), method, request, response, conn, options...)
	}
	end(status.Code(err))
	if err != nil {
		return fault.From(err)
	}
	return nil
}

// stream begins a stream. Its messages' errors stay gRPC statuses: fault.From
// makes faults of them, and io.EOF must stay what it is.
func (c client) stream(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
	ctx, cancel := withDeadline(ctx, streamTime)
	end := c.metrics.Begin(method)
	var once sync.Once
	finish := func(err error) {
		once.Do(func() {
			end(status.Code(err))
			cancel()
		})
	}
	if err := awaitReady(ctx, conn); err != nil {
		finish(err)
		return nil, err
	}
	// gRPC calls it when the stream has ended, for whatever reason.
	stream, err := open(withActor(ctx), desc, conn, method, append(options, grpc.OnFinish(finish))...)
	if err != nil {
		finish(err)
		return nil, fault.From(err)
	}
	return stream, nil
}

// withDeadline gives a call its default deadline where it has none.
func withDeadline(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}

// awaitReady lets a call wait for a connection that is being made, but not for
// as long as its deadline: a service that is down should be told soon.
func awaitReady(ctx context.Context, conn *grpc.ClientConn) error {
	wait, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	for {
		switch state := conn.GetState(); state {
		case connectivity.Ready:
			return nil
		case connectivity.Shutdown:
			return ErrUnreachable
		case connectivity.Idle:
			conn.Connect()
			fallthrough
		default:
			if !conn.WaitForStateChange(wait, state) {
				return ErrUnreachable.Wrap(context.Cause(wait))
			}
		}
	}
}

// withActor forwards the actor token of the context, where the caller has not
// put one into the metadata itself.
func withActor(ctx context.Context) context.Context {
	token, ok := tokenFrom(ctx)
	if !ok {
		return ctx
	}
	if sent, _ := metadata.FromOutgoingContext(ctx); len(sent.Get(actor.MetadataKey)) > 0 {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, actor.MetadataKey, token)
}
