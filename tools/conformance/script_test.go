package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// conformance runs scripts/conformance on a folder, in a copy of nothing but the
// working folder: the repository.
func conformance(t *testing.T, folder string, env ...string) (status int, output string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "scripts/conformance", folder) //nolint:gosec // of this repository
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), string(out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, string(out)
}

// Every kind of folder that holds cases is run, and fails where one of them does.
func TestFolders(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts the go command for each folder")
	}
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"wast/a.wast":            "(component (import \"m\" (core module)))",
		"bad/a.wast":             "(component (import \"m\" (func)))",
		"wit/a.wit":              "package a:a;\ninterface i { f: func(); }\n",
		"wit/b/b.wit":            "package a:b;\ninterface i { f: func(s: stream<u8>); }\n",
		"empty/sub/README":       "no case",
		"syntax/a.wit":           "package a:b; x\n",
		"parser/a.wit":           "package a:a;\n",
		"parser/a.wit.json":      "{}",
		"guests/a/test.wit":      "interface i { f: async func(); }",
		"guests/a/runner.rs":     "",
		"some/wasm-tools/README": "no suite",
	})
	for _, c := range []struct {
		folder string
		status int
		want   string
	}{
		{"wast", 0, "a.wast:1: component: excepted: imports a core module"},
		{"bad", 1, "a.wast:1: component: failed: "},
		{"wit", 0, "| 2 | 1 | 1 | 0 |"},
		{"syntax", 1, "| 1 | 0 | 0 | 1 |"},
		{"parser", 1, "| a.wit | the JSON differs |"},
		{"guests", 0, "1 asynchronous: functions. a"},
		{"empty", 1, "holds no .wast file and no case of WIT"},
		{"missing", 2, "Nothing was run: SUITE names no folder."},
	} {
		status, out := conformance(t, filepath.Join(dir, c.folder), "CHECK=")
		if status != c.status || !strings.Contains(out, c.want) {
			t.Errorf("%s: status %d\n%s", c.folder, status, out)
		}
	}
	if status, out := conformance(t, filepath.Join(dir, "wast"), "CHECK=1"); status != 2 || !strings.Contains(out, "CONFORMANCE.md cannot be checked") {
		t.Errorf("status %d\n%s", status, out)
	}
}

// A check fails where the suites give something else than the table, and leaves it.
func TestCheck(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts the go command for each suite")
	}
	dir, bin := t.TempDir(), t.TempDir()
	write(t, dir, map[string]string{
		"component-model/test/a.wast":                          "(component)",
		"wasmtime/tests/misc_testsuite/component-model/a.wast": "(component)",
		"wasm-tools/crates/wit-parser/tests/ui/a.wit":          "package a:a;\n",
		"wasm-tools/crates/wit-parser/tests/ui/a.wit.json":     "{}",
		"wit-bindgen/tests/codegen/a.wit":                      "package a:a;\ninterface i { f: func(); }\n",
		"wit-bindgen/tests/runtime/a/test.wit":                 "interface i { f: async func(); }",
		"wit-bindgen/tests/runtime/a/runner.rs":                "",
	})
	for _, program := range []string{"cargo", "rustup", "python3"} {
		if err := os.WriteFile(filepath.Join(bin, program), []byte("#!/bin/sh\nexit 1\n"), 0o700); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
	}
	before, err := os.ReadFile("../../CONFORMANCE.md")
	if err != nil {
		t.Fatal(err)
	}
	status, out := conformance(t, dir, "CHECK=1", "PATH="+os.Getenv("PATH")+string(os.PathListSeparator)+bin)
	if status != 1 || !strings.Contains(out, "CONFORMANCE.md is not what the suites give now") || !strings.Contains(out, "+| all | 1 | 1 | 1 | 0 | 0 | 0 |\n") {
		t.Errorf("status %d\n%s", status, out)
	}
	if after, err := os.ReadFile("../../CONFORMANCE.md"); err != nil || string(after) != string(before) {
		t.Errorf("the table was written: %v", err)
	}
}
