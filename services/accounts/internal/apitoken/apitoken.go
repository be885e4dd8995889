// Package apitoken makes and reads API tokens: "hyg_", 32 random bytes and a
// checksum of 3 bytes, both in unpadded base64url.
//
// The prefix lets secret scanners find a leaked token. The checksum lets
// scanners and the service tell a mistyped string from a token without asking
// a database. It adds no strength: the strength is the 256 random bits, for
// which a plain SHA-256 is enough at rest, as no dictionary holds them.
package apitoken

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	prefix       = "hyg_"
	secretBytes  = 32
	checkBytes   = 3
	encodedBytes = (secretBytes+checkBytes)*4/3 + 1 // 47: 35 bytes in base64 without padding
)

// Length is the length of every token, in bytes.
const Length = len(prefix) + encodedBytes

// ErrMalformed is what Digest answers for a string that is no token.
var ErrMalformed = errors.New("apitoken: not a token")

// Digest is what is stored of a token: the SHA-256 of its text.
type Digest [sha256.Size]byte

// Equal compares two digests in constant time.
func (d Digest) Equal(o Digest) bool { return subtle.ConstantTimeCompare(d[:], o[:]) == 1 }

// New makes a token of 32 bytes from random, which must be a cryptographic
// source; the token is shown once and stored as its digest alone.
func New(random io.Reader) (token string, digest Digest, err error) {
	raw := make([]byte, secretBytes, secretBytes+checkBytes)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", Digest{}, fmt.Errorf("apitoken: read random bytes: %w", err)
	}
	raw = append(raw, check(raw)...)
	token = prefix + base64.RawURLEncoding.EncodeToString(raw)
	return token, sha256.Sum256([]byte(token)), nil
}

// Parse returns the digest of a token, or ErrMalformed where the string has
// another form or a wrong checksum.
func Parse(token string) (Digest, error) {
	body, ok := strings.CutPrefix(token, prefix)
	if !ok || len(token) != Length {
		return Digest{}, ErrMalformed
	}
	// Strict: without it, the last character's unused bits would give one token
	// several spellings.
	raw, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil || len(raw) != secretBytes+checkBytes {
		return Digest{}, ErrMalformed
	}
	if subtle.ConstantTimeCompare(raw[secretBytes:], check(raw[:secretBytes])) != 1 {
		return Digest{}, ErrMalformed
	}
	return sha256.Sum256([]byte(token)), nil
}

func check(secret []byte) []byte {
	sum := sha256.Sum256(append([]byte(prefix), secret...))
	return sum[:checkBytes]
}
