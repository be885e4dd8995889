package pluginhost_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/supervisor"
	"github.com/hygia-suite/hygia/pkg/plugin/trust"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/service"
	pluginv1 "github.com/hygia-suite/hygia/proto/gen/hygia/plugin/v1"
)

func TestAPluginFromItsInstallationToItsEnd(t *testing.T) {
	w := newWorld(t)
	w.start()
	p, err := w.install("admin", rpc.Content, w.pkg("1.0.0", guest("(i32.const 10)"), w.key), 0)
	if err != nil {
		t.Fatal(err)
	}
	if p.GetState() != pluginv1.PluginState_PLUGIN_STATE_LIVE || p.GetCurrent().GetSigner() != "hospital" || p.GetEmbedded() {
		t.Errorf("installed: %v", p)
	}
	if _, err := w.install("admin", rpc.Content, w.pkg("1.1.0", guest("(i32.const 11)"), w.key), 50); err != nil {
		t.Fatal(err)
	}
	sum := uint32(0)
	for range 4 {
		n, err := w.ask("answerer")
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	if sum != 2*10+2*11 {
		t.Errorf("four calls at half and half gave %d", sum)
	}
	ctx := as(t.Context(), "admin")
	promoted, err := w.client.PromotePlugin(ctx, &pluginv1.PromotePluginRequest{Service: rpc.Content, Name: "answerer", Version: "1.1.0"})
	if err != nil || promoted.GetPlugin().GetPrevious().GetVersion() != "1.0.0" {
		t.Fatalf("promoted: %v, %v", promoted, err)
	}
	w.stop()
	w.start() // a restart keeps what is installed
	if n, err := w.ask("answerer"); err != nil || n != 11 {
		t.Errorf("after a restart: %d, %v", n, err)
	}
	if _, err := w.client.RollbackPlugin(ctx, &pluginv1.RollbackPluginRequest{Service: rpc.Content, Name: "answerer", Version: "1.1.0"}); err != nil {
		t.Fatal(err)
	}
	if n, err := w.ask("answerer"); err != nil || n != 10 {
		t.Errorf("after a rollback: %d, %v", n, err)
	}
	list, err := w.client.ListPlugins(ctx, &pluginv1.ListPluginsRequest{Service: rpc.Content})
	if err != nil || len(list.GetPlugins()) != 2 || !list.GetPlugins()[1].GetEmbedded() {
		t.Errorf("list: %v, %v", list, err)
	}
	if _, err := w.client.RemovePlugin(ctx, &pluginv1.RemovePluginRequest{Service: rpc.Content, Name: "answerer"}); err != nil {
		t.Fatal(err)
	}
	if slots := w.host.Slots(answer.Interface); len(slots) != 1 || len(w.host.Components()) != 1 || w.host.Components()[0].GetState() != "live" {
		t.Errorf("%d slots, %v", len(slots), w.host.Components())
	}
}

func TestWhatIsRefusedHasItsOwnReason(t *testing.T) {
	w := newWorld(t)
	stranger := w.newKey("stranger")
	w.start()
	sound := guest("(i32.const 1)")
	if _, err := w.install("admin", rpc.Content, w.pkg("2.0.0", sound, w.key), 0); err != nil {
		t.Fatal(err)
	}
	altered := w.pkg("2.1.0", sound, w.key)
	altered[len(altered)/2] ^= 1
	for name, c := range map[string]struct {
		who, service string
		file         []byte
		percent      int32
		want         string
	}{
		"unsigned":          {"admin", rpc.Content, w.pkg("2.1.0", sound, nil), 0, "PLUGIN_UNSIGNED"},
		"a foreign key":     {"admin", rpc.Content, w.pkg("2.1.0", sound, stranger), 0, "PLUGIN_KEY_UNKNOWN"},
		"older":             {"admin", rpc.Content, w.pkg("1.0.0", sound, w.key), 0, "PLUGIN_DOWNGRADE"},
		"other bytes":       {"admin", rpc.Content, w.pkg("2.0.0", guest("(i32.const 2)"), w.key), 0, "PLUGIN_VERSION_REUSED"},
		"a byte is wrong":   {"admin", rpc.Content, altered, 0, "PACKAGE_INVALID"},
		"no package":        {"admin", rpc.Content, []byte("nothing"), 0, "PACKAGE_INVALID"},
		"nothing":           {"admin", rpc.Content, nil, 0, "PACKAGE_INVALID"},
		"a missing grant":   {"admin", rpc.Content, w.pkg("2.1.0", talker, w.key), 0, "PLUGIN_GRANT_MISSING"},
		"an editor":         {"editor", rpc.Content, w.pkg("2.1.0", sound, w.key), 0, "ROLE_NOT_ALLOWED"},
		"another tenant":    {"foreign", rpc.Content, w.pkg("2.1.0", sound, w.key), 0, "PLUGINS_NOT_MANAGED"},
		"another service":   {"admin", rpc.Audit, w.pkg("2.1.0", sound, w.key), 0, "SERVICE_NOT_FOUND"},
		"more than a share": {"admin", rpc.Content, w.pkg("2.1.0", sound, w.key), 100, "REQUEST_INVALID"},
	} {
		_, err := w.install(c.who, c.service, c.file, c.percent)
		if reason(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	ctx := as(t.Context(), "admin")
	for name, c := range map[string]struct {
		call func() error
		want string
	}{
		"promote what is not on trial": {func() error {
			_, err := w.client.PromotePlugin(ctx, &pluginv1.PromotePluginRequest{Service: rpc.Content, Name: "answerer", Version: "9.0.0"})
			return err
		}, "CANARY_NOT_FOUND"},
		"roll back the first": {func() error {
			_, err := w.client.RollbackPlugin(ctx, &pluginv1.RollbackPluginRequest{Service: rpc.Content, Name: "answerer", Version: "2.0.0"})
			return err
		}, "PLUGIN_NO_PREVIOUS"},
		"remove what ships with the service": {func() error {
			_, err := w.client.RemovePlugin(ctx, &pluginv1.RemovePluginRequest{Service: rpc.Content, Name: "embedded"})
			return err
		}, "PLUGIN_EMBEDDED"},
		"the log of nobody": {func() error {
			_, err := w.client.GetPluginLog(ctx, &pluginv1.GetPluginLogRequest{Service: rpc.Content, Name: "nobody"})
			return err
		}, "PLUGIN_NOT_FOUND"},
	} {
		if err := c.call(); reason(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if n, err := w.ask("answerer"); err != nil || n != 1 {
		t.Errorf("what was live is not: %d, %v", n, err)
	}
	w.trust("hospital", "stranger") // without a restart
	if _, err := w.install("admin", rpc.Content, w.pkg("2.1.0", sound, stranger), 0); err != nil {
		t.Errorf("a key that was added: %v", err)
	}
}

// A signature that is not accepted is refused with what an operator can do about it.
func TestARefusedSignatureSaysWhatToDo(t *testing.T) {
	w := newWorld(t)
	w.start()
	sound := guest("(i32.const 1)")
	sign := func(key *trust.Key) []byte { return w.pkg("1.0.0", sound, key) }
	for name, c := range map[string]struct {
		edit      [2]string // of the trust file
		file      []byte
		want, say string
	}{
		"unsigned":       {[2]string{}, sign(nil), "PLUGIN_UNSIGNED", "hygia plugin sign"},
		"a foreign key":  {[2]string{}, sign(w.newKey("stranger")), "PLUGIN_KEY_UNKNOWN", "add the signer's public key to the trust file"},
		"another's name": {[2]string{`"*"`, `"other"`}, sign(w.key), "PLUGIN_KEY_NOT_ALLOWED", "add its name to that key's plugins"},
		"a late key":     {[2]string{"2090-01-01", "2021-01-01"}, sign(w.key), "PLUGIN_KEY_EXPIRED", "move not_after in the trust file"},
		"an early key":   {[2]string{"2020-01-01", "2089-01-01"}, sign(w.key), "PLUGIN_KEY_NOT_YET_VALID", "not_before in the trust file"},
	} {
		w.trust("hospital")
		w.editTrust(c.edit[0], c.edit[1])
		_, err := w.install("admin", rpc.Content, c.file, 0)
		if reason(err) != c.want || !strings.Contains(fault.From(err).Hint, c.say) {
			t.Errorf("%s: %v, do: %q, want %s, do: %q", name, err, fault.From(err).Hint, c.want, c.say)
		}
	}
}

// A trust file that cannot be used closes the service to packages, and says so with
// its place and a remedy: to whoever installs or rolls back, in the list of plugins and
// in the log. Mended, it is taken up again.
func TestATrustFileThatCannotBeUsedIsTold(t *testing.T) {
	w := newWorld(t)
	t.Chdir(w.dir)
	w.config.Trust = "trust.json" // no log takes a path with as many digits as a test's
	w.start()
	for _, version := range []string{"1.0.0", "1.1.0"} {
		if _, err := w.install("admin", rpc.Content, w.pkg(version, guest("(i32.const 1)"), w.key), 0); err != nil {
			t.Fatal(err)
		}
	}
	next := w.pkg("1.2.0", guest("(i32.const 2)"), w.key)
	ctx := as(t.Context(), "admin")
	for say, spoil := range map[string]func(){
		"others may write to it; run chmod go-w on it": func() {
			if err := os.Chmod(w.config.Trust, 0o664); err != nil {
				t.Fatal(err)
			}
		},
		"line 1, column 2: ": func() { w.editTrust(`"keys"`, `keys"`) },
	} {
		spoil()
		_, installed := w.install("admin", rpc.Content, next, 0)
		_, rolledBack := w.client.RollbackPlugin(ctx, &pluginv1.RollbackPluginRequest{Service: rpc.Content, Name: "answerer", Version: "1.1.0"})
		for _, err := range []error{installed, rolledBack} {
			if f := fault.From(err); f.Reason != "TRUST_FILE_INVALID" || f.Code != codes.FailedPrecondition || !strings.Contains(f.Hint, "trust.json: "+say) {
				t.Errorf("%v, do: %q, want %q", err, f.Hint, say)
			}
		}
		w.stop()
		w.logged = &lockedBuffer{}
		w.start()
		list, err := w.client.ListPlugins(ctx, &pluginv1.ListPluginsRequest{Service: rpc.Content})
		if err != nil || len(list.GetPlugins()) != 2 || list.GetPlugins()[0].GetProblem() != "trust file" {
			t.Errorf("%v, %v", list, err)
		}
		for _, want := range []string{"the trust file cannot be used", `"file":"trust.json"`, `"error_message":"` + say, `"error_message":"trust file"`} {
			if said := w.logged.String(); !strings.Contains(said, want) {
				t.Errorf("the log lacks %s:\n%s", want, said)
			}
		}
		if err := os.Remove(w.config.Trust); err != nil { // with its mode
			t.Fatal(err)
		}
		w.trust("hospital")
		wait(t, func() error { _, err := w.ask("answerer"); return err })
	}
}

// What was removed is remembered: a lower version is refused by its number, and what
// the refusal asks for is taken.
func TestALowerVersionThanWasRemoved(t *testing.T) {
	w := newWorld(t)
	w.start()
	install := func(version string) error {
		_, err := w.install("admin", rpc.Content, w.pkg(version, guest("(i32.const 1)"), w.key), 0)
		return err
	}
	if err := install("2.0.0"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.RemovePlugin(as(t.Context(), "admin"), &pluginv1.RemovePluginRequest{Service: rpc.Content, Name: "answerer"}); err != nil {
		t.Fatal(err)
	}
	refused := fault.From(install("1.0.0"))
	if refused.Reason != "PLUGIN_DOWNGRADE" || refused.Message != "answerer 1.0.0 is lower than 2.0.0, which was installed before" ||
		!strings.HasPrefix(refused.Hint, "install 2.0.0 again, or a higher version;") {
		t.Errorf("%v, do: %q", refused, refused.Hint)
	}
	for _, version := range []string{"2.0.0", "2.0.1"} {
		if err := install(version); err != nil {
			t.Errorf("%s: %v", version, err)
		}
	}
}

// Instances that the operator wants kept ready start when a plugin is installed:
// one that cannot is refused before it has a call.
func TestPluginsThatCannotStartAreRefused(t *testing.T) {
	broken := strings.Replace(guest("(i32.const 1)"), "(core module $c ", "(core module $c (func $start unreachable) (start $start) ", 1)
	w := newWorld(t)
	w.config.Warm = map[string]int{"answerer": 1}
	w.start()
	if _, err := w.install("admin", rpc.Content, w.pkg("1.0.0", broken, w.key), 0); reason(err) != "PLUGIN_NO_START" {
		t.Error(err)
	}
}

func TestNobodyManagesPluginsUnlessTheOperatorSaysSo(t *testing.T) {
	w := newWorld(t)
	w.config.Administrators = nil
	w.start()
	_, err := w.client.ListPlugins(as(t.Context(), "admin"), &pluginv1.ListPluginsRequest{Service: rpc.Content})
	if reason(err) != "PLUGINS_NOT_MANAGED" {
		t.Errorf("got %v", err)
	}
	w.stop()
	w.config.Administrators = []string{service.AnyTenant}
	w.start()
	if _, err := w.client.ListPlugins(as(t.Context(), "foreign"), &pluginv1.ListPluginsRequest{Service: rpc.Content}); err != nil {
		t.Error(err)
	}
}

// Every grant, refusal and trap is in the audit log, and so is a plugin that is
// taken out.
func TestWhatHappensToPluginsIsAudited(t *testing.T) {
	w := newWorld(t)
	w.start()
	if _, err := w.install("admin", rpc.Content, w.pkg("1.0.0", talker, w.key, "hygia:host/log@0.1.0"), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := w.install("admin", rpc.Content, w.pkg("1.1.0", talker, w.key), 0); reason(err) != "PLUGIN_GRANT_MISSING" {
		t.Fatal(err)
	}
	loads := strings.Join(w.recorded("Load"), "\n")
	for _, want := range []string{
		"SUCCESS plugin=embedded plugin_version=1.0.0", "grant=hygia:host/log-0.1.0",
		"REFUSED plugin=answerer plugin_version=1.1.0", "import=hygia:host/log-0.1.0-write",
	} {
		if !strings.Contains(loads, want) {
			t.Errorf("%q is not among\n%s", want, loads)
		}
	}
	if _, err := w.install("admin", rpc.Content, w.pkg("1.2.0", guest("(unreachable)"), w.key), 50); err != nil {
		t.Fatal(err)
	}
	for range 40 {
		if _, err := w.ask("answerer"); err != nil {
			t.Errorf("a bad canary failed a request: %v", err)
		}
	}
	runs := w.recorded("Run")
	if len(runs) != 10 || !strings.Contains(runs[0], "FAILURE plugin=answerer plugin_version=1.2.0") || !strings.Contains(runs[0], "cause=trap:-unreachable") {
		t.Errorf("%d traps were recorded: %.500q", len(runs), runs)
	}
	for name, want := range map[string]float64{"calls_total": 50, "failures_total": 10, "up": 1, "canary_percent": 0} {
		if got := w.metric("hygia_plugin_"+name, "answerer"); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if got := w.metric("hygia_plugin_breaches_total", "trap: unreachable", "answerer"); got != 10 {
		t.Errorf("%v breaches", got)
	}
	wait(t, func() error {
		changes := strings.Join(w.recorded("Change"), "\n")
		if !strings.Contains(changes, "plugin=answerer plugin_version=1.2.0 plugin_state=retreated cause=too-many-failures") {
			return fmt.Errorf("the retreat is not recorded: %q", changes)
		}
		return nil
	})
	for _, e := range w.recorded("InstallPlugin") {
		if strings.Contains(e, "PENDING") {
			return
		}
	}
	t.Errorf("installations have no intents: %q", w.recorded("InstallPlugin"))
}

// Who starts a service that ships a newer release than the installed one is told.
func TestANewerEmbeddedReleaseIsShown(t *testing.T) {
	w := newWorld(t)
	w.start()
	old := plugin.Manifest{Name: "embedded", Version: "0.9.0"}
	if _, err := w.install("admin", rpc.Content, w.under(old, guest("(i32.const 9)"), w.key), 0); err != nil {
		t.Fatal(err)
	}
	w.stop()
	w.start()
	if n, err := w.ask("embedded"); err != nil || n != 9 {
		t.Errorf("got %d, %v", n, err)
	}
	list, err := w.client.ListPlugins(as(t.Context(), "admin"), &pluginv1.ListPluginsRequest{Service: rpc.Content})
	if err != nil || list.GetPlugins()[0].GetNewerEmbeddedVersion() != "1.0.0" {
		t.Errorf("list: %v, %v", list, err)
	}
	const want = `"component":"embedded","newer":{"version":"1.0.0"}`
	if text := w.logged.String(); strings.Count(text, want) != 1 {
		t.Errorf("%q is not in the log:\n%s", want, text)
	}
}

// An operator may tolerate more or less than usual.
func TestTolerancesAreTheOperators(t *testing.T) {
	w := newWorld(t)
	w.config.Breaker = service.Breaker{Tolerance: service.Tolerance{FailurePercent: 100, Calls: 3}, Pause: time.Hour}
	w.config.Canary = service.Tolerance{FailurePercent: 100, Calls: 2}
	w.start()
	if _, err := w.install("admin", rpc.Content, w.pkg("1.0.0", guest("(i32.const 1)"), w.key), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := w.install("admin", rpc.Content, w.pkg("1.1.0", guest("(unreachable)"), w.key), 50); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err := w.ask("answerer"); err != nil {
			t.Fatal(err)
		}
	}
	if runs := w.recorded("Run"); len(runs) != 2 {
		t.Errorf("the trial took %d failures", len(runs))
	}
	if _, err := w.install("admin", rpc.Content, w.pkg("1.2.0", guest("(unreachable)"), w.key), 0); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		_, _ = w.ask("answerer")
	}
	if _, err := w.ask("answerer"); !errors.Is(err, supervisor.ErrBroken) {
		t.Errorf("got %v", err)
	}
	if runs := w.recorded("Run"); len(runs) != 2+3 {
		t.Errorf("the live release took %d failures", len(runs)-2)
	}
}

// Invariant 3: of what a plugin writes, nobody gets the text.
func TestInvariant3TheLogOfAPluginHasNoText(t *testing.T) {
	w := newWorld(t)
	w.start()
	if _, err := w.install("admin", rpc.Content, w.pkg("1.0.0", talker, w.key, "hygia:host/log@0.1.0"), 0); err != nil {
		t.Fatal(err)
	}
	for range 1100 {
		if _, err := w.ask("answerer"); err != nil {
			t.Fatal(err)
		}
	}
	got, err := w.client.GetPluginLog(as(t.Context(), "admin"), &pluginv1.GetPluginLogRequest{Service: rpc.Content, Name: "answerer", PageSize: 1000})
	if err != nil || len(got.GetLines()) != 1000 {
		t.Fatalf("%d lines, %v", len(got.GetLines()), err)
	}
	first, last := got.GetLines()[0], got.GetLines()[999]
	if first.GetBytes() != 7 || first.GetLevel() != pluginv1.LogLevel_LOG_LEVEL_WARN || first.GetVersion() != "1.0.0" ||
		first.GetTime().AsTime().Before(last.GetTime().AsTime()) {
		t.Errorf("%v before %v", first, last)
	}
	if said := w.logged.String(); strings.Contains(said, "Zuleide") || !strings.Contains(said, "a component wrote a line") {
		t.Error("the service's log has the text, or no line")
	}
}

// Without the audit log nothing is loaded; with it, everything is.
func TestNothingIsLoadedUnrecorded(t *testing.T) {
	w := newWorld(t)
	w.start()
	if _, err := w.install("admin", rpc.Content, w.pkg("1.0.0", guest("(i32.const 5)"), w.key), 0); err != nil {
		t.Fatal(err)
	}
	w.stop()
	gate := make(chan struct{})
	w.log = gated(gate)
	w.start()
	if _, err := w.ask("answerer"); err == nil || w.host.Components()[0].GetState() != string(supervisor.Retrying) {
		t.Errorf("%v, %v", err, w.host.Components())
	}
	close(gate)
	wait(t, func() error { _, err := w.ask("answerer"); return err })
}

// wait tries until there is no error, for a while.
func wait(t *testing.T, try func() error) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
