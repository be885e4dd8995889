package password_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/services/accounts/internal/password"
)

// cheap keeps tests fast; what depends on the costs uses Recommended.
var cheap = password.Params{MemoryKiB: 64, Passes: 1, Lanes: 1}

func hasher(t testing.TB, c password.Config) *password.Hasher {
	t.Helper()
	if c.Params == (password.Params{}) {
		c.Params = cheap
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	h, err := password.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestAPasswordIsCheckedAgainstItsHash(t *testing.T) {
	h := hasher(t, password.Config{Params: password.Recommended()})
	hash, err := h.Hash(t.Context(), "correct horse battery staple")
	if err != nil {
		t.Fatal(err)
	}
	if want := "$argon2id$v=19$m=65536,t=3,p=4$"; !strings.HasPrefix(hash, want) {
		t.Errorf("hash %q, want it to begin with %q", hash, want)
	}
	if stale, err := h.Check(t.Context(), hash, "correct horse battery staple"); stale || err != nil {
		t.Errorf("the right password: stale %v, %v", stale, err)
	}
	if _, err := h.Check(t.Context(), hash, "correct horse battery stapler"); !errors.Is(err, password.ErrWrong) {
		t.Errorf("a wrong password: %v", err)
	}
}

func TestWhatMayNotBeAPassword(t *testing.T) {
	h := hasher(t, password.Config{})
	for _, c := range []struct {
		name, password string
		want           error
	}{
		{"empty", "", password.ErrInvalid},
		{"eleven characters", "abcdefghijk", password.ErrShort},
		{"eleven characters of two bytes", strings.Repeat("é", 11), password.ErrShort},
		{"a control character", "abcdefghijkl\x00", password.ErrInvalid},
		{"not UTF-8", "abcdefghijkl\xff", password.ErrInvalid},
		{"1025 bytes", strings.Repeat("a", 1025), password.ErrInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			if hash, err := h.Hash(t.Context(), c.password); !errors.Is(err, c.want) {
				t.Errorf("Hash = %q, %v; want %v", hash, err, c.want)
			}
		})
	}
	if _, err := h.Hash(t.Context(), strings.Repeat("a", 1024)); err != nil {
		t.Errorf("1024 bytes: %v", err)
	}
}

func TestAPasswordIsOneHoweverItIsComposed(t *testing.T) {
	h := hasher(t, password.Config{})
	hash, err := h.Hash(t.Context(), "cora\u00e7\u00e3o de mel\u00e3o") // precomposed
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Check(t.Context(), hash, "corac\u0327a\u0303o de mela\u0303o"); err != nil {
		t.Errorf("decomposed: %v", err)
	}
}

func TestAHashOfOldParametersIsStale(t *testing.T) {
	old := hasher(t, password.Config{})
	hash, err := old.Hash(t.Context(), "a password of old")
	if err != nil {
		t.Fatal(err)
	}
	now := hasher(t, password.Config{Params: password.Params{MemoryKiB: 128, Passes: 1, Lanes: 1}})
	if stale, err := now.Check(t.Context(), hash, "a password of old"); !stale || err != nil {
		t.Errorf("stale %v, %v; want true, nil", stale, err)
	}
	if stale, err := now.Check(t.Context(), hash, "another password"); stale || !errors.Is(err, password.ErrWrong) {
		t.Errorf("a wrong password: stale %v, %v", stale, err)
	}
}

func TestAMissingAccountIsAlwaysWrong(t *testing.T) {
	h := hasher(t, password.Config{})
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.String().Draw(t, "password")
		if stale, err := h.Check(context.Background(), "", p); stale || !errors.Is(err, password.ErrWrong) {
			t.Fatalf("Check = %v, %v", stale, err)
		}
	})
}

