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

// sender is a component that sends one request, and answers the response's status,
// or 1000 and the failure's number.
func sender(url string) string {
	return fmt.Sprintf(`(component
	  (import %q (instance $http
	    (type $m (enum "get" "head" "post" "put" "patch" "delete")) (export "method" (type $method (eq $m)))
	    (type $h (record (field "name" string) (field "value" string))) (export "header" (type $header (eq $h)))
	    (type $r (record (field "method" $method) (field "url" string) (field "headers" (list $header)) (field "body" (option string)) (field "timeout-ms" (option u32))))
	    (export "request" (type $request (eq $r)))
	    (type $p (record (field "status" u16) (field "headers" (list $header)) (field "body" string))) (export "response" (type $response (eq $p)))
	    (type $f (enum "denied" "invalid-request" "too-many" "dns" "connect" "tls" "timeout" "too-large" "not-text" "invalid-response"))
	    (export "failure" (type $failure (eq $f)))
	    (export "send" (func (param "request" $request) (result (result $response (error $failure)))))))
	  (core module $memory (memory (export "memory") 1) (data (i32.const 1024) %[2]q)
	    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 2048)))
	  (core instance $mem (instantiate $memory))
	  (alias core export $mem "memory" (core memory $mm))
	  (alias core export $mem "realloc" (core func $realloc))
	  (core func $send (canon lower (func $http "send") (memory $mm) (realloc $realloc)))
	  (core module $main
	    (import "mem" "memory" (memory 1))
	    (import "host" "send" (func $send (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
	    (func (export "answer") (result i32)
	      (call $send (i32.const 0) (i32.const 1024) (i32.const %[3]d) (i32.const 0) (i32.const 0)
	        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 64))
	      (if (result i32) (i32.load8_u (i32.const 64))
	        (then (i32.add (i32.const 1000) (i32.load8_u (i32.const 68))))
	        (else (i32.load16_u (i32.const 68))))))
	  (core instance $i (instantiate $main (with "mem" (instance $mem)) (with "host" (instance (export "send" (func $send))))))
	  (func $answer (result u32) (canon lift (core func $i "answer")))
	  (instance $api (export "answer" (func $answer)))
	  (export "test:api/answerer@0.1.0" (instance $api)))`, outboundHTTP, url, len(url))
}

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
		if _, err := w.install("admin", rpc.Content, w.under(m, sender(c.url), w.key), 0); err != nil {
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
