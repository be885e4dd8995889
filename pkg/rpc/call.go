package rpc

import (
	"context"
	"errors"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/fault"
)

// call is one running call, as the middleware sees it.
type call struct {
	method    string // full
	row       Row
	streaming bool
	// request is a unary call's only message; nil while streaming.
	request proto.Message
	peer    Peer
	// actor is for whom the call is made, once their token was verified.
	actor *actor.Actor
	// gated says that the call reached the gate, which records it from there.
	gated bool
	// received, where a step set it, judges each message of a stream before the
	// handler sees it.
	received func(proto.Message) error
	// refused is the first refusal of received. It stands whatever the handler
	// makes of it: one may take a refused message for the stream's end.
	refused error
	// release, where a step set it, runs before each message that a stream
	// sends. Its error is sent instead.
	release func() error
}

// step is one stage that every call passes, unary or streaming. It calls next
// once, or not at all and returns why.
type step func(ctx context.Context, c *call, next func(context.Context) error) error

// chain nests the steps, the first outermost.
func chain(ctx context.Context, steps []step, c *call, handler func(context.Context) error) error {
	if len(steps) == 0 {
		return handler(ctx)
	}
	return steps[0](ctx, c, func(ctx context.Context) error {
		return chain(ctx, steps[1:], c, handler)
	})
}

// unary runs a unary call through the steps. Its response is in hand until the
// last step agreed.
func unary(policy Policy, steps []step) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		message, ok := request.(proto.Message)
		if !ok {
			return nil, fault.Internal(errNotProto)
		}
		c := &call{method: info.FullMethod, row: policy[info.FullMethod], request: message}
		var response any
		err := chain(ctx, steps, c, func(ctx context.Context) (err error) {
			response, err = handler(ctx, request)
			return err
		})
		if err != nil {
			return nil, sent(ctx, err)
		}
		return response, nil
	}
}

// streaming runs a streaming call through the steps.
func streaming(policy Policy, steps []step) grpc.StreamServerInterceptor {
	return func(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		c := &call{method: info.FullMethod, row: policy[info.FullMethod], streaming: true}
		err := chain(stream.Context(), steps, c, func(ctx context.Context) error {
			err := handler(server, &gatedStream{ServerStream: stream, ctx: ctx, call: c})
			if c.refused != nil {
				return c.refused
			}
			return err
		})
		if err != nil {
			return sent(stream.Context(), err)
		}
		return nil
	}
}

// sent is how an error crosses to the caller. The gate has waited for the log
// already: a client that tried again at once would make its caller wait three
// times as long for the same answer, and is told not to (gRFC A6).
func sent(ctx context.Context, err error) error {
	if errors.Is(err, ErrAuditUnavailable) {
		if e := grpc.SetTrailer(ctx, metadata.Pairs("grpc-retry-pushback-ms", "-1")); e != nil {
			err = errors.Join(err, e) // the stream is gone, and with it the caller
		}
	}
	return fault.From(err)
}

// gatedStream shows a handler only messages that were judged, and sends only
// messages that may leave.
type gatedStream struct {
	grpc.ServerStream
	ctx  context.Context
	call *call
}

// Context returns the context that the steps made.
func (s *gatedStream) Context() context.Context { return s.ctx }

// RecvMsg receives a message and has it judged.
func (s *gatedStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	message, ok := m.(proto.Message)
	if !ok {
		return fault.Internal(errNotProto)
	}
	if s.call.refused == nil && s.call.received != nil {
		s.call.refused = s.call.received(message)
	}
	return s.call.refused
}

// SendMsg sends a message once it may leave.
func (s *gatedStream) SendMsg(m any) error {
	if s.call.refused != nil {
		return s.call.refused
	}
	if s.call.release != nil {
		if err := s.call.release(); err != nil {
			return err
		}
	}
	return s.ServerStream.SendMsg(m)
}
