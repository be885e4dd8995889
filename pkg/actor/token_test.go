package actor_test

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/fault"
)

const issuerName = "spiffe://hygia.local/accounts"

var (
	start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	anna  = actor.Actor{
		Person:      "0195a0c4-1111-7000-8000-000000000001",
		Tenant:      "0195a0c4-2222-7000-8000-000000000002",
		DisplayName: "Dra. Ana Souza",
		Roles:       []actor.Role{actor.RoleReviewer, actor.RoleEditor},
		Purpose:     actor.PurposeMedicalReview,
		Credential:  &actor.Credential{Council: "CRM", Number: "12345", Region: "SP", Specialties: []string{"Cardiologia"}},
	}
)

// world is an issuer and a verifier that share a key and a clock.
type world struct {
	key      ed25519.PrivateKey
	issuer   *actor.Issuer
	verifier *actor.Verifier
	now      time.Time
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{now: start, key: ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", ed25519.SeedSize)))}
	clock := func() time.Time { return w.now }
	var err error
	if w.issuer, err = actor.NewIssuer(w.key, issuerName, 5*time.Minute, clock); err != nil {
		t.Fatal(err)
	}
	keys, err := actor.ParseJWKS(w.issuer.JWKS())
	if err != nil {
		t.Fatal(err)
	}
	w.verifier = actor.NewVerifier(actor.VerifierOptions{Keys: keys, Issuer: issuerName, Clock: clock})
	return w
}

func (w *world) issue(t testing.TB, a actor.Actor) string {
	t.Helper()
	token, _, err := w.issuer.Issue(a)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// payload and header are those of a good token, for a test to spoil.
func (w *world) payload() map[string]any {
	return map[string]any{
		"iss": issuerName, "aud": actor.Audience, "sub": anna.Person, "jti": "0195a0c4-3333-4000-8000-000000000003",
		"nbf": start.Unix(), "iat": start.Unix(), "exp": start.Add(5 * time.Minute).Unix(),
		"tenant": anna.Tenant, "roles": []string{"editor"}, "purpose": "editorial",
	}
}

func (w *world) header() map[string]any {
	return map[string]any{
		"alg": "EdDSA", "typ": "hygia-actor+jwt",
		"kid": actor.KeyID(w.key.Public().(ed25519.PublicKey)),
	}
}

// sign makes a token by hand, as an attacker or a faulty issuer would.
func (w *world) sign(header, payload any, sign func(string) []byte) string {
	signed := encode(header) + "." + encode(payload)
	return signed + "." + base64.RawURLEncoding.EncodeToString(sign(signed))
}

func (w *world) ed25519(s string) []byte { return ed25519.Sign(w.key, []byte(s)) }

func encode(v any) string {
	data, ok := v.(string)
	if !ok {
		b, _ := json.Marshal(v)
		data = string(b)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(data))
}

func TestIssueAndVerify(t *testing.T) {
	w := newWorld(t)
	token, expires, err := w.issuer.Issue(anna)
	if err != nil {
		t.Fatal(err)
	}
	if want := start.Add(5 * time.Minute); !expires.Equal(want) {
		t.Errorf("expires %v, want %v", expires, want)
	}
	got, err := w.verifier.Verify(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	want := anna
	want.TokenID, want.Expires = got.TokenID, expires
	if got.TokenID == "" || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if again := w.issue(t, anna); again == token {
		t.Error("two tokens are the same")
	}
}

// Without its wrong part, each token of the tables below would be taken.
func TestHandMadeTokenIsTaken(t *testing.T) {
	w := newWorld(t)
	if _, err := w.verifier.Verify(t.Context(), w.sign(w.header(), w.payload(), w.ed25519)); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyRefusesPayloads(t *testing.T) {
	w := newWorld(t)
	for name, change := range map[string]map[string]any{
		"issuer":           {"iss": "spiffe://hygia.local/gateway"},
		"no issuer":        {"iss": nil},
		"audience":         {"aud": "elsewhere"},
		"list of audience": {"aud": []string{"hygia"}},
		"not yet valid":    {"nbf": start.Unix() + 6, "exp": start.Unix() + 60},
		"too long a life":  {"exp": start.Unix() + 901},
		"no expiry":        {"exp": nil},
		"ends at start":    {"exp": start.Unix()},
		"overflow":         {"exp": int64(1) << 62, "nbf": -(int64(1) << 62)},
		"text as a time":   {"exp": "1772366700"},
		"float time":       {"exp": 1772366700.5},
		"person":           {"sub": "ana"},
		"no person":        {"sub": nil},
		"nil person":       {"sub": "00000000-0000-0000-0000-000000000000"},
		"person in braces": {"sub": "{" + anna.Person + "}"},
		"upper-case UUID":  {"tenant": strings.ToUpper("0195a0c4-2222-7000-8000-00000000000a")},
		"no token id":      {"jti": ""},
		"no roles":         {"roles": []string{}},
		"unknown role":     {"roles": []string{"editor", "root"}},
		"role as text":     {"roles": "editor"},
		"too many roles":   {"roles": strings.Split(strings.Repeat("editor,", 8)+"editor", ",")},
		"unknown purpose":  {"purpose": "curiosity"},
		"no purpose":       {"purpose": nil},
		"long name":        {"name": strings.Repeat("n", 201)},
		"empty credential": {"credential": map[string]any{"council": "", "number": ""}},
		"long credential":  {"credential": map[string]any{"council": "CRM", "number": strings.Repeat("1", 101)}},
		"unknown claim":    {"delegate": true},
	} {
		t.Run(name, func(t *testing.T) {
			payload := w.payload()
			maps.Copy(payload, change)
			maps.DeleteFunc(payload, func(_ string, v any) bool { return v == nil })
			refused(t, w, w.sign(w.header(), payload, w.ed25519), actor.ErrTokenInvalid)
		})
	}
	for name, payload := range map[string]any{
		"array": []int{1}, "null": "null", "empty": "", "not JSON": "{",
		"two objects":   encodeJSON(w.payload()) + encodeJSON(w.payload()),
		"trailing text": encodeJSON(w.payload()) + "x",
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, w, w.sign(w.header(), payload, w.ed25519), actor.ErrTokenInvalid)
		})
	}
}

func encodeJSON(v any) string { b, _ := json.Marshal(v); return string(b) }

func TestVerifyRefusesHeadersAndSignatures(t *testing.T) {
	w := newWorld(t)
	public := w.key.Public().(ed25519.PublicKey)
	other := ed25519.NewKeyFromSeed([]byte(strings.Repeat("o", ed25519.SeedSize)))
	hs256 := func(s string) []byte {
		mac := hmac.New(sha256.New, public)
		mac.Write([]byte(s))
		return mac.Sum(nil)
	}
	for name, c := range map[string]struct {
		change map[string]any
		sign   func(string) []byte
	}{
		"alg none":                   {map[string]any{"alg": "none"}, func(string) []byte { return nil }},
		"alg none, signed":           {map[string]any{"alg": "none"}, w.ed25519},
		"HS256 with the public key":  {map[string]any{"alg": "HS256"}, hs256},
		"EdDSA header, HMAC":         {nil, hs256},
		"ES256":                      {map[string]any{"alg": "ES256"}, w.ed25519},
		"another key":                {nil, func(s string) []byte { return ed25519.Sign(other, []byte(s)) }},
		"another key brought along":  {map[string]any{"jwk": jwk(other)}, func(s string) []byte { return ed25519.Sign(other, []byte(s)) }},
		"unknown kid":                {map[string]any{"kid": "x"}, w.ed25519},
		"no kid":                     {map[string]any{"kid": nil}, w.ed25519},
		"another type":               {map[string]any{"typ": "JWT"}, w.ed25519},
		"no type":                    {map[string]any{"typ": nil}, w.ed25519},
		"type as number":             {map[string]any{"typ": 1}, w.ed25519},
		"critical unknown extension": {map[string]any{"crit": []string{"exp"}, "exp": 1}, w.ed25519},
		"no signature":               {nil, func(string) []byte { return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			header := w.header()
			maps.Copy(header, c.change)
			maps.DeleteFunc(header, func(_ string, v any) bool { return v == nil })
			refused(t, w, w.sign(header, w.payload(), c.sign), actor.ErrTokenInvalid)
		})
	}
}

func jwk(key ed25519.PrivateKey) map[string]string {
	return map[string]string{"kty": "OKP", "crv": "Ed25519",
		"x": base64.RawURLEncoding.EncodeToString(key.Public().(ed25519.PublicKey))}
}

func TestVerifyRefusesForms(t *testing.T) {
	w := newWorld(t)
	good := w.issue(t, anna)
	long := w.payload()
	long["name"] = strings.Repeat("n", actor.MaxTokenBytes)
	for name, token := range map[string]string{
		"empty": "", "dots": "..", "one part": "abc", "four parts": good + ".x",
		"oversize": w.sign(w.header(), long, w.ed25519),
		"padded":   good + "=", "newline": good + "\n", "space": " " + good,
		"newline inside": good[:9] + "\n" + good[9:], "stray bits": stray(good),
		"JSON form": `{"payload":"","signatures":[]}`,
	} {
		t.Run(name, func(t *testing.T) { refused(t, w, token, actor.ErrTokenInvalid) })
	}
}

// stray sets the lowest bit of the last character, which encodes nothing.
func stray(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(token) - 1
	return token[:last] + string(alphabet[strings.IndexByte(alphabet, token[last])|1])
}

func TestVerifyTimes(t *testing.T) {
	w := newWorld(t)
	token := w.issue(t, anna)
	for _, c := range []struct {
		at   time.Duration
		want error
	}{
		{-6 * time.Second, actor.ErrTokenInvalid},
		{-5 * time.Second, nil},
		{0, nil},
		{5*time.Minute + 4*time.Second, nil},
		{5*time.Minute + 5*time.Second, actor.ErrTokenExpired},
		{time.Hour, actor.ErrTokenExpired},
	} {
		w.now = start.Add(c.at)
		if _, err := w.verifier.Verify(t.Context(), token); !errors.Is(err, c.want) {
			t.Errorf("at %v: %v, want %v", c.at, err, c.want)
		}
	}
}

// Whatever one character of a token is changed to, it is refused.
func TestVerifyRefusesEveryAlteration(t *testing.T) {
	w := newWorld(t)
	good := w.issue(t, anna)
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.IntRange(0, len(good)-1).Draw(t, "at")
		char := rapid.SampledFrom([]byte("ABCXYZabcxyz0189-_.=")).Draw(t, "char")
		if good[at] == char {
			return
		}
		bad := good[:at] + string(char) + good[at+1:]
		if _, err := w.verifier.Verify(context.Background(), bad); !errors.Is(err, actor.ErrTokenInvalid) {
			t.Fatalf("changed at %d: %v", at, err)
		}
	})
}

