// Package keyring keeps the Ed25519 keys that actor tokens are signed with, and
// replaces them in time.
//
// The ring lies in one private file. It holds the key that signs and, for an
// hour after a rotation, the one before it, so that tokens signed with that one
// live out their minutes.
package keyring

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/telemetry"
	"github.com/hygia-suite/hygia/services/accounts/internal/keyfile"
)

const file = "actor-signing.keys"

// Overlap is how long a replaced key is still published: longer than any token
// lives (actor.MaxLifetime) and than the services cache the key set.
const Overlap = time.Hour

// Config are a ring's dependencies; all are required.
type Config struct {
	// Dir is the service's folder.
	Dir string
	// Issuer is the name that tokens carry.
	Issuer string
	// Lifetime is how long a token holds.
	Lifetime time.Duration
	// RotateAfter is how long a key signs; at least twice Overlap.
	RotateAfter time.Duration
	Clock       func() time.Time
	// Random is a cryptographic source.
	Random io.Reader
	Logger *slog.Logger
}

// Ring issues actor tokens and publishes the keys to check them with. It
// implements actor.Keys and is safe for concurrent use.
type Ring struct {
	Config

	mu   sync.Mutex
	keys []key // newest first; one or two
}

type key struct {
	private ed25519.PrivateKey
	created time.Time
	issuer  *actor.Issuer
}

// stored is a key as it lies in the file, as JSON.
type stored struct {
	Seed    []byte    `json:"seed"`
	Created time.Time `json:"created"`
}

// Open reads the ring from its folder and makes it where it is missing.
func Open(c Config) (*Ring, error) {
	if c.RotateAfter < 2*Overlap {
		return nil, fmt.Errorf("keyring: keys rotate after %v, want at least %v", c.RotateAfter, 2*Overlap)
	}
	r := &Ring{Config: c}
	data, err := keyfile.ReadOrMake(r.path(), func() ([]byte, error) {
		first, err := r.generate()
		if err != nil {
			return nil, err
		}
		return encode([]key{first})
	})
	if err != nil {
		return nil, err
	}
	if r.keys, err = r.decode(data); err != nil {
		return nil, fmt.Errorf("keyring: %s: %w", r.path(), err)
	}
	return r, nil
}

// Issue signs a token for the actor with the newest key; see actor.Issuer. It
// rotates first where the key is due. A rotation that fails is logged, and the
// old key signs on: a full disk must not lock everybody out.
func (r *Ring) Issue(a actor.Actor) (token string, expires time.Time, err error) {
	r.mu.Lock()
	issuer := r.current().issuer
	r.mu.Unlock()
	return issuer.Issue(a)
}

// JWKS returns the public keys as a JWK Set (RFC 7517).
func (r *Ring) JWKS() ([]byte, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	for _, k := range r.published() {
		var one struct {
			Keys []json.RawMessage `json:"keys"`
		}
		if err := json.Unmarshal(k.issuer.JWKS(), &one); err != nil {
			return nil, fmt.Errorf("keyring: key set: %w", err)
		}
		set.Keys = append(set.Keys, one.Keys...)
	}
	data, err := json.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("keyring: key set: %w", err)
	}
	return data, nil
}

// Key implements actor.Keys for the service that holds the ring.
func (r *Ring) Key(_ context.Context, kid string) (ed25519.PublicKey, error) {
	for _, k := range r.published() {
		if public := k.private.Public().(ed25519.PublicKey); actor.KeyID(public) == kid {
			return public, nil
		}
	}
	return nil, actor.ErrUnknownKey
}

// published returns the keys whose tokens may still be good.
func (r *Ring) published() []key {
	r.mu.Lock()
	defer r.mu.Unlock()
	newest := r.current()
	if len(r.keys) > 1 && !r.Clock().Before(newest.created.Add(Overlap)) {
		r.keys = r.keys[:1] // the file forgets it at the next rotation
	}
	return slices.Clone(r.keys)
}

// current returns the key that signs, after a rotation where one is due. It is
// called with mu held.
func (r *Ring) current() key {
	if r.Clock().Before(r.keys[0].created.Add(r.RotateAfter)) {
		return r.keys[0]
	}
	next, err := r.generate()
	if err != nil {
		r.Logger.Error("signing key not rotated", telemetry.Err(err))
		return r.keys[0]
	}
	keys := []key{next, r.keys[0]}
	data, err := encode(keys)
	if err == nil {
		err = keyfile.Write(r.path(), data)
	}
	if err != nil {
		r.Logger.Error("signing key not rotated", telemetry.Err(err))
		return r.keys[0]
	}
	r.keys = keys
	return next
}

func (r *Ring) path() string { return filepath.Join(r.Dir, file) }

func (r *Ring) generate() (key, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(r.Random, seed); err != nil {
		return key{}, fmt.Errorf("keyring: read random bytes: %w", err)
	}
	return r.key(seed, r.Clock().UTC())
}

func (r *Ring) key(seed []byte, created time.Time) (key, error) {
	private := ed25519.NewKeyFromSeed(seed)
	issuer, err := actor.NewIssuer(private, r.Issuer, r.Lifetime, r.Clock)
	if err != nil {
		return key{}, err
	}
	return key{private: private, created: created, issuer: issuer}, nil
}

func encode(keys []key) ([]byte, error) {
	all := make([]stored, len(keys))
	for i, k := range keys {
		all[i] = stored{Seed: k.private.Seed(), Created: k.created}
	}
	data, err := json.Marshal(all)
	if err != nil {
		return nil, fmt.Errorf("keyring: encode: %w", err)
	}
	return data, nil
}

// decode reads what encode wrote. Its errors do not quote the file.
func (r *Ring) decode(data []byte) ([]key, error) {
	var all []stored
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, errors.New("not a key ring")
	}
	if len(all) < 1 || len(all) > 2 {
		return nil, fmt.Errorf("%d keys, want one or two", len(all))
	}
	keys := make([]key, len(all))
	for i, s := range all {
		if len(s.Seed) != ed25519.SeedSize {
			return nil, fmt.Errorf("a seed of %d bytes, want %d", len(s.Seed), ed25519.SeedSize)
		}
		k, err := r.key(s.Seed, s.Created)
		if err != nil {
			return nil, err
		}
		keys[i] = k
	}
	return keys, nil
}
