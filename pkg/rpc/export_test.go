package rpc

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// CheckKnown is checkKnown for a whole message.
func CheckKnown(m proto.Message) error { return checkKnown(m.ProtoReflect(), maxDepth) }

// CheckKnownTo is checkKnown with a bound on the depth.
func CheckKnownTo(m proto.Message, depth int) error { return checkKnown(m.ProtoReflect(), depth) }

// ServiceInfo tells what is registered.
func ServiceInfo(s *Server) map[string]grpc.ServiceInfo { return s.grpc.GetServiceInfo() }

// Budget tells how long a handler would have.
func Budget(ctx context.Context, streaming bool) (left time.Duration, err error) {
	err = (&Server{}).limitDeadline(ctx, &call{streaming: streaming}, func(ctx context.Context) error {
		deadline, _ := ctx.Deadline()
		left = time.Until(deadline)
		return nil
	})
	return left, err
}

// TokenFrom tells which token a client's call would carry.
func TokenFrom(ctx context.Context) (string, bool) { return tokenFrom(ctx) }

// MaxVerified bounds the tokens that a server remembers.
const MaxVerified = maxVerified

// Remembering returns v as a server uses it.
func Remembering(v ActorVerifier, clock func() time.Time) ActorVerifier {
	return newVerifiedActors(v, clock)
}
