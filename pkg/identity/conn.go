package identity

import (
	"crypto/x509"
	"errors"
	"net"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
)

// ErrCut is what reads and writes on a connection return once an identity that
// it began with no longer holds.
var ErrCut = errors.New("identity: an identity of this connection no longer holds")

// conn is a TLS connection that ends with the identities it began with.
type conn struct {
	net.Conn
	source  *Source
	own     spiffeid.ID
	peer    []*x509.Certificate
	expires time.Time // the earlier of both ends' certificates
	timer   *time.Timer
}

// adopt puts a connection whose handshake has just ended under watch. It
// refuses one that a change during the handshake has overtaken.
func (s *Source) adopt(c net.Conn, began snapshot, peer []*x509.Certificate) (*conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, err := s.valid()
	if err != nil {
		return nil, err
	}
	k := &conn{Conn: c, source: s, own: began.svid.ID, peer: peer, expires: began.expires()}
	if peer[0].NotAfter.Before(k.expires) {
		k.expires = peer[0].NotAfter
	}
	t := s.clock()
	if err := k.stillGood(now.svid.ID, now.bundles, t); err != nil {
		return nil, err
	}
	k.timer = time.AfterFunc(k.expires.Sub(t), func() { _ = k.Close() })
	s.conns[k] = struct{}{}
	return k, nil
}

// stillGood says why the connection must end, or nil.
func (c *conn) stillGood(own spiffeid.ID, bundles x509bundle.Source, now time.Time) error {
	if c.own != own {
		return ErrCut
	}
	if !now.Before(c.expires) {
		return ErrCut
	}
	if _, _, err := x509svid.Verify(c.peer, bundles, x509svid.WithTime(now)); err != nil {
		return ErrCut
	}
	return nil
}

// cut ends every connection for which why returns an error. It must be called
// with mu held.
func (s *Source) cut(why func(*conn) error) {
	for c := range s.conns {
		if why(c) != nil {
			delete(s.conns, c)
			c.timer.Stop()
			go c.Conn.Close() // TLS's close may wait for a peer that reads nothing
		}
	}
}

// Read refuses bytes that arrive after the end: the timer alone would not do on
// a machine that has slept, whose timers stood still.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.over() {
		return 0, ErrCut
	}
	return n, err
}

// Write refuses to send after the end.
func (c *conn) Write(p []byte) (int, error) {
	if c.over() {
		return 0, ErrCut
	}
	return c.Conn.Write(p)
}

func (c *conn) over() bool {
	if c.source.clock().Before(c.expires) {
		return false
	}
	_ = c.Close() // there is nobody to tell
	return true
}

// Close ends the connection and the watch over it.
func (c *conn) Close() error {
	c.source.mu.Lock()
	delete(c.source.conns, c)
	c.source.mu.Unlock()
	c.timer.Stop()
	return c.Conn.Close()
}
