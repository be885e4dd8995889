package supervisor_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/artifact"
	"github.com/hygia-suite/hygia/pkg/plugin/store"
	"github.com/hygia-suite/hygia/pkg/plugin/supervisor"
	"github.com/hygia-suite/hygia/pkg/plugin/trust"
)

const hook = "hygia:validation/validator@0.1.0"

// world is a service's plugins over a folder, with releases that are not real.
type world struct {
	*testing.T
	dir      string
	key      *trust.Key
	policy   *trust.Policy
	embedded []fs.FS
	diary

	mu     sync.Mutex
	broken map[string]error // what loading a version fails with
	loaded map[string]*release
	*supervisor.Supervisor
}

func newWorld(t *testing.T, embedded ...string) *world {
	t.Helper()
	w := &world{T: t, dir: t.TempDir(), broken: map[string]error{}, loaded: map[string]*release{}}
	path := filepath.Join(w.dir, "key")
	if err := trust.GenerateKey(path, "hospital"); err != nil {
		t.Fatal(err)
	}
	var err error
	if w.key, err = trust.ReadKey(path); err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(path + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	w.policy = accepts(t, string(public))
	for _, version := range embedded {
		manifest, wasm := parts("claims", version)
		w.embedded = append(w.embedded, fstest.MapFS{"manifest.json": {Data: manifest}, "claims.wasm": {Data: wasm}})
	}
	w.start()
	t.Cleanup(w.end)
	return w
}

func accepts(t *testing.T, public string) *trust.Policy {
	t.Helper()
	text, err := json.Marshal(map[string]any{"keys": []any{map[string]any{
		"key": trim(public), "plugins": []string{"*"}, "not_before": "2026-01-01T00:00:00Z", "not_after": "2040-01-01T00:00:00Z",
	}}})
	if err != nil {
		t.Fatal(err)
	}
	policy, err := trust.ParsePolicy(text)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

func trim(line string) string { return line[:len(line)-1] }

func parts(name, version string) (manifest, wasm []byte) {
	wasm = []byte("not really " + name + version)
	manifest, err := json.Marshal(map[string]any{
		"name": name, "version": version, "description": "A test.", "world": "hygia:validation/pure-validator@0.1.0",
		"exports": []string{hook}, "grants": map[string]any{}, "limits": map[string]any{}, "on_failure": "closed",
		"digest": fmt.Sprintf("sha256:%x", sha256.Sum256(wasm)),
	})
	if err != nil {
		panic(err)
	}
	return manifest, wasm
}

func (w *world) pkg(name, version string) *artifact.Package {
	w.Helper()
	p, err := artifact.New(parts(name, version))
	if err != nil {
		w.Fatal(err)
	}
	if err := p.Sign(w.key); err != nil {
		w.Fatal(err)
	}
	return p
}

// start is what a process does.
func (w *world) start() {
	w.Helper()
	clock := func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }
	folder, err := store.Open(store.Options{
		Dir: filepath.Join(w.dir, "plugins"), Trust: func() (*trust.Policy, error) { return w.policy, nil }, Clock: clock,
	})
	if err != nil {
		w.Fatal(err)
	}
	w.Supervisor, err = supervisor.New(w.Context(), supervisor.Options{
		Settings: supervisor.Settings{Notify: w.note, Canary: supervisor.Tolerance{Share: 0.5, Calls: 2}},
		Embedded: w.embedded, Store: folder, Load: w.load, CanaryPercent: 10,
		Verify: func(p *artifact.Package) error {
			_, err := w.policy.Verify(p.Statement(), p.Signatures(), clock())
			return err
		},
	})
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) end() {
	if err := w.Close(); err != nil {
		w.Error(err)
	}
	for _, r := range w.loaded {
		r.sound(w)
		if !r.closed.Load() {
			w.Errorf("%s is still loaded", r.manifest.Version)
		}
	}
	w.loaded = map[string]*release{}
}

// restart is the end of a process and the start of the next.
func (w *world) restart() {
	w.Helper()
	w.end()
	w.start()
}

func (w *world) load(_ context.Context, files fs.FS) (supervisor.Release, error) {
	m, err := plugin.ReadManifest(files)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.broken[m.Version]; err != nil {
		if errors.Is(err, errPanic) {
			delete(w.broken, m.Version)
			panic(err)
		}
		return nil, err
	}
	r := newRelease(m.Version)
	r.manifest = m
	w.loaded[m.Version] = r
	return r, nil
}

// errPanic makes loading panic, once.
var errPanic = errors.New("a defect")

func (w *world) breakVersion(version string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken[version] = err
}

func (w *world) install(version string, percent int) supervisor.Plugin {
	w.Helper()
	p, err := w.Install(w.Context(), w.pkg("claims", version), percent)
	if err != nil {
		w.Fatal(err)
	}
	return p
}

// is fails the test unless the plugin is in a state, with a version live and one on
// trial.
func (w *world) is(state supervisor.State, current, canary string) {
	w.Helper()
	i := slices.IndexFunc(w.List(), func(p supervisor.Plugin) bool { return p.Name == "claims" })
	if i < 0 {
		w.Fatal("there is no such plugin")
	}
	p := w.List()[i]
	got := ""
	if p.Canary != nil {
		got = p.Canary.Version
	}
	if p.State != state || p.Current.Version != current || got != canary {
		w.Fatalf("%s, %s with %q on trial (%s), want %s, %s with %q", p.State, p.Current.Version, got, p.Problem, state, current, canary)
	}
}

func (w *world) call() error {
	w.Helper()
	slots := w.Slots(hook)
	if len(slots) != 1 {
		w.Fatalf("%d plugins of the hook", len(slots))
	}
	return call(slots[0])
}

func TestWhatIsInstalledOutlivesTheProcess(t *testing.T) {
	w := newWorld(t, "1.0.0")
	w.is(supervisor.Live, "1.0.0", "")
	w.install("1.1.0", 0)
	w.is(supervisor.Live, "1.1.0", "")
	if again := w.install("1.1.0", 0); again.State != supervisor.Live {
		t.Errorf("again: %+v", again)
	}
	w.restart()
	w.is(supervisor.Live, "1.1.0", "")
	if err := w.call(); err != nil {
		t.Error(err)
	}
	if !w.List()[0].Embedded || w.List()[0].Installed.Key != "hospital" {
		t.Errorf("%+v", w.List()[0])
	}
}

// An installation says which release it is to be, also where a newer one ships with
// the service; that there is one is shown.
func TestAnInstalledReleaseStaysBesideANewerEmbeddedOne(t *testing.T) {
	for _, c := range []struct{ embedded, installed, newer string }{
		{"1.10.0", "1.9.0", "1.10.0"}, {"1.9.0", "1.10.0", ""}, {"1.1.0-rc.1", "1.1.0", ""}, {"1.1.0", "1.1.0-rc.1", "1.1.0"}, {"1.1.0", "1.1.0", ""},
	} {
		w := newWorld(t, c.embedded)
		if p := w.install(c.installed, 0); p.Newer != c.newer {
			t.Errorf("%s beside %s: %q is newer", c.installed, c.embedded, p.Newer)
		}
		w.restart()
		w.is(supervisor.Live, c.installed, "")
		if p := w.List()[0]; p.Newer != c.newer {
			t.Errorf("after a restart, %s beside %s: %q is newer", c.installed, c.embedded, p.Newer)
		}
		if err := w.Remove(t.Context(), "claims"); err != nil {
			t.Fatal(err)
		}
		w.is(supervisor.Live, c.embedded, "")
		if p := w.List()[0]; p.Newer != "" {
			t.Errorf("after its removal: %q is newer", p.Newer)
		}
	}
}

func TestARollbackGoesBackToWhatWasBefore(t *testing.T) {
	w := newWorld(t, "1.0.0")
	w.install("1.1.0", 0)
	w.install("1.2.0", 0)
	for _, step := range []struct{ leave, want string }{
		{"1.2.0", "1.1.0"}, {"1.2.0", "1.1.0"}, // repeated
		{"1.1.0", "1.0.0"}, // the embedded one
	} {
		if _, err := w.Rollback(t.Context(), "claims", step.leave); err != nil {
			t.Fatalf("leaving %s: %v", step.leave, err)
		}
		w.is(supervisor.Live, step.want, "")
	}
	w.restart()
	w.is(supervisor.Live, "1.0.0", "")
	if _, err := w.Rollback(t.Context(), "claims", "1.0.0"); !errors.Is(err, store.ErrNoPrevious) {
		t.Errorf("before the first: %v", err)
	}
	if _, err := w.Rollback(t.Context(), "nobody", "1.0.0"); !errors.Is(err, supervisor.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestATrialOutlivesTheProcess(t *testing.T) {
	w := newWorld(t, "1.0.0")
	if p := w.install("1.1.0", 25); p.CanaryPercent != 25 {
		t.Errorf("%+v", p)
	}
	w.is(supervisor.Trial, "1.0.0", "1.1.0")
	w.install("1.1.0", 25) // repeated
	if _, err := w.Install(t.Context(), w.pkg("claims", "1.2.0"), 25); !errors.Is(err, supervisor.ErrCanary) {
		t.Errorf("a second trial: %v", err)
	}
	w.restart()
	w.is(supervisor.Trial, "1.0.0", "1.1.0")
	if p := w.List()[0]; p.CanaryPercent != 10 {
		t.Errorf("%+v", p)
	}
	for range 2 { // repeated
		if _, err := w.Promote(t.Context(), "claims", "1.1.0"); err != nil {
			t.Fatal(err)
		}
		w.is(supervisor.Live, "1.1.0", "")
	}
	w.restart()
	w.is(supervisor.Live, "1.1.0", "")
	if _, err := w.Promote(t.Context(), "claims", "1.3.0"); !errors.Is(err, supervisor.ErrNoCanary) {
		t.Errorf("got %v", err)
	}
}

func TestATrialEndsAsThePersonOrItsFailuresSay(t *testing.T) {
	w := newWorld(t, "1.0.0")
	w.install("1.1.0", 50)
	for range 2 { // repeated
		if _, err := w.Rollback(t.Context(), "claims", "1.1.0"); err != nil {
			t.Fatal(err)
		}
		w.is(supervisor.Live, "1.0.0", "")
	}
	w.install("1.2.0", 50)
	w.loaded["1.2.0"].fail.Store(true)
	for range 4 {
		if err := w.call(); err != nil {
			t.Errorf("a request failed: %v", err)
		}
	}
	w.is(supervisor.Live, "1.0.0", "")
	for deadline := time.Now().Add(10 * time.Second); w.List()[0].Candidate != nil; {
		if time.Now().After(deadline) {
			t.Fatal("the store still has the candidate")
		}
		time.Sleep(time.Millisecond)
	}
	w.restart() // and the next process does not try it again
	w.is(supervisor.Live, "1.0.0", "")
	w.install("1.3.0", 50)
	w.install("1.3.0", 0) // all of it, after all
	w.is(supervisor.Live, "1.3.0", "")
}

func TestWhatIsRefusedChangesNothing(t *testing.T) {
	w := newWorld(t, "1.0.0")
	w.install("1.1.0", 0)
	before := w.List()
	stranger := newWorld(t)
	unsigned, err := artifact.New(parts("claims", "1.2.0"))
	if err != nil {
		t.Fatal(err)
	}
	w.breakVersion("1.2.0", &plugin.GrantError{Plugin: "claims@1.2.0", Import: "x", Ask: "ask"})
	for name, c := range map[string]struct {
		pkg     *artifact.Package
		percent int
		is      func(error) bool
	}{
		"unsigned":              {unsigned, 0, func(err error) bool { return errors.Is(err, trust.ErrUnsigned) }},
		"a foreign key":         {stranger.pkg("claims", "1.2.0"), 0, func(err error) bool { return errors.Is(err, trust.ErrUnknownKey) }},
		"older":                 {w.pkg("claims", "1.0.5"), 0, func(err error) bool { return errors.Is(err, store.ErrDowngrade) }},
		"no grant":              {w.pkg("claims", "1.2.0"), 0, func(err error) bool { return errors.As(err, new(*plugin.GrantError)) }},
		"no grant, as a canary": {w.pkg("claims", "1.2.0"), 5, func(err error) bool { return errors.As(err, new(*plugin.GrantError)) }},
		"a canary alone":        {w.pkg("alone", "1.0.0"), 5, func(err error) bool { return errors.Is(err, supervisor.ErrNoRelease) }},
	} {
		if _, err := w.Install(t.Context(), c.pkg, c.percent); !c.is(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := w.List(); len(after) != len(before) || after[0].Current.Version != "1.1.0" || after[0].Candidate != nil {
		t.Errorf("%+v became %+v", before, after)
	}
	w.restart()
	w.is(supervisor.Live, "1.1.0", "")
}

func TestRemoving(t *testing.T) {
	w := newWorld(t, "1.0.0")
	if err := w.Remove(t.Context(), "claims"); !errors.Is(err, supervisor.ErrEmbedded) {
		t.Errorf("got %v", err)
	}
	w.install("1.1.0", 0)
	if err := w.Remove(t.Context(), "claims"); err != nil {
		t.Fatal(err)
	}
	w.is(supervisor.Live, "1.0.0", "")
	if _, err := w.Install(t.Context(), w.pkg("drugs", "1.0.0"), 0); err != nil {
		t.Fatal(err)
	}
	slot, _ := w.Slot("drugs")
	if err := w.Remove(t.Context(), "drugs"); err != nil {
		t.Fatal(err)
	}
	if err := w.Remove(t.Context(), "drugs"); !errors.Is(err, supervisor.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if len(w.Slots(hook)) != 1 || !errors.Is(call(slot), supervisor.ErrStopped) {
		t.Error("it is still there")
	}
}

// A plugin that cannot be loaded stops no other, and what needs it fails until it
// can.
func TestAPluginThatCannotBeLoadedIsTriedAgain(t *testing.T) {
	w := newWorld(t, "1.0.0")
	if _, err := w.Install(t.Context(), w.pkg("drugs", "3.0.0"), 0); err != nil {
		t.Fatal(err)
	}
	w.breakVersion("1.0.0", errors.New("the audit log cannot be reached"))
	w.restart()
	drugs, _ := w.Slot("drugs")
	if err := call(drugs); err != nil {
		t.Errorf("the other plugin: %v", err)
	}
	claims, _ := w.Slot("claims")
	if err := call(claims); !errors.Is(err, supervisor.ErrRetrying) {
		t.Errorf("got %v", err)
	}
	if len(w.Slots(hook)) != 2 {
		t.Error("a plugin that is not live was left out in silence")
	}
	w.breakVersion("1.0.0", nil)
	for deadline := time.Now().Add(20 * time.Second); call(claims) != nil; {
		if time.Now().After(deadline) {
			t.Fatal("it was not tried again")
		}
		time.Sleep(5 * time.Millisecond)
	}
	if s := claims.Status(); s.State != supervisor.Live || s.Problem != "" {
		t.Errorf("%+v", s)
	}
}

// A plugin whose key is not trusted any more does not run after a restart, and
// what its manifest says is not believed either: requests of any hook fail.
func TestWhatIsNotTrustedAnyMoreFailsRequests(t *testing.T) {
	w := newWorld(t)
	w.install("1.0.0", 0)
	w.policy = &trust.Policy{}
	w.restart()
	slots := w.Slots("hygia:anonymization/detector@0.1.0")
	var failure *supervisor.Error
	if len(slots) != 1 || !errors.Is(call(slots[0]), supervisor.ErrStopped) || !errors.As(call(slots[0]), &failure) || failure.Skip {
		t.Errorf("%d slots", len(slots))
	}
	if p := w.List()[0]; p.State != supervisor.Stopped || p.Problem != "signature" {
		t.Errorf("%+v", p)
	}
	if err := w.Remove(t.Context(), "claims"); err != nil {
		t.Errorf("it cannot be removed: %v", err)
	}
	if len(w.List()) != 0 {
		t.Errorf("%+v", w.List())
	}
}

// A panic while a plugin is loaded ends nothing else, and it is loaded again.
func TestAPanicWhileLoadingIsContained(t *testing.T) {
	w := newWorld(t, "1.0.0")
	if _, err := w.Install(t.Context(), w.pkg("drugs", "3.0.0"), 0); err != nil {
		t.Fatal(err)
	}
	w.breakVersion("1.0.0", errPanic)
	w.restart()
	for _, name := range []string{"claims", "drugs"} {
		slot, _ := w.Slot(name)
		for deadline := time.Now().Add(20 * time.Second); call(slot) != nil; {
			if time.Now().After(deadline) {
				t.Fatalf("%s is not live", name)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// A rollback whose release cannot be loaded goes on where it was, and not one
// release further back.
func TestARollbackThatFailedHalfWayIsRepeated(t *testing.T) {
	w := newWorld(t)
	w.install("1.0.0", 0)
	w.install("1.1.0", 0)
	w.install("1.2.0", 0)
	w.breakVersion("1.1.0", errors.New("the audit log cannot be reached"))
	if _, err := w.Rollback(t.Context(), "claims", "1.2.0"); err == nil {
		t.Fatal("it was loaded all the same")
	}
	w.is(supervisor.Live, "1.2.0", "") // as long as nothing else is there
	w.breakVersion("1.1.0", nil)
	if _, err := w.Rollback(t.Context(), "claims", "1.2.0"); err != nil {
		t.Fatal(err)
	}
	w.is(supervisor.Live, "1.1.0", "")
}