// The medians of both paths lie close together: an attacker must not learn from
// a clock which accounts exist. The bound is wide, as other processes share the
// machine; a path that skips the hash is faster by orders of magnitude.
func TestAMissingAccountCostsAsMuchAsAWrongPassword(t *testing.T) {
	h := hasher(t, password.Config{Params: password.Params{MemoryKiB: 8 * 1024, Passes: 1, Lanes: 1}})
	hash, err := h.Hash(t.Context(), "a password that exists")
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]string{"valid": "not that password", "invalid": "\x00"} {
		var missing, wrong []time.Duration
		for range 9 {
			missing = append(missing, took(func() { _, _ = h.Check(t.Context(), "", p) }))
			wrong = append(wrong, took(func() { _, _ = h.Check(t.Context(), hash, p) }))
		}
		m, w := median(missing), median(wrong)
		if m < w/4 || w < m/4 {
			t.Errorf("%s password: missing account %v, wrong password %v", name, m, w)
		}
	}
}

func TestHashesAreBounded(t *testing.T) {
	const parallel, waiting, callers = 1, 2, 40
	h := hasher(t, password.Config{
		Params: password.Params{MemoryKiB: 64 * 1024, Passes: 2, Lanes: 1}, Parallel: parallel, Waiting: waiting,
	})
	start, results := make(chan struct{}), make(chan error)
	for range callers {
		go func() {
			<-start
			_, err := h.Check(context.Background(), "", "whatever it is")
			results <- err
		}()
	}
	close(start)
	count := map[error]int{}
	for range callers {
		err := <-results
		count[err]++
	}
	if n := count[password.ErrWrong] + count[password.ErrBusy]; n != callers {
		t.Fatalf("answers: %v", count)
	}
	if count[password.ErrWrong] < parallel+waiting || count[password.ErrBusy] == 0 {
		t.Errorf("answers: %v; want at least %d checked and some refused at once", count, parallel+waiting)
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	h := hasher(t, password.Config{Params: password.Params{MemoryKiB: 64 * 1024, Passes: 4, Lanes: 1}, Parallel: 1, Waiting: 1})
	running := make(chan struct{})
	go func() {
		defer close(running)
		_, _ = h.Check(context.Background(), "", "keeps the only turn")
	}()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for { // until the goroutine above holds the turn, both cases of the select may be ready
		_, err := h.Check(ctx, "", "waits")
		if errors.Is(err, context.Canceled) {
			break
		}
		select {
		case <-running:
			t.Fatal("a cancelled check never saw its context end")
		default:
		}
	}
	<-running
}

func TestParametersBelowTheMinimumAreRefused(t *testing.T) {
	for _, p := range []password.Params{{}, {MemoryKiB: 64, Passes: 1}, {MemoryKiB: 64, Lanes: 1}, {MemoryKiB: 7, Passes: 1, Lanes: 1}} {
		if _, err := password.New(password.Config{Params: p, Random: rand.Reader}); err == nil {
			t.Errorf("parameters %+v are taken", p)
		}
	}
}

func FuzzStoredHash(f *testing.F) {
	h := hasher(f, password.Config{})
	good, err := h.Hash(f.Context(), "some good password")
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{good, "$", "$argon2id$v=19$m=4294967295,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", strings.Replace(good, "v=19", "v=16", 1), good + "$", good[:len(good)-1]} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, hash string) {
		if len(hash) > 300 || (strings.Contains(hash, "m=") && !strings.Contains(hash, "m=64,t=1,")) {
			return // valid costs are tested elsewhere; here they would only burn time
		}
		_, err := h.Check(context.Background(), hash, "some good password")
		switch {
		case err == nil, errors.Is(err, password.ErrWrong), errors.Is(err, password.ErrHash):
		default:
			t.Fatalf("Check(%q): %v", hash, err)
		}
	})
}

func took(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

func median(d []time.Duration) time.Duration {
	for i := range d {
		for j := i; j > 0 && d[j] < d[j-1]; j-- {
			d[j], d[j-1] = d[j-1], d[j]
		}
	}
	return d[len(d)/2]
}
