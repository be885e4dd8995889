package trust

import (
	"errors"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Verify returns the name of a key that signed the statement and may, at the
// instant of now. One such signature is enough. Otherwise it fails with an *Error
// about the signature that came closest to being accepted.
func (p *Policy) Verify(s Statement, signatures [][]byte, now time.Time) (string, error) {
	text, err := s.text()
	if err != nil {
		return "", err
	}
	if len(signatures) > MaxSignatures {
		signatures = signatures[:MaxSignatures]
	}
	closest := refuse(s, "", ErrUnsigned)
	for _, signature := range signatures {
		key, refusal := p.verify(s, text, signature, now)
		if refusal == nil {
			return key, nil
		}
		if rank(refusal.Err) > rank(closest.Err) {
			closest = refusal
		}
	}
	return "", closest
}

func (p *Policy) verify(s Statement, text string, signature []byte, now time.Time) (string, *Error) {
	if len(signature) > MaxSignatureBytes {
		return "", refuse(s, "", ErrAltered)
	}
	opened, err := note.Open(signature, verifiers(p.verifier))
	var unverified *note.UnverifiedNoteError
	switch {
	case errors.As(err, &unverified):
		return "", refuse(s, presentable(unverified.Note.UnverifiedSigs[0].Name), ErrUnknownKey)
	case err != nil || opened.Text != text:
		return "", refuse(s, "", ErrAltered)
	}
	var closest *Error
	for _, sig := range opened.Sigs {
		refusal := p.find(sig.Name, sig.Hash).check(s, now)
		if refusal == nil {
			return sig.Name, nil
		}
		if closest == nil || rank(refusal.Err) > rank(closest.Err) {
			closest = refusal
		}
	}
	return "", closest
}

func (a *allowed) check(s Statement, now time.Time) *Error {
	switch {
	case !a.names(s.Name):
		return refuse(s, a.verifier.Name(), ErrNotAllowed)
	case now.Before(a.notBefore):
		return refuse(s, a.verifier.Name(), ErrNotYetValid)
	case now.After(a.notAfter):
		return refuse(s, a.verifier.Name(), ErrExpired)
	}
	return nil
}

// presentable drops a stranger's name for a key that no key of ours could have:
// it goes into errors and logs.
func presentable(name string) string {
	if keyName.MatchString(name) {
		return name
	}
	return ""
}

// remedies lists the errors by how close each is to being accepted, and says what
// to do about it.
func remedies() []remedy {
	return []remedy{
		{ErrUnsigned, "have its author sign it with `hygia plugin sign`"},
		{ErrUnknownKey, "if you know and trust the signer, add the signer's public key to the trust file"},
		{ErrAltered, "fetch the package again, and tell its author if it stays so"},
		{ErrNotAllowed, "if the signer is to be trusted with it, add its name to that key's plugins in the trust file"},
		{ErrNotYetValid, "check this machine's clock, and not_before in the trust file"},
		{ErrExpired, "ask the author for one signed by a key that is in use, or move not_after in the trust file"},
	}
}

type remedy struct {
	err error
	do  string
}

func rank(err error) int {
	return slices.IndexFunc(remedies(), func(r remedy) bool { return errors.Is(err, r.err) })
}

func refuse(s Statement, key string, err error) *Error {
	return &Error{Plugin: s.plugin(), Key: key, Err: err, Do: remedies()[rank(err)].do}
}
