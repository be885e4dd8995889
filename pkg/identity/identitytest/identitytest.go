// Package identitytest gives tests identities without a Workload API: a
// certificate authority in memory, and sources whose certificates a test
// renews, lets expire or takes back.
package identitytest

import (
	"context"
	"crypto/x509"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/hygia-suite/hygia/pkg/identity"
	"github.com/hygia-suite/hygia/pkg/identity/internal/authority"
)

// CA is the authority of a trust domain.
type CA struct {
	TrustDomain spiffeid.TrustDomain

	authority *authority.Authority
}

// NewCA makes an authority that is good for a day.
func NewCA(t testing.TB, trustDomain string) *CA {
	t.Helper()
	td, err := spiffeid.TrustDomainFromString(trustDomain)
	if err != nil {
		t.Fatal(err)
	}
	a, err := authority.New(td, now(), 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return &CA{TrustDomain: td, authority: a}
}

// ID returns the SPIFFE ID of a service of the trust domain.
func (c *CA) ID(service string) spiffeid.ID {
	return spiffeid.RequireFromSegments(c.TrustDomain, service)
}

// Source returns a service's identity, good for an hour, until the test ends.
func (c *CA) Source(t testing.TB, service string) *identity.Source {
	t.Helper()
	return c.Feed(t, service, time.Hour).Source(t)
}

// Feed returns a feed for a service with a first SVID that holds for ttl.
func (c *CA) Feed(t testing.TB, service string, ttl time.Duration) *Feed {
	t.Helper()
	f := &Feed{ca: c, events: make(chan func(workloadapi.X509ContextWatcher), 16)}
	f.Renew(t, service, ttl)
	return f
}

// Feed is what the Workload API tells one source, under a test's control.
type Feed struct {
	ca     *CA
	events chan func(workloadapi.X509ContextWatcher)
	once   sync.Once
	source *identity.Source
}

// Source opens the source that this feed feeds; the same at every call.
func (f *Feed) Source(t testing.TB) *identity.Source {
	t.Helper()
	f.once.Do(func() {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		source, err := identity.Open(ctx, identity.Options{
			Watch: f.Watch, Clock: now, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = source.Close() })
		f.source = source
	})
	return f.source
}

// Watch is the Watch of identity.Options, for a source with a clock of its own.
func (f *Feed) Watch(ctx context.Context, w workloadapi.X509ContextWatcher) error {
	for {
		select {
		case event := <-f.events:
			event(w)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Renew sends a fresh SVID of a service, which holds for ttl.
func (f *Feed) Renew(t testing.TB, service string, ttl time.Duration) {
	t.Helper()
	f.Send(f.ca.Issue(t, service, ttl), f.ca.Bundle())
}

// Send sends any SVID with any bundle.
func (f *Feed) Send(svid *x509svid.SVID, bundle *x509bundle.Bundle) {
	f.events <- func(w workloadapi.X509ContextWatcher) {
		w.OnX509ContextUpdate(&workloadapi.X509Context{
			SVIDs: []*x509svid.SVID{svid}, Bundles: x509bundle.NewSet(bundle),
		})
	}
}

// TakeBack answers as the Workload API does for a process that it no longer
// knows.
func (f *Feed) TakeBack() { f.Fail(status.Error(codes.PermissionDenied, "no identity issued")) }

// Fail answers with an error.
func (f *Feed) Fail(err error) {
	f.events <- func(w workloadapi.X509ContextWatcher) { w.OnX509ContextWatchError(err) }
}

// Issue makes an SVID of a service.
func (c *CA) Issue(t testing.TB, service string, ttl time.Duration) *x509svid.SVID {
	t.Helper()
	svid, err := c.authority.Issue(c.ID(service), now(), ttl)
	if err != nil {
		t.Fatal(err)
	}
	return svid
}

// Bundle returns what peers verify the authority's SVIDs with.
func (c *CA) Bundle() *x509bundle.Bundle {
	return x509bundle.FromX509Authorities(c.TrustDomain, []*x509.Certificate{c.authority.Certificate})
}

// now is the real clock: what is tested are connections, whose timers are real.
func now() time.Time { return time.Now() } //nolint:forbidigo // see above
