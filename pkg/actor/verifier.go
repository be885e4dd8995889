package actor

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/fault"
)

// MaxTokenBytes bounds a token, before anything of it is read.
const MaxTokenBytes = 4 << 10

// Leeway is how far the clocks of two services may differ.
const Leeway = 5 * time.Second

// What Verify answers, as targets of errors.Is.
var (
	// ErrTokenExpired: the token was good once; a fresh one will do.
	ErrTokenExpired = fault.New(codes.Unauthenticated, "TOKEN_EXPIRED", "the actor token has expired").
			WithHint("exchange the API token for a fresh actor token")
	// ErrTokenInvalid: no issuer that this service trusts made the token.
	ErrTokenInvalid = fault.New(codes.Unauthenticated, "TOKEN_INVALID", "the actor token is not valid")
	// ErrKeysUnavailable: the keys to check the token with could not be had; the
	// token may be good.
	ErrKeysUnavailable = fault.New(codes.Unavailable, "TOKEN_KEYS_UNAVAILABLE",
		"the keys that actor tokens are checked with cannot be had").
		WithHint("check that the accounts service runs and can be reached")
)

// VerifierOptions is what a Verifier is made of; every field is required.
type VerifierOptions struct {
	Keys   Keys
	Issuer string // the only iss that is taken
	Clock  func() time.Time
}

// Verifier checks actor tokens. It is safe for concurrent use.
type Verifier struct{ VerifierOptions }

// NewVerifier makes a verifier.
func NewVerifier(o VerifierOptions) *Verifier { return &Verifier{o} }

// Verify checks a compact JWS: its signature (Ed25519 alone), type, issuer,
// audience, times, and that it names an actor with known roles and a known
// purpose. Its errors are ErrTokenExpired, ErrTokenInvalid and
// ErrKeysUnavailable; the cause that each wraps says more, and never quotes the
// token.
func (v *Verifier) Verify(ctx context.Context, token string) (Actor, error) {
	if len(token) > MaxTokenBytes {
		return Actor{}, invalid("too long")
	}
	if !canonical(token) {
		return Actor{}, invalid("not in the one form that it has")
	}
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return Actor{}, invalid("not a compact JWS with EdDSA")
	}
	header := jws.Signatures[0].Protected
	if typ, _ := header.ExtraHeaders[jose.HeaderType].(string); typ != tokenType {
		return Actor{}, invalid("of another type")
	}
	key, err := v.Keys.Key(ctx, header.KeyID)
	switch {
	case errors.Is(err, ErrUnknownKey):
		return Actor{}, invalid("signed with an unknown key")
	case err != nil:
		return Actor{}, ErrKeysUnavailable.Wrap(err)
	case len(key) != ed25519.PublicKeySize:
		return Actor{}, ErrKeysUnavailable.Wrap(errors.New("actor: key of a wrong size"))
	}
	payload, err := jws.Verify(key)
	if err != nil {
		return Actor{}, invalid("signature does not match")
	}
	return v.accept(payload)
}

func (v *Verifier) accept(payload []byte) (Actor, error) {
	c, err := decodeClaims(payload)
	if err != nil {
		return Actor{}, ErrTokenInvalid.Wrap(err)
	}
	a := c.actor()
	now := v.Clock()
	notBefore := time.Unix(c.NotBefore, 0)
	switch {
	case c.Issuer != v.Issuer:
		return Actor{}, invalid("of another issuer")
	case c.Audience != Audience:
		return Actor{}, invalid("for another audience")
	case a.Expires.Sub(notBefore) > MaxLifetime || !a.Expires.After(notBefore):
		return Actor{}, invalid("of an impossible lifetime")
	case now.Before(notBefore.Add(-Leeway)):
		return Actor{}, invalid("not valid yet")
	case !now.Before(a.Expires.Add(Leeway)):
		return Actor{}, ErrTokenExpired
	}
	if err := a.check(); err != nil {
		return Actor{}, ErrTokenInvalid.Wrap(err)
	}
	return a, nil
}

// canonical reports whether token is three parts of strict base64url: decoders
// skip line breaks and stray bits, which would give one token many spellings.
func canonical(token string) bool {
	if strings.ContainsAny(token, "\r\n") || strings.Count(token, ".") != 2 {
		return false
	}
	for part := range strings.SplitSeq(token, ".") {
		if _, err := base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return false
		}
	}
	return true
}

func invalid(why string) error { return ErrTokenInvalid.Wrap(errors.New("actor: token " + why)) }
