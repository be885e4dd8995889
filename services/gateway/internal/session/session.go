// Package session trades the API tokens of requests for actor tokens, and
// remembers each for some seconds.
package session

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
)

// MaxAge is how long an exchange is used again, and so how long a token that was
// revoked may still pass here.
const MaxAge = 30 * time.Second

const (
	// margin is how much longer than this request an actor token must hold.
	margin = 10 * time.Second
	// exchangeTime bounds one exchange, whoever waits for it.
	exchangeTime = 5 * time.Second
)

// Exchanger is what Sessions need of the accounts service.
type Exchanger interface {
	Exchange(ctx context.Context, request *accountsv1.ExchangeRequest) (*accountsv1.ExchangeResponse, error)
}

// Options are what Sessions are made of; all are required.
type Options struct {
	Exchanger Exchanger
	Clock     func() time.Time
	// Capacity is how many exchanges are remembered, some 2 KiB each; at least 1.
	Capacity int
}

// Sessions exchanges tokens. It keeps no API token: what it remembers lies under
// a token's SHA-256. It is safe for concurrent use.
type Sessions struct {
	exchanger Exchanger
	clock     func() time.Time
	known     *lru.Cache[key, session]
	flights   singleflight.Group
}

type key struct {
	token   [sha256.Size]byte
	purpose accountsv1.Purpose
}

type session struct {
	actor string
	until time.Time
}

// New makes an empty set of sessions.
func New(o Options) (*Sessions, error) {
	known, err := lru.New[key, session](o.Capacity)
	if err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	return &Sessions{exchanger: o.Exchanger, clock: o.Clock, known: known}, nil
}

// Actor returns the actor token of an API token for a purpose, or the accounts
// service's error. What was refused is not remembered. Of concurrent calls with
// one token, one asks. Before it does, it calls admit, whose error it returns.
func (s *Sessions) Actor(ctx context.Context, token string, purpose accountsv1.Purpose, admit func() error) (string, error) {
	k := key{sha256.Sum256([]byte(token)), purpose}
	if known, ok := s.known.Get(k); ok && s.clock().Before(known.until) {
		return known.actor, nil
	}
	if err := admit(); err != nil {
		return "", err
	}
	flight := s.flights.DoChan(fmt.Sprintf("%x/%d", k.token, purpose), func() (any, error) {
		// Not under this request's deadline: others may wait for the answer.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), exchangeTime)
		defer cancel()
		return s.exchange(ctx, k, token)
	})
	select {
	case result := <-flight:
		if result.Err != nil {
			return "", result.Err
		}
		return result.Val.(string), nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (s *Sessions) exchange(ctx context.Context, k key, token string) (string, error) {
	r, err := s.exchanger.Exchange(ctx, &accountsv1.ExchangeRequest{ApiToken: token, Purpose: k.purpose})
	if err != nil {
		return "", err
	}
	now := s.clock()
	until := now.Add(MaxAge)
	if limit := r.GetExpireTime().AsTime().Add(-margin); limit.Before(until) {
		until = limit
	}
	if now.Before(until) {
		s.known.Add(k, session{actor: r.GetActorToken(), until: until})
	}
	return r.GetActorToken(), nil
}
