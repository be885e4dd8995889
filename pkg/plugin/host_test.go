package plugin_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
)

// talker logs "Zuleide" two hundred times, reads the keys "limit" and "other",
// and answers seconds*1000 + the length of limit*10 + the length of other.
const talker = `(component
  (import "hygia:host/log@0.1.0" (instance $log
    (type $l (enum "debug" "info" "warn" "error"))
    (export "level" (type $level (eq $l)))
    (export "write" (func (param "level" $level) (param "message" string)))))
  (import "hygia:host/clock@0.1.0" (instance $clock
    (type $d (record (field "seconds" u64) (field "nanoseconds" u32)))
    (export "datetime" (type $datetime (eq $d)))
    (export "now" (func (result $datetime)))))
  (import "hygia:host/config@0.1.0" (instance $config
    (export "get" (func (param "key" string) (result (option string))))))
  (core module $memory
    (memory (export "memory") 1)
    (data (i32.const 0) "Zuleide") (data (i32.const 32) "limit") (data (i32.const 48) "other")
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $mem (instantiate $memory))
  (alias core export $mem "memory" (core memory $m))
  (alias core export $mem "realloc" (core func $realloc))
  (core func $write (canon lower (func $log "write") (memory $m) (realloc $realloc)))
  (core func $now (canon lower (func $clock "now") (memory $m)))
  (core func $get (canon lower (func $config "get") (memory $m) (realloc $realloc)))
  (core module $main
    (import "mem" "memory" (memory 1))
    (import "host" "write" (func $write (param i32 i32 i32)))
    (import "host" "now" (func $now (param i32)))
    (import "host" "get" (func $get (param i32 i32 i32)))
    (func $length (param i32) (result i32)
      (call $get (local.get 0) (i32.const 5) (i32.const 96))
      (if (result i32) (i32.load8_u (i32.const 96)) (then (i32.load (i32.const 104))) (else (i32.const 0))))
    (func (export "answer") (result i32) (local $n i32)
      (loop $again
        (call $write (i32.const 2) (i32.const 0) (i32.const 7))
        (br_if $again (i32.lt_s (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 200))))
      (call $now (i32.const 64))
      (i32.add (i32.mul (i32.wrap_i64 (i64.load (i32.const 64))) (i32.const 1000))
        (i32.add (i32.mul (call $length (i32.const 32)) (i32.const 10)) (call $length (i32.const 48))))))
  (core instance $i (instantiate $main
    (with "mem" (instance $mem))
    (with "host" (instance (export "write" (func $write)) (export "now" (func $now)) (export "get" (func $get))))))
  (func $answer (result u32) (canon lift (core func $i "answer")))
  (instance $api (export "answer" (func $answer)))
  (export "test:api/answerer@0.1.0" (instance $api)))`

func grantAll(m *plugin.Manifest) {
	m.Grants.Interfaces = []string{"hygia:host/log@0.1.0", "hygia:host/clock@0.1.0", "hygia:host/config@0.1.0"}
	m.Grants.Config = []string{"limit"}
}

