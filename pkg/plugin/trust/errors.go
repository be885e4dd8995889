package trust

import (
	"errors"
	"fmt"
)

// Why a signature is not accepted. Each works with errors.Is on what Verify
// returns, which is an *Error.
var (
	// ErrUnsigned: there is no signature.
	ErrUnsigned = errors.New("it is not signed")
	// ErrUnknownKey: no key that signed it is in the policy.
	ErrUnknownKey = errors.New("it is signed by a key that is not trusted")
	// ErrNotAllowed: a trusted key signed it that may not sign this plugin.
	ErrNotAllowed = errors.New("the key that signed it may not sign this plugin")
	// ErrExpired: a trusted key signed it whose time is over.
	ErrExpired = errors.New("the key that signed it has expired")
	// ErrNotYetValid: a trusted key signed it whose time has not come.
	ErrNotYetValid = errors.New("the key that signed it is not valid yet")
	// ErrAltered: the signature is not of these bytes: they, or it, were altered.
	ErrAltered = errors.New("its bytes are not those that were signed")
)

// Error says which plugin was refused, over which key, and what to do about it.
type Error struct {
	Plugin string // "name@version"
	Key    string // the key's name; empty where none is concerned
	Err    error  // one of the errors above
	Do     string // what an operator can do
}

func (e *Error) Error() string {
	key := ""
	if e.Key != "" {
		key = fmt.Sprintf(" (key %q)", e.Key)
	}
	return fmt.Sprintf("trust: %s is refused: %v%s; %s", e.Plugin, e.Err, key, e.Do)
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// PolicyError says why a policy cannot be used, and what to do about it. Its texts
// quote the policy at most, which holds public keys, names of plugins and times.
type PolicyError struct {
	Path string // the policy's file; empty where there is none
	Err  error  // what is wrong, on one line, and where: a *strictjson.Error, or a text that begins with the key
	Do   string // what an operator can do
}

func (e *PolicyError) Error() string {
	path := ""
	if e.Path != "" {
		path = e.Path + ": "
	}
	return fmt.Sprintf("trust: policy: %s%v; %s", path, e.Err, e.Do)
}

// Unwrap returns Err.
func (e *PolicyError) Unwrap() error { return e.Err }
