package trust

import (
	"errors"
	"fmt"
	"io"
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
		NotBefore time.Time `json:"not_before"`
		NotAfter  time.Time `json:"not_after"`
	} `json:"keys"`
}

// ReadPolicy reads a policy from its file. Others than its owner must not be able
// to write to it.
func ReadPolicy(path string) (*Policy, error) {
	f, err := os.Open(path) //nolint:gosec // the operator chose the path
	if err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return nil, fmt.Errorf("trust: %s: others may write to it; run chmod go-w %s", path, path)
	}
	text, err := io.ReadAll(io.LimitReader(f, MaxPolicyBytes+1))
	if err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	policy, err := ParsePolicy(text)
	if err != nil {
		return nil, fmt.Errorf("%w (in %s)", err, path)
	}
	return policy, nil
}

// ParsePolicy reads a policy, and refuses one that leaves anything open: a key
// without names or without times, a key that is there twice, an unknown field.
func ParsePolicy(text []byte) (*Policy, error) {
	var f file
	if err := strictjson.Decode(text, MaxPolicyBytes, &f); err != nil {
		return nil, fmt.Errorf("trust: policy: %w", err)
	}
	if len(f.Keys) > maxKeys {
		return nil, fmt.Errorf("trust: policy: more than %d keys", maxKeys)
	}
	var problems []error
	p := &Policy{}
	for i, k := range f.Keys {
		verifier, err := note.NewVerifier(k.Key)
		if err != nil || !keyName.MatchString(verifier.Name()) {
			problems = append(problems, fmt.Errorf("keys[%d].key: must be a public key, as its .pub file has it", i))
			continue
		}
		if p.find(verifier.Name(), verifier.KeyHash()) != nil {
			problems = append(problems, fmt.Errorf("keys[%d].key: is there twice", i))
		}
		if len(k.Plugins) == 0 || len(k.Plugins) > maxPatterns {
			problems = append(problems, fmt.Errorf("keys[%d].plugins: must be 1 to %d names", i, maxPatterns))
		}
		for j, name := range k.Plugins {
			if !pattern.MatchString(name) {
				problems = append(problems, fmt.Errorf(`keys[%d].plugins[%d]: must be a plugin's name, its beginning with "*" behind it, or "*"`, i, j))
			}
		}
		if k.NotBefore.IsZero() || !k.NotAfter.After(k.NotBefore) {
			problems = append(problems, fmt.Errorf("keys[%d]: not_before and not_after must be there, in that order", i))
		}
		p.keys = append(p.keys, allowed{verifier, k.Plugins, k.NotBefore, k.NotAfter})
	}
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("trust: policy: %w", err)
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
