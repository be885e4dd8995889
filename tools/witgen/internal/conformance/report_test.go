package conformance_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/tools/witgen/internal/conformance"
	"github.com/hygia-suite/hygia/tools/witgen/internal/parser"
)

// A case that is left out, and not known to be, is a failure; so is a known one
// that is not left out, or for another reason.
func TestHold(t *testing.T) {
	const noMap = "c/map.wit:4:8: map is a type that the host library does not carry"
	results := []conformance.Result{
		{Name: "map.wit", LeftOut: true, Reason: noMap},
		{Name: "new.wit", LeftOut: true, Reason: noMap},
		{Name: "futures.wit", LeftOut: true, Reason: noMap},
		{Name: "streams.wit", Passed: true},
		{Name: "broken.wit", Reason: "does not compile"},
	}
	r := conformance.Report{2: results}
	if n := r.Failures(); n != 1 {
		t.Errorf("%d failures before", n)
	}
	stale := r.Hold()
	if n := r.Failures(); n != 3 {
		t.Errorf("%d failures", n)
	}
	names := make([]string, len(stale))
	for i, line := range stale {
		names[i], _, _ = strings.Cut(line, " ")
	}
	if len(stale) != 16 || slices.Contains(names, "map.wit") || !slices.Contains(names, "futures.wit") || !slices.Contains(names, "streams.wit") {
		t.Errorf("%q", stale)
	}
	text := r.Markdown("somewhere")
	for _, want := range []string{
		"at somewhere.\n", "| 5 | 1 | 1 | 3 |\n", "| map.wit | " + noMap + " |\n", "| new.wit | not among the cases that are left out: " + noMap + " |\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if stale := (conformance.Report{}).Hold(); stale != nil {
		t.Errorf("nothing was run: %q", stale)
	}
}

func TestFoldersOfCases(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"cases/file.wit":            "package a:file;\ninterface i { f: func(); }\n",
		"cases/folder/i.wit":        "package a:folder;\ninterface i { f: func(); }\n",
		"cases/inner/wit/i.wit":     "package a:inner;\ninterface i { f: func(); }\n",
		"cases/missing/README":      "a submodule",
		"cases/refused.wit":         "package a:refused;\ninterface i { f: func(s: stream<u8>); }\n",
		"cases/syntax.wit":          "package a:b; x\n",
		"cases/unknown.wit":         "package a:unknown;\ninterface i { f: func(s: thing); }\n",
		"cases/notes.txt":           "no case",
		"ui/wrong.wit":              "package a:wrong;\n",
		"ui/wrong.wit.json":         "{}",
		"ui/parse-fail/good.wit":    "package a:good;\n",
		"ui/parse-fail/good.result": "",
		"golden/a.wit":              "package a:a;\n",
		"golden/a.wit.json":         "{}",
		"none/notes.txt":            "no case",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := parser.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	r, err := conformance.Run(t.Context(), p, filepath.Join(dir, "ui"), filepath.Join(dir, "cases"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, results := range r {
		for _, c := range results {
			got = append(got, c.Name+": "+c.Reason)
			if c.LeftOut != (c.Name == "refused.wit") {
				t.Errorf("%s: left out: %t", c.Name, c.LeftOut)
			}
		}
	}
	want := []string{
		"wrong.wit: the JSON differs", "good: it was accepted", "file.wit: ", "folder: ", "inner: ",
		"missing: it holds no WIT package: is it a submodule that was not checked out?",
		"refused.wit: cases/refused.wit:2:23: stream is a type that the host library does not carry",
		"syntax.wit: cases/syntax.wit:1:14: expected `world`, `interface` or `use`, found an identifier",
		"unknown.wit: cases/unknown.wit:2:26: name `thing` does not exist",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if r, err := conformance.Run(t.Context(), p, filepath.Join(dir, "golden"), ""); err != nil || r.Failures() != 1 {
		t.Errorf("a folder without parse-fail: %v, %v", r, err)
	}
	for _, args := range [][2]string{{filepath.Join(dir, "none"), ""}, {"", filepath.Join(dir, "none")}} {
		if _, err := conformance.Run(t.Context(), p, args[0], args[1]); err == nil {
			t.Errorf("%q: a folder without a case was run", args)
		}
	}
}
