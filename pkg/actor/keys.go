package actor

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Keys finds the public keys that actor tokens are signed with. It is safe for
// concurrent use.
type Keys interface {
	// Key returns the key with this id, or an error that wraps ErrUnknownKey.
	// Any other error means that the keys could not be had.
	Key(ctx context.Context, kid string) (ed25519.PublicKey, error)
}

// ErrUnknownKey says that a key set has no key with the id.
var ErrUnknownKey = errors.New("actor: unknown key")

// Bounds on a key set.
const (
	maxKeys      = 32
	maxJWKSBytes = 64 << 10
)

// StaticKeys are keys by their id, for whoever holds the issuer itself. Nobody
// may write to it once it is in use.
type StaticKeys map[string]ed25519.PublicKey

// Key implements Keys.
func (k StaticKeys) Key(_ context.Context, kid string) (ed25519.PublicKey, error) {
	if key, ok := k[kid]; ok {
		return key, nil
	}
	return nil, ErrUnknownKey
}

// ParseJWKS reads a JWK Set (RFC 7517) of at most 64 KiB and 32 keys. It takes
// Ed25519 public keys for signatures alone and refuses a set that holds
// anything else, or two keys with one id.
func ParseJWKS(data []byte) (StaticKeys, error) {
	if len(data) > maxJWKSBytes {
		return nil, fmt.Errorf("actor: key set of more than %d bytes", maxJWKSBytes)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, errors.New("actor: key set is not a JWK Set")
	}
	if len(set.Keys) == 0 || len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("actor: key set of %d keys, want 1 to %d", len(set.Keys), maxKeys)
	}
	keys := make(StaticKeys, len(set.Keys))
	for _, k := range set.Keys {
		public, ok := k.Key.(ed25519.PublicKey)
		if !ok || k.Use != "sig" || k.Algorithm != string(jose.EdDSA) {
			return nil, errors.New("actor: key set holds a key that is not an Ed25519 public key for signatures")
		}
		if _, twice := keys[k.KeyID]; twice || k.KeyID == "" {
			return nil, errors.New("actor: key set with a key id that is empty or there twice")
		}
		keys[k.KeyID] = public
	}
	return keys, nil
}

// RemoteKeysOptions is what RemoteKeys are made of; every field is required.
type RemoteKeysOptions struct {
	// Fetch gets the JWK Set from the accounts service (AuthService.ListKeys).
	Fetch func(ctx context.Context) (jwks []byte, err error)
	Clock func() time.Time
	// MaxAge is how long a key is trusted without asking again: a key that the
	// accounts service withdrew is refused after it.
	MaxAge time.Duration
	// MinInterval is the least time between two fetches that tokens with unknown
	// key ids cause: strangers cannot make this service flood accounts.
	MinInterval time.Duration
}

// RemoteKeys are the accounts service's keys, cached. It is safe for concurrent
// use; of concurrent callers one fetches and the others wait for it.
type RemoteKeys struct {
	RemoteKeysOptions

	turn    chan struct{} // holds one token: whoever has it may fetch
	mu      sync.RWMutex
	keys    StaticKeys
	fetched time.Time // when keys came
	tried   time.Time // when a fetch last began
}

// NewRemoteKeys makes an empty cache, which fetches when it is first asked.
func NewRemoteKeys(o RemoteKeysOptions) *RemoteKeys {
	r := &RemoteKeys{RemoteKeysOptions: o, turn: make(chan struct{}, 1)}
	r.turn <- struct{}{}
	return r
}

// Key implements Keys. While the accounts service cannot be reached, keys that
// are younger than MaxAge go on working.
func (r *RemoteKeys) Key(ctx context.Context, kid string) (ed25519.PublicKey, error) {
	if key, ok := r.cached(kid); ok {
		return key, nil
	}
	select {
	case <-r.turn:
		defer func() { r.turn <- struct{}{} }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if key, ok := r.cached(kid); ok { // somebody fetched while this call waited
		return key, nil
	}
	if err := r.refresh(ctx); err != nil {
		return nil, err
	}
	if key, ok := r.cached(kid); ok {
		return key, nil
	}
	return nil, ErrUnknownKey
}

func (r *RemoteKeys) cached(kid string) (ed25519.PublicKey, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if !r.fresh() {
		return nil, false
	}
	key, ok := r.keys[kid]
	return key, ok
}

// fresh must be called with mu held.
func (r *RemoteKeys) fresh() bool {
	return r.keys != nil && r.Clock().Sub(r.fetched) < r.MaxAge
}

// refresh fetches the keys, unless there are fresh ones and the last attempt
// was less than MinInterval ago. Only the holder of the turn calls it.
func (r *RemoteKeys) refresh(ctx context.Context) error {
	now := r.Clock()
	r.mu.Lock()
	if r.fresh() && now.Sub(r.tried) < r.MinInterval {
		r.mu.Unlock()
		return nil
	}
	r.tried = now
	r.mu.Unlock()

	jwks, err := r.Fetch(ctx)
	if err != nil {
		return fmt.Errorf("actor: fetch keys: %w", err)
	}
	keys, err := ParseJWKS(jwks)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.keys, r.fetched = keys, now
	r.mu.Unlock()
	return nil
}
