package plugin_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
)

// speaks answers how many variables it sees plus the seconds of the day's time
// plus a random number's lower half, and writes a person's name to its standard
// output before.
const speaks = `(component
  (import "wasi:io/error@0.2.0" (instance $error (export "error" (type (sub resource)))))
  (alias export $error "error" (type $error))
  (import "wasi:io/streams@0.2.0" (instance $streams
    (export "output-stream" (type $out (sub resource)))
    (alias outer 1 $error (type $e')) (export "error" (type $e (eq $e')))
    (type $se (variant (case "last-operation-failed" (own $e)) (case "closed")))
    (export "stream-error" (type $stream-error (eq $se)))
    (export "[method]output-stream.write" (func (param "self" (borrow $out)) (param "contents" (list u8))
      (result (result (error $stream-error)))))))
  (alias export $streams "output-stream" (type $out))
  (import "wasi:cli/stdout@0.2.0" (instance $stdout
    (alias outer 1 $out (type $o')) (export "output-stream" (type $o (eq $o')))
    (export "get-stdout" (func (result (own $o))))))
  (import "wasi:cli/environment@0.2.0" (instance $environment
    (export "get-environment" (func (result (list (tuple string string)))))))
  (import "wasi:clocks/wall-clock@0.2.0" (instance $clock
    (type $d (record (field "seconds" u64) (field "nanoseconds" u32)))
    (export "datetime" (type $datetime (eq $d)))
    (export "now" (func (result $datetime)))))
  (import "wasi:random/random@0.2.0" (instance $random (export "get-random-u64" (func (result u64)))))
  (core module $memory
    (memory (export "memory") 1) (data (i32.const 64) "Maria Exemplo")
    (global $free (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.get $free)
      (global.set $free (i32.and (i32.add (i32.add (global.get $free) (local.get 3)) (i32.const 7)) (i32.const -8)))))
  (core instance $mem (instantiate $memory))
  (alias core export $mem "memory" (core memory $memory))
  (core func $write (canon lower (func $streams "[method]output-stream.write") (memory $memory)))
  (core func $stdout (canon lower (func $stdout "get-stdout")))
  (core func $environment (canon lower (func $environment "get-environment") (memory $memory) (realloc (func $mem "realloc"))))
  (core func $now (canon lower (func $clock "now") (memory $memory)))
  (core func $random (canon lower (func $random "get-random-u64")))
  (core module $m
    (import "" "memory" (memory 1))
    (import "" "write" (func $write (param i32 i32 i32 i32)))
    (import "" "stdout" (func $stdout (result i32)))
    (import "" "environment" (func $environment (param i32)))
    (import "" "now" (func $now (param i32)))
    (import "" "random" (func $random (result i64)))
    (func (export "answer") (result i32)
      (call $write (call $stdout) (i32.const 64) (i32.const 13) (i32.const 16))
      (call $environment (i32.const 24))
      (call $now (i32.const 32))
      (i32.add (i32.wrap_i64 (call $random)) (i32.add (i32.load (i32.const 28)) (i32.load (i32.const 32))))))
  (core instance $i (instantiate $m (with "" (instance
    (export "memory" (memory $memory)) (export "write" (func $write)) (export "stdout" (func $stdout))
    (export "environment" (func $environment)) (export "now" (func $now)) (export "random" (func $random))))))
  (func $answer (result u32) (canon lift (core func $i "answer")))
  (instance $api (export "answer" (func $answer)))
  (export "test:api/answerer@0.1.0" (instance $api)))`

func granting(w plugin.WASI) func(*plugin.Manifest) {
	return func(m *plugin.Manifest) { m.Grants.WASI = &w }
}

// Invariant 7: WASI gives what the manifest names, and of the environment only
// what the operator set.
func TestInvariant7WASIGivesWhatTheManifestNames(t *testing.T) {
	t.Setenv("HYGIA_CANARY", "in the host's environment")
	host := plugin.Host{
		Clock:  func() time.Time { return time.Unix(10_000, 0) },
		Random: bytes.NewReader(bytes.Repeat(binary.LittleEndian.AppendUint64(nil, 1_000_000), 2)),
		Config: map[string]string{"TZ": "America/Recife", "LANG": "pt_BR"},
	}
	answers := func(w plugin.WASI) uint32 {
		t.Helper()
		p, err := plugin.Load(t.Context(), plugin.Options{
			Engine: engine(t), Files: files(t, speaks, granting(w)), Host: host, Exports: []*component.Export{answer},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		n, err := ask(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	nothing := answers(plugin.WASI{}) // the random number that every guest gets
	for _, c := range []struct {
		name    string
		granted plugin.WASI
		want    uint32
	}{
		{"nothing", plugin.WASI{}, nothing},
		{"two variables, one of them set", plugin.WASI{Environment: []string{"HYGIA_CANARY", "TZ"}}, nothing + 1},
		{"the clock", plugin.WASI{Clock: true}, nothing + 10_000},
		{"random numbers", plugin.WASI{Random: true}, 1_000_000},
	} {
		if got := answers(c.granted); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func TestWASIIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		change func(*plugin.Manifest)
		says   string
	}{
		"not asked for": {speaks, nil, `add "wasi": {} to grants`},
		"not WASI 0.2": {guest(`(import "wasi:cli/environment@0.3.0" (instance (export "get-arguments" (func (result (list string))))))`),
			granting(plugin.WASI{}), "build it without that interface"},
		"wasi:http": {guest(`(import "wasi:http/outgoing-handler@0.2.0" (instance (export "handle" (func))))`),
			granting(plugin.WASI{}), "build it without that interface"},
	} {
		_, err := load(t, files(t, c.text, c.change))
		var grant *plugin.GrantError
		if !errors.As(err, &grant) || !strings.Contains(grant.Ask, c.says) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	_, err := plugin.Load(t.Context(), plugin.Options{
		Engine: engine(t), Files: files(t, speaks, granting(plugin.WASI{Clock: true})), Exports: []*component.Export{answer},
	})
	if err == nil || !strings.Contains(err.Error(), "clocks, which this host does not give") {
		t.Errorf("a host without a clock: got %v", err)
	}
}

// Invariant 3: what a guest writes may be about a person, and never gets into a
// log.
func TestInvariant3OutputIsLoggedByItsLength(t *testing.T) {
	var log, output bytes.Buffer
	var shown []string
	for _, to := range []plugin.Options{
		{Host: plugin.Host{Logger: slog.New(slog.NewTextHandler(&log, nil))}},
		{Output: &output},
		{Host: plugin.Host{Transcript: func(level, text string) { shown = append(shown, level, text) }}},
	} {
		to.Engine, to.Files, to.Exports = engine(t), files(t, speaks, granting(plugin.WASI{})), []*component.Export{answer}
		p, err := plugin.Load(t.Context(), to)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ask(context.Background(), p); err != nil {
			t.Error(err)
		}
		p.Close()
	}
	if got := log.String(); strings.Contains(got, "Maria") || !strings.Contains(got, "component=answerer@0.1.0 stream=stdout bytes=13") {
		t.Errorf("logged %s", got)
	}
	if output.String() != "Maria Exemplo" || !slices.Equal(shown, []string{"stdout", "Maria Exemplo"}) {
		t.Errorf("the output is %q, the transcript %q", output.String(), shown)
	}
}
