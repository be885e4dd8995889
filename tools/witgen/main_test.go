package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hygia-suite/hygia/tools/witgen/internal/parser"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	put(t, "go.mod", "module example.org/m\n")
	put(t, "wit/a/a.wit", "/// Docs.\npackage x:a@1.0.0;\ninterface types { record r { text: string } }\n")
	flags := []string{"-wit", "wit", "-go", "pkg/wit", "-proto", "proto", "-proto-go", "example.org/m/gen"}
	check := append(flags, "-check")
	generated := []string{"pkg/wit/a/doc.gen.go", "pkg/wit/a/proto.gen.go", "pkg/wit/a/types.gen.go", "proto/x/a/v1/wit.lock", "proto/x/a/v1/wit.proto"}

	expect(t, check, 1, strings.Join(generated, "\n")+"\n", "witgen: 5 generated files are stale: run make generate\n")
	if _, err := os.Stat("pkg"); err == nil {
		t.Error("-check wrote something")
	}
	expect(t, flags, 0, "", "")
	expect(t, check, 0, "", "")

	put(t, "proto/x/a/v1/wit.lock", "R.text = 1\nR.other = 1\n")
	expect(t, check, 1, "", "witgen: proto/x/a/v1/wit.lock:2:11: R.other has the number of text\n")
	put(t, "proto/x/a/v1/wit.lock", "R.text = 7\nR.other = 1\n")
	expect(t, flags, 0, "", "")
	expect(t, check, 0, "", "")
	if text, err := os.ReadFile("proto/x/a/v1/wit.proto"); err != nil || !strings.Contains(string(text), "string text = 7;") {
		t.Errorf("a number that was given out is not kept: %s, %v", text, err)
	}

	put(t, "wit/a/a.wit", "package x:a@1.0.0;\ninterface other { f: func(text: string); }\n")
	expect(t, check, 1, "pkg/wit/a/doc.gen.go\npkg/wit/a/other.gen.go\npkg/wit/a/proto.gen.go\npkg/wit/a/types.gen.go\nproto/x/a/v1/wit.lock\nproto/x/a/v1/wit.proto\n",
		"witgen: 6 generated files are stale: run make generate\n")
	expect(t, flags, 0, "", "")
	expect(t, check, 0, "", "")
	if _, err := os.Stat("proto/x/a/v1/wit.proto"); err == nil {
		t.Error("a file without a contract is still there")
	}

	put(t, "wit/a/a.wit", "package x:a@1.0.0;\ninterface i {\n  f: async func();\n}\n")
	expect(t, flags, 1, "", "witgen: wit/a/a.wit:3:3: f is async, which witgen does not generate: the host binds synchronous functions only\n")
}

// A folder without a package is an error: nothing that was generated is removed for
// it, and nothing compared with it passes.
func TestFoldersWithoutAPackage(t *testing.T) {
	t.Chdir(t.TempDir())
	put(t, "go.mod", "module example.org/m\n")
	put(t, "wit/a/a.wit", "package x:a@1.0.0;\ninterface i { f: func(); }\n")
	flags := []string{"-go", "out", "-proto", ""}
	expect(t, flags, 0, "", "")
	put(t, "text/x.txt", "no WIT")
	put(t, "deep/a/x.txt", "no WIT")
	put(t, "folder/a.wit/x.txt", "no WIT")
	for _, empty := range []string{t.TempDir(), "text", "deep", "folder"} {
		const says = " holds no WIT package: name a folder of .wit files, or one that has a folder of them for each package\n"
		at := append([]string{"-wit", empty}, flags...)
		expect(t, at, 1, "", "witgen: "+empty+says)
		expect(t, append(at, "-check"), 1, "", "witgen: "+empty+says)
		expect(t, []string{"check", empty, "wit"}, 1, "", "witgen: "+empty+says)
		expect(t, []string{"check", "wit", empty}, 1, "", "witgen: "+empty+says)
	}
	expect(t, append(flags, "-check"), 0, "", "")

	put(t, "new/a/a.wit", "package x:a@1.0.0;\ninterface i { f: func(); }\n")
	put(t, "new/b/b.wit", "package x:b@1.0.0;\ninterface i { f: func(); }\n")
	expect(t, []string{"check", "wit", "new"}, 0, "", "")
}

func TestCheckAndConformance(t *testing.T) {
	t.Chdir(t.TempDir())
	put(t, "old/a/a.wit", "package x:a@1.0.0;\ninterface i { f: func(); }\n")
	put(t, "new/a/a.wit", "package x:a@1.0.1;\ninterface i { g: func(); }\n")
	expect(t, []string{"check", "old", "old"}, 0, "", "")
	expect(t, []string{"check", "old", "new"}, 1, "old/a/a.wit:2:15: f is gone from i\n",
		"witgen: 1 changes break what was promised: undo them, or raise the version\n")
	expect(t, []string{"conformance"}, 0, "witgen: no suite was named, so that none was run (-wit-parser, -codegen)\n", "")
	put(t, "ui/a.wit", "package x:a;\n")
	put(t, "ui/a.wit.json", "{}")
	var stdout, stderr bytes.Buffer
	status := run([]string{"conformance", "-strict", "-wit-parser", "ui"}, &stdout, &stderr)
	if status != 1 || stderr.String() != "witgen: 1 cases fail, 0 that are known to be left out are not\n" {
		t.Errorf("a failing case: status %d, %s", status, &stderr)
	}
}

func TestRunRefusesItsArguments(t *testing.T) {
	t.Chdir(t.TempDir())
	expect(t, []string{"wit"}, 2, "", "witgen: 1 arguments, where 0 are wanted: [\"wit\"]\n")
	expect(t, []string{"check", "old"}, 2, "", "witgen: 1 arguments, where 2 are wanted: [\"old\"]\n")
	if status := run([]string{"-unknown"}, new(bytes.Buffer), new(bytes.Buffer)); status != 2 {
		t.Errorf("an unknown flag: status %d", status)
	}
	put(t, "wit/a/a.wit", "package x:a;\n")
	var stderr bytes.Buffer
	if status := run(nil, new(bytes.Buffer), &stderr); status != 1 || !strings.Contains(stderr.String(), "pkg/wit is in no Go module") {
		t.Errorf("outside a module: status %d, %s", status, &stderr)
	}
	stderr.Reset()
	if status := run([]string{"-wit", "nowhere"}, new(bytes.Buffer), &stderr); status != 1 || !strings.Contains(stderr.String(), "nowhere") {
		t.Errorf("no folder: status %d, %s", status, &stderr)
	}
}

// wits is the parser of all tests: making one takes longer than they do.
var wits = sync.OnceValues(func() (*parser.Parser, error) { return parser.New(context.Background()) })

func run(args []string, stdout, stderr io.Writer) int {
	c := command{
		stdout: stdout, stderr: stderr,
		parser:      func(context.Context) (*parser.Parser, error) { return wits() },
		closeParser: func(*parser.Parser) error { return nil },
	}
	return c.run(context.Background(), args)
}

func expect(t *testing.T, args []string, status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if got := run(args, &out, &errs); got != status || out.String() != stdout || errs.String() != stderr {
		t.Errorf("witgen %v\ngot  %d, %q, %q\nwant %d, %q, %q", args, got, &out, &errs, status, stdout, stderr)
	}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
