package rpc

import (
	"context"
	"slices"

	"google.golang.org/grpc/metadata"

	"github.com/hygia-suite/hygia/pkg/actor"
)

// allowPeer asks the policy table if this service may call this method.
func (s *Server) allowPeer(ctx context.Context, c *call, next func(context.Context) error) error {
	if !slices.Contains(c.row.Peers, c.peer.Service) {
		return errPeerNotAllowed
	}
	return next(ctx)
}

// verifyActor checks the actor token, at this hop as at every other (see
// verifiedActors for one that comes again), and asks the policy table if this person may do this for this purpose. Handlers find
// the actor in their context, and [Dial]'s connections forward its token.
func (s *Server) verifyActor(ctx context.Context, c *call, next func(context.Context) error) error {
	if c.row.Actor == None {
		return next(ctx)
	}
	tokens := metadata.ValueFromIncomingContext(ctx, actor.MetadataKey)
	switch len(tokens) {
	case 0:
		return errTokenMissing
	case 1:
	default:
		return errTokenRepeated
	}
	person, err := s.verifier.Verify(ctx, tokens[0])
	if err != nil {
		return err
	}
	ctx = actor.With(WithToken(ctx, tokens[0]), person)
	c.actor = &person
	if !person.HasRole(c.row.Roles...) {
		return errRoleNotAllowed
	}
	if !slices.Contains(c.row.Purposes, person.Purpose) {
		return errPurposeNotAllowed
	}
	return next(ctx)
}

type tokenKey struct{}

// WithToken returns a context whose calls through [Dial]'s connections carry
// this actor token. Servers do it for their handlers; only what begins a call,
// such as the gateway, needs to.
func WithToken(ctx context.Context, token string) context.Context {
	return context.WithValue(ctx, tokenKey{}, token)
}

// withoutToken is for calls that a service makes in its own name: the log has no
// use for a person's token.
func withoutToken(ctx context.Context) context.Context { return WithToken(ctx, "") }

func tokenFrom(ctx context.Context) (string, bool) {
	token, ok := ctx.Value(tokenKey{}).(string)
	return token, ok && token != ""
}
