package rpc

import (
	"context"
	"strings"

	"github.com/spiffe/go-spiffe/v2/spiffeid"

	"github.com/hygia-suite/hygia/pkg/identity"
)

// Peer is who calls, as mutual TLS proved it.
type Peer struct {
	// ID is the SPIFFE id, such as spiffe://hygia.local/content.
	ID spiffeid.ID
	// Service is the name within the own trust domain, such as "content".
	Service string
}

type peerKey struct{}

// PeerFrom returns who called the handler that has ctx; false outside of a call.
func PeerFrom(ctx context.Context) (Peer, bool) {
	p, ok := ctx.Value(peerKey{}).(Peer)
	return p, ok
}

// identifyPeer takes the peer's name from its certificate. The handshake has
// verified that; a peer of another trust domain is nobody here.
func (s *Server) identifyPeer(ctx context.Context, c *call, next func(context.Context) error) error {
	id, ok := identity.Peer(ctx)
	if !ok || id.TrustDomain() != s.self.TrustDomain() {
		return errPeerUnknown
	}
	c.peer = Peer{ID: id, Service: strings.TrimPrefix(id.Path(), "/")}
	return next(context.WithValue(ctx, peerKey{}, c.peer))
}