func TestHostInterfaces(t *testing.T) {
	var log bytes.Buffer
	p, err := plugin.Load(t.Context(), plugin.Options{
		Engine: engine(t), Files: files(t, talker, grantAll), Exports: []*component.Export{answer},
		Host: plugin.Host{
			Logger: slog.New(slog.NewJSONHandler(&log, nil)),
			Clock:  func() time.Time { return time.Unix(7, 5) },
			Config: map[string]string{"limit": "four", "other": "not named by the manifest"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for range 2 { // the budget of lines is each call's own
		log.Reset()
		if n, err := ask(t.Context(), p); err != nil || n != 7040 {
			t.Fatalf("got %d, %v", n, err)
		}
		if n := strings.Count(log.String(), `"level":"WARN","msg":"a component wrote a line","component":"answerer@0.1.0","bytes":7`); n != 100 {
			t.Errorf("%d lines were logged, want 100", n)
		}
		if !strings.Contains(log.String(), `"level":"WARN","msg":"lines of a component were dropped","component":"answerer@0.1.0","count":100`) {
			t.Error("nothing says that lines are missing")
		}
		if strings.Contains(log.String(), "Zuleide") {
			t.Error("the guest's own text reached the log")
		}
	}
}

// What is dropped is a breach as any other, to whoever counts them; the call goes on.
func TestDroppedLinesAreABreach(t *testing.T) {
	var breaches []error
	e, err := component.NewEngine(component.Config{Observe: func(name string, err error) {
		if name != "answerer" {
			t.Errorf("told of %q", name)
		}
		breaches = append(breaches, err)
	}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := plugin.Load(t.Context(), plugin.Options{
		Engine: e, Files: files(t, talker, grantAll), Exports: []*component.Export{answer}, Host: everything(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { p.Close(); _ = e.Close() }()
	if _, err := ask(t.Context(), p); err != nil {
		t.Error(err)
	}
	if len(breaches) != 1 || !errors.Is(breaches[0], component.ErrLines) {
		t.Errorf("told of %v", breaches)
	}
}

// The volume of a call's lines is bounded beside their number.
func TestLogVolumeIsBounded(t *testing.T) {
	long := strings.Replace(talker, `(call $write (i32.const 2) (i32.const 0) (i32.const 7))`,
		`(call $write (i32.const 2) (i32.const 1024) (i32.const 8192))`, 1)
	p, err := load(t, files(t, long, grantAll))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ask(t.Context(), p); !errors.Is(err, component.ErrLog) {
		t.Errorf("got %v", err)
	}
	p, err = load(t, files(t, talker, func(m *plugin.Manifest) {
		grantAll(m)
		m.Limits.LogBytes = 199 * len("Zuleide")
	}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ask(t.Context(), p); !errors.Is(err, component.ErrLog) {
		t.Errorf("by the manifest's limit: got %v", err)
	}
}

// What is tried with fixtures shows its lines; what serves people never does.
func TestTranscriptTakesTheLoggersPlace(t *testing.T) {
	var lines []string
	p, err := plugin.Load(t.Context(), plugin.Options{
		Engine: engine(t), Files: files(t, talker, grantAll), Exports: []*component.Export{answer},
		Host: plugin.Host{
			Clock:      func() time.Time { return time.Unix(7, 5) },
			Transcript: func(level, text string) { lines = append(lines, level+" "+text) },
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := ask(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if len(lines) != 101 || lines[0] != "warn Zuleide" || lines[100] != "warn a call may write 100 lines; 100 more were dropped" {
		t.Errorf("got %d lines, the first %q", len(lines), lines[:1])
	}
}

// A host that cannot serve what is granted says so when it loads the component.
func TestLoadRefusesAGrantThatTheHostCannotServe(t *testing.T) {
	for name, c := range map[string]struct {
		host    plugin.Host
		missing string
	}{
		"no logger": {plugin.Host{Clock: time.Now}, "hygia:host/log@0.1.0"},
		"no clock":  {plugin.Host{Logger: slog.New(slog.DiscardHandler)}, "hygia:host/clock@0.1.0"},
	} {
		_, err := plugin.Load(t.Context(), plugin.Options{
			Engine: engine(t), Files: files(t, talker, grantAll), Exports: []*component.Export{answer}, Host: c.host,
		})
		if err == nil || !strings.Contains(err.Error(), c.missing) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	unknown := files(t, guest(""), func(m *plugin.Manifest) { m.Grants.Interfaces = []string{"hygia:host/store@0.1.0"} })
	if _, err := load(t, unknown); err == nil || !strings.Contains(err.Error(), "hygia:host/store@0.1.0, which this host does not give") {
		t.Errorf("got %v", err)
	}
}
