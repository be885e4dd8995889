package trust_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/plugin/trust"
)

// A key that is the same in every process, as fuzzing wants its seeds: its seed is
// all zeros.
const (
	zeroKey    = "PRIVATE+KEY+fuzz.example+14e9d81a+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	zeroPublic = "fuzz.example+14e9d81a+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
)

func readZeroKey(f *testing.F) *trust.Key {
	f.Helper()
	path := filepath.Join(f.TempDir(), "key")
	if err := os.WriteFile(path, []byte(zeroKey), 0o600); err != nil {
		f.Fatal(err)
	}
	key, err := trust.ReadKey(path)
	if err != nil {
		f.Fatal(err)
	}
	return key
}

// No text of a policy panics, and what is accepted refuses what is not signed.
func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte(`{"keys": [` + entry(zeroPublic, `"medical-*"`) + `]}`))
	f.Add([]byte(`{"keys": []}`))
	f.Add([]byte(`{"keys": [{}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := trust.ParsePolicy(text)
		if err != nil {
			return
		}
		if _, err := p.Verify(statement, nil, midsummer); err == nil {
			t.Error("accepted without a signature")
		}
	})
}

// A signature is accepted only where the one that was made is in it, but for the
// spare bits of its last digit.
func FuzzVerify(f *testing.F) {
	key := readZeroKey(f)
	p := policy(f, entry(zeroPublic, `"*"`))
	good := sign(f, key, statement)
	other := statement
	other.Name = "other"
	forged := sign(f, key, other)
	f.Add(forged)
	f.Add(good[:len(good)-1])
	f.Add([]byte("hygia-plugin/v1\n\n— a AAAAAAAA\n"))
	f.Fuzz(func(t *testing.T, signature []byte) {
		if _, err := p.Verify(statement, [][]byte{signature}, midsummer); err == nil && !bytes.Contains(signature, good[:len(good)-3]) {
			t.Errorf("accepted %q", signature)
		}
		if _, err := p.Verify(statement, [][]byte{signature, good}, midsummer.Add(time.Hour)); err != nil {
			t.Errorf("a good signature beside %q was refused: %v", signature, err)
		}
	})
}
