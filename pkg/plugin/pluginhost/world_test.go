package pluginhost_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/bytecodealliance/wasmtime-go/v44"
	"google.golang.org/grpc"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/identity/identitytest"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/artifact"
	"github.com/hygia-suite/hygia/pkg/plugin/outbound"
	"github.com/hygia-suite/hygia/pkg/plugin/pluginhost"
	"github.com/hygia-suite/hygia/pkg/plugin/trust"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/service"
	"github.com/hygia-suite/hygia/pkg/telemetry"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	pluginv1 "github.com/hygia-suite/hygia/proto/gen/hygia/plugin/v1"
)

var answer = &component.Export{
	Interface: "test:api/answerer@0.1.0", Name: "answer",
	Signature: component.Signature{Result: component.U32},
}

const importsLog = `
	(import "hygia:host/log@0.1.0" (instance $log
		(type $l (enum "debug" "info" "warn" "error")) (export "level" (type $level (eq $l)))
		(export "write" (func (param "level" $level) (param "message" string)))))
	(core module $memory (memory (export "memory") 1) (data (i32.const 0) "Zuleide")
		(func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
	(core instance $mem (instantiate $memory))
	(alias core export $mem "memory" (core memory $m))
	(alias core export $mem "realloc" (core func $realloc))
	(core func $write (canon lower (func $log "write") (memory $m) (realloc $realloc)))`

// guest is a component whose answer is what body computes.
func guest(body string) string {
	return `(component
	  (core module $c (func (export "answer") (result i32) ` + body + `))
	  (core instance $i (instantiate $c))
	  (func $answer (result u32) (canon lift (core func $i "answer")))
	  (instance $api (export "answer" (func $answer)))
	  (export "test:api/answerer@0.1.0" (instance $api)))`
}

// talker is a component that logs a name, which no log may have.
const talker = `(component ` + importsLog + `
	  (core module $c (import "host" "write" (func $write (param i32 i32 i32)))
	    (func (export "answer") (result i32) (call $write (i32.const 2) (i32.const 0) (i32.const 7)) (i32.const 7)))
	  (core instance $i (instantiate $c (with "host" (instance (export "write" (func $write))))))
	  (func $answer (result u32) (canon lift (core func $i "answer")))
	  (instance $api (export "answer" (func $answer)))
	  (export "test:api/answerer@0.1.0" (instance $api)))`

// build puts a component under a manifest.
func build(t testing.TB, name, version, text string, interfaces ...string) (manifest, wasm []byte) {
	t.Helper()
	return buildUnder(t, plugin.Manifest{Name: name, Version: version, Grants: plugin.Grants{Interfaces: interfaces}}, text)
}

