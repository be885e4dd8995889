package entry

import (
	"slices"
	"time"
)

// Signer is the person who signs, as their actor token says.
type Signer struct {
	Person      string
	DisplayName string
	// Reviewer tells whether they have the role of a reviewer.
	Reviewer bool
	// Credential is nil where they have none.
	Credential *Credential
}

// Sign signs off the newest revision. read is the hash of what the signer read;
// participants are all who ever saved a revision of the entry or submitted it.
func (e Entry) Sign(s Signer, read Hash, participants []string, now time.Time) (Entry, error) {
	switch {
	case !s.Reviewer:
		return e, ErrSignerRole
	case s.Credential == nil || s.Credential.Council == "" || s.Credential.Number == "":
		return e, ErrSignerCredential
	case slices.Contains(participants, s.Person):
		return e, ErrSignerTookPart
	}
	next, err := e.step(sign, now)
	if err != nil {
		return e, err
	}
	// The stored hash is not trusted: what is bound is what is there.
	if hash := e.Newest.Content.Hash(); read != hash || e.Newest.Hash != hash {
		return e, ErrHashMismatch
	}
	next.Signature = &Signature{
		Revision:    e.Newest.Number,
		Hash:        read,
		Person:      s.Person,
		DisplayName: s.DisplayName,
		Credential:  *s.Credential,
		Time:        now,
	}
	return next, nil
}

// signed refuses a, unless the newest revision has a signature over what it is
// at this moment.
func (e Entry) signed(a action) error {
	if _, ok := transitions[e.Status][a]; !ok {
		return refusal(e, a)
	}
	s := e.Signature
	if s == nil || s.Revision != e.Newest.Number || s.Hash != e.Newest.Content.Hash() {
		return ErrSignOffMissing
	}
	return nil
}
