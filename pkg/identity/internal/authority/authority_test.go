package authority_test

import (
	"bytes"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/identity/internal/authority"
)

var (
	td      = spiffeid.RequireTrustDomainFromString("hygia.local")
	content = spiffeid.RequireFromSegments(td, "content")
	start   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

const (
	life = 24 * time.Hour
	ttl  = time.Hour
)

func bundle(s authority.Set) *x509bundle.Bundle {
	return x509bundle.FromX509Authorities(td, s.Certificates())
}

// At every moment, whatever a server did in between, an SVID that it issued in
// the last ttl verifies with a bundle that a peer got within the last hour.
func TestRotationKeepsTrust(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := start
		set := authority.NewSet(td, life)
		type issued struct {
			svid *x509svid.SVID
			at   time.Time
		}
		var svids []issued
		known := map[time.Time]*x509bundle.Bundle{}
		for range 30 {
			now = now.Add(time.Duration(rapid.IntRange(1, 59).Draw(t, "minutes")) * time.Minute)
			if rapid.IntRange(0, 9).Draw(t, "off") == 0 { // the machine was off for days
				now = now.Add(time.Duration(rapid.IntRange(1, 72).Draw(t, "hours")) * time.Hour)
			}
			next, _, err := set.Advance(now)
			if err != nil {
				t.Fatal(err)
			}
			set = next
			svid, err := set.Issue(content, now, ttl)
			if err != nil {
				t.Fatal(err)
			}
			svids = append(svids, issued{svid, now})
			known[now] = bundle(set)
			for at, b := range known {
				if now.Sub(at) > time.Hour {
					delete(known, at)
					continue
				}
				for _, s := range svids[max(0, len(svids)-60):] {
					if now.Sub(s.at) >= ttl || at.Before(s.at.Add(-ttl)) {
						continue
					}
					if _, _, err := x509svid.Verify(s.svid.Certificates, b, x509svid.WithTime(now)); err != nil {
						t.Fatalf("issued at %v, bundle of %v, now %v: %v", s.at, at, now, err)
					}
				}
			}
		}
	})
}

func TestAdvance(t *testing.T) {
	set := authority.NewSet(td, life)
	at := func(after time.Duration, authorities int, change bool) {
		t.Helper()
		next, changed, err := set.Advance(start.Add(after))
		if err != nil || changed != change || len(next.Certificates()) != authorities {
			t.Fatalf("after %v: %d authorities, changed %v, %v", after, len(next.Certificates()), changed, err)
		}
		set = next
	}
	at(0, 1, true)
	at(time.Minute, 1, false)
	at(life/2, 2, true)
	at(life/2+time.Hour, 2, false)
	at(life+time.Minute, 2, true) // the first is gone, the third has come
	at(10*life, 1, true)          // all had expired
}

func TestShapes(t *testing.T) {
	set, _, err := authority.NewSet(td, life).Advance(start)
	if err != nil {
		t.Fatal(err)
	}
	root := set.Certificates()[0]
	if !root.IsCA || root.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign || root.URIs[0].String() != "spiffe://hygia.local" {
		t.Errorf("CA: %v, %v", root.KeyUsage, root.URIs)
	}
	svid, err := set.Issue(content, start.Add(time.Millisecond), 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	leaf := svid.Certificates[0]
	if leaf.IsCA || leaf.KeyUsage != x509.KeyUsageDigitalSignature || len(leaf.URIs) != 1 || leaf.URIs[0].String() != content.String() {
		t.Errorf("leaf: %v, %v", leaf.KeyUsage, leaf.URIs)
	}
	if got := leaf.NotAfter.Sub(start); got != 3*time.Second {
		t.Errorf("2 s from 1 ms on end after %v, want the next whole second", got)
	}
	if _, err := authority.NewSet(td, life).Issue(content, start, ttl); err == nil {
		t.Error("issued without an authority")
	}
	if _, err := set.Issue(content, start.Add(life), ttl); err == nil {
		t.Error("issued with an expired authority")
	}
}

func saved(t testing.TB) (path string, set authority.Set) {
	t.Helper()
	set, _, err := authority.NewSet(td, life).Advance(start)
	if err == nil {
		set, _, err = set.Advance(start.Add(life / 2))
	}
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "authorities.pem")
	if err := set.Save(path); err != nil {
		t.Fatal(err)
	}
	return path, set
}

func TestSaveAndLoad(t *testing.T) {
	path, set := saved(t)
	got, err := authority.Load(path, td, life)
	if err != nil {
		t.Fatal(err)
	}
	now := start.Add(life/2 + time.Hour)
	svid, err := got.Issue(content, now, ttl)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := x509svid.Verify(svid.Certificates, bundle(set), x509svid.WithTime(now)); err != nil {
		t.Errorf("what the loaded set signs: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("%d files are left", len(files))
	}
}

func TestLoadRefuses(t *testing.T) {
	path, _ := saved(t)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	firstKey := bytes.Index(good, []byte("-----BEGIN PRIVATE"))
	second := bytes.LastIndex(good, []byte("-----BEGIN CERT"))
	secondKey := bytes.LastIndex(good, []byte("-----BEGIN PRIVATE"))
	for name, data := range map[string][]byte{
		"empty":               {},
		"text":                []byte("x"),
		"cut off":             good[:len(good)-30],
		"without a key":       good[:firstKey],
		"key first":           good[firstKey:],
		"another's key":       append(bytes.Clone(good[:firstKey]), good[secondKey:]...),
		"certificate twice":   append(bytes.Clone(good[:firstKey]), good[second:]...),
		"too long":            append(bytes.Clone(good), []byte(strings.Repeat("\n", 64<<10))...),
		"too many":            bytes.Repeat(good[:second], 17),
		"damaged certificate": bytes.Replace(good, good[60:64], []byte("AAAA"), 1),
	} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := authority.Load(path, td, life); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := authority.Load(path, spiffeid.RequireTrustDomainFromString("elsewhere.example"), life); err == nil {
		t.Error("another trust domain's authorities were loaded")
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := authority.Load(path, td, life); err == nil || !strings.Contains(err.Error(), "0600") {
		t.Errorf("a file that others may read: %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	path, _ := saved(f)
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "a.pem")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		set, err := authority.Load(path, td, life)
		if err == nil && len(set.Certificates()) == 0 {
			t.Fatal("loaded nothing without an error")
		}
	})
}
