package cli_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/hygia-suite/hygia/tools/hygia/internal/author/project"
	"github.com/hygia-suite/hygia/tools/hygia/internal/cli"
)

// built puts a project into the working folder whose component is one of the
// suite's own, built.
func built(t *testing.T, w *world) {
	t.Helper()
	const folder = "../../../../services/anonymization/plugins/mask"
	manifest, err := os.ReadFile(filepath.Join(folder, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	wasm, err := os.ReadFile(filepath.Join(folder, "mask.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	w.file("manifest.json", regexp.MustCompile(`,\s*"digest": "[^"]*"`).ReplaceAllString(string(manifest), ""))
	w.file("src/plugin.c", "")
	p, err := project.Open(w.dir)
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

const installed = `{"name": "mask", "embedded": true, "state": "PLUGIN_STATE_CANARY", "canaryPercent": 10, "calls": "7", "failures": "1",
	"current": {"version": "0.0.9"}, "canary": {"version": "0.1.0", "signer": "plugins.example.org"}}`

func TestPluginFromSignatureToRollback(t *testing.T) {
	w := newWorld(t)
	built(t, w)
	stdout, _ := w.want(cli.ExitOK, "plugin", "key", "my.key", "--name", "plugins.example.org")
	contains(t, stdout, "my.key is yours alone", `"plugins": ["*"]`, "plugins.example.org+")
	_, stderr := w.want(cli.ExitRefused, "plugin", "key", "my.key", "--name", "plugins.example.org")
	contains(t, stderr, "exists", "sign with that one, or name another file")
	_, stderr = w.want(cli.ExitUsage, "plugin", "sign", "--key", "lost.key")
	contains(t, stderr, "there is no file lost.key", "hygia plugin key lost.key --name")
	_, stderr = w.want(cli.ExitUsage, "plugin", "install")
	contains(t, stderr, "hygia plugin sign")
	stdout, _ = w.want(cli.ExitOK, "plugin", "sign", "--key", "my.key")
	contains(t, stdout, "build/mask-0.1.0.tar", "signed by plugins.example.org")

	w.answer("POST /v1/services/anonymization/plugins?canaryPercent=10", `{"plugin": `+installed+`}`)
	stdout, _ = w.want(cli.ExitOK, "plugin", "install", "--canary", "10")
	contains(t, stdout, "mask", "canary", "0.1.0 (10 %)", "0.0.9")
	if got := w.last().header.Get("Content-Type"); got != "application/vnd.hygia.plugin.v1.tar" {
		t.Errorf("the package went as %q", got)
	}

	for _, service := range []string{"audit", "content", "validation"} {
		w.answer("GET /v1/services/"+service+"/plugins", `{"plugins": []}`)
	}
	w.answer("GET /v1/services/anonymization/plugins", `{"plugins": [`+installed+`]}`)
	stdout, _ = w.want(cli.ExitOK, "plugin", "list")
	contains(t, stdout, "anonymization", "canary", "7")
	stdout, _ = w.want(cli.ExitOK, "plugin", "list", "--json")
	if all := decode[map[string]struct{ Plugins []struct{ Name string } }](t, stdout); all["anonymization"].Plugins[0].Name != "mask" {
		t.Errorf("got %s", stdout)
	}
	w.answer("POST /v1/services/anonymization/plugins/mask/promote", `{"plugin": `+installed+`}`)
	w.want(cli.ExitOK, "plugin", "promote", "mask")
	w.answer("POST /v1/services/anonymization/plugins/mask/rollback", `{"plugin": `+installed+`}`)
	w.want(cli.ExitOK, "plugin", "rollback", "mask")
	if body := w.last().body; !strings.Contains(body, `"version":"0.1.0"`) {
		t.Errorf("a rollback leaves %s, want the release on trial", body)
	}
	w.answer("GET /v1/services/anonymization/plugins/mask/log?pageSize=5",
		`{"lines": [{"time": "2026-11-20T10:00:00Z", "level": "LOG_LEVEL_WARN", "bytes": 17, "version": "0.1.0"}]}`)
	stdout, _ = w.want(cli.ExitOK, "plugin", "logs", "mask", "--lines", "5")
	contains(t, stdout, "2026-11-20 10:00:00", "warn", "17", "0.1.0")
	w.answer("DELETE /v1/services/anonymization/plugins/mask", `{}`)
	w.want(cli.ExitOK, "plugin", "remove", "mask")
	_, stderr = w.want(cli.ExitNotFound, "plugin", "rollback", "absent")
	contains(t, stderr, `has a plugin "absent"`)
}

// A package goes to a registry and comes back by its digest; what goes wrong on
// the way says what to do.
func TestPluginByARegistry(t *testing.T) {
	w := newWorld(t)
	built(t, w)
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	private := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	t.Cleanup(private.Close)
	at := func(s *httptest.Server) string { return strings.TrimPrefix(s.URL, "http://") + "/plugins/mask" }

	w.want(cli.ExitOK, "plugin", "key", "my.key", "--name", "plugins.example.org")
	w.want(cli.ExitOK, "plugin", "sign", "--key", "my.key")
	stdout, _ := w.want(cli.ExitOK, "plugin", "push", at(server))
	reference := strings.TrimSpace(stdout)
	name, digest, _ := strings.Cut(reference, "@")
	if name != at(server) || !strings.HasPrefix(digest, "sha256:") {
		t.Errorf("pushed to %q", stdout)
	}
	w.answer("POST /v1/services/anonymization/plugins", `{"plugin": `+installed+`}`)
	w.want(cli.ExitOK, "plugin", "install", reference)

	for _, c := range []struct {
		code int
		args []string
		says []string
	}{
		{cli.ExitUsage, []string{"install", at(server) + ":0.1.0"}, []string{"tag", reference}},
		{cli.ExitUsage, []string{"install", at(server)}, []string{"say which one", "do: name the registry's host"}},
		{cli.ExitUsage, []string{"push", "mask"}, []string{"do: name the registry's host"}},
		{cli.ExitNotFound, []string{"install", at(server) + ":9"}, []string{"does not have it", "do: compare"}},
		{cli.ExitRefused, []string{"push", at(private)}, []string{"does not allow it", "--credentials"}},
		{cli.ExitUnavailable, []string{"push", at(closed)}, []string{"cannot be reached", "do: look at"}},
		{cli.ExitUsage, []string{"install", "mask.tar"}, []string{"no file mask.tar", "@sha256:"}},
		{cli.ExitUsage, []string{"sign", "--key", "my.key.pub"}, []string{"public key", "as in my.key"}},
	} {
		asked := w.asked()
		_, stderr := w.want(c.code, append([]string{"plugin"}, c.args...)...)
		contains(t, stderr, c.says...)
		if w.asked() != asked {
			t.Errorf("%q reached the suite", c.args)
		}
	}
}

// What is installed or pushed is what is built, and what is built is what is there.
func TestPluginsThatChangedSince(t *testing.T) {
	w := newWorld(t)
	built(t, w)
	w.want(cli.ExitOK, "plugin", "key", "my.key", "--name", "plugins.example.org")
	w.want(cli.ExitOK, "plugin", "sign", "--key", "my.key")
	edit := func(name string) {
		text, err := os.ReadFile(filepath.Join(w.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		w.file(name, strings.Replace(string(text), "Keeps, removes", "Keeps, drops", 1))
	}
	w.file("junk.tar", "junk")
	for _, args := range [][]string{{"install", "junk.tar"}, {"push", "registry.example.org/plugins/mask", "junk.tar"}} {
		_, stderr := w.want(cli.ExitUsage, append([]string{"plugin"}, args...)...)
		contains(t, stderr, "junk.tar: ", "not a whole package file", "name a file that `hygia plugin sign` wrote")
	}
	edit("manifest.json")
	_, stderr := w.want(cli.ExitFailure, "plugin", "install")
	contains(t, stderr, "manifest.json", "changed since", "hygia plugin build")
	edit("build/manifest.json")
	_, stderr = w.want(cli.ExitUsage, "plugin", "install")
	contains(t, stderr, "of another build", "hygia plugin sign")

	w.file("src/plugin.c", "// now with a comment")
	for _, command := range [][]string{{"check"}, {"sign", "--key", "my.key"}, {"install"}} {
		_, stderr := w.want(cli.ExitFailure, append([]string{"plugin"}, command...)...)
		contains(t, stderr, "src/plugin.c changed since", "hygia plugin build")
	}
	w.file("Cargo.toml", "")
	if err := os.Remove(filepath.Join(w.dir, "src", "plugin.c")); err != nil {
		t.Fatal(err)
	}
	_, stderr = w.want(cli.ExitFailure, "plugin", "check")
	contains(t, stderr, "Cargo.toml was added since")
}

// A check without fixtures does not say that nothing is wrong, and one with a fixture
// that fails says which, and fails.
func TestPluginCheckTriesTheFixtures(t *testing.T) {
	w := newWorld(t)
	built(t, w)
	stdout, _ := w.want(cli.ExitOK, "plugin", "check")
	contains(t, stdout, "to start", "deadline_ms", "note: there are no fixtures", "no call was tried")
	if strings.Contains(stdout, "Nothing is wrong") {
		t.Errorf("nothing was tried, and check says:\n%s", stdout)
	}
	builtOf(t, w, `}`, answering("(i32.const 41)", ""))
	stdout, _ = w.want(cli.ExitFindings, "plugin", "check")
	contains(t, stdout, "PROBLEM: the fixture answer fails", "hygia plugin test --only answer")
	builtOf(t, w, `}`, answering("(i32.const 42)", ""))
	stdout, _ = w.want(cli.ExitOK, "plugin", "check")
	contains(t, stdout, "Nothing is wrong. Fixtures that pass: 1.", "deadline_ms   10s, of which answer takes")
}

// The world that a manifest names is the one that the component is built against.
func TestPluginCheckComparesTheWorld(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		wit, says string
		code      int
	}{
		{"package test:api@0.1.0;\nworld plugin {}", "PROBLEM: the manifest names the world test:api/answers@0.1.0, and the component is built against test:api/plugin@0.1.0", cli.ExitFindings},
		{"// nothing is declared here\n", "Nothing is wrong.", cli.ExitOK},
	} {
		w.file("wit/world.wit", c.wit)
		builtOf(t, w, `}`, answering("(i32.const 42)", ""))
		stdout, _ := w.want(c.code, "plugin", "check")
		contains(t, stdout, c.says)
	}
}

func TestPluginRefusals(t *testing.T) {
	w := newWorld(t)
	built(t, w)
	w.want(cli.ExitOK, "plugin", "key", "my.key", "--name", "plugins.example.org")
	w.want(cli.ExitOK, "plugin", "sign", "--key", "my.key")
	w.route("POST /v1/services/anonymization/plugins", problem(http.StatusForbidden, "UNKNOWN_KEY", "signed by a key that is not trusted"))
	_, stderr := w.want(cli.ExitRefused, "plugin", "install")
	contains(t, stderr, "signed by a key that is not trusted")
	for _, share := range []string{"-1", "0", "100"} {
		_, stderr = w.want(cli.ExitUsage, "plugin", "install", "--canary", share)
		contains(t, stderr, "1 to 99 per cent")
	}
	w.want(cli.ExitUsage, "plugin", "logs", "mask", "--lines", "0")
	w.want(cli.ExitUsage, "plugin", "bench", "--time", "0s")
	_, stderr = w.want(cli.ExitUsage, "plugin", "bench")
	contains(t, stderr, "there are no fixtures")
	w.file("manifest.json", `{"name": "mask"}`)
	_, stderr = w.want(cli.ExitUsage, "plugin", "check")
	contains(t, stderr, "manifest.json", "version")
}
