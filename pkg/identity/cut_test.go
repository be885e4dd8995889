package identity_test

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/hygia-suite/hygia/pkg/identity"
	"github.com/hygia-suite/hygia/pkg/identity/identitytest"
)

// pair is a server and a client with an open stream between them.
type pair struct {
	ca             *identitytest.CA
	server, client *identitytest.Feed
	calls          func() error
	stream         <-chan error
}

func newPair(t *testing.T, serverTTL, clientTTL time.Duration) *pair {
	t.Helper()
	ca := identitytest.NewCA(t, "hygia.local")
	p := &pair{ca: ca, server: ca.Feed(t, "content", serverTTL), client: ca.Feed(t, "gateway", clientTTL)}
	_, addr := serve(t, p.server.Source(t).ServerCredentials(ca.ID("gateway")))
	health := dial(t, addr, p.client.Source(t).ClientCredentials(ca.ID("content")))
	p.calls = func() error { return call(t, health) }
	p.stream = open(t, health)
	if err := p.calls(); err != nil {
		t.Fatal(err)
	}
	return p
}

// Invariant 11: a peer whose identity expired is cut off, open connections
// included. Here nothing renews a certificate of two seconds.
func TestInvariant11ExpiryCutsOpenConnections(t *testing.T) {
	for name, c := range map[string]struct{ server, client time.Duration }{
		"client": {time.Hour, 2 * time.Second},
		"server": {2 * time.Second, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, c.server, c.client)
			expiring := p.client.Source(t)
			if c.server < c.client {
				expiring = p.server.Source(t)
			}
			expires := expiring.Status().Expires
			still(t, p.stream)
			ended := within(t, p.stream, 10*time.Second)
			if late := ended.Sub(expires); late < 0 || late > 2*time.Second {
				t.Errorf("cut %v after expiry", late)
			}
			if err := p.calls(); status.Code(err) != codes.Unavailable {
				t.Errorf("a call after expiry: %v", err)
			}
			if err := expiring.Check(); !errors.Is(err, identity.ErrUnavailable) {
				t.Errorf("Check: %v", err)
			}
			if _, err := expiring.GetX509SVID(); !errors.Is(err, identity.ErrUnavailable) {
				t.Errorf("an expired SVID is served: %v", err)
			}
		})
	}
}