func TestIssueRefuses(t *testing.T) {
	w := newWorld(t)
	for name, spoil := range map[string]func(*actor.Actor){
		"person":   func(a *actor.Actor) { a.Person = "ana" },
		"tenant":   func(a *actor.Actor) { a.Tenant = "" },
		"no roles": func(a *actor.Actor) { a.Roles = nil },
		"role":     func(a *actor.Actor) { a.Roles = []actor.Role{"root"} },
		"purpose":  func(a *actor.Actor) { a.Purpose = "" },
		"name":     func(a *actor.Actor) { a.DisplayName = strings.Repeat("n", 201) },
	} {
		a := anna
		spoil(&a)
		if _, _, err := w.issuer.Issue(a); err == nil {
			t.Errorf("%s: issued", name)
		}
	}
	for name, make := range map[string]func() (*actor.Issuer, error){
		"no key":    func() (*actor.Issuer, error) { return actor.NewIssuer(nil, "x", time.Minute, time.Now) },
		"no name":   func() (*actor.Issuer, error) { return actor.NewIssuer(w.key, "", time.Minute, time.Now) },
		"long life": func() (*actor.Issuer, error) { return actor.NewIssuer(w.key, "x", time.Hour, time.Now) },
	} {
		if _, err := make(); err == nil {
			t.Errorf("%s: an issuer", name)
		}
	}
}

