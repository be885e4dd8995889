package actor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
)

// Audience is the aud of every actor token: the suite's services.
const Audience = "hygia"

// tokenType is the JWS typ (RFC 8725 3.11): no other kind of JWT passes for an
// actor token.
const tokenType = "hygia-actor+jwt" //nolint:gosec // a type, not a token

// Bounds on what a token says, so that it fits MaxTokenBytes.
const (
	maxName        = 200 // bytes
	maxRoles       = 8
	maxSpecialties = 16
	maxSpecialty   = 100 // bytes; also of a credential's other fields
)

// claims is the token's payload (RFC 7519), with times in whole seconds.
type claims struct {
	Issuer     string           `json:"iss"`
	Audience   string           `json:"aud"`
	Subject    string           `json:"sub"`
	ID         string           `json:"jti"`
	NotBefore  int64            `json:"nbf"`
	IssuedAt   int64            `json:"iat"`
	Expires    int64            `json:"exp"`
	Tenant     string           `json:"tenant"`
	Name       string           `json:"name,omitempty"`
	Roles      []Role           `json:"roles"`
	Purpose    Purpose          `json:"purpose"`
	Credential *credentialClaim `json:"credential,omitempty"`
}

type credentialClaim struct {
	Council     string   `json:"council"`
	Number      string   `json:"number"`
	Region      string   `json:"region,omitempty"`
	Specialties []string `json:"specialties,omitempty"`
}

func newClaims(a Actor, issuer string, now time.Time) claims {
	c := claims{
		Issuer: issuer, Audience: Audience, Subject: a.Person, ID: a.TokenID,
		NotBefore: now.Unix(), IssuedAt: now.Unix(), Expires: a.Expires.Unix(),
		Tenant: a.Tenant, Name: a.DisplayName, Roles: a.Roles, Purpose: a.Purpose,
	}
	if a.Credential != nil {
		c.Credential = (*credentialClaim)(a.Credential)
	}
	return c
}

func (c claims) actor() Actor {
	return Actor{
		Person: c.Subject, Tenant: c.Tenant, DisplayName: c.Name,
		Roles: c.Roles, Purpose: c.Purpose, Credential: (*Credential)(c.Credential),
		TokenID: c.ID, Expires: time.Unix(c.Expires, 0).UTC(),
	}
}

// decodeClaims reads exactly one object without unknown members: what this
// version does not understand might be a restriction.
func decodeClaims(payload []byte) (claims, error) {
	var c claims
	d := json.NewDecoder(bytes.NewReader(payload))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return claims{}, errors.New("payload is not what an issuer writes")
	}
	if _, err := d.Token(); err != io.EOF {
		return claims{}, errors.New("payload is followed by something")
	}
	return c, nil
}

// check refuses an actor that could not act. Its errors hold no value.
func (a Actor) check() error {
	switch {
	case !isUUID(a.Person), !isUUID(a.Tenant), !isUUID(a.TokenID):
		return errors.New("actor: person, tenant and token id must be UUIDs")
	case len(a.DisplayName) > maxName:
		return fmt.Errorf("actor: name of more than %d bytes", maxName)
	case len(a.Roles) == 0 || len(a.Roles) > maxRoles:
		return fmt.Errorf("actor: %d roles, want 1 to %d", len(a.Roles), maxRoles)
	case !a.Purpose.Valid():
		return errors.New("actor: unknown purpose")
	}
	for _, r := range a.Roles {
		if !r.Valid() {
			return errors.New("actor: unknown role")
		}
	}
	return a.Credential.check()
}

func (c *Credential) check() error {
	if c == nil {
		return nil
	}
	if c.Council == "" || c.Number == "" {
		return errors.New("actor: credential without council or number")
	}
	if len(c.Specialties) > maxSpecialties {
		return fmt.Errorf("actor: more than %d specialties", maxSpecialties)
	}
	for _, s := range append([]string{c.Council, c.Number, c.Region}, c.Specialties...) {
		if len(s) > maxSpecialty {
			return fmt.Errorf("actor: credential with a text of more than %d bytes", maxSpecialty)
		}
	}
	return nil
}

// isUUID accepts the canonical form alone: other spellings of one id would
// compare unequal later.
func isUUID(s string) bool {
	id, err := uuid.Parse(s)
	return err == nil && id.String() == s && id != uuid.Nil
}
