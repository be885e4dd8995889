package plugin_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
)

var answer = &component.Export{
	Interface: "test:api/answerer@0.1.0", Name: "answer",
	Signature: component.Signature{Result: component.U32},
}

// guest answers 42 and imports what text says.
func guest(imports string) string {
	return `(component ` + imports + `
	  (core module $m (func (export "answer") (result i32) (i32.const 42)))
	  (core instance $i (instantiate $m))
	  (func $answer (result u32) (canon lift (core func $i "answer")))
	  (instance $api (export "answer" (func $answer)))
	  (export "test:api/answerer@0.1.0" (instance $api)))`
}

const (
	importsLog = `(import "hygia:host/log@0.1.0" (instance
		(type $l (enum "debug" "info" "warn" "error")) (export "level" (type $level (eq $l)))
		(export "write" (func (param "level" $level) (param "message" string)))))`
	importsWASI = `(import "wasi:clocks/monotonic-clock@0.2.3" (instance (export "now" (func (result u64)))))`
	importsRoot = `(import "reach" (func))`
)

func engine(t *testing.T) *component.Engine {
	t.Helper()
	e, err := component.NewEngine(component.Config{MaxInstances: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// files puts a component's text under a manifest, whose digest is right.
func files(t *testing.T, text string, change func(*plugin.Manifest)) fs.FS {
	t.Helper()
	wasm, err := wasmtime.Wat2Wasm(text)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(wasm)
	m := plugin.Manifest{
		Name: "answerer", Version: "0.1.0", Description: "Answers.", World: "test:api/answers@0.1.0",
		Exports: []string{"test:api/answerer@0.1.0"}, OnFailure: plugin.Closed,
		Digest: "sha256:" + hex.EncodeToString(sum[:]),
	}
	if change != nil {
		change(&m)
	}
	manifest, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return fstest.MapFS{"manifest.json": {Data: manifest}, "answerer.wasm": {Data: wasm}}
}

// everything is a host that gives all that there is.
func everything() plugin.Host {
	return plugin.Host{Logger: slog.New(slog.DiscardHandler), Clock: time.Now}
}

func load(t *testing.T, f fs.FS) (*plugin.Plugin, error) {
	t.Helper()
	p, err := plugin.Load(t.Context(), plugin.Options{
		Engine: engine(t), Files: f, Host: everything(), Exports: []*component.Export{answer},
	})
	if err == nil {
		t.Cleanup(p.Close)
	}
	return p, err
}

func ask(ctx context.Context, c component.Caller) (n uint32, err error) {
	err = c.Call(ctx, answer, nil, func(d *component.Decoder) { n = d.U32() })
	return n, err
}

func TestLoadRunsAComponent(t *testing.T) {
	p, err := load(t, files(t, guest(""), nil))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := ask(t.Context(), p); err != nil || n != 42 {
		t.Errorf("got %d, %v", n, err)
	}
	if p.Name() != "answerer@0.1.0" || p.Status().GetDigest() != p.Manifest().Digest {
		t.Errorf("got %s, %v", p.Name(), p.Status())
	}
	if _, err := p.WithFolders(map[string]string{"x": t.TempDir()}); err == nil {
		t.Error("a component without a grant was given a folder")
	}
}

// Invariant 7: a component can reach only what its manifest names. The host
// here gives more than is granted, and the component is refused all the same.
func TestInvariant7OnlyWhatTheManifestNames(t *testing.T) {
	for _, c := range []struct {
		name, imports string
		granted       func(*plugin.Manifest)
		refused       string
	}{
		{"log, not granted", importsLog, nil, "hygia:host/log@0.1.0#write"},
		{"log, another interface granted", importsLog, func(m *plugin.Manifest) { m.Grants.Interfaces = []string{"hygia:host/clock@0.1.0"} }, "hygia:host/log@0.1.0#write"},
		{"log, another function granted", importsLog, func(m *plugin.Manifest) { m.Grants.Interfaces = []string{"hygia:host/log@0.1.0#read"} }, "hygia:host/log@0.1.0#write"},
		{"log, its function granted", importsLog, func(m *plugin.Manifest) { m.Grants.Interfaces = []string{"hygia:host/log@0.1.0#write"} }, ""},
		{"log, granted", importsLog, func(m *plugin.Manifest) { m.Grants.Interfaces = []string{"hygia:host/log@0.1.0"} }, ""},
		{"WASI, not granted", importsWASI, nil, "wasi:clocks/monotonic-clock@0.2.3#now"},
		{"WASI, as an interface", importsWASI, func(m *plugin.Manifest) { m.Grants.Interfaces = []string{"wasi:clocks/monotonic-clock@0.2.3"} }, "wasi:clocks/monotonic-clock@0.2.3#now"},
		{"a function of the world", importsRoot, nil, "reach"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(t, files(t, guest(c.imports), c.granted))
			if c.refused == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var grant *plugin.GrantError
			if !errors.As(err, &grant) || grant.Import != c.refused || grant.Plugin != "answerer@0.1.0" {
				t.Fatalf("got %v", err)
			}
			if grant.Ask == "" || !strings.Contains(err.Error(), c.refused) {
				t.Errorf("the error does not say how to ask: %v", err)
			}
		})
	}
}

// A refusal names everything that is missing, once for each way to ask for it.
func TestARefusalNamesAllThatIsMissing(t *testing.T) {
	imports := importsLog + importsWASI + importsRoot +
		`(import "wasi:cli/environment@0.2.3" (instance (export "get-arguments" (func (result (list string))))))`
	_, err := load(t, files(t, guest(imports), nil))
	var refusals plugin.Refusals
	if !errors.As(err, &refusals) {
		t.Fatalf("got %v", err)
	}
	var names []string
	for _, r := range refusals {
		names = append(names, r.Import)
		if !strings.Contains(err.Error(), r.Error()) {
			t.Errorf("the error does not hold %v", r)
		}
	}
	slices.Sort(names)
	want := []string{"hygia:host/log@0.1.0#write", "reach", "wasi:clocks/monotonic-clock@0.2.3#now"}
	if !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

func TestLoadRefuses(t *testing.T) {
	sound := files(t, guest(""), nil).(fstest.MapFS)
	tampered := fstest.MapFS{"manifest.json": sound["manifest.json"], "answerer.wasm": {Data: append([]byte{}, sound["answerer.wasm"].Data...)}}
	tampered["answerer.wasm"].Data[len(tampered["answerer.wasm"].Data)-1] ^= 1
	if _, err := load(t, tampered); !errors.Is(err, plugin.ErrDigest) {
		t.Errorf("tampered bytes: got %v", err)
	}
	if _, err := load(t, fstest.MapFS{"manifest.json": sound["manifest.json"]}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no component: got %v", err)
	}
	if _, err := load(t, fstest.MapFS{"answerer.wasm": sound["answerer.wasm"]}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no manifest: got %v", err)
	}
	other := files(t, guest(""), func(m *plugin.Manifest) { m.Exports = []string{"test:api/other@0.1.0"} })
	if _, err := load(t, other); err == nil || !strings.Contains(err.Error(), "does not export test:api/answerer@0.1.0") {
		t.Errorf("an export that the manifest does not name: got %v", err)
	}
	huge := fstest.MapFS{"manifest.json": {Data: make([]byte, plugin.MaxManifestBytes+1)}}
	if _, err := load(t, huge); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("a huge manifest: got %v", err)
	}
}

func TestFoldersAreGivenCallByCall(t *testing.T) {
	p, err := load(t, files(t, guest(importsWASI), func(m *plugin.Manifest) {
		m.Grants.Folders = []plugin.Folder{{Name: "export", Path: "/export"}}
	}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ask(t.Context(), p); !errors.Is(err, plugin.ErrNeedsFolders) {
		t.Errorf("without folders: got %v", err)
	}
	for name, folders := range map[string]map[string]string{
		"none": {}, "another name": {"import": t.TempDir()}, "one more": {"export": t.TempDir(), "x": t.TempDir()},
	} {
		if _, err := p.WithFolders(folders); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	program, err := p.WithFolders(map[string]string{"export": t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	if n, err := ask(t.Context(), program); err != nil || n != 42 {
		t.Errorf("got %d, %v", n, err)
	}
	if got := p.Status().GetGrants(); len(got) != 1 || got[0] != "folder export at /export, read-only" {
		t.Errorf("got %q", got)
	}
}

// The manifest's limits are the call's: a component that loops, or that wants
// more memory, is stopped at what its manifest says.
func TestTheManifestsLimitsHold(t *testing.T) {
	const loops = `(component
	  (core module $m (func (export "answer") (result i32) (loop $l (br $l)) (unreachable)))
	  (core instance $i (instantiate $m))
	  (func $answer (result u32) (canon lift (core func $i "answer")))
	  (instance $api (export "answer" (func $answer)))
	  (export "test:api/answerer@0.1.0" (instance $api)))`
	p, err := load(t, files(t, loops, func(m *plugin.Manifest) { m.Limits.DeadlineMS = 50 }))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ask(t.Context(), p); !errors.Is(err, component.ErrDeadline) {
		t.Errorf("a loop: got %v", err)
	}
	_, err = load(t, files(t, loops, func(m *plugin.Manifest) { m.Limits.Fuel = 1000 }))
	if err == nil || !strings.Contains(err.Error(), "fuel") && !strings.Contains(err.Error(), "Fuel") {
		t.Errorf("fuel, in an engine that does not count it: got %v", err)
	}
	burning, err := component.NewEngine(component.Config{MaxInstances: 1, Fuel: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = burning.Close() }()
	p, err = plugin.Load(t.Context(), plugin.Options{
		Engine: burning, Files: files(t, loops, func(m *plugin.Manifest) { m.Limits.Fuel = 1000 }),
		Exports: []*component.Export{answer},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := ask(t.Context(), p); !errors.Is(err, component.ErrFuel) {
		t.Errorf("a loop with fuel: got %v", err)
	}
	grows := strings.Replace(loops, `(func (export "answer") (result i32) (loop $l (br $l)) (unreachable))`,
		`(memory 1) (func (export "answer") (result i32) (memory.grow (i32.const 16)))`, 1)
	p, err = load(t, files(t, grows, func(m *plugin.Manifest) { m.Limits.MemoryBytes = 128 << 10 }))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := ask(t.Context(), p); err == nil && n != 1<<32-1 {
		t.Errorf("memory grew past the manifest's limit, from %d pages", n)
	}
}

// counter answers how often its instance was called.
const counter = `(component
  (core module $m (global $n (mut i32) (i32.const 0))
    (func (export "answer") (result i32) (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n)))
  (core instance $i (instantiate $m))
  (func $answer (result u32) (canon lift (core func $i "answer")))
  (instance $api (export "answer" (func $answer)))
  (export "test:api/answerer@0.1.0" (instance $api)))`

// What is kept ready is made when a plugin is loaded: one that cannot start is
// refused then.
func TestWarmInstancesStartAtOnce(t *testing.T) {
	text := strings.Replace(guest(""), "(core module $m ", "(core module $m (func $start unreachable) (start $start) ", 1)
	for warm, loads := range map[int]bool{0: true, 1: false} {
		p, err := plugin.Load(t.Context(), plugin.Options{
			Engine: engine(t), Exports: []*component.Export{answer}, Files: files(t, text, nil), Warm: warm,
		})
		var trap *component.TrapError
		if loads != (err == nil) || !loads && (!errors.Is(err, plugin.ErrStart) || !errors.As(err, &trap)) {
			t.Errorf("%d kept ready: %v", warm, err)
		}
		if err == nil {
			p.Close()
		}
	}
}

// Invariant 4: no state outlives a component call unless an operator allowed it.
func TestInvariant4StateOutlivesACallOnlyWhereBothSay(t *testing.T) {
	for _, c := range []struct {
		name           string
		asks, allows   bool
		warm           int
		own, neighbour uint32 // what the third call of a tenant, and the first of another, are answered
	}{
		{"neither", false, false, 0, 1, 1},
		{"the manifest alone", true, false, 0, 1, 1},
		{"the operator alone", false, true, 0, 1, 1},
		{"both", true, true, 0, 3, 1},
		{"neither, made ahead", false, false, 2, 1, 1},
		{"both, made ahead", true, true, 2, 3, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := plugin.Load(t.Context(), plugin.Options{
				Engine: engine(t), Exports: []*component.Export{answer}, Reuse: c.allows, Warm: c.warm,
				Files: files(t, counter, func(m *plugin.Manifest) { m.Reuse = c.asks }),
			})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			var n uint32
			for range 3 {
				if n, err = ask(actor.With(t.Context(), actor.Actor{Tenant: "one"}), p); err != nil {
					t.Fatal(err)
				}
			}
			if n != c.own {
				t.Errorf("the third call was answered %d, want %d", n, c.own)
			}
			if n, err = ask(actor.With(t.Context(), actor.Actor{Tenant: "another"}), p); err != nil || n != c.neighbour {
				t.Errorf("another tenant was answered %d, %v", n, err)
			}
		})
	}
}
