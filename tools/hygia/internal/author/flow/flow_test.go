package flow_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/tools/hygia/internal/author/contract"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/project"
)

// slow makes the languages be tried whose toolchains take long; `make slowtest`
// sets it.
const slow = "HYGIA_SLOW_PLUGINS"

// binary is the real command, built for this test alone.
func binary(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hygia")
	if out, err := exec.Command("go", "build", "-o", path, "../../..").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// author is somebody with an empty folder.
type author struct {
	t      *testing.T
	binary string
	dir    string
}

// run runs `hygia plugin`, wants an exit code and returns what it printed.
func (a author) run(code int, args ...string) (stdout, stderr string) {
	a.t.Helper()
	cmd := exec.CommandContext(a.t.Context(), a.binary, append([]string{"plugin"}, args...)...)
	cmd.Dir = a.dir
	// The repository's own tools, in the layout that every author's cache has.
	tools, err := filepath.Abs("../../../../../.tools")
	if err != nil {
		a.t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), "HYGIA_TOOLCHAINS="+tools)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	_ = cmd.Run() // the exit code tells
	if got := cmd.ProcessState.ExitCode(); got != code {
		a.t.Fatalf("hygia plugin %s: exit %d, want %d\n%s%s", strings.Join(args, " "), got, code, &out, &problems)
	}
	return out.String(), problems.String()
}

// From an empty folder to a working, tested plugin, each hook in each language.
func TestFiveCommands(t *testing.T) {
	hygia, crates := binary(t), filepath.Join(t.TempDir(), "crates")
	for _, language := range project.Languages() {
		for _, hook := range contract.Hooks() {
			t.Run(string(language)+"/"+hook.Name, func(t *testing.T) {
				needs(t, language)
				a := author{t, hygia, t.TempDir()}
				a.run(0, "new", "example", "--lang", string(language), "--hook", hook.Name)
				a.dir = filepath.Join(a.dir, "example")
				a.reuse(crates)
				a.run(0, "build")
				a.keep(crates)
				out, _ := a.run(0, "test", "--json")
				var tested struct{ Passed, Failed int }
				if err := json.Unmarshal([]byte(out), &tested); err != nil || tested.Passed < 2 || tested.Failed != 0 {
					t.Errorf("%v: %s", err, out)
				}
				out, _ = a.run(0, "check")
				if !strings.Contains(out, "Nothing is wrong.") || strings.Contains(out, "note:") {
					t.Errorf("check says:\n%s", out)
				}
			})
		}
	}
}

// reuse and keep hand the crates that one project compiled to the next: they are
// the same for all, and compiling them is most of a first build's time.
func (a author) reuse(crates string) {
	a.t.Helper()
	if _, err := os.Stat(crates); err != nil || !a.isRust() {
		return
	}
	if err := os.MkdirAll(filepath.Join(a.dir, "build", "work"), 0o750); err != nil {
		a.t.Fatal(err)
	}
	if err := os.Rename(crates, filepath.Join(a.dir, "build", "work", "cargo")); err != nil {
		a.t.Fatal(err)
	}
}

func (a author) keep(crates string) {
	a.t.Helper()
	if !a.isRust() {
		return
	}
	if err := os.Rename(filepath.Join(a.dir, "build", "work", "cargo"), crates); err != nil {
		a.t.Fatal(err)
	}
}

func (a author) isRust() bool {
	_, err := os.Stat(filepath.Join(a.dir, "Cargo.toml"))
	return err == nil
}

// needs skips what cannot be tried here, and says why.
func needs(t *testing.T, language project.Language) {
	t.Helper()
	programs := map[project.Language][]string{
		project.Rust: {"rustup", "cargo"}, project.C: {"cargo", "python3"}, project.Go: {"cargo", "go"},
		project.JS: {"node", "npm"}, project.Python: {"python3"},
	}
	for _, program := range programs[language] {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("plugins in %s need %s, which is not here", language, program)
		}
	}
	if language != project.Rust && language != project.C && os.Getenv(slow) == "" {
		t.Skipf("plugins in %s are tried by `make slowtest`, or with %s=1", language, slow)
	}
}

