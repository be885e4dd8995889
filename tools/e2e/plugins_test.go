package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/artifact"
	"github.com/hygia-suite/hygia/pkg/plugin/trust"
)

// publisher signs plugins.
type publisher struct {
	path string
	key  *trust.Key
}

func newPublisher(t *testing.T, name string) publisher {
	t.Helper()
	p := publisher{path: filepath.Join(t.TempDir(), name)}
	if err := trust.GenerateKey(p.path, name); err != nil {
		t.Fatal(err)
	}
	var err error
	if p.key, err = trust.ReadKey(p.path); err != nil {
		t.Fatal(err)
	}
	return p
}

// trusted writes the trust file of a suite's folder, as its operator does.
func (p publisher) trusted(t *testing.T, dir string) {
	t.Helper()
	public, err := os.ReadFile(p.path + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(object{"keys": []object{{
		"key": strings.TrimSpace(string(public)), "plugins": []string{"more-*"},
		"not_before": "2020-01-01T00:00:00Z", "not_after": "2090-01-01T00:00:00Z",
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "trust.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// validator packs the validator that ships with the suite under another name and
// version. One whose memory is too small fails every call.
func validator(t *testing.T, name, version string, sound bool, key *trust.Key) []byte {
	t.Helper()
	folder := filepath.Join("..", "..", "services", "validation", "plugins", "medical-basics")
	m, err := plugin.ReadManifest(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	wasm, err := os.ReadFile(filepath.Join(folder, m.Name+".wasm"))
	if err != nil {
		t.Fatal(err)
	}
	m.Name, m.Version = name, version
	if !sound {
		m.Limits.MemoryBytes = 64 << 10
	}
	manifest, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	p, err := artifact.New(manifest, wasm)
	if err != nil {
		t.Fatal(err)
	}
	if key != nil {
		if err := p.Sign(key); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if err := p.Write(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

const validationPlugins = "/v1/services/validation/plugins"

// shownPlugin is a plugin as REST shows it.
type shownPlugin struct {
	Name, State, Problem      string
	Embedded                  bool
	Current, Canary, Previous *struct{ Version, Signer string }
}

func (s *suite) install(ctx context.Context, role string, file []byte, percent int) (shownPlugin, error) {
	a, err := s.do(ctx, role, http.MethodPost, fmt.Sprintf("%s?canaryPercent=%d", validationPlugins, percent),
		artifact.FileType, bytes.NewReader(file))
	var got struct{ Plugin shownPlugin }
	if err == nil && a.status != http.StatusOK {
		err = &refusal{a}
	}
	if err == nil {
		err = json.Unmarshal(a.body, &got)
	}
	return got.Plugin, err
}

func (s *suite) mustInstall(t *testing.T, file []byte, percent int) shownPlugin {
	t.Helper()
	p, err := s.install(t.Context(), "ADMIN", file, percent)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// plugin gives the state of a plugin of the validation service.
func (s *suite) plugin(ctx context.Context, name string) (shownPlugin, error) {
	var got struct{ Plugins []shownPlugin }
	if err := s.call(ctx, "ADMIN", http.MethodGet, validationPlugins, nil, &got); err != nil {
		return shownPlugin{}, err
	}
	for _, p := range got.Plugins {
		if p.Name == name {
			return p, nil
		}
	}
	return shownPlugin{}, fmt.Errorf("%s is not among %+v", name, got.Plugins)
}

type checked struct {
	Findings   []struct{ Rule string }
	Validators []string
}

// validate checks a document that breaks a rule of every validator here.
func (s *suite) validate(ctx context.Context) (checked, error) {
	var got checked
	err := s.call(ctx, "EDITOR", http.MethodPost, "/v1/validate", object{"document": object{
		"kind": "ENTRY_KIND_POST", "title": "Asma", "language": "pt-BR", "body": "<p>Garantimos a cura da asma.</p>",
	}}, &got)
	return got, err
}

func (c checked) count(rule string) (n int) {
	for _, f := range c.Findings {
		if f.Rule == rule {
			n++
		}
	}
	return n
}

// load validates from several clients until it is stopped, and counts failures.
func (s *suite) load(t *testing.T) (stop func() (calls int64)) {
	t.Helper()
	var calls atomic.Int64
	var clients sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		clients.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, err := s.validate(context.WithoutCancel(t.Context())); err != nil {
					t.Errorf("a request failed: %v", err)
					return
				}
				calls.Add(1)
			}
		})
	}
	return func() int64 {
		close(done)
		clients.Wait()
		return calls.Load()
	}
}

// A signed plugin is installed into a running service, swapped under load, tried,
// rolled back, and there after a restart; what is not signed by the right key is
// refused.
func TestPluginsOfARunningService(t *testing.T) {
	dir := filepath.Join(t.TempDir(), ".hygia")
	s := start(t, dir)
	hospital, stranger := newPublisher(t, "hospital"), newPublisher(t, "stranger")

	before, err := s.validate(t.Context())
	if err != nil || before.count("ADV-1") == 0 {
		t.Fatalf("%+v, %v", before, err)
	}
	refuses := func(name string, file []byte, role, reason string) {
		t.Helper()
		_, err := s.install(t.Context(), role, file, 0)
		if r, ok := err.(*refusal); !ok || r.problem(t).Reason != reason { //nolint:errorlint // as install returns it
			t.Errorf("%s: %v, want %s", name, err, reason)
		}
	}
	first := validator(t, "more-basics", "1.0.0", true, hospital.key)
	refuses("a key before it is trusted", first, "ADMIN", "PLUGIN_KEY_UNKNOWN")
	hospital.trusted(t, dir)
	refuses("no signature", validator(t, "more-basics", "1.0.0", true, nil), "ADMIN", "PLUGIN_UNSIGNED")
	refuses("a foreign key", validator(t, "more-basics", "1.0.0", true, stranger.key), "ADMIN", "PLUGIN_KEY_UNKNOWN")
	refuses("a name that the key may not sign", validator(t, "other", "1.0.0", true, hospital.key), "ADMIN", "PLUGIN_KEY_NOT_ALLOWED")
	refuses("an editor", first, "EDITOR", "ROLE_NOT_ALLOWED")

	if p := s.mustInstall(t, first, 0); p.State != "PLUGIN_STATE_LIVE" || p.Current.Signer != "hospital" {
		t.Errorf("installed: %+v", p)
	}
	after, err := s.validate(t.Context())
	if err != nil || after.count("ADV-1") != 2*before.count("ADV-1") || !slices.Contains(after.Validators, "more-basics@1.0.0") {
		t.Errorf("%+v, %v", after, err)
	}

	stop := s.load(t)
	for i := range 5 {
		s.mustInstall(t, validator(t, "more-basics", fmt.Sprintf("1.%d.0", i+1), true, hospital.key), 0)
	}
	s.mustInstall(t, validator(t, "more-basics", "2.0.0", false, hospital.key), 30)
	eventually(t, 30*time.Second, func() error {
		p, err := s.plugin(t.Context(), "more-basics")
		if err == nil && (p.Canary != nil || p.State != "PLUGIN_STATE_LIVE" || p.Current.Version != "1.5.0") {
			err = fmt.Errorf("the bad canary is still on trial: %+v", p)
		}
		return err
	})
	s.mustInstall(t, validator(t, "more-basics", "2.1.0", true, hospital.key), 20)
	s.must(t, "ADMIN", http.MethodPost, validationPlugins+"/more-basics/promote", object{"version": "2.1.0"}, nil)
	s.must(t, "ADMIN", http.MethodPost, validationPlugins+"/more-basics/rollback", object{"version": "2.1.0"}, nil)
	t.Logf("%d validations while six releases were swapped and two were tried, none of which failed", stop())
	if p, err := s.plugin(t.Context(), "more-basics"); err != nil || p.Current.Version != "1.5.0" {
		t.Errorf("after the rollback: %+v, %v", p, err)
	}
	recorded(t, s, "Run", "more-basics")

	s.stop(t)
	s = start(t, dir)
	again, err := s.validate(t.Context())
	if err != nil || !slices.Contains(again.Validators, "more-basics@1.5.0") {
		t.Errorf("after a restart: %+v, %v", again, err)
	}
	s.must(t, "ADMIN", http.MethodDelete, validationPlugins+"/more-basics", nil, nil)
	if last, err := s.validate(t.Context()); err != nil || slices.Contains(last.Validators, "more-basics@1.5.0") {
		t.Errorf("after its removal: %+v, %v", last, err)
	}
	verifyLog(t, s)
}

// recorded wants an event of a plugin in the audit log of its tenant.
func recorded(t *testing.T, s *suite, method, name string) {
	t.Helper()
	var page struct {
		Events []struct {
			Event struct{ Objects []struct{ Kind, ID string } }
		}
	}
	s.must(t, "DPO", http.MethodGet, "/v1/audit/events?pageSize=500&method=/hygia.plugin.v1.PluginService/"+method, nil, &page)
	for _, e := range page.Events {
		for _, o := range e.Event.Objects {
			if o.Kind == "plugin" && o.ID == name {
				return
			}
		}
	}
	t.Errorf("no event of %s names %s", method, name)
}

// A service that is killed in the middle of installations has the old release or
// the new one afterwards, whole, and what was acknowledged.
func TestInvariant12KilledWhilePluginsAreInstalled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), ".hygia")
	s := start(t, dir)
	hospital := newPublisher(t, "hospital")
	hospital.trusted(t, dir)
	s.mustInstall(t, validator(t, "more-basics", "1.0.0", true, hospital.key), 0)
	acknowledged := "1.0.0"
	for round := range 4 {
		version := fmt.Sprintf("1.%d.0", round+1)
		file := validator(t, "more-basics", version, true, hospital.key)
		installed := make(chan error, 1)
		go func() {
			_, err := s.install(context.WithoutCancel(t.Context()), "ADMIN", file, 0)
			installed <- err
		}()
		time.Sleep(time.Duration(30+70*round) * time.Millisecond) // another instant each time
		s.kill(t, "validation")
		if err := <-installed; err == nil {
			acknowledged = version
		}
		eventually(t, time.Minute, func() error { _, err := s.validate(t.Context()); return err })
		p, err := s.plugin(t.Context(), "more-basics")
		if err != nil || p.State != "PLUGIN_STATE_LIVE" || p.Current.Version != acknowledged && p.Current.Version != version {
			t.Fatalf("killed while %s was installed over %s: %+v, %v", version, acknowledged, p, err)
		}
		s.mustInstall(t, file, 0) // and again, with the same answer
		acknowledged = version
	}
	got, err := s.validate(t.Context())
	if err != nil || !slices.Contains(got.Validators, "more-basics@"+acknowledged) {
		t.Errorf("%+v, %v", got, err)
	}
}