func TestContext(t *testing.T) {
	if _, ok := actor.From(t.Context()); ok {
		t.Error("an actor out of nothing")
	}
	got, ok := actor.From(actor.With(t.Context(), anna))
	if !ok || got.Person != anna.Person {
		t.Errorf("got %+v, %v", got, ok)
	}
	if !anna.HasRole(actor.RoleDPO, actor.RoleEditor) || anna.HasRole(actor.RoleDPO) || anna.HasRole() {
		t.Error("HasRole is wrong")
	}
}

func refused(t *testing.T, w *world, token string, want error) {
	t.Helper()
	got, err := w.verifier.Verify(t.Context(), token)
	if !errors.Is(err, want) {
		t.Fatalf("got %+v, %v, want %v", got, err, want)
	}
	if f := fault.From(err); f.Code != codes.Unauthenticated {
		t.Errorf("code %v", f.Code)
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		if token != "" && strings.Contains(e.Error(), token) {
			t.Errorf("the error quotes the token: %v", e)
		}
	}
	if !reflect.DeepEqual(got, actor.Actor{}) {
		t.Errorf("a refused token gave %+v", got)
	}
}

// FuzzVerify: whatever comes, Verify takes nothing that the issuer did not sign,
// and does not panic.
func FuzzVerify(f *testing.F) {
	w := newWorld(f)
	good := w.sign(w.header(), w.payload(), w.ed25519)
	f.Add(good)
	f.Add(w.sign(map[string]any{"alg": "none"}, w.payload(), func(string) []byte { return nil }))
	f.Add(w.sign(w.header(), "{", w.ed25519))
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		_, err := w.verifier.Verify(t.Context(), token)
		if err == nil && token != good {
			t.Fatalf("took %q", token)
		}
		if err != nil && !errors.Is(err, actor.ErrTokenInvalid) && !errors.Is(err, actor.ErrTokenExpired) {
			t.Fatalf("%v", err)
		}
	})
}