// buildUnder completes a manifest.
func buildUnder(t testing.TB, m plugin.Manifest, text string) (manifest, wasm []byte) {
	t.Helper()
	wasm, err := wasmtime.Wat2Wasm(text)
	if err != nil {
		t.Fatal(err)
	}
	m.Description, m.World = "Answers.", "test:api/answers@0.1.0"
	m.Exports, m.OnFailure = []string{answer.Interface}, plugin.Closed
	m.Digest = fmt.Sprintf("sha256:%x", sha256.Sum256(wasm))
	manifest, err = json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return manifest, wasm
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// verifier knows tokens by heart.
type verifier map[string]actor.Actor

func (v verifier) Verify(_ context.Context, token string) (actor.Actor, error) {
	if a, ok := v[token]; ok {
		return a, nil
	}
	return actor.Actor{}, actor.ErrTokenInvalid
}

// world is a service that hosts plugins, and an operator's folder of keys.
type world struct {
	testing.TB
	dir      string
	key      *trust.Key
	log      *audittest.Log
	logged   *lockedBuffer
	config   service.Plugins
	outbound outbound.Sender
	patience time.Duration // for uploads
	clock    func() time.Time
	parallel int
	ca       *identitytest.CA

	tel    *telemetry.Telemetry
	host   *pluginhost.Host
	client pluginv1.PluginServiceClient
	stop   func()
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{TB: t, dir: t.TempDir(), log: &audittest.Log{}, logged: &lockedBuffer{}, clock: time.Now, ca: identitytest.NewCA(t, "hygia.test")}
	w.key = w.newKey("hospital")
	w.config = service.Plugins{Trust: filepath.Join(w.dir, "trust.json"), Administrators: []string{audittest.Tenant}, CanaryPercent: 5}
	w.trust("hospital")
	return w
}

func (w *world) newKey(name string) *trust.Key {
	w.Helper()
	path := filepath.Join(w.dir, name)
	if err := trust.GenerateKey(path, name); err != nil {
		w.Fatal(err)
	}
	key, err := trust.ReadKey(path)
	if err != nil {
		w.Fatal(err)
	}
	return key
}

// trust is what an operator writes into the trust file.
func (w *world) trust(names ...string) {
	w.Helper()
	keys := []any{}
	for _, name := range names {
		public, err := os.ReadFile(filepath.Join(w.dir, name+".pub"))
		if err != nil {
			w.Fatal(err)
		}
		keys = append(keys, map[string]any{
			"key": strings.TrimSpace(string(public)), "plugins": []string{"*"},
			"not_before": "2020-01-01T00:00:00Z", "not_after": "2090-01-01T00:00:00Z",
		})
	}
	text, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		w.Fatal(err)
	}
	if err := os.WriteFile(w.config.Trust, text, 0o600); err != nil {
		w.Fatal(err)
	}
}

// editTrust replaces a part of the trust file.
func (w *world) editTrust(old, by string) {
	w.Helper()
	text, err := os.ReadFile(w.config.Trust)
	if err != nil {
		w.Fatal(err)
	}
	if err := os.WriteFile(w.config.Trust, []byte(strings.Replace(string(text), old, by, 1)), 0o600); err != nil {
		w.Fatal(err)
	}
}

// start is what a service does.
func (w *world) start() {
	w.Helper()
	tel, err := telemetry.New(w.Context(), telemetry.Options{Service: "test", Version: "1.2.3", LogOutput: w.logged, LogFormat: "json", LogLevel: slog.LevelInfo})
	if err != nil {
		w.Fatal(err)
	}
	w.tel = tel
	admin := actor.Actor{
		Person: audittest.Person, Tenant: audittest.Tenant, Roles: []actor.Role{actor.RoleAdmin}, Purpose: actor.PurposeAdministration,
	}
	editor, foreign := admin, admin
	editor.Roles = []actor.Role{actor.RoleEditor}
	foreign.Tenant = "0192f0c1-0000-7000-8000-0000000000ff"
	o := rpc.ServerOptions{
		Service: rpc.Content, Identity: w.ca.Source(w, rpc.Content), Policy: pluginhost.Policy(rpc.Policy{}), Audit: w.log,
		Verifier: verifier{"admin": admin, "editor": editor, "foreign": foreign}, Telemetry: tel,
		Clock: w.clock, IDs: audittest.ID, Status: rpc.Status{Version: "1.2.3"},
	}
	manifest, wasm := build(w, "embedded", "1.0.0", guest("(i32.const 1)"))
	w.host, err = pluginhost.New(w.Context(), pluginhost.Options{
		Server: o, Config: w.config, DataDir: w.dir, Outbound: w.outbound, UploadTime: w.patience, Parallel: w.parallel,
		Embedded: []fs.FS{fstest.MapFS{"manifest.json": {Data: manifest}, "embedded.wasm": {Data: wasm}}},
		Hooks:    []pluginhost.Hook{{Exports: []*component.Export{answer}}},
	})
	if err != nil {
		w.Fatal(err)
	}
	w.serve(o)
}

func (w *world) serve(o rpc.ServerOptions) {
	w.Helper()
	server, err := rpc.NewServer(o)
	if err != nil {
		w.Fatal(err)
	}
	w.host.Register(server.GRPC())
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, lis) }()
	w.client = pluginv1.NewPluginServiceClient(w.dial(lis.Addr().String()))
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := errors.Join(<-ended, w.host.Close()); err != nil {
			w.Error(err)
		}
	})
	w.Cleanup(w.stop)
}

