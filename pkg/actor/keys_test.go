package actor_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hygia-suite/hygia/pkg/actor"
)

// accounts is the service that keys come from.
type accounts struct {
	mu      sync.Mutex
	jwks    []byte
	err     error
	fetches atomic.Int32
}

func (a *accounts) set(jwks []byte, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.jwks, a.err = jwks, err
}

func (a *accounts) fetch(context.Context) ([]byte, error) {
	a.fetches.Add(1)
	time.Sleep(time.Millisecond) // in a synctest bubble: others queue up meanwhile
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.jwks, a.err
}

func remote(a *accounts) *actor.RemoteKeys {
	return actor.NewRemoteKeys(actor.RemoteKeysOptions{
		Fetch: a.fetch, Clock: time.Now, MaxAge: time.Minute, MinInterval: time.Second,
	})
}

func newKey(t *testing.T, seed string) (kid string, jwks []byte) {
	key := ed25519.NewKeyFromSeed([]byte(strings.Repeat(seed, ed25519.SeedSize)))
	issuer, err := actor.NewIssuer(key, issuerName, time.Minute, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return actor.KeyID(key.Public().(ed25519.PublicKey)), issuer.JWKS()
}

func TestRemoteKeys(t *testing.T) {
	oldKid, oldJWKS := newKey(t, "a")
	newKid, newJWKS := newKey(t, "b")
	synctest.Test(t, func(t *testing.T) {
		service := &accounts{jwks: oldJWKS}
		keys := remote(service)
		want := func(what, kid string, fetches int32, err error) {
			t.Helper()
			if _, got := keys.Key(t.Context(), kid); !errors.Is(got, err) || (err == nil) != (got == nil) {
				t.Fatalf("%s: %v, want %v", what, got, err)
			}
			if n := service.fetches.Load(); n != fetches {
				t.Fatalf("%s: %d fetches, want %d", what, n, fetches)
			}
		}
		down := errors.New("down")
		want("first", oldKid, 1, nil)
		want("cached", oldKid, 1, nil)
		want("unknown at once", "x", 1, actor.ErrUnknownKey)
		time.Sleep(2 * time.Second)
		want("unknown later", "x", 2, actor.ErrUnknownKey)
		want("flood", "y", 2, actor.ErrUnknownKey)
		service.set(newJWKS, nil)
		time.Sleep(2 * time.Second)
		want("rotated", newKid, 3, nil)
		want("withdrawn", oldKid, 3, actor.ErrUnknownKey)
		service.set(nil, down)
		time.Sleep(30 * time.Second)
		want("down, still fresh", newKid, 3, nil)
		time.Sleep(31 * time.Second)
		want("down, too old", newKid, 4, down)
		service.set([]byte("{"), nil)
		if _, err := keys.Key(t.Context(), newKid); err == nil || errors.Is(err, actor.ErrUnknownKey) {
			t.Fatalf("damaged key set: %v", err)
		}
		service.set(newJWKS, nil)
		want("up again", newKid, 6, nil)
	})
}

func TestRemoteKeysFetchOnceForMany(t *testing.T) {
	kid, jwks := newKey(t, "a")
	synctest.Test(t, func(t *testing.T) {
		service := &accounts{jwks: jwks}
		keys := remote(service)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if _, err := keys.Key(t.Context(), kid); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := service.fetches.Load(); n != 1 {
			t.Errorf("%d fetches", n)
		}
	})
}

func TestRemoteKeysWaitNoLongerThanTheCall(t *testing.T) {
	kid, _ := newKey(t, "a")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		keys := actor.NewRemoteKeys(actor.RemoteKeysOptions{
			Fetch: func(ctx context.Context) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() },
			Clock: time.Now, MaxAge: time.Minute, MinInterval: time.Second,
		})
		var wg sync.WaitGroup
		for range 2 { // one fetches, one waits for it
			wg.Go(func() {
				if _, err := keys.Key(ctx, kid); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
	})
}

func TestVerifyWithoutKeys(t *testing.T) {
	w := newWorld(t)
	verifier := actor.NewVerifier(actor.VerifierOptions{
		Keys:   remote(&accounts{err: errors.New("down")}),
		Issuer: issuerName, Clock: func() time.Time { return start },
	})
	if _, err := verifier.Verify(t.Context(), w.issue(t, anna)); !errors.Is(err, actor.ErrKeysUnavailable) {
		t.Errorf("%v", err)
	}
}

func TestParseJWKSRefuses(t *testing.T) {
	w := newWorld(t)
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if err := json.Unmarshal(w.issuer.JWKS(), &set); err != nil {
		t.Fatal(err)
	}
	with := func(change map[string]any) string {
		key := map[string]any{}
		for k, v := range set.Keys[0] {
			key[k] = v
		}
		for k, v := range change {
			key[k] = v
		}
		return encodeJSON(map[string]any{"keys": []any{key}})
	}
	if _, err := actor.ParseJWKS([]byte(with(nil))); err != nil {
		t.Fatalf("the unchanged set: %v", err)
	}
	one := encodeJSON(set.Keys[0])
	for name, jwks := range map[string]string{
		"empty":        ``,
		"no keys":      `{"keys":[]}`,
		"same id":      `{"keys":[` + one + `,` + one + `]}`,
		"no id":        with(map[string]any{"kid": ""}),
		"for another":  with(map[string]any{"use": "enc"}),
		"another alg":  with(map[string]any{"alg": "HS256"}),
		"symmetric":    `{"keys":[{"kty":"oct","k":"AAAA","kid":"x","alg":"EdDSA","use":"sig"}]}`,
		"private key":  with(map[string]any{"d": encode(strings.Repeat("k", 32))}),
		"oversize":     `{"keys":[` + one + `],"pad":"` + strings.Repeat("x", 64<<10) + `"}`,
		"short key":    with(map[string]any{"x": "AAAA"}),
		"wrong values": with(map[string]any{"kid": 1}),
	} {
		if _, err := actor.ParseJWKS([]byte(jwks)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
