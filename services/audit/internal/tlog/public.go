package tlog

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// algEd25519 is the byte that stands before an Ed25519 key in a signed note's
// keys (C2SP signed-note).
const algEd25519 = 1

// publicKey derives the verifier's key from a signer's key, which has the form
// PRIVATE+KEY+<name>+<hash>+<base64 of the algorithm's byte and the seed>.
func publicKey(signer string) (string, error) {
	parts := strings.SplitN(signer, "+", 5)
	if len(parts) != 5 {
		return "", errMalformedKey
	}
	raw, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(raw) != 1+ed25519.SeedSize || raw[0] != algEd25519 {
		return "", errMalformedKey
	}
	public, ok := ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey)
	if !ok {
		return "", errMalformedKey
	}
	return note.NewEd25519VerifierKey(parts[2], public)
}

var errMalformedKey = errors.New("malformed signer key")
