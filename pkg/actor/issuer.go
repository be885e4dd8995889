package actor

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
)

// MaxLifetime bounds how long a token is good for: nothing can take one back.
const MaxLifetime = 15 * time.Minute

// Issuer signs actor tokens; only the accounts service has one. It is safe for
// concurrent use.
type Issuer struct {
	signer   jose.Signer
	jwks     []byte
	issuer   string
	lifetime time.Duration
	clock    func() time.Time
}

// NewIssuer makes an issuer whose tokens name issuer and hold for lifetime,
// which must lie between a second and MaxLifetime.
func NewIssuer(key ed25519.PrivateKey, issuer string, lifetime time.Duration, clock func() time.Time) (*Issuer, error) {
	switch {
	case len(key) != ed25519.PrivateKeySize:
		return nil, fmt.Errorf("actor: signing key of %d bytes, want %d", len(key), ed25519.PrivateKeySize)
	case issuer == "":
		return nil, fmt.Errorf("actor: issuer without a name")
	case lifetime < time.Second || lifetime > MaxLifetime:
		return nil, fmt.Errorf("actor: lifetime %v is not between 1s and %v", lifetime, MaxLifetime)
	}
	public := key.Public().(ed25519.PublicKey)
	kid := KeyID(public)
	options := (&jose.SignerOptions{}).WithType(tokenType).WithHeader("kid", kid)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: key}, options)
	if err != nil {
		return nil, fmt.Errorf("actor: signer: %w", err)
	}
	jwks, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{
		Key: public, KeyID: kid, Algorithm: string(jose.EdDSA), Use: "sig",
	}}})
	if err != nil {
		return nil, fmt.Errorf("actor: key set: %w", err)
	}
	return &Issuer{signer: signer, jwks: jwks, issuer: issuer, lifetime: lifetime, clock: clock}, nil
}

// Issue signs a token for a. It sets the token's id and expiry itself and
// refuses an actor that no Verifier would take.
func (i *Issuer) Issue(a Actor) (token string, expires time.Time, err error) {
	now := i.clock().Truncate(time.Second)
	a.TokenID = uuid.NewString()
	a.Expires = now.Add(i.lifetime)
	if err := a.check(); err != nil {
		return "", time.Time{}, err
	}
	payload, err := json.Marshal(newClaims(a, i.issuer, now))
	if err != nil {
		return "", time.Time{}, fmt.Errorf("actor: claims: %w", err)
	}
	signed, err := i.signer.Sign(payload)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("actor: sign: %w", err)
	}
	token, err = signed.CompactSerialize()
	if err != nil {
		return "", time.Time{}, fmt.Errorf("actor: serialise: %w", err)
	}
	if len(token) > MaxTokenBytes {
		return "", time.Time{}, fmt.Errorf("actor: token of %d bytes, at most %d", len(token), MaxTokenBytes)
	}
	return token, a.Expires, nil
}

// JWKS returns the JWK Set (RFC 7517) with the issuer's public key.
func (i *Issuer) JWKS() []byte { return append([]byte(nil), i.jwks...) }

// KeyID derives a key's id from the key, so that two keys never share one.
func KeyID(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
