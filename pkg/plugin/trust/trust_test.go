package trust_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/plugin/trust"
)

var (
	statement = trust.Statement{Name: "medical-basics", Version: "1.2.0", Digest: "sha256:" + strings.Repeat("a", 64)}
	midsummer = time.Date(2026, 6, 21, 12, 0, 0, 0, time.UTC)
)

// keyPair makes a key and returns it with its public half.
func keyPair(t testing.TB, name string) (*trust.Key, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := trust.GenerateKey(path, name); err != nil {
		t.Fatal(err)
	}
	key, err := trust.ReadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(path + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	return key, strings.TrimSpace(string(public))
}

// entry is a key in a policy that is valid in 2026.
func entry(public string, plugins string) string {
	return fmt.Sprintf(`{"key": %q, "plugins": [%s], "not_before": "2026-01-01T00:00:00Z", "not_after": "2026-12-31T23:59:59Z"}`, public, plugins)
}

func policy(t testing.TB, entries ...string) *trust.Policy {
	t.Helper()
	p, err := trust.ParsePolicy([]byte(`{"keys": [` + strings.Join(entries, ",") + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func sign(t testing.TB, key *trust.Key, s trust.Statement) []byte {
	t.Helper()
	signature, err := key.Sign(s)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

func TestVerify(t *testing.T) {
	known, public := keyPair(t, "plugins.example.org")
	stranger, _ := keyPair(t, "stranger.example")
	namesake, _ := keyPair(t, "plugins.example.org")
	other := statement
	other.Version = "1.1.0"
	swapped := statement
	swapped.Digest = "sha256:" + strings.Repeat("b", 64)
	good := sign(t, known, statement)
	for name, c := range map[string]struct {
		plugins    string
		signatures [][]byte
		now        time.Time
		want       error
		key        string
	}{
		"good":                         {`"medical-basics"`, [][]byte{good}, midsummer, nil, "plugins.example.org"},
		"by the name's beginning":      {`"br-*", "medical-*"`, [][]byte{good}, midsummer, nil, "plugins.example.org"},
		"any name":                     {`"*"`, [][]byte{good}, midsummer, nil, "plugins.example.org"},
		"a stranger's beside it":       {`"*"`, [][]byte{sign(t, stranger, statement), good}, midsummer, nil, "plugins.example.org"},
		"none":                         {`"*"`, nil, midsummer, trust.ErrUnsigned, ""},
		"a stranger's":                 {`"*"`, [][]byte{sign(t, stranger, statement)}, midsummer, trust.ErrUnknownKey, "stranger.example"},
		"another key of the same name": {`"*"`, [][]byte{sign(t, namesake, statement)}, midsummer, trust.ErrUnknownKey, "plugins.example.org"},
		"another name only":            {`"medical-advanced", "medical"`, [][]byte{good}, midsummer, trust.ErrNotAllowed, "plugins.example.org"},
		"too early":                    {`"*"`, [][]byte{good}, time.Date(2025, 12, 31, 23, 59, 59, 0, time.UTC), trust.ErrNotYetValid, "plugins.example.org"},
		"the first instant":            {`"*"`, [][]byte{good}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), nil, "plugins.example.org"},
		"the last instant":             {`"*"`, [][]byte{good}, time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC), nil, "plugins.example.org"},
		"too late":                     {`"*"`, [][]byte{good}, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), trust.ErrExpired, "plugins.example.org"},
		"of another version":           {`"*"`, [][]byte{sign(t, known, other)}, midsummer, trust.ErrAltered, ""},
		"of other bytes":               {`"*"`, [][]byte{sign(t, known, swapped)}, midsummer, trust.ErrAltered, ""},
		"no note":                      {`"*"`, [][]byte{[]byte("signed, truly")}, midsummer, trust.ErrAltered, ""},
		"huge":                         {`"*"`, [][]byte{append(bytes.Repeat([]byte("x"), trust.MaxSignatureBytes), good...)}, midsummer, trust.ErrAltered, ""},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := policy(t, entry(public, c.plugins)).Verify(statement, c.signatures, c.now)
			if c.want == nil {
				if err != nil || key != c.key {
					t.Fatalf("got %q, %v", key, err)
				}
				return
			}
			var refusal *trust.Error
			if !errors.Is(err, c.want) || !errors.As(err, &refusal) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if refusal.Plugin != "medical-basics@1.2.0" || refusal.Key != c.key || refusal.Do == "" {
				t.Errorf("got %+v", refusal)
			}
		})
	}
}

