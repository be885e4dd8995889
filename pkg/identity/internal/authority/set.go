package authority

import (
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
)

// Set is the authorities of a trust domain over time, oldest first:
//
//	|----- signs ------------|.. vouches ..|
//	             |published..|----- signs ------------|.. vouches ..|
//	0            1/2         2/3           1 life
//
// A new one is published in the bundle at half of the newest one's life, and
// signs once it has been known for a sixth of a life, so that every peer trusts
// it by then. The old one stays in the bundle until it expires, so that what it
// signed goes on being trusted. A Set is immutable.
type Set struct {
	td   spiffeid.TrustDomain
	life time.Duration
	all  []*Authority
}

// NewSet makes a set of authorities that each live for life.
func NewSet(td spiffeid.TrustDomain, life time.Duration, all ...*Authority) Set {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b *Authority) int { return a.begin().Compare(b.begin()) })
	return Set{td: td, life: life, all: all}
}

func (a *Authority) begin() time.Time { return a.Certificate.NotBefore }
func (a *Authority) end() time.Time   { return a.Certificate.NotAfter }

// Advance returns the set as it must be at now: without authorities that have
// expired, and with a new one where the newest has reached half of its life.
// changed says whether it differs.
func (s Set) Advance(now time.Time) (next Set, changed bool, err error) {
	kept := slices.DeleteFunc(slices.Clone(s.all), func(a *Authority) bool { return !now.Before(a.end()) })
	changed = len(kept) != len(s.all)
	if len(kept) == 0 || !now.Before(kept[len(kept)-1].begin().Add(s.life/2)) {
		fresh, err := New(s.td, now, s.life)
		if err != nil {
			return s, false, err
		}
		kept, changed = append(kept, fresh), true
	}
	return NewSet(s.td, s.life, kept...), changed, nil
}

// Issue makes an SVID with the authority whose turn it is.
func (s Set) Issue(id spiffeid.ID, now time.Time, ttl time.Duration) (*x509svid.SVID, error) {
	signer := s.signer(now, ttl)
	if signer == nil {
		return nil, errors.New("authority: every authority has expired")
	}
	return signer.Issue(id, now, ttl)
}

// signer prefers the newest that peers know for long enough, then the newest
// that outlives what it signs.
func (s Set) signer(now time.Time, ttl time.Duration) *Authority {
	var known, lasting *Authority
	for _, a := range s.all {
		if now.Add(ttl).After(a.end()) {
			continue
		}
		lasting = a
		if !now.Before(a.begin().Add(s.life / 6)) {
			known = a
		}
	}
	if known != nil {
		return known
	}
	return lasting
}

// Certificates returns the bundle: every authority's certificate.
func (s Set) Certificates() []*x509.Certificate {
	certs := make([]*x509.Certificate, len(s.all))
	for i, a := range s.all {
		certs[i] = a.Certificate
	}
	return certs
}
