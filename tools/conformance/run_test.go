package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write makes files below a folder.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, src := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReport(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"a/good.wast":   "(component)\n(assert_invalid (component (export \"x\" (func 0))) \"unknown\")",
		"a/bad.wast":    "(component)\n(assert_unlinkable (component) \"no\")",
		"b/core.wast":   "(component\n(import \"m\" (core module)))",
		"async/it.wast": "(component)\n(component (type (stream)))\n(component (type (stream)))\n(component)\n(component (type (stream)))",
		"b/notes.txt":   "no script",
	})
	var out, errs bytes.Buffer
	err := run(context.Background(), []string{"-markdown", "-title", "ours", dir}, &out, &errs)
	if err == nil || err.Error() != "1 directives failed, 0 exceptions are stale" {
		t.Errorf("%v", err)
	}
	for _, want := range []string{
		"## ours\n", "| `a` | 2 | 4 | 3 | 1 | 0 | 0 |\n", "| `async` | 1 | 5 | 2 | 0 | 0 | 3 |\n",
		"| `b` | 1 | 1 | 0 | 0 | 1 | 0 |\n", "| all | 4 | 10 | 5 | 1 | 1 | 3 |\n", "no WIT world can say that. b/core.wast:1\n",
		"1 failed: it was linked", "a/bad.wast:2", "3 asynchronous: streams. async/it.wast:2-3,5\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if !strings.Contains(errs.String(), "ours: 5 passed, 1 failed, 1 excepted, 3 asynchronous") {
		t.Errorf("%s", errs.String())
	}
}

// A directive that nobody knows is called by its own word.
func TestUnknownDirectives(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"a.wast": "(component)\n(assert_retrun (invoke \"f\"))\n(\"x\")"})
	var errs bytes.Buffer
	if err := run(context.Background(), []string{dir}, &errs, &errs); err == nil {
		t.Error("they passed")
	}
	for _, want := range []string{"a.wast:2: assert_retrun: failed: ", "a.wast:3: no directive: failed: "} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("no %q in\n%s", want, &errs)
		}
	}
}

// A known suite's exceptions are those that are listed, no more and no fewer.
func TestExceptionsOfAKnownSuite(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"import.wast": "(component)\n(component (import \"m\" (core module)))"})
	var out, errs bytes.Buffer
	err := run(context.Background(), []string{"-suite", "wasmtime", dir}, &out, &errs)
	if err == nil || !strings.HasPrefix(err.Error(), "1 directives failed, ") {
		t.Errorf("%v", err)
	}
	for _, want := range []string{
		"import.wast:2: component: failed: not among the known exceptions: ", "import.wast:7 is not excepted any more: ",
		"modules.wast is not there, and has exceptions\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

func TestWhatCannotBeRun(t *testing.T) {
	for _, args := range [][]string{{}, {t.TempDir()}, {"a", "b"}, {filepath.Join(t.TempDir(), "missing")}, {"-nonsense"}, {"-suite", "nonsense", t.TempDir()}} {
		var out, errs bytes.Buffer
		if err := run(context.Background(), args, &out, &errs); err == nil {
			t.Errorf("%v was accepted", args)
		}
	}
}
