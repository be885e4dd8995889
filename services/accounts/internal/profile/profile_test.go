package profile_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/services/accounts/internal/profile"
)

func open(t *testing.T, dir string) *profile.Vault {
	t.Helper()
	v, err := profile.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAProfileComesBackFromItsOwnRowAlone(t *testing.T) {
	dir := t.TempDir()
	v := open(t, dir)
	want := profile.Profile{Email: "ana@example.org", DisplayName: "Ana Conceição",
		Credential: &actor.Credential{Council: "CRM", Number: "123456", Region: "SP", Specialties: []string{"4321"}}}
	sealed, err := v.Seal("t1", "p1", want)
	if err != nil {
		t.Fatal(err)
	}
	for _, plain := range []string{"ana@", "example", "Ana", "123456"} {
		if bytes.Contains(sealed, []byte(plain)) {
			t.Errorf("the sealed profile shows %q", plain)
		}
	}
	for name, v := range map[string]*profile.Vault{"same vault": v, "opened again": open(t, dir)} {
		if got, err := v.Unseal("t1", "p1", sealed); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: Unseal = %+v, %v", name, got, err)
		}
	}
	for name, try := range map[string]func() error{
		"another person's row": func() error { _, err := v.Unseal("t1", "p2", sealed); return err },
		"another tenant's row": func() error { _, err := v.Unseal("t2", "p1", sealed); return err },
		"other keys":           func() error { _, err := open(t, t.TempDir()).Unseal("t1", "p1", sealed); return err },
		"one bit changed": func() error {
			sealed[len(sealed)/2] ^= 1
			_, err := v.Unseal("t1", "p1", sealed)
			return err
		},
	} {
		if err := try(); !errors.Is(err, profile.ErrKeys) {
			t.Errorf("%s: %v, want ErrKeys", name, err)
		}
	}
}

func TestAnAddressIsFoundHoweverItIsTyped(t *testing.T) {
	v := open(t, t.TempDir())
	index := func(tenant, email string) []byte {
		i, err := v.EmailIndex(tenant, email)
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	want := index("t1", "joão@example.org")
	for _, same := range []string{" JOÃO@Example.ORG ", "joa\u0303o@example.org"} {
		if !bytes.Equal(index("t1", same), want) {
			t.Errorf("%q has another index", same)
		}
	}
	for tenant, other := range map[string]string{"t1": "joao@example.org", "t2": "joão@example.org"} {
		if bytes.Equal(index(tenant, other), want) {
			t.Errorf("%q of %s has the same index", other, tenant)
		}
	}
	if other, _ := open(t, t.TempDir()).EmailIndex("t1", "joão@example.org"); bytes.Equal(other, want) {
		t.Error("the index does not depend on the key")
	}
}

func TestOtherKeysAreNoticed(t *testing.T) {
	dir := t.TempDir()
	v := open(t, dir)
	check, err := v.Check()
	if err != nil {
		t.Fatal(err)
	}
	if err := open(t, dir).Verify(check); err != nil {
		t.Errorf("the same keys: %v", err)
	}
	for _, lost := range []string{"profile-seal.keys", "email-index.keys"} {
		other := t.TempDir()
		if err := os.CopyFS(other, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		for _, f := range []string{"profile-seal.keys", "email-index.keys"} {
			if err := os.Chmod(filepath.Join(other, f), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Remove(filepath.Join(other, lost)); err != nil {
			t.Fatal(err)
		}
		if err := open(t, other).Verify(check); !errors.Is(err, profile.ErrKeys) {
			t.Errorf("%s lost: %v, want ErrKeys", lost, err)
		}
	}
}

func TestADamagedKeysetIsAnError(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "profile-seal.keys"), []byte("not a keyset"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := profile.Open(dir); err == nil {
		t.Error("a damaged keyset is taken")
	}
}

func TestEveryProfileRoundTrips(t *testing.T) {
	v := open(t, t.TempDir())
	rapid.Check(t, func(t *rapid.T) {
		want := profile.Profile{Email: rapid.String().Draw(t, "email"), DisplayName: rapid.String().Draw(t, "name")}
		sealed, err := v.Seal("t", "p", want)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := v.Unseal("t", "p", sealed); err != nil || got != want {
			t.Fatalf("Unseal = %+v, %v; want %+v", got, err, want)
		}
	})
}
