package rpc

import (
	"context"
	"crypto/sha256"
	"slices"
	"sync"
	"time"

	"github.com/hygia-suite/hygia/pkg/actor"
)

const (
	// verifiedTime is how long the verification of a token holds, if the token
	// itself does. A signing key that is withdrawn is trusted that much longer.
	verifiedTime = 30 * time.Second
	// maxVerified bounds the tokens that are remembered, some KiB each.
	maxVerified = 4096
)

// verifiedActors remembers which tokens were verified a moment ago: the bytes of
// a token say the same each time, and its signature costs as much as the rest of
// a short call. It is safe for concurrent use.
type verifiedActors struct {
	verifier ActorVerifier
	clock    func() time.Time

	mu    sync.Mutex
	known map[[sha256.Size]byte]verifiedActor
}

type verifiedActor struct {
	actor actor.Actor
	until time.Time
}

func newVerifiedActors(v ActorVerifier, clock func() time.Time) *verifiedActors {
	return &verifiedActors{verifier: v, clock: clock, known: make(map[[sha256.Size]byte]verifiedActor)}
}

// Verify implements ActorVerifier. Refusals are not remembered.
func (v *verifiedActors) Verify(ctx context.Context, token string) (actor.Actor, error) {
	digest, now := sha256.Sum256([]byte(token)), v.clock()
	if a, ok := v.recall(digest, now); ok {
		return own(a), nil
	}
	a, err := v.verifier.Verify(ctx, token)
	if err != nil {
		return actor.Actor{}, err
	}
	v.remember(digest, own(a), now)
	return a, nil
}

func (v *verifiedActors) recall(digest [sha256.Size]byte, now time.Time) (actor.Actor, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	known, ok := v.known[digest]
	if ok && !now.Before(known.until) {
		delete(v.known, digest)
		ok = false
	}
	return known.actor, ok
}

func (v *verifiedActors) remember(digest [sha256.Size]byte, a actor.Actor, now time.Time) {
	until := now.Add(verifiedTime)
	if a.Expires.Before(until) {
		until = a.Expires
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.known) >= maxVerified {
		v.forget(now)
	}
	v.known[digest] = verifiedActor{a, until}
}

// forget makes room: what is over goes, and where that is nothing, everything.
func (v *verifiedActors) forget(now time.Time) {
	for digest, known := range v.known {
		if !now.Before(known.until) {
			delete(v.known, digest)
		}
	}
	if len(v.known) >= maxVerified {
		clear(v.known)
	}
}

// own is a copy whose lists nobody else writes to.
func own(a actor.Actor) actor.Actor {
	a.Roles = slices.Clone(a.Roles)
	if a.Credential != nil {
		c := *a.Credential
		c.Specialties = slices.Clone(c.Specialties)
		a.Credential = &c
	}
	return a
}
