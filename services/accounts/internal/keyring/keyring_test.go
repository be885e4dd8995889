package keyring_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/services/accounts/internal/keyring"
)

const issuer = "spiffe://hygia.test/accounts"

var someone = actor.Actor{
	Person: "018f8a1e-7c1d-7000-8000-000000000001", Tenant: "018f8a1e-7c1d-7000-8000-000000000002",
	DisplayName: "Ana", Roles: []actor.Role{actor.RoleAdmin}, Purpose: actor.PurposeAdministration,
}

func config(dir string) keyring.Config {
	return keyring.Config{
		Dir: dir, Issuer: issuer, Lifetime: 5 * time.Minute, RotateAfter: 24 * time.Hour,
		Clock: time.Now, Random: rand.Reader, Logger: slog.New(slog.DiscardHandler),
	}
}

func open(t *testing.T, dir string) *keyring.Ring {
	t.Helper()
	r, err := keyring.Open(config(dir))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func issue(t *testing.T, r *keyring.Ring) string {
	t.Helper()
	token, expires, err := r.Issue(someone)
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(expires); left > 5*time.Minute || left < 4*time.Minute {
		t.Fatalf("the token holds for %v, want 5m", left)
	}
	return token
}

func verify(keys actor.Keys, token string) error {
	v := actor.NewVerifier(actor.VerifierOptions{Keys: keys, Issuer: issuer, Clock: time.Now})
	_, err := v.Verify(context.Background(), token)
	return err
}

// remote is what another service gets of the ring.
func remote(t *testing.T, r *keyring.Ring) actor.StaticKeys {
	t.Helper()
	jwks, err := r.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := actor.ParseJWKS(jwks)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestTokensVerifyWithThePublishedKeys(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	token := issue(t, r)
	if err := verify(remote(t, r), token); err != nil {
		t.Errorf("with the published keys: %v", err)
	}
	if err := verify(open(t, dir), token); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	if err := verify(open(t, t.TempDir()), token); !errors.Is(err, actor.ErrTokenInvalid) {
		t.Errorf("with another ring: %v", err)
	}
}

func TestThePrivateKeyStaysPrivate(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	info, err := os.Stat(filepath.Join(dir, "actor-signing.keys"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	jwks, _ := r.JWKS()
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal(jwks, &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("key set %s: %v", jwks, err)
	}
	if _, ok := set.Keys[0]["d"]; ok {
		t.Error("the key set holds a private key")
	}
}

func TestRotationOverlaps(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := open(t, dir)
		time.Sleep(24*time.Hour - time.Minute)
		before := issue(t, r)
		time.Sleep(2 * time.Minute)
		after := issue(t, r)
		if n := len(remote(t, r)); n != 2 {
			t.Fatalf("%d keys are published after a rotation, want 2", n)
		}
		for name, token := range map[string]string{"before": before, "after": after} {
			for place, keys := range map[string]actor.Keys{"here": r, "elsewhere": remote(t, r), "after a restart": open(t, dir)} {
				if err := verify(keys, token); err != nil {
					t.Errorf("the token from %s the rotation, checked %s: %v", name, place, err)
				}
			}
		}
		if kid(before) == kid(after) {
			t.Error("the rotation kept the key")
		}
		time.Sleep(keyring.Overlap)
		if n := len(remote(t, r)); n != 1 {
			t.Errorf("%d keys are published after the overlap, want 1", n)
		}
		if n := len(remote(t, open(t, dir))); n != 1 {
			t.Errorf("%d keys are published after the overlap and a restart, want 1", n)
		}
	})
}

func TestARotationThatFailsKeepsTheOldKey(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := config(dir)
		random := &limited{left: 32}
		c.Random = random
		r, err := keyring.Open(c)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(25 * time.Hour)
		first := issue(t, r)
		if err := verify(r, first); err != nil {
			t.Fatal(err)
		}
		random.left = 32
		if second := issue(t, r); kid(first) == kid(second) {
			t.Error("no rotation once there was randomness again")
		}
	})
}

func TestADamagedRingIsRefused(t *testing.T) {
	for name, content := range map[string]string{
		"not JSON": "{", "no keys": "[]", "a short seed": `[{"seed":"AAAA","created":"2026-01-01T00:00:00Z"}]`,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "actor-signing.keys"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := keyring.Open(config(dir)); err == nil || strings.Contains(err.Error(), "AAAA") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// limited gives zeros until it runs out.
type limited struct{ left int }

func (l *limited) Read(p []byte) (int, error) {
	if l.left < len(p) {
		return 0, errors.New("no randomness")
	}
	l.left -= len(p)
	_, _ = rand.Read(p)
	return len(p), nil
}

func kid(token string) string { return strings.SplitN(token, ".", 2)[0] }
