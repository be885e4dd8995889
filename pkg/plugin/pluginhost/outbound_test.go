package pluginhost_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/outbound/outboundtest"
	"github.com/hygia-suite/hygia/pkg/rpc"
)

const outboundHTTP = "hygia:host/outbound-http@0.1.0"

// An installed plugin reaches the hosts that its manifest names, where the operator
// lets them be private; the audit log knows each request's host, and no more.
func TestAPluginSendsWhatIsAudited(t *testing.T) {
	internet := outboundtest.New(t)
	granted := internet.Serve("fhir.example.org", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }), nil)
	w := newWorld(t)
	w.outbound = internet.Client("fhir.example.org")
	w.start()
	for version, c := range map[string]struct {
		url    string
		answer uint32
	}{
		"1.0.0": {"https://" + granted + "/Zuleide?cpf=Zuleide", http.StatusTeapot},
		"1.1.0": {"https://Zuleide.example.org/", 1000},
	} {
		name := "sender-" + strings.ReplaceAll(version, ".", "-")
		m := plugin.Manifest{Name: name, Version: version, Grants: plugin.Grants{Interfaces: []string{outboundHTTP}, Hosts: []string{granted}}}
		if _, err := w.install("admin", rpc.Content, w.under(m, outboundtest.Component(c.url), w.key), 0); err != nil {
			t.Fatal(err)
		}
		if n, err := w.ask(name); err != nil || n != c.answer {
			t.Errorf("%s: got %d, %v", version, n, err)
		}
	}
	var got []string
	for _, event := range w.recorded("Send") {
		got = append(got, strings.Join(slices.DeleteFunc(strings.Fields(event), func(s string) bool { return strings.HasPrefix(s, "digest=") }), " "))
	}
	slices.Sort(got)
	want := []string{
		"REFUSED plugin=sender-1-1-0 plugin_version=1.1.0 function=hygia:host/outbound-http-0.1.0-send cause=request:-denied",
		"SUCCESS plugin=sender-1-0-0 plugin_version=1.0.0 function=hygia:host/outbound-http-0.1.0-send host=" + granted,
	}
	if !slices.Equal(got, want) {
		t.Errorf("recorded %q\nwant %q", got, want)
	}
	if text := w.logged.String() + fmt.Sprint(w.log.Events()); strings.Contains(strings.ToLower(text), "zuleide") {
		t.Error("what the plugin sent was told")
	}
}