// What an author gets wrong is told, with what to do.
func TestWhatGoesWrongIsTold(t *testing.T) {
	needs(t, project.C)
	a := author{t, binary(t), t.TempDir()}
	_, said := a.run(2, "test")
	contains(t, said, "no plugin here")
	_, said = a.run(2, "new", "Bad_Name", "--lang", "c", "--hook", "validator")
	contains(t, said, "lower-case letters")
	_, said = a.run(2, "new", "example", "--lang", "cobol", "--hook", "validator")
	contains(t, said, "rust, c, go, js, python")
	a.run(0, "new", "example", "--lang", "c", "--hook", "validator")
	_, said = a.run(3, "new", "example", "--lang", "c", "--hook", "validator")
	contains(t, said, "not empty")
	a.dir = filepath.Join(a.dir, "example")
	_, said = a.run(1, "test")
	contains(t, said, "not built", "hygia plugin build")

	a.replace("src/plugin.c", "#include <stdlib.h>", "#include <stdlib.h>\n#error this is line nine")
	_, said = a.run(1, "build")
	contains(t, said, "src/plugin.c", "this is line nine")
	a.replace("src/plugin.c", "\n#error this is line nine", "")
	a.run(0, "build")
	a.replace("src/plugin.c", "#include <stdlib.h>", "#include <stdlib.h> // and so on")
	_, said = a.run(1, "test")
	contains(t, said, "src/plugin.c changed since", "hygia plugin build")
	a.run(0, "build")

	a.replace("fixtures/clean.json", "{", "{,")
	out, _ := a.run(5, "check")
	contains(t, out, "PROBLEM: the fixture clean fails: fixtures/clean.json:1:2: invalid character ','", "hygia plugin test --only clean")
	out, _ = a.run(5, "test")
	contains(t, out, "FAIL  clean", "fixtures/clean.json:1:2", "4 passed, 1 failed")
	a.replace("fixtures/clean.json", "{,", "{")

	a.replace("fixtures/promise.json", `"start": 18`, `"start": 1`)
	out, _ = a.run(5, "test")
	contains(t, out, "FAIL  promise", "ok[0].location.start: want 1, got 18", "log info: found promises", "4 passed, 1 failed")
	a.replace("fixtures/promise.json", `"language": "pt-BR",`, "")
	out, _ = a.run(5, "test", "--only", "promise")
	contains(t, out, `args.document: lacks the field "language"`)

	a.replace("fixtures/clean.json", "{", `{"config": {"limit": "7"},`)
	out, _ = a.run(5, "test", "--only", "clean")
	contains(t, out, "config.limit", "grants.config")

	a.replace("manifest.json", `"hygia:host/log@0.1.0"`, "")
	_, said = a.run(1, "check")
	contains(t, said, "manifest.json or the component changed")
	a.run(0, "build")
	out, _ = a.run(5, "check")
	contains(t, out, "hygia:host/log@0.1.0#write: NOT GRANTED", `add "hygia:host/log@0.1.0"`, "to grants.interfaces")
}

// In the languages that find mistakes when they run, the mistake is told too.
func TestWhatAScriptDiedOfIsTold(t *testing.T) {
	hygia := binary(t)
	for _, c := range []struct {
		language     project.Language
		source       string
		right        string
		misspelt     string
		malformed    string
		line, reason string
	}{
		{project.JS, "plugin.js", "detect(text) {", "detect(text) { nowhere();", "detect(text {", "plugin.mjs:9", "nowhere is not defined"},
		{project.Python, "app.py", "data = text.encode()", "data = nowhere()", "data = text.encode(", `app.py", line 18`, "name 'nowhere' is not defined"},
	} {
		t.Run(string(c.language), func(t *testing.T) {
			needs(t, c.language)
			a := author{t, hygia, t.TempDir()}
			a.run(0, "new", "example", "--lang", string(c.language), "--hook", "detector")
			a.dir = filepath.Join(a.dir, "example")
			a.replace(c.source, c.right, c.malformed)
			_, said := a.run(1, "build")
			contains(t, said, c.line, "SyntaxError")
			a.replace(c.source, c.malformed, c.misspelt)
			a.run(0, "build")
			out, _ := a.run(5, "test")
			contains(t, out, c.reason, "0 passed, 4 failed")
		})
	}
}

// replace changes a file of the project, and fails where there is nothing to
// change.
func (a author) replace(name, from, to string) {
	a.t.Helper()
	file := filepath.Join(a.dir, name)
	text, err := os.ReadFile(file)
	if err != nil {
		a.t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(from)) {
		a.t.Fatalf("%s has no %q", name, from)
	}
	if err := os.WriteFile(file, bytes.Replace(text, []byte(from), []byte(to), 1), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("lacks %q:\n%s", part, text)
		}
	}
}
