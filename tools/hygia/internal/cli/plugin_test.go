package cli_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

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
	digest := regexp.MustCompile(`,\s*"digest": ("[^"]*")`)
	source := digest.ReplaceAllString(string(manifest), "")
	w.file("manifest.json", source)
	w.file("src/plugin.c", "")
	w.file("build/mask.wasm", string(wasm))
	w.file("build/manifest.json", strings.Replace(source, "{", `{`+"\n  "+`"digest": `+digest.FindStringSubmatch(string(manifest))[1]+",", 1))
}

const installed = `{"name": "mask", "embedded": true, "state": "PLUGIN_STATE_CANARY", "canaryPercent": 10, "calls": "7", "failures": "1",
	"current": {"version": "0.0.9"}, "canary": {"version": "0.1.0", "signer": "plugins.example.org"}}`

func TestPluginFromSignatureToRollback(t *testing.T) {
	w := newWorld(t)
	built(t, w)
	stdout, _ := w.want(cli.ExitOK, "plugin", "key", "my.key", "--name", "plugins.example.org")
	contains(t, stdout, "my.key is yours alone", `"plugins": ["*"]`, "plugins.example.org+")
	_, stderr := w.want(cli.ExitRefused, "plugin", "key", "my.key", "--name", "plugins.example.org")
	contains(t, stderr, "exists")
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

func TestPluginRefusals(t *testing.T) {
	w := newWorld(t)
	built(t, w)
	w.want(cli.ExitOK, "plugin", "key", "my.key", "--name", "plugins.example.org")
	w.want(cli.ExitOK, "plugin", "sign", "--key", "my.key")
	w.route("POST /v1/services/anonymization/plugins", problem(http.StatusForbidden, "UNKNOWN_KEY", "signed by a key that is not trusted"))
	_, stderr := w.want(cli.ExitRefused, "plugin", "install")
	contains(t, stderr, "signed by a key that is not trusted")
	w.want(cli.ExitUsage, "plugin", "install", "--canary", "100")
	w.want(cli.ExitUsage, "plugin", "logs", "mask", "--lines", "0")
	w.want(cli.ExitUsage, "plugin", "bench", "--time", "0s")
	_, stderr = w.want(cli.ExitUsage, "plugin", "bench")
	contains(t, stderr, "there are no fixtures")
	w.file("manifest.json", `{"name": "mask"}`)
	_, stderr = w.want(cli.ExitUsage, "plugin", "check")
	contains(t, stderr, "manifest.json", "version")
}
