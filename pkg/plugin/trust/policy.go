package trust

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/hygia-suite/hygia/pkg/strictjson"
)

// What a policy's file may hold.
const (
	MaxPolicyBytes = 256 << 10
	maxKeys        = 256
	maxPatterns    = 256
)

// pattern is a plugin's name, or the beginning of one with a star behind it.
var pattern = regexp.MustCompile(`^([a-z][a-z0-9-]{0,62}\*?|\*)$`)

// Policy is whose signatures are accepted for which plugins. It is immutable; the
// zero value accepts none.
type Policy struct{ keys []allowed }

type allowed struct {
	verifier  note.Verifier
	plugins   []string
	notBefore time.Time
	notAfter  time.Time
}

// file is the policy's file.
type file struct {
	Keys []struct {
		// Key is a public key, as GenerateKey writes it.
		Key string `json:"key"`
		// Plugins are the names that it may sign: "medical-basics", "medical-*", "*".
		Plugins []string `json:"plugins"`
		// NotBefore and NotAfter are the first and the last instant, RFC 3339, at which
		// what it signed is accepted.
		NotBefore string `json:"not_before"`
		NotAfter  string `json:"not_after"`
	} `json:"keys"`
}

// What an operator can do about a policy that cannot be used.
const (
	doRead    = "let the user that runs the service read it"
	doProtect = "run chmod go-w on it"
	doMend    = "mend it; it is read anew each time"
)

// ReadPolicy reads a policy from its file. Others than its owner must not be able
// to write to it. It fails with a *PolicyError.
func ReadPolicy(path string) (*Policy, error) {
	f, err := os.Open(path) //nolint:gosec // the operator chose the path
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, unreadable(path, err)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return nil, &PolicyError{Path: path, Err: errors.New("others may write to it"), Do: doProtect}
	}
	text, err := io.ReadAll(io.LimitReader(f, MaxPolicyBytes+1))
	if err != nil {
		return nil, unreadable(path, err)
	}
	policy, err := parse(text)
	if err != nil {
		return nil, &PolicyError{Path: path, Err: err, Do: doMend}
	}
	return policy, nil
}

func unreadable(path string, err error) error {
	if of := new(fs.PathError); errors.As(err, &of) {
		err = of.Err // Path has the path
	}
	return &PolicyError{Path: path, Err: fmt.Errorf("it cannot be read: %w", err), Do: doRead}
}

// ParsePolicy reads a policy, and refuses one that leaves anything open: a key
// without names or without times, a key that is there twice, an unknown field. It
// fails with a *PolicyError about the first of these.
func ParsePolicy(text []byte) (*Policy, error) {
	p, err := parse(text)
	if err != nil {
		return nil, &PolicyError{Err: err, Do: doMend}
	}
	return p, nil
}

func parse(text []byte) (*Policy, error) {
	var f file
	if err := strictjson.Decode(text, MaxPolicyBytes, &f); err != nil {
		return nil, err
	}
	if len(f.Keys) > maxKeys {
		return nil, fmt.Errorf("keys: more than %d", maxKeys)
	}
	p := &Policy{}
	for i, k := range f.Keys {
		verifier, err := note.NewVerifier(k.Key)
		if err != nil || !keyName.MatchString(verifier.Name()) {
			return nil, fmt.Errorf("keys[%d].key: must be a public key, as its .pub file has it", i)
		}
		if p.find(verifier.Name(), verifier.KeyHash()) != nil {
			return nil, fmt.Errorf("keys[%d].key: is there twice", i)
		}
		if len(k.Plugins) == 0 || len(k.Plugins) > maxPatterns {
			return nil, fmt.Errorf("keys[%d].plugins: must be 1 to %d names", i, maxPatterns)
		}
		for j, name := range k.Plugins {
			if !pattern.MatchString(name) {
				return nil, fmt.Errorf(`keys[%d].plugins[%d]: must be a plugin's name, its beginning with "*" behind it, or "*"`, i, j)
			}
		}
		a := allowed{verifier: verifier, plugins: k.Plugins}
		from, until := a.notBefore.UnmarshalText([]byte(k.NotBefore)), a.notAfter.UnmarshalText([]byte(k.NotAfter))
		if from != nil || until != nil || a.notBefore.IsZero() || !a.notAfter.After(a.notBefore) {
			return nil, fmt.Errorf("keys[%d]: not_before and not_after must be there, in that order, as RFC 3339 writes instants", i)
		}
		p.keys = append(p.keys, a)
	}
	return p, nil
}

func (p *Policy) find(name string, hash uint32) *allowed {
	for i := range p.keys {
		if v := p.keys[i].verifier; v.Name() == name && v.KeyHash() == hash {
			return &p.keys[i]
		}
	}
	return nil
}

// verifier finds a key, as note.Open asks for it.
func (p *Policy) verifier(name string, hash uint32) (note.Verifier, error) {
	k := p.find(name, hash)
	if k == nil {
		return nil, &note.UnknownVerifierError{Name: name, KeyHash: hash}
	}
	return k.verifier, nil
}

type verifiers func(name string, hash uint32) (note.Verifier, error)

func (v verifiers) Verifier(name string, hash uint32) (note.Verifier, error) { return v(name, hash) }

func (a *allowed) names(plugin string) bool {
	for _, name := range a.plugins {
		if beginning, star := strings.CutSuffix(name, "*"); name == plugin || star && strings.HasPrefix(plugin, beginning) {
			return true
		}
	}
	return false
}
