package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// repository makes a root with one component in C, built and locked.
func repository(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.work":             "",
		"rust-toolchain.toml": "[toolchain]\nchannel = \"1.2.3\"\n",
		"wit/api/api.wit":     "package hygia:api@0.1.0;",
		"wit/other/other.wit": "package hygia:other@0.1.0;",
		"services/one/plugins/mask/manifest.json": `{
  "name": "mask",
  "world": "hygia:api/pure-mask@0.1.0",
  "digest": "sha256:"
}`,
		"services/one/plugins/mask/src/mask.c":  "int mask;",
		"services/one/plugins/mask/test/test.c": "int test;",
	} {
		write(t, root, name, text)
	}
	if err := os.MkdirAll(filepath.Join(root, "wit/api/deps"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../other", filepath.Join(root, "wit/api/deps/other")); err != nil {
		t.Fatal(err)
	}
	lockAs(t, root, "wasm")
	return root
}

func write(t *testing.T, root, name, text string) {
	t.Helper()
	file := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// lockAs records wasm as what the component was built to.
func lockAs(t *testing.T, root, wasm string) {
	t.Helper()
	p := only(t, root)
	write(t, root, p.wasm(), wasm)
	r, err := newRecord(root, p, []byte(wasm))
	if err != nil {
		t.Fatal(err)
	}
	var l lock
	l.put(r)
	if err := l.write(root); err != nil {
		t.Fatal(err)
	}
	if err := writeManifestDigest(root, p, []byte(wasm)); err != nil {
		t.Fatal(err)
	}
}

func only(t *testing.T, root string) plugin {
	t.Helper()
	plugins, err := discover(root, nil)
	if err != nil || len(plugins) != 1 {
		t.Fatalf("found %v, %v", plugins, err)
	}
	return plugins[0]
}

func TestSourcesOfAComponent(t *testing.T) {
	root := repository(t)
	got, err := sources(root, only(t, root))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"services/one/plugins/mask/src/mask.c", "wit/api/api.wit", "wit/other/other.wit"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The crate that two components share is among the sources of both.
func TestSourcesFollowPathDependencies(t *testing.T) {
	root, err := findRoot("")
	if err != nil {
		t.Fatal(err)
	}
	plugins, err := discover(root, []string{"medical-basics"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := sources(root, plugins[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{
		"Cargo.lock", "rust-toolchain.toml", "wit/document/document.wit",
		"services/validation/plugins/medical-basics/src/lib.rs",
		"services/anonymization/plugins/br-identifiers/identifiers/src/checks.rs",
	} {
		if !slices.Contains(got, file) {
			t.Errorf("%s is not among the sources", file)
		}
	}
	for _, file := range got {
		if strings.Contains(file, "/tests/") || strings.HasSuffix(file, ".wasm") || strings.HasSuffix(file, "manifest.json") {
			t.Errorf("%s is among the sources", file)
		}
	}
}

// A composed component is built from its parts' sources and its own contract's,
// and by their recipes before its own.
func TestSourcesOfAComposedComponent(t *testing.T) {
	root, err := findRoot("")
	if err != nil {
		t.Fatal(err)
	}
	plugins, err := discover(root, []string{"document-numbers"})
	if err != nil {
		t.Fatal(err)
	}
	p := plugins[0]
	if p.language != composed || len(p.parts) != 2 || p.parts[0].language != inRust || p.parts[1].language != inC {
		t.Fatalf("%+v", p)
	}
	got, err := sources(root, p)
	if err != nil {
		t.Fatal(err)
	}
	const dir = "services/validation/plugins/document-numbers/"
	for _, file := range []string{
		"Cargo.lock", "rust-toolchain.toml", "wit/document/document.wit", "wit/validation/validation.wit",
		dir + "parts", dir + "wit/numbers.wit", dir + "rules/src/lib.rs", dir + "rules/scan/src/lib.rs", dir + "digits/src/numbers.c",
	} {
		if !slices.Contains(got, file) {
			t.Errorf("%s is not among the sources", file)
		}
	}
	lines := recipes(p)
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, "{wac} plug ") || len(lines) != 6 {
		t.Errorf("%q", lines)
	}
	tools, err := versions(root, p)
	if err != nil || len(tools) != 5 {
		t.Errorf("%v, %v", tools, err)
	}
}

// Every component that is checked in is the one that the lock names, built from
// the sources that are checked in.
func TestCheckedInComponentsMatchTheLock(t *testing.T) {
	var out, errs strings.Builder
	if code := run(context.Background(), []string{"check", "-digests"}, &out, &errs); code != 0 {
		t.Errorf("exit %d: %s", code, errs.String())
	}
}

func TestCheckWithoutAToolchainComparesDigests(t *testing.T) {
	root := repository(t)
	t.Setenv("PATH", t.TempDir())
	check := func() (int, string) {
		var out strings.Builder
		code := run(context.Background(), []string{"check", "-root", root}, &out, &out)
		return code, out.String()
	}
	code, out := check()
	const summary = "components: nothing was rebuilt, 1 source digests compared (no cargo/zig)"
	if code != 0 || !strings.Contains(out, summary) {
		t.Fatalf("exit %d: %s", code, out)
	}
	for name, c := range map[string]struct{ file, text, says string }{
		"a source":    {"services/one/plugins/mask/src/mask.c", "int other;", "the sources of services/one/plugins/mask/mask.wasm changed"},
		"a new one":   {"services/one/plugins/mask/src/more.c", "", "the sources of"},
		"WIT":         {"wit/other/other.wit", "package hygia:other@0.2.0;", "the sources of"},
		"the file":    {"services/one/plugins/mask/mask.wasm", "other", "is not the file that plugins.lock names"},
		"the lock":    {"plugins.lock", `{"components": []}`, "plugins.lock does not name"},
		"a bad lock":  {"plugins.lock", `{"component": []}`, "unknown field"},
		"no manifest": {"services/one/plugins/mask/manifest.json", `{"name": "mask", "world": "hygia:api/pure-mask@0.1.0"}`, "manifest.json does not name the digest"},
	} {
		before, _ := os.ReadFile(filepath.Join(root, c.file))
		write(t, root, c.file, c.text)
		code, out := check()
		if code != 1 || !strings.Contains(out, c.says) {
			t.Errorf("%s: exit %d: %s", name, code, out)
		}
		if name != "a bad lock" && !strings.Contains(out, "make plugins") {
			t.Errorf("%s: the way out is not named: %s", name, out)
		}
		if before == nil {
			if err := os.Remove(filepath.Join(root, c.file)); err != nil {
				t.Fatal(err)
			}
			continue
		}
		write(t, root, c.file, string(before))
	}
	write(t, root, "services/one/plugins/mask/test/test.c", "int changed;")
	if code, out := check(); code != 0 {
		t.Errorf("a test is no source: exit %d: %s", code, out)
	}
}

func TestDiscoverRefuses(t *testing.T) {
	root := repository(t)
	if _, err := discover(root, []string{"absent"}); err == nil || !strings.Contains(err.Error(), `no component "absent"`) {
		t.Errorf("got %v", err)
	}
	write(t, root, "services/one/plugins/mask/manifest.json", `{"name": "other", "world": "hygia:api/pure-mask@0.1.0"}`)
	if _, err := discover(root, nil); err == nil {
		t.Error("a manifest of another name was accepted")
	}
	write(t, root, "services/one/plugins/mask/manifest.json", `{"name": "mask", "world": "mask"}`)
	if _, err := discover(root, nil); err == nil {
		t.Error("a malformed world was accepted")
	}
	if _, err := discover(t.TempDir(), nil); err == nil {
		t.Error("a folder without components was accepted")
	}
}

func TestUsage(t *testing.T) {
	var out, errs strings.Builder
	if code := run(context.Background(), nil, &out, &errs); code != 2 || !strings.Contains(errs.String(), "build|check|test") {
		t.Errorf("exit %d: %s", code, errs.String())
	}
	if code := run(context.Background(), []string{"destroy"}, &out, &errs); code != 1 {
		t.Errorf("an unknown command: exit %d", code)
	}
}

func TestLockIsInOrder(t *testing.T) {
	var l lock
	for _, path := range []string{"b", "c", "a", "b"} {
		l.put(record{Path: path, Bytes: len(l.Components)})
	}
	if len(l.Components) != 3 || l.Components[0].Path != "a" || l.Components[1].Bytes != 3 {
		t.Errorf("got %+v", l.Components)
	}
}

func TestNativeTestsThatCannotRunAreSaid(t *testing.T) {
	root := repository(t)
	t.Setenv("PATH", t.TempDir())
	write(t, root, "services/one/plugins/mask/Cargo.toml", "[package]\n")
	var out strings.Builder
	code := run(context.Background(), []string{"test", "-root", root}, &out, &out)
	const says = "not tested natively: the toolchain cannot be had: rust 1.2.3 needs rustup"
	if code != 0 || !strings.Contains(out.String(), says) {
		t.Errorf("exit %d: %s", code, out.String())
	}
}