func TestAnEmptyPolicyAcceptsNothing(t *testing.T) {
	key, _ := keyPair(t, "plugins.example.org")
	for name, p := range map[string]*trust.Policy{"zero": {}, "no keys": policy(t)} {
		if _, err := p.Verify(statement, [][]byte{sign(t, key, statement)}, midsummer); !errors.Is(err, trust.ErrUnknownKey) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// One signature with two keys' lines is good where either key is.
func TestASecondKeysLine(t *testing.T) {
	old, oldPublic := keyPair(t, "old.example")
	current, public := keyPair(t, "current.example")
	lines := bytes.SplitAfter(sign(t, old, statement), []byte("\n"))
	both := append(bytes.Clone(sign(t, current, statement)), lines[len(lines)-2]...)
	p := policy(t, entry(oldPublic, `"other"`), entry(public, `"*"`))
	if key, err := p.Verify(statement, [][]byte{both}, midsummer); err != nil || key != "current.example" {
		t.Errorf("got %q, %v", key, err)
	}
}

// Whatever byte of a signature or of what it is held against is changed, it is
// refused. (Base64 has spare bits in its last digit, and Go's decoder takes them:
// such a signature is the same one.)
func TestAnyChangeIsRefused(t *testing.T) {
	key, public := keyPair(t, "plugins.example.org")
	good := sign(t, key, statement)
	p := policy(t, entry(public, `"*"`))
	rapid.Check(t, func(t *rapid.T) {
		bad := bytes.Clone(good)
		i := rapid.IntRange(0, len(bad)-4).Draw(t, "at")
		bad[i] ^= byte(rapid.IntRange(1, 255).Draw(t, "by"))
		if _, err := p.Verify(statement, [][]byte{bad}, midsummer); err == nil {
			t.Fatalf("accepted %q", bad)
		}
		s := statement
		field := rapid.SampledFrom([]*string{&s.Name, &s.Version, &s.Digest}).Draw(t, "field")
		*field = rapid.StringMatching(`[a-z0-9:. \n]{1,70}`).Filter(func(v string) bool { return v != *field }).Draw(t, "value")
		if _, err := p.Verify(s, [][]byte{good}, midsummer); err == nil {
			t.Fatalf("accepted for %+v", s)
		}
	})
}

func TestKeyFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	for _, name := range []string{"", "two words", "a+b", "Capital", "-a", strings.Repeat("a", 101)} {
		if err := trust.GenerateKey(path, name); err == nil {
			t.Errorf("a key named %q was made", name)
		}
	}
	if err := trust.GenerateKey(path, "plugins.example.org"); err != nil {
		t.Fatal(err)
	}
	if err := trust.GenerateKey(path, "plugins.example.org"); !errors.Is(err, os.ErrExist) {
		t.Errorf("a key was overwritten: %v", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := trust.ReadKey(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others may read: got %v", err)
	}
	if _, err := trust.ReadKey(path + ".none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	secret := "PRIVATE+KEY+plugins.example.org+00000000+c2VjcmV0"
	if err := os.WriteFile(path+"2", []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := trust.ReadKey(path + "2"); err == nil || strings.Contains(err.Error(), "c2VjcmV0") {
		t.Errorf("got %v", err)
	}
}

func TestSignRefusesWhatCouldBeReadOtherwise(t *testing.T) {
	key, _ := keyPair(t, "plugins.example.org")
	for _, s := range []trust.Statement{{}, {Name: "a b", Version: "1.0.0", Digest: "d"}, {Name: "a", Version: "1\n2", Digest: "d"}} {
		if _, err := key.Sign(s); err == nil {
			t.Errorf("%+v was signed", s)
		}
	}
}

func TestParsePolicyRefuses(t *testing.T) {
	_, public := keyPair(t, "plugins.example.org")
	sound := entry(public, `"*"`)
	for name, c := range map[string]struct{ text, says string }{
		"nothing":       {"", "the text is empty"},
		"unknown field": {`{"keys": [], "accept_all": true}`, `unknown key "accept_all": want keys`},
		"keys twice":    {`{"keys": [], "keys": []}`, "there twice"},
		"a key twice":   {`{"keys": [` + sound + "," + sound + `]}`, "keys[1].key: is there twice"},
		"no key":        {`{"keys": [` + entry("key", `"*"`) + `]}`, "keys[0].key:"},
		"a private key": {`{"keys": [` + entry("PRIVATE+KEY+"+public, `"*"`) + `]}`, "keys[0].key:"},
		"no names":      {`{"keys": [` + entry(public, ``) + `]}`, "keys[0].plugins:"},
		"empty name":    {`{"keys": [` + entry(public, `""`) + `]}`, "keys[0].plugins[0]:"},
		"star inside":   {`{"keys": [` + entry(public, `"a*b"`) + `]}`, "keys[0].plugins[0]:"},
		"no end":        {`{"keys": [` + strings.Replace(sound, "not_after", "not_before", 1) + `]}`, "there twice"},
		"no times":      {fmt.Sprintf(`{"keys": [{"key": %q, "plugins": ["*"]}]}`, public), "not_before and not_after"},
		"end first":     {`{"keys": [` + strings.Replace(sound, "2026-12-31", "2025-12-31", 1) + `]}`, "not_before and not_after"},
	} {
		if _, err := trust.ParsePolicy([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want something with %q", name, err, c.says)
		}
	}
}

func TestReadPolicy(t *testing.T) {
	_, public := keyPair(t, "plugins.example.org")
	path := filepath.Join(t.TempDir(), "trust.json")
	if err := os.WriteFile(path, []byte(`{"keys": [`+entry(public, `"*"`)+`]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := trust.ReadPolicy(path); err != nil {
		t.Error(err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := trust.ReadPolicy(path); err == nil || !strings.Contains(err.Error(), "chmod go-w") {
		t.Errorf("a policy that others may write to: got %v", err)
	}
	if _, err := trust.ReadPolicy(path + ".none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// A policy that cannot be used names its file once, the place, and what to do.
func TestPolicyErrorsSayWhatToDo(t *testing.T) {
	_, public := keyPair(t, "plugins.example.org")
	dir := t.TempDir()
	for name, c := range map[string]struct {
		text      string
		mode      os.FileMode
		what, say string
	}{
		"others may write": {`{"keys": []}`, 0o664, "others may write to it", "chmod go-w"},
		"a typo":           {"{\n  \"keys\": [}", 0o600, "line 2, column 12: ", "mend it"},
		"a wrong date":     {`{"keys": [` + strings.Replace(entry(public, `"*"`), "2026-12-31", "31/12/2026", 1) + `]}`, 0o600, "keys[0]: not_before and not_after", "mend it"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil { // whatever the umask
			t.Fatal(err)
		}
		_, err := trust.ReadPolicy(path)
		policy := new(trust.PolicyError)
		if !errors.As(err, &policy) || policy.Path != path || !strings.HasPrefix(policy.Err.Error(), c.what) || !strings.Contains(policy.Do, c.say) {
			t.Errorf("%s: got %v", name, err)
		} else if strings.Count(err.Error(), path) != 1 || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %q, want the path once and one line", name, err)
		}
	}
	_, err := trust.ReadPolicy(dir) // no file
	if policy := new(trust.PolicyError); !errors.As(err, &policy) || strings.Contains(policy.Err.Error(), dir) || policy.Do == "" {
		t.Errorf("a folder: got %v", err)
	}
}
