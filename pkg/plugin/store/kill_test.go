package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/plugin/store"
	"github.com/hygia-suite/hygia/pkg/plugin/trust"
)

// save leaves the world's key and policy for another process.
func (w *world) save(dir string) error {
	path := filepath.Join(dir, "key")
	if err := trust.GenerateKey(path, "plugins.example.org"); err != nil {
		return err
	}
	key, err := trust.ReadKey(path)
	if err != nil {
		return err
	}
	public, err := os.ReadFile(path + ".pub")
	if err != nil {
		return err
	}
	policy := fmt.Appendf(nil, `{"keys": [{"key": %q, "plugins": ["*"], "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z"}]}`,
		strings.TrimSpace(string(public)))
	w.key = key
	if w.policy, err = trust.ParsePolicy(policy); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "policy"), policy, 0o600)
}

// installForEver installs one version after the other until it is killed, and
// writes each that was acknowledged.
func installForEver(t *testing.T, dir string) {
	keys := os.Getenv("STORE_TEST_KEYS")
	key, err := trust.ReadKey(filepath.Join(keys, "key"))
	if err != nil {
		t.Fatal(err)
	}
	policy, err := trust.ReadPolicy(filepath.Join(keys, "policy"))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{key: key, policy: policy, now: time.Date(2026, 6, 21, 12, 0, 0, 0, time.UTC)}
	s := w.open(t, dir)
	next := 0
	if _, e, err := s.Current("a"); err == nil {
		next = number(t, e.Version) + 1
	}
	for ; ; next++ {
		version := fmt.Sprintf("1.%d.0", next)
		if _, err := s.Install(t.Context(), w.sign(t, "a", version)); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stdout.WriteString(version + "\n"); err != nil {
			t.Fatal(err)
		}
	}
}

// number is the middle part of a version; -1 for none.
func number(t *testing.T, version string) int {
	t.Helper()
	if version == "" {
		return -1
	}
	n, err := strconv.Atoi(strings.Split(version, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// No text of a state panics.
func FuzzState(f *testing.F) {
	f.Add([]byte(`{"format": 1, "serial": 1, "plugins": [{"name": "a", "highest": "1.0.0", "highest_digest": "sha256:0", "previous": [{"name": "a"}]}], "history": []}`))
	f.Add([]byte(`{"format": 1}`))
	f.Fuzz(func(_ *testing.T, text []byte) { _ = store.ParseState(text) })
}
