package apitoken_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/services/accounts/internal/apitoken"
)

func TestATokenIsReadBack(t *testing.T) {
	token, digest, err := apitoken.New(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^hyg_[A-Za-z0-9_-]{47}$`).MatchString(token) {
		t.Errorf("token %q has another form", token)
	}
	if len(token) != apitoken.Length {
		t.Errorf("length %d, want %d", len(token), apitoken.Length)
	}
	got, err := apitoken.Parse(token)
	if err != nil || !got.Equal(digest) {
		t.Errorf("Parse = %x, %v; want %x", got, err, digest)
	}
	if strings.Contains(string(digest[:]), token[4:]) {
		t.Error("the digest holds the token")
	}
}

func TestRandomnessThatEndsIsAnError(t *testing.T) {
	if token, _, err := apitoken.New(bytes.NewReader(make([]byte, 31))); err == nil {
		t.Errorf("a token of 31 bytes: %q", token)
	}
}

func TestTwoTokensDiffer(t *testing.T) {
	a, da, _ := apitoken.New(rand.Reader)
	b, db, _ := apitoken.New(rand.Reader)
	if a == b || da.Equal(db) {
		t.Error("two tokens are equal")
	}
}

// Every single change of a character is refused: by the form or the checksum,
// but for the one in 2^24 that a checksum of 3 bytes lets through.
func TestAChangedCharacterIsRefused(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "secret")
		token, _, err := apitoken.New(bytes.NewReader(secret))
		if err != nil {
			t.Fatal(err)
		}
		at := rapid.IntRange(0, len(token)-1).Draw(t, "at")
		with := alphabet[rapid.IntRange(0, len(alphabet)-1).Draw(t, "with")]
		if token[at] == with {
			return
		}
		changed := token[:at] + string(with) + token[at+1:]
		if _, err := apitoken.Parse(changed); !errors.Is(err, apitoken.ErrMalformed) {
			t.Fatalf("%q, changed at %d to %q, is taken: %v", token, at, changed, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	token, _, _ := apitoken.New(bytes.NewReader(bytes.Repeat([]byte{7}, 32)))
	for _, seed := range []string{token, "", "hyg_", token[:50], token + "A", strings.ToUpper(token), "hyg_" + strings.Repeat("=", 47), strings.Repeat("\x00", 51)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := apitoken.Parse(s)
		if err != nil {
			if !errors.Is(err, apitoken.ErrMalformed) || d != (apitoken.Digest{}) {
				t.Fatalf("Parse(%q) = %x, %v", s, d, err)
			}
			return
		}
		if len(s) != apitoken.Length || !strings.HasPrefix(s, "hyg_") {
			t.Fatalf("%q is taken for a token", s)
		}
	})
}
