package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	dir := t.TempDir()
	for name, src := range map[string]string{
		"a/good.wast":   "(component)\n(assert_invalid (component (export \"x\" (func 0))) \"unknown\")",
		"a/bad.wast":    "(component)\n(assert_unlinkable (component) \"no\")",
		"b/core.wast":   "(component\n(import \"m\" (core module)))",
		"async/it.wast": "(component)",
		"b/notes.txt":   "no script",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, errs bytes.Buffer
	err := run(context.Background(), []string{"-markdown", "-title", "ours", dir}, &out, &errs)
	if err == nil || err.Error() != "1 directives failed" {
		t.Errorf("%v", err)
	}
	for _, want := range []string{
		"## ours\n", "| `a` | 2 | 4 | 3 | 1 | 0 | 0 |\n", "| `async` | 1 | 1 | 0 | 0 | 0 | 1 |\n",
		"| `b` | 1 | 1 | 0 | 0 | 1 | 0 |\n", "| all | 4 | 6 | 3 | 1 | 1 | 1 |\n", "no WIT world can say that. b/core.wast:1\n",
		"1 failed: it was linked", "a/bad.wast:2",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if !strings.Contains(errs.String(), "ours: 3 passed, 1 failed, 1 excepted, 1 async") {
		t.Errorf("%s", errs.String())
	}
}

func TestWhatCannotBeRun(t *testing.T) {
	for _, args := range [][]string{{}, {t.TempDir()}, {"a", "b"}, {filepath.Join(t.TempDir(), "missing")}, {"-nonsense"}} {
		var out, errs bytes.Buffer
		if err := run(context.Background(), args, &out, &errs); err == nil {
			t.Errorf("%v was accepted", args)
		}
	}
}
