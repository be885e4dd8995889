package plugin_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/outbound/outboundtest"
	"github.com/hygia-suite/hygia/pkg/wit/host"
)

const fhir = "fhir.example.org"

// messenger sends what it is asked to send, and gives back what it got: a
// request's parts are the function's parameters, as they are the import's. Any
// core code may stand in its place.
const messenger = `(component` + outboundtest.Import + `
  (alias export $http "request" (type $request))
  (alias export $http "response" (type $response))
  (alias export $http "failure" (type $failure))
  (core module $memory
    (memory (export "memory") 100)
    (global $top (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
      (global.set $top (i32.add (local.get $at) (local.get 3)))
      (local.get $at)))
  (core instance $mem (instantiate $memory))
  (alias core export $mem "memory" (core memory $mm))
  (alias core export $mem "realloc" (core func $realloc))
  (core func $send (canon lower (func $http "send") (memory $mm) (realloc $realloc)))
  (core module $main
    (import "host" "send" (func $send (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (func (export "relay") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
      (call $send (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)
        (local.get 5) (local.get 6) (local.get 7) (local.get 8) (local.get 9) (i32.const 64))
      (i32.const 64))
    (func (export "flood") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32) (local $n i32)
      (loop $again
        (call $send (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)
          (local.get 5) (local.get 6) (local.get 7) (local.get 8) (local.get 9) (i32.const 64))
        (br_if $again (i32.lt_s (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 40))))
      (i32.const 64)))
  (core instance $i (instantiate $main (with "host" (instance (export "send" (func $send))))))
  (func $relay (param "request" $request) (result (result $response (error $failure)))
    (canon lift (core func $i "relay") (memory $mm) (realloc $realloc)))
  (func $flood (param "request" $request) (result (result $response (error $failure)))
    (canon lift (core func $i "flood") (memory $mm) (realloc $realloc)))
  (instance $api (export "relay" (func $relay)) (export "flood" (func $flood)))
  (export "test:api/answerer@0.1.0" (instance $api)))`

func messengers(name string) *component.Export {
	return &component.Export{Interface: "test:api/answerer@0.1.0", Name: name, Signature: component.Signature{
		Params: []component.Field{{Name: "request", Type: host.RequestType}},
		Result: component.ResultOf(host.ResponseType, host.FailureType),
	}}
}

var relay, flood = messengers("relay"), messengers("flood")

// post asks a messenger to send.
func post(ctx context.Context, p *plugin.Plugin, fn *component.Export, r host.Request) (response host.Response, failure host.Failure, err error) {
	err = p.Call(ctx, fn, r.Lower, func(d *component.Decoder) {
		if d.Case() == 0 {
			response = host.LiftResponse(d)
		} else {
			failure = host.LiftFailure(d)
		}
	})
	return response, failure, err
}

// loadMessenger loads one that is granted hosts.
func loadMessenger(t *testing.T, o plugin.Options, hosts ...string) *plugin.Plugin {
	t.Helper()
	o.Engine, o.Exports = engine(t), []*component.Export{relay, flood}
	o.Files = files(t, messenger, func(m *plugin.Manifest) {
		m.Grants.Interfaces, m.Grants.Hosts = []string{"hygia:host/outbound-http@0.1.0"}, hosts
	})
	p, err := plugin.Load(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// What a guest sends and gets may be a person's data. None of it is in an event or
// a log, whatever becomes of the request.
func TestOutboundRequestsAreToldOfAndKeptSecret(t *testing.T) {
	const secret = "Zuleide"
	internet := outboundtest.New(t)
	granted := internet.Serve(fhir, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Patient", secret)
		if r.URL.Path == "/latin/"+secret {
			_, _ = io.WriteString(w, secret+"\xe1")
			return
		}
		_, _ = fmt.Fprintf(w, "%s %s %s %s", r.Method, r.URL.RequestURI(), r.Header.Get("X-Patient"), body)
	}), nil)
	internet.Name("inside.example.org", "10.0.0.1")
	internet.Name("other.example.org", "127.0.0.1")
	var log bytes.Buffer
	told := &record{}
	p := loadMessenger(t, plugin.Options{Events: told, Host: plugin.Host{
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), Outbound: internet.Client(fhir),
	}}, granted, "inside.example.org", "nowhere.example.org")
	sent := plugin.Event{Kind: plugin.EventSent, Host: granted}
	for name, c := range map[string]struct {
		url     string
		failure host.Failure
		want    []plugin.Event
	}{
		"answered":     {"https://" + granted + "/a/" + secret + "?q=" + secret, 0, []plugin.Event{sent}},
		"not granted":  {"https://" + secret + ".example.org/", host.FailureDenied, []plugin.Event{{Kind: plugin.EventDenied, Cause: "request: denied"}}},
		"inside":       {"https://inside.example.org/" + secret, host.FailureDenied, []plugin.Event{{Kind: plugin.EventSent, Host: "inside.example.org"}, {Kind: plugin.EventDenied, Host: "inside.example.org", Cause: "request: denied"}}},
		"no such name": {"https://nowhere.example.org/" + secret, host.FailureDNS, []plugin.Event{{Kind: plugin.EventSent, Host: "nowhere.example.org"}, {Kind: plugin.EventUnanswered, Host: "nowhere.example.org", Cause: "request: dns"}}},
		"no text":      {"https://" + granted + "/latin/" + secret, host.FailureNotText, []plugin.Event{sent, {Kind: plugin.EventUnanswered, Host: granted, Cause: "request: not-text"}}},
		"no request":   {"http://" + granted + "/" + secret, host.FailureInvalidRequest, []plugin.Event{{Kind: plugin.EventDenied, Cause: "request: invalid-request"}}},
	} {
		t.Run(name, func(t *testing.T) {
			told.events = nil
			response, failure, err := post(t.Context(), p, relay, host.Request{
				Method: host.MethodPut, URL: c.url, Body: new("body " + secret), Headers: []host.Header{{Name: "X-Patient", Value: secret}},
			})
			if err != nil || failure != c.failure {
				t.Fatalf("got %v, %v", failure, err)
			}
			if c.failure == 0 && response.Body != "PUT /a/"+secret+"?q="+secret+" "+secret+" body "+secret {
				t.Errorf("got %q", response.Body)
			}
			for i := range c.want {
				c.want[i].Plugin, c.want[i].Digest, c.want[i].Function = p.Name(), p.Manifest().Digest, "hygia:host/outbound-http@0.1.0#send"
			}
			if fmt.Sprint(told.events) != fmt.Sprint(c.want) {
				t.Errorf("told %v\nwant %v", told.events, c.want)
			}
			if text := strings.ToLower(log.String() + fmt.Sprintf("%+v", told.events)); strings.Contains(text, strings.ToLower(secret)) {
				t.Error("what a guest sent was told")
			}
		})
	}
}