func (w *world) dial(addr string) *grpc.ClientConn {
	w.Helper()
	tel, err := telemetry.New(w.Context(), telemetry.Options{Service: "test", Version: "1.2.3", LogOutput: &lockedBuffer{}})
	if err != nil {
		w.Fatal(err)
	}
	conn, err := rpc.Dial(w.Context(), rpc.ClientOptions{Target: addr, Service: rpc.Content, Identity: w.ca.Source(w, rpc.Gateway), Telemetry: tel})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = conn.Close() })
	return conn
}

func as(ctx context.Context, who string) context.Context { return rpc.WithToken(ctx, who) }

// pkg is a signed package as one file; keys nil leaves it unsigned.
func (w *world) pkg(version, text string, key *trust.Key, interfaces ...string) []byte {
	w.Helper()
	return w.under(plugin.Manifest{Name: "answerer", Version: version, Grants: plugin.Grants{Interfaces: interfaces}}, text, key)
}

// under is a package with a manifest of one's own.
func (w *world) under(m plugin.Manifest, text string, key *trust.Key) []byte {
	w.Helper()
	p, err := artifact.New(buildUnder(w, m, text))
	if err != nil {
		w.Fatal(err)
	}
	if key != nil {
		if err := p.Sign(key); err != nil {
			w.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		w.Fatal(err)
	}
	return b.Bytes()
}

// install sends a package in pieces.
func (w *world) install(who, service string, file []byte, percent int32) (*pluginv1.Plugin, error) {
	w.Helper()
	stream, err := w.client.InstallPlugin(as(w.Context(), who))
	if err != nil {
		w.Fatal(err)
	}
	for first := true; first || len(file) > 0; first = false {
		n := min(len(file), 1000)
		r := &pluginv1.InstallPluginRequest{Chunk: file[:n]}
		if first {
			r.Service, r.CanaryPercent = service, percent
		}
		if err := stream.Send(r); err != nil {
			break // why, the answer says
		}
		file = file[n:]
	}
	response, err := stream.CloseAndRecv()
	return response.GetPlugin(), err
}

// ask calls the plugin of a name.
func (w *world) ask(name string) (n uint32, err error) {
	w.Helper()
	slot, ok := w.host.Slot(name)
	if !ok {
		w.Fatalf("there is no plugin %q", name)
	}
	err = slot.Call(w.Context(), answer, nil, func(d *component.Decoder) { n = d.U32() })
	return n, err
}

func reason(err error) string { return fault.From(err).Reason }

// recorded gives the events of a method, as "OUTCOME kind=id kind=id".
func (w *world) recorded(method string) (events []string) {
	for _, e := range w.log.Events() {
		if strings.HasSuffix(e.GetMethod(), "/"+method) {
			var b strings.Builder
			b.WriteString(strings.TrimPrefix(e.GetOutcome().String(), "OUTCOME_"))
			for _, o := range e.GetObjects() {
				b.WriteString(" " + o.GetKind() + "=" + o.GetId())
			}
			events = append(events, b.String())
		}
	}
	return events
}

// gated is a log that cannot be reached until the gate is closed.
func gated(gate <-chan struct{}) *audittest.Log {
	return &audittest.Log{Before: func(context.Context, []*auditv1.Event) error {
		select {
		case <-gate:
			return nil
		default:
			return errors.New("the log cannot be reached")
		}
	}}
}

// metric gives the value of a counter or a gauge of a plugin.
func (w *world) metric(name string, labels ...string) float64 {
	w.Helper()
	families, err := w.tel.Registry.Gather()
	if err != nil {
		w.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var got []string
			for _, l := range m.GetLabel() {
				got = append(got, l.GetValue())
			}
			if f.GetName() == name && slices.Equal(got, labels) {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	w.Errorf("no metric %s of %q", name, labels)
	return 0
}
