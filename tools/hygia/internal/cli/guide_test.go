package cli_test

import (
	"io"
	"log"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/bytecodealliance/wasmtime-go/v44"
	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/hygia-suite/hygia/tools/hygia/internal/author/project"
)

// Each message of the guide's last table is one that a command prints.
func TestTheGuideHasWhatIsPrinted(t *testing.T) {
	guide, err := os.ReadFile("../../../../docs/plugins.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(guide), "## When something goes wrong\n")
	if !found {
		t.Fatal("the guide does not say what to do when something goes wrong")
	}
	printed, span := mistakes(t), regexp.MustCompile("^\\| (?:``(.+?)``|`([^`]+)`)")
	rows := 0
	for line := range strings.Lines(table) {
		found := span.FindStringSubmatch(line)
		if found == nil {
			continue // a row of what is not printed
		}
		rows++
		message := strings.Split(found[1]+found[2], "…")
		for i := range message {
			message[i] = regexp.QuoteMeta(message[i])
		}
		if !regexp.MustCompile(strings.Join(message, ".*")).MatchString(printed) {
			t.Errorf("nothing prints %q; this is printed:\n%s", found[1]+found[2], printed)
		}
	}
	if rows < 10 {
		t.Errorf("the guide has %d messages", rows)
	}
}

// mistakes makes an author's mistakes, and returns what is printed.
func mistakes(t *testing.T) string {
	var all strings.Builder
	try := func(w *world, args ...string) {
		code, stdout, stderr := w.run(append([]string{"plugin"}, args...)...)
		if code == 0 {
			t.Errorf("%q is no mistake: %s", args, stdout)
		}
		all.WriteString(stdout + stderr)
	}
	plain := answering("(i32.const 42)", "(memory 2)")
	for _, c := range []struct{ manifestEnd, text string }{
		{`, "limits": {"memory_bytes": 65536}}`, plain},
		{`, "limits": {"deadline_ms": 20}}`, answering("(loop (br 0)) (unreachable)", "")},
		{`}`, answering("(unreachable)", "")},
		{`}`, readsClock},
		{`, "grants": {"interfaces": ["hygia:host/clock@0.1.0"]}}`, readsClock},
	} {
		w := newWorld(t)
		builtOf(t, w, c.manifestEnd, c.text)
		try(w, "check")
	}

	w := newWorld(t)
	hook := strings.NewReplacer("test:api/answerer@0.1.0", "hygia:validation/validator@0.1.0", `(export "answer" (func $answer))`, `(export "validate" (func $answer))`)
	builtOf(t, w, `}`, hook.Replace(plain), hook.Replace)
	try(w, "check")

	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	at := strings.TrimPrefix(server.URL, "http://") + "/plugins/answerer"
	builtOf(t, w, `}`, plain)
	w.want(0, "plugin", "key", "my.key", "--name", "plugins.example.org")
	w.want(0, "plugin", "sign", "--key", "my.key")
	w.want(0, "plugin", "push", at)
	try(w, "install", at+":0.1.0")
	builtOf(t, w, `}`, answering("(i32.const 41)", ""))
	try(w, "install")
	w.file("plugin.js", "// changed")
	try(w, "check")

	t.Setenv("PATH", t.TempDir())
	w.env["HYGIA_TOOLCHAINS"] = t.TempDir()
	w.file("src/plugin.c", "")
	try(w, "build")
	return all.String()
}

// builtOf puts a project into the working folder whose component is of this text,
// with a fixture. A hook's interface goes in its names' place by replace.
func builtOf(t *testing.T, w *world, manifestEnd, text string, replace ...func(string) string) {
	t.Helper()
	manifest := `{"name": "answerer", "version": "0.1.0", "description": "Answers.", "world": "test:api/answers@0.1.0",
  "exports": ["test:api/answerer@0.1.0"], "on_failure": "closed"` + manifestEnd
	for _, r := range replace {
		manifest = r(manifest)
	}
	w.file("manifest.json", manifest)
	w.file("plugin.js", "")
	args := ""
	if text == readsClock {
		args = `"args": {"text": "x"}, `
	}
	w.file("fixtures/answer.json", `{"call": "answer", `+args+`"want": 42}`)
	p, err := project.Open(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	wasm, err := wasmtime.Wat2Wasm(text)
	if err != nil {
		t.Fatal(err)
	}
	sources, err := p.Sources()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Write(wasm, sources); err != nil {
		t.Fatal(err)
	}
}

// answering is a component whose one function has this body; its module has these
// other parts.
func answering(body, parts string) string {
	return `(component (core module $m ` + parts + ` (func (export "answer") (result i32) ` + body + `))
  (core instance $i (instantiate $m))
  (func $answer (result u32) (canon lift (core func $i "answer")))
  (instance $api (export "answer" (func $answer)))
  (export "test:api/answerer@0.1.0" (instance $api)))`
}

// readsClock is a component that reads a clock while its argument comes in.
const readsClock = `(component
  (import "hygia:host/clock@0.1.0" (instance $clock
    (type $d (record (field "seconds" u64) (field "nanoseconds" u32))) (export "datetime" (type $datetime (eq $d)))
    (export "now" (func (result $datetime)))))
  (core module $memory (memory (export "memory") 1))
  (core instance $mem (instantiate $memory))
  (alias core export $mem "memory" (core memory $mm))
  (core func $now (canon lower (func $clock "now") (memory $mm)))
  (core module $main
    (import "mem" "memory" (memory 1))
    (import "host" "now" (func $now (param i32)))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (call $now (i32.const 64)) (i32.const 2048))
    (func (export "answer") (param i32 i32) (result i32) (i32.const 42)))
  (core instance $i (instantiate $main (with "mem" (instance $mem)) (with "host" (instance (export "now" (func $now))))))
  (alias core export $i "realloc" (core func $realloc))
  (func $answer (param "text" string) (result u32) (canon lift (core func $i "answer") (memory $mm) (realloc $realloc)))
  (instance $api (export "answer" (func $answer)))
  (export "test:api/answerer@0.1.0" (instance $api)))`