// Invariant 11, the peer's side alone: a client that lies about the time keeps
// its own side open, and the server cuts it all the same.
func TestInvariant11ServerDoesNotTrustTheClient(t *testing.T) {
	ca := identitytest.NewCA(t, "hygia.local")
	feed := ca.Feed(t, "gateway", 2*time.Second)
	started := time.Now()
	liar, err := identity.Open(t.Context(), identity.Options{
		Watch: feed.Watch, Logger: slog.New(slog.DiscardHandler),
		Clock: func() time.Time { return started },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = liar.Close() }()
	content := ca.Source(t, "content")
	_, addr := serve(t, content.ServerCredentials(ca.ID("gateway")))
	health := dial(t, addr, liar.ClientCredentials(ca.ID("content")))
	stream := open(t, health)
	within(t, stream, 5*time.Second)
	if err := call(t, health); status.Code(err) != codes.Unavailable {
		t.Errorf("a call with an expired certificate: %v", err)
	}
	if n := content.Status().Open; n != 0 {
		t.Errorf("%d connections left", n)
	}
}

// Invariant 11: a peer whose identity was taken back is cut off at once, and
// comes back when it is registered again.
func TestInvariant11RevocationCutsOpenConnections(t *testing.T) {
	p := newPair(t, time.Hour, time.Hour)
	still(t, p.stream)
	p.client.TakeBack()
	within(t, p.stream, 10*time.Second)
	if err := p.calls(); status.Code(err) != codes.Unavailable {
		t.Errorf("a call after the revocation: %v", err)
	}
	if st := p.client.Source(t).Status(); !st.ID.IsZero() || st.Open != 0 {
		t.Errorf("%+v", st)
	}
	if _, err := p.client.Source(t).ID(); !errors.Is(err, identity.ErrUnavailable) {
		t.Errorf("ID: %v", err)
	}
	p.client.Renew(t, "gateway", time.Hour)
	eventually(t, "a call after registration", func() bool { return p.calls() == nil })
}

// A bundle that no longer vouches for the peer's authority ends what it vouched
// for.
func TestBundleWithoutThePeerCuts(t *testing.T) {
	p := newPair(t, time.Hour, time.Hour)
	other := identitytest.NewCA(t, "hygia.local")
	p.server.Send(other.Issue(t, "content", time.Hour), other.Bundle())
	within(t, p.stream, 10*time.Second)
	if err := p.calls(); status.Code(err) != codes.Unavailable {
		t.Errorf("a call: %v", err)
	}
}

// A process that becomes another service keeps no connection of the first.
func TestAnotherIdentityCuts(t *testing.T) {
	p := newPair(t, time.Hour, time.Hour)
	p.client.Renew(t, "audit", time.Hour)
	within(t, p.stream, 10*time.Second)
	if err := p.calls(); status.Code(err) != codes.Unavailable {
		t.Errorf("a call: %v", err)
	}
}

func TestCloseCuts(t *testing.T) {
	p := newPair(t, time.Hour, time.Hour)
	if err := p.server.Source(t).Close(); err != nil {
		t.Error(err)
	}
	within(t, p.stream, 10*time.Second)
	if err := p.server.Source(t).Check(); !errors.Is(err, identity.ErrUnavailable) {
		t.Errorf("Check: %v", err)
	}
}

// Timers stand still while a machine sleeps. When it wakes, bytes that come over
// a connection that should have ended are refused.
func TestSleepDoesNotOutliveTheCertificate(t *testing.T) {
	ca := identitytest.NewCA(t, "hygia.local")
	var slept atomic.Int64
	feed := ca.Feed(t, "content", time.Hour)
	content, err := identity.Open(t.Context(), identity.Options{
		Watch: feed.Watch, Logger: slog.New(slog.DiscardHandler),
		Clock: func() time.Time { return time.Now().Add(time.Duration(slept.Load())) },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = content.Close() }()
	h, addr := serve(t, content.ServerCredentials(ca.ID("gateway")))
	health := dial(t, addr, ca.Source(t, "gateway").ClientCredentials(ca.ID("content")))
	stream := open(t, health)
	slept.Store(int64(2 * time.Hour))
	still(t, stream)
	if err := call(t, health); status.Code(err) != codes.Unavailable {
		t.Errorf("a call after the sleep: %v", err)
	}
	within(t, stream, 5*time.Second)
	if h.caller() != "" {
		t.Error("the handler ran")
	}
}

// Invariant 11, the other half: with renewal on, calls go on across many
// rotations without one failing.
func TestInvariant11RotationFailsNoCall(t *testing.T) {
	const ttl, rotations = 2 * time.Second, 6
	ca := identitytest.NewCA(t, "hygia.local")
	server, client := ca.Feed(t, "content", ttl), ca.Feed(t, "gateway", ttl)
	_, addr := serve(t, server.Source(t).ServerCredentials(ca.ID("gateway")), aged(t, server.Source(t)))
	health := dial(t, addr, client.Source(t).ClientCredentials(ca.ID("content")))
	if err := call(t, health); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var calls atomic.Int64
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(time.Millisecond):
				}
				if err := call(t, health); err != nil {
					t.Errorf("after %d calls: %v", calls.Load(), err)
					return
				}
				calls.Add(1)
			}
		})
	}
	for range rotations {
		time.Sleep(ttl / 2)
		server.Renew(t, "content", ttl)
		client.Renew(t, "gateway", ttl)
	}
	close(done)
	callers.Wait()
	if n := client.Source(t).Status().Rotations; n < rotations-1 {
		t.Errorf("%d rotations", n)
	}
	t.Logf("%d calls across %d rotations", calls.Load(), rotations)
}
