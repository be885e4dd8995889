package guests_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/hygia-suite/hygia/tools/conformance/internal/guests"
)

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func TestCases(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"plain/test.wit":        "//@ wac = 'compose.wac'\n// A stream in a comment, async too.\npackage a:b-async;\ninterface in-stream { future-x: func(%stream: u8); }",
		"plain/runner.rs":       "",
		"plain/test.c":          "",
		"plain/compose.wac":     "",
		"more/streams/test.wit": "interface i { f: async func(s: stream<u8>); }",
		"more/streams/runner.c": "",
		"more/async/test.wit":   "interface i { f: async func(); }",
		"called/test.wit":       "package a:c;",
		"called/test.rs":        "",
		"called/runner.mbt":     "",
		"none/runner.rs":        "",
	} {
		write(t, filepath.Join(dir, name), text, 0o600)
	}
	got, err := guests.Cases(dir)
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	want := []guests.Case{
		{Name: "called", Dir: at("called"), Callers: []string{"mbt"}},
		{Name: "more/async", Dir: at("more/async"), Async: "functions"},
		{Name: "more/streams", Dir: at("more/streams"), Async: "streams", Builds: true, Callers: []string{"c"}},
		{Name: "plain", Dir: at("plain"), Builds: true, Callers: []string{"rs"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if _, err := guests.Cases(at("none")); err == nil {
		t.Error("a folder without a case has some")
	}
}

// The builder gives wit-bindgen a folder for each case, and takes what it composed.
func TestBuild(t *testing.T) {
	work := t.TempDir()
	bindgen := filepath.Join(work, "bindgen")
	write(t, bindgen, `#!/bin/sh
for last; do :; done
case $last in *broken) echo "no compiler"; exit 1;; *none) exit 0;; esac
mkdir -p "$3/$(basename "$last")"
echo "$SAID" > "$3/$(basename "$last")/composed-runner.rs-test.c.wasm"
`, 0o700)
	b := &guests.Builder{Bindgen: bindgen, Env: []string{"SAID=so"}, Work: work}
	got, err := b.Build(t.Context(), guests.Case{Name: "a/b", Dir: "a/b"})
	if want := []string{filepath.Join(work, "b", "composed-runner.rs-test.c.wasm")}; err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%q, %v", got, err)
	}
	if text, err := os.ReadFile(got[0]); string(text) != "so\n" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	for name, want := range map[string]string{"broken": "no compiler", "none": "nothing was composed"} {
		if _, err := b.Build(t.Context(), guests.Case{Dir: name}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRun(t *testing.T) {
	const component = `(component
  (import "wasi:cli/exit@0.2.6" (instance (export "exit" (func (param "status" (result))))))
  (core module $m (func (export "run") BODY))
  (core instance $i (instantiate $m))
  (func (export "NAME") (canon lift (core func $i "run"))))`
	for _, c := range []struct{ name, body, want string }{
		{"run", "nop", ""}, {"run", "unreachable", "unreachable"}, {"walk", "nop", "run"},
	} {
		wasm, err := wasmtime.Wat2Wasm(strings.NewReplacer("BODY", c.body, "NAME", c.name).Replace(component))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "c.wasm")
		write(t, path, string(wasm), 0o600)
		if err := guests.Run(t.Context(), path); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s that is %s: %v", c.name, c.body, err)
		}
	}
	if err := guests.Run(t.Context(), filepath.Join(t.TempDir(), "missing.wasm")); err == nil {
		t.Error("a component that is not there ran")
	}
}
