package identity

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
)

// AuthInfo is what gRPC tells about a connection made with these credentials.
type AuthInfo struct {
	credentials.TLSInfo
	ID spiffeid.ID // the peer's, verified
}

// Peer returns the verified SPIFFE ID of the peer of the gRPC call that ctx
// belongs to; false where the connection was not made with a Source.
func Peer(ctx context.Context) (spiffeid.ID, bool) {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return spiffeid.ID{}, false
	}
	info, ok := p.AuthInfo.(AuthInfo)
	return info.ID, ok
}

// ServerCredentials returns mutual TLS 1.3 for a server that talks to exactly
// these peers. With none, it refuses everybody.
func (s *Source) ServerCredentials(peers ...spiffeid.ID) credentials.TransportCredentials {
	return &transport{source: s, peers: slices.Clone(peers)}
}

// ClientCredentials returns mutual TLS 1.3 for a client that talks to exactly
// these peers. With none, it refuses everybody. The server's name and address
// do not matter: its SPIFFE ID does.
func (s *Source) ClientCredentials(peers ...spiffeid.ID) credentials.TransportCredentials {
	return &transport{source: s, peers: slices.Clone(peers)}
}

// transport makes a TLS configuration for each handshake, of the identity at
// that moment, so that it knows which certificate the connection stands on.
type transport struct {
	source *Source
	peers  []spiffeid.ID
}

func (t *transport) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return t.handshake(raw, func(c *tls.Config) (net.Conn, credentials.AuthInfo, error) {
		return credentials.NewTLS(c).ClientHandshake(ctx, authority, raw)
	})
}

func (t *transport) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return t.handshake(raw, func(c *tls.Config) (net.Conn, credentials.AuthInfo, error) {
		return credentials.NewTLS(c).ServerHandshake(raw)
	})
}

func (t *transport) handshake(raw net.Conn, do func(*tls.Config) (net.Conn, credentials.AuthInfo, error)) (net.Conn, credentials.AuthInfo, error) {
	began, err := t.source.current()
	if err != nil {
		return nil, nil, errors.Join(err, raw.Close())
	}
	secure, info, err := do(t.config(began))
	if err != nil {
		return nil, nil, err
	}
	tlsInfo := info.(credentials.TLSInfo)
	certs := tlsInfo.State.PeerCertificates
	id, err := x509svid.IDFromCert(certs[0]) // the handshake has verified it
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("identity: peer: %w", err), secure.Close())
	}
	watched, err := t.source.adopt(secure, began, certs)
	if err != nil {
		return nil, nil, errors.Join(err, secure.Close())
	}
	return watched, AuthInfo{TLSInfo: tlsInfo, ID: id}, nil
}

// config resumes no session: a resumed one would skip what verify checks.
func (t *transport) config(now snapshot) *tls.Config {
	own := tls.Certificate{PrivateKey: now.svid.PrivateKey}
	for _, c := range now.svid.Certificates {
		own.Certificate = append(own.Certificate, c.Raw)
	}
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		Certificates:           []tls.Certificate{own},
		ClientAuth:             tls.RequireAnyClientCert, // verify checks it
		InsecureSkipVerify:     true,                     //nolint:gosec // names mean nothing here; verify checks the SPIFFE ID
		SessionTicketsDisabled: true,
		Time:                   t.source.clock,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &own, nil
		},
		VerifyConnection: func(state tls.ConnectionState) error { return t.verify(now, state) },
	}
}

// verify takes a peer that the bundle vouches for and the list names.
func (t *transport) verify(now snapshot, state tls.ConnectionState) error {
	id, _, err := x509svid.Verify(state.PeerCertificates, now.bundles, x509svid.WithTime(t.source.clock()))
	if err != nil {
		return fmt.Errorf("identity: peer: %w", err)
	}
	if !slices.Contains(t.peers, id) {
		return errors.New("identity: the peer is none of those that may connect")
	}
	return nil
}

// Info implements credentials.TransportCredentials.
func (t *transport) Info() credentials.ProtocolInfo {
	return credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS13}).Info()
}

// Clone implements credentials.TransportCredentials; a transport is immutable.
func (t *transport) Clone() credentials.TransportCredentials { return t }

// OverrideServerName implements credentials.TransportCredentials: names mean
// nothing here.
func (t *transport) OverrideServerName(string) error {
	return errors.New("identity: peers have SPIFFE IDs, not server names")
}