// FuzzPayload signs any payload, so that the fuzzer reaches what is behind the
// signature: no actor comes out that breaks the rules of one.
func FuzzPayload(f *testing.F) {
	w := newWorld(f)
	f.Add(encodeJSON(w.payload()))
	f.Add(`{"roles":["editor",null]}`)
	f.Add(`{"exp":1e999}`)
	f.Fuzz(func(t *testing.T, payload string) {
		a, err := w.verifier.Verify(t.Context(), w.sign(w.header(), payload, w.ed25519))
		if err != nil {
			return
		}
		if len(a.Roles) == 0 || !a.Purpose.Valid() || a.Person == "" || a.Tenant == "" || !a.Expires.After(w.now.Add(-actor.Leeway)) {
			t.Fatalf("took %q as %+v", payload, a)
		}
		for _, r := range a.Roles {
			if !r.Valid() {
				t.Fatalf("took role %q", r)
			}
		}
	})
}

// FuzzParseJWKS: key sets come over the network too.
func FuzzParseJWKS(f *testing.F) {
	w := newWorld(f)
	f.Add(w.issuer.JWKS())
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"AA","kid":"x","alg":"EdDSA","use":"sig"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := actor.ParseJWKS(data)
		if err == nil && len(keys) == 0 {
			t.Fatal("no error and no key")
		}
		for kid, key := range keys {
			if kid == "" || len(key) != ed25519.PublicKeySize {
				t.Fatalf("key %q of %d bytes", kid, len(key))
			}
		}
	})
}
