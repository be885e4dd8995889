package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/artifact"
	"github.com/hygia-suite/hygia/pkg/plugin/store"
	"github.com/hygia-suite/hygia/pkg/plugin/trust"
)

// world is what the tests of a store need: a key, a policy that trusts it in
// 2026, and a clock.
type world struct {
	key    *trust.Key
	public string
	policy *trust.Policy
	now    time.Time
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{now: time.Date(2026, 6, 21, 12, 0, 0, 0, time.UTC)}
	path := filepath.Join(t.TempDir(), "key")
	if err := trust.GenerateKey(path, "plugins.example.org"); err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(path + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	w.public = strings.TrimSpace(string(public))
	if w.key, err = trust.ReadKey(path); err != nil {
		t.Fatal(err)
	}
	w.policy = w.trust(t, "*")
	return w
}

func (w *world) trust(t testing.TB, plugins string) *trust.Policy {
	t.Helper()
	p, err := trust.ParsePolicy(fmt.Appendf(nil,
		`{"keys": [{"key": %q, "plugins": [%q], "not_before": "2026-01-01T00:00:00Z", "not_after": "2027-01-01T00:00:00Z"}]}`, w.public, plugins))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (w *world) options() store.Options {
	return store.Options{Trust: func() (*trust.Policy, error) { return w.policy, nil }, Clock: func() time.Time {
		w.now = w.now.Add(time.Second)
		return w.now
	}}
}

func (w *world) open(t testing.TB, dir string) *store.Store {
	t.Helper()
	o := w.options()
	o.Dir = dir
	s, err := store.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// pack makes a package. What is the component's is its bytes.
func (w *world) pack(t testing.TB, name, version, what string) *artifact.Package {
	t.Helper()
	wasm := []byte("\x00asm " + what)
	sum := sha256.Sum256(wasm)
	text, err := json.Marshal(plugin.Manifest{
		Name: name, Version: version, Description: "Is stored.", World: "test:api/world@0.1.0",
		Exports: []string{"test:api/answerer@0.1.0"}, OnFailure: plugin.Closed, Digest: "sha256:" + hex.EncodeToString(sum[:]),
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := artifact.New(text, wasm)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sign makes a signed package whose bytes are its version's.
func (w *world) sign(t testing.TB, name, version string) *artifact.Package {
	t.Helper()
	p := w.pack(t, name, version, version)
	if err := p.Sign(w.key); err != nil {
		t.Fatal(err)
	}
	return p
}

// sketch says what a store has, in a line: "a 2.0.0 (1.0.0) ?3.0.0" is a plugin
// with one earlier version and a candidate.
func sketch(t testing.TB, s *store.Store) string {
	t.Helper()
	all, err := s.List()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, p := range all {
		b.WriteString(p.Name)
		if p.Current != nil {
			b.WriteString(" " + p.Current.Version)
			got, e, err := s.Current(p.Name)
			if err != nil || e != *p.Current || got.Manifest().Version != e.Version {
				t.Errorf("%s: got %+v, %v", p.Name, e, err)
			}
		}
		for _, e := range p.Previous {
			b.WriteString(" (" + e.Version + ")")
		}
		if p.Candidate != nil {
			b.WriteString(" ?" + p.Candidate.Version)
			if _, e, err := s.Candidate(p.Name); err != nil || e != *p.Candidate {
				t.Errorf("%s: got %+v, %v", p.Name, e, err)
			}
		}
		b.WriteString(";")
	}
	return b.String()
}

func must(t testing.TB, s *store.Store, want string) func(store.Entry, error) {
	return func(_ store.Entry, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if got := sketch(t, s); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

func TestAPluginsLife(t *testing.T) {
	w, dir, ctx := newWorld(t), t.TempDir(), t.Context()
	s := w.open(t, dir)
	must(t, s, "a 1.0.0;")(s.Install(ctx, w.sign(t, "a", "1.0.0")))
	must(t, s, "a 1.0.0;")(s.Install(ctx, w.sign(t, "a", "1.0.0"))) // again: nothing
	must(t, s, "a 1.1.0 (1.0.0);")(s.Install(ctx, w.sign(t, "a", "1.1.0")))
	must(t, s, "a 1.1.0 (1.0.0);b 0.1.0;")(s.Install(ctx, w.sign(t, "b", "0.1.0")))
	must(t, s, "a 1.1.0 (1.0.0) ?1.2.0;b 0.1.0;")(s.Stage(ctx, w.sign(t, "a", "1.2.0")))
	s = w.open(t, dir) // a restart keeps all of it
	must(t, s, "a 1.2.0 (1.1.0) (1.0.0);b 0.1.0;")(s.Promote(ctx, "a"))
	must(t, s, "a 1.2.0 (1.1.0) (1.0.0) ?2.0.0;b 0.1.0;")(s.Stage(ctx, w.sign(t, "a", "2.0.0")))
	must(t, s, "a 1.2.0 (1.1.0) (1.0.0);b 0.1.0;")(s.Discard(ctx, "a"))
	must(t, s, "a 1.1.0 (1.0.0);b 0.1.0;")(s.Rollback(ctx, "a"))
	must(t, s, "a 1.0.0;b 0.1.0;")(s.Rollback(ctx, "a"))
	must(t, s, "a 2.0.0 (1.0.0);b 0.1.0;")(s.Install(ctx, w.sign(t, "a", "2.0.0")))
	must(t, s, "a 3.0.0 (2.0.0) (1.0.0);b 0.1.0;")(s.Install(ctx, w.sign(t, "a", "3.0.0")))
	must(t, s, "a 4.0.0 (3.0.0) (2.0.0);b 0.1.0;")(s.Install(ctx, w.sign(t, "a", "4.0.0")))
	must(t, s, "b 0.1.0;")(s.Remove(ctx, "a"))
	must(t, s, "b 0.1.0;c ?0.1.0;")(s.Stage(ctx, w.sign(t, "c", "0.1.0"))) // tried before there is one
	must(t, s, "b 0.1.0;c 0.1.0;")(s.Promote(ctx, "c"))

	history, err := s.History()
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for i, c := range history {
		if c.Serial != uint64(i+1) || c.Entry.Key != "plugins.example.org" || i > 0 && !c.Time.After(history[i-1].Time) {
			t.Errorf("got %+v", c)
		}
		told = append(told, fmt.Sprintf("%s %s %s", c.Action, c.Entry.Name, c.Entry.Version))
	}
	want := "installed a 1.0.0,installed a 1.1.0,installed b 0.1.0,staged a 1.2.0,promoted a 1.2.0,staged a 2.0.0,discarded a 2.0.0," +
		"rolled back a 1.1.0,rolled back a 1.0.0,installed a 2.0.0,installed a 3.0.0,installed a 4.0.0,removed a 4.0.0,staged c 0.1.0,promoted c 0.1.0"
	if got := strings.Join(told, ","); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 4 { // two packages, the state and the lock
		t.Errorf("left behind: %v, %v", files, err)
	}
}

func TestWhatIsRefusedChangesNothing(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	s := w.open(t, t.TempDir())
	must(t, s, "a 2.0.0;")(s.Install(ctx, w.sign(t, "a", "2.0.0")))
	must(t, s, "a 2.0.0;r 1.0.0;")(s.Install(ctx, w.sign(t, "r", "1.0.0")))
	must(t, s, "a 2.0.0;")(s.Remove(ctx, "r"))
	reused := w.pack(t, "a", "2.0.0", "other bytes")
	stranger := newWorld(t)
	if err := reused.Sign(w.key); err != nil {
		t.Fatal(err)
	}
	install := func(p *artifact.Package) func() error {
		return func() error {
			_, err := s.Install(ctx, p)
			_, staged := s.Stage(ctx, p)
			if (err == nil) != (staged == nil) {
				t.Errorf("installed: %v; staged: %v", err, staged)
			}
			return err
		}
	}
	named := func(do func(string) (store.Entry, error), name string) func() error {
		return func() error { _, err := do(name); return err }
	}
	promote := func(name string) (store.Entry, error) { return s.Promote(ctx, name) }
	rollback := func(name string) (store.Entry, error) { return s.Rollback(ctx, name) }
	for name, c := range map[string]struct {
		do   func() error
		want error
	}{
		"a lower version":              {install(w.sign(t, "a", "1.9.9")), store.ErrDowngrade},
		"a release after its own":      {install(w.sign(t, "a", "2.0.0-rc.1")), store.ErrDowngrade},
		"the same version anew":        {install(reused), store.ErrVersionReused},
		"a lower one than was removed": {install(w.sign(t, "r", "0.9.0")), store.ErrDowngrade},
		"unsigned":                     {install(w.pack(t, "a", "3.0.0", "x")), trust.ErrUnsigned},
		"by a stranger":                {install(stranger.sign(t, "a", "3.0.0")), trust.ErrUnknownKey},
		"promote without a candidate":  {named(promote, "a"), store.ErrNoCandidate},
		"roll back the first":          {named(rollback, "a"), store.ErrNoPrevious},
		"roll back nothing":            {named(rollback, "z"), store.ErrNotInstalled},
		"roll back what was removed":   {named(rollback, "r"), store.ErrNotInstalled},
		"a version that is none":       {install(w.sign(t, "a", "3.0.0-01")), nil},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.do()
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if got := sketch(t, s); got != "a 2.0.0;" {
				t.Errorf("got %q", got)
			}
		})
	}
}

// A key that is taken from the policy ends what it signed; one that has expired
// since does not, and installs nothing any more.
func TestAKeysEnd(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	s := w.open(t, dir)
	must(t, s, "a 1.0.0;")(s.Install(t.Context(), w.sign(t, "a", "1.0.0")))
	w.now = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	if got := sketch(t, s); got != "a 1.0.0;" {
		t.Errorf("got %q", got)
	}
	if _, err := s.Install(t.Context(), w.sign(t, "a", "1.0.1")); !errors.Is(err, trust.ErrExpired) {
		t.Errorf("got %v", err)
	}
	w.policy = w.trust(t, "b")
	if _, _, err := s.Current("a"); !errors.Is(err, trust.ErrNotAllowed) {
		t.Errorf("for another plugin: got %v", err)
	}
	w.policy = &trust.Policy{}
	if _, _, err := s.Current("a"); !errors.Is(err, trust.ErrUnknownKey) {
		t.Errorf("taken away: got %v", err)
	}
	gone := errors.New("the trust file is gone")
	o := w.options()
	o.Dir, o.Trust = dir, func() (*trust.Policy, error) { return nil, gone }
	s, err := store.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Current("a"); !errors.Is(err, gone) {
		t.Errorf("no policy: got %v", err)
	}
}

// The same package, signed by another key, takes the place of the first.
func TestAPackageMayBeSignedAnew(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	s := w.open(t, dir)
	must(t, s, "a 1.0.0;")(s.Install(t.Context(), w.sign(t, "a", "1.0.0")))
	next := newWorld(t)
	o := next.options()
	o.Dir = dir
	s, err := store.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Current("a"); !errors.Is(err, trust.ErrUnknownKey) {
		t.Errorf("got %v", err)
	}
	e, err := s.Install(t.Context(), next.sign(t, "a", "1.0.0"))
	if err != nil {
		t.Fatal(err)
	}
	// Both keys have one name here: what tells them apart is their bytes.
	if _, _, err := s.Current("a"); err != nil {
		t.Errorf("%+v: %v", e, err)
	}
}

func TestAlteredFilesAreFoundOut(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	s := w.open(t, dir)
	must(t, s, "a 1.0.0;")(s.Install(t.Context(), w.sign(t, "a", "1.0.0")))
	files, err := filepath.Glob(filepath.Join(dir, "*.tar"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(whole); i += 97 {
		whole[i] ^= 1
		if err := os.WriteFile(files[0], whole, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Current("a"); !errors.Is(err, store.ErrCorrupt) {
			t.Fatalf("byte %d: got %v", i, err)
		}
		whole[i] ^= 1
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Current("a"); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("no package: got %v", err)
	}
	must(t, s, "a 1.0.0;")(s.Install(t.Context(), w.sign(t, "a", "1.0.0"))) // mends it
	for _, text := range []string{"", "{}", `{"format": 2}`, `{"format": 1, "plugins": [{"name": "b"}, {"name": "a"}]}`} {
		if err := os.WriteFile(filepath.Join(dir, "state.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.List(); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("%q: got %v", text, err)
		}
		if _, err := s.Install(t.Context(), w.sign(t, "a", "1.0.1")); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("%q: got %v", text, err)
		}
	}
}