// A guest's flood of requests ends at what one call may send, and so do its events.
func TestOutboundRequestsOfACallAreBounded(t *testing.T) {
	internet := outboundtest.New(t)
	arrived := 0
	granted := internet.Serve(fhir, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived++ }), nil)
	told := &record{}
	p := loadMessenger(t, plugin.Options{Events: told, Host: plugin.Host{Outbound: internet.Client(fhir)}}, granted)
	for range 2 { // each call has its own
		arrived, told.events = 0, nil
		_, failure, err := post(t.Context(), p, flood, host.Request{Method: host.MethodGet, URL: "https://" + granted})
		if err != nil || failure != host.FailureTooMany {
			t.Fatalf("got %v, %v", failure, err)
		}
		if arrived != 32 || len(told.events) != 33 || told.events[32].Cause != "request: too-many" {
			t.Errorf("%d requests arrived, %d events", arrived, len(told.events))
		}
	}
	told.events = nil
	_, failure, err := post(t.Context(), p, flood, host.Request{Method: host.MethodGet, URL: "https://other.example.org"})
	if err != nil || failure != host.FailureTooMany || len(told.events) != 33 {
		t.Errorf("of refused ones: got %v, %v, %d events", failure, err, len(told.events))
	}
}

// Invariant 2: what cannot be recorded does not leave.
func TestInvariant2NoRequestGoesUnrecorded(t *testing.T) {
	internet := outboundtest.New(t)
	arrived := 0
	granted := internet.Serve(fhir, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived++ }), nil)
	told := &record{}
	p := loadMessenger(t, plugin.Options{Events: told, Host: plugin.Host{Outbound: internet.Client(fhir)}}, granted)
	told.fails = errors.New("the log is full")
	for _, url := range []string{"https://" + granted, "https://other.example.org", "http://"} {
		if _, failure, err := post(t.Context(), p, relay, host.Request{Method: host.MethodGet, URL: url}); !errors.Is(err, told.fails) {
			t.Errorf("got %v, %v", failure, err)
		}
	}
	if arrived != 0 {
		t.Error("a request went out unrecorded")
	}
}

// A host that never answers holds a call no longer than the call may take.
func TestOutboundRequestsEndWithTheirCall(t *testing.T) {
	internet := outboundtest.New(t)
	stop := make(chan struct{})
	granted := internet.Serve(fhir, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	}), nil)
	t.Cleanup(func() { close(stop) })
	p := loadMessenger(t, plugin.Options{Host: plugin.Host{Outbound: internet.Client(fhir)}}, granted)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, failure, err := post(ctx, p, relay, host.Request{Method: host.MethodGet, URL: "https://" + granted}); !errors.Is(err, component.ErrDeadline) {
		t.Errorf("got %v, %v", failure, err)
	}
	request := host.Request{Method: host.MethodGet, URL: "https://" + granted, TimeoutMs: new(uint32(20))}
	if _, failure, err := post(t.Context(), p, relay, request); err != nil || failure != host.FailureTimeout {
		t.Errorf("with its own patience: got %v, %v", failure, err)
	}
}

// Invariant 7: the interface is not given without its grant, nor by a host that has
// none to give; the grant alone names nobody.
func TestInvariant7OutboundNeedsItsGrants(t *testing.T) {
	load := func(o plugin.Options, interfaces ...string) error {
		o.Engine, o.Exports = engine(t), []*component.Export{relay}
		o.Files = files(t, messenger, func(m *plugin.Manifest) { m.Grants.Interfaces, m.Grants.Hosts = interfaces, []string{fhir} })
		p, err := plugin.Load(t.Context(), o)
		if err == nil {
			p.Close()
		}
		return err
	}
	internet := outboundtest.New(t)
	var grant *plugin.GrantError
	if err := load(plugin.Options{Host: plugin.Host{Outbound: internet.Client()}}); !errors.As(err, &grant) || grant.Import != "hygia:host/outbound-http@0.1.0#send" {
		t.Errorf("hosts without the interface: got %v", err)
	}
	if err := load(plugin.Options{}, "hygia:host/outbound-http@0.1.0"); err == nil || !strings.Contains(err.Error(), "which this host does not give") {
		t.Errorf("a host that has none: got %v", err)
	}
	p := loadMessenger(t, plugin.Options{Host: plugin.Host{Outbound: internet.Client()}})
	if _, failure, err := post(t.Context(), p, relay, host.Request{Method: host.MethodGet, URL: "https://" + fhir}); err != nil || failure != host.FailureDenied {
		t.Errorf("the interface without hosts: got %v, %v", failure, err)
	}
	if !p.Manifest().Effects() {
		t.Error("a component that sends has effects")
	}
}
