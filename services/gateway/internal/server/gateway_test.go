package server_test

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/ratelimit"
	"github.com/hygia-suite/hygia/services/gateway/internal/server"
)

func TestARequestReachesItsService(t *testing.T) {
	w := start(t, nil)
	response, body := w.do(t, request{method: "GET", path: "/v1/entries/" + mine})
	var got struct {
		Entry map[string]any
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || response.StatusCode != 200 || response.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%d %v %s", response.StatusCode, response.Header, body)
	}
	// proto3 JSON: camel case, and what is empty is there.
	if got.Entry["id"] != mine || got.Entry["publishedRevision"] != 0.0 || got.Entry["status"] != "ENTRY_STATUS_UNSPECIFIED" {
		t.Errorf("entry %v", got.Entry)
	}
	if response, body := w.do(t, request{method: "PUT", path: "/v1/entries/" + mine, body: update}); response.StatusCode != 200 {
		t.Fatalf("%d %s", response.StatusCode, body)
	}
	if w.updated.GetId() != mine || w.updated.GetContent().GetTitle() != "Gripe" || w.updated.GetBaseRevision() != 3 {
		t.Errorf("the service got %v", w.updated)
	}
	if response, body := w.do(t, request{method: "GET", path: "/v1/entries?pageSize=2&status=ENTRY_STATUS_DRAFT"}); response.StatusCode != 200 || strings.Count(body, `"contentHash"`) != 2 {
		t.Errorf("%d %s", response.StatusCode, body)
	}
	if response, body := w.do(t, request{method: "HEAD", path: "/v1/entries/" + mine}); response.StatusCode != 200 || body != "" || response.ContentLength <= 0 {
		t.Errorf("HEAD: %d, %d bytes, %q", response.StatusCode, response.ContentLength, body)
	}
}

// Services get the actor token, and nothing else that a client wrote.
func TestNoHeaderCrosses(t *testing.T) {
	w := start(t, nil)
	w.do(t, request{method: "GET", path: "/v1/entries/" + mine, header: map[string]string{
		"Hygia-Purpose": "editorial", "Grpc-Metadata-Hygia-Actor": "forged", "Hygia-Actor": "forged", "Cookie": "a=b",
		"X-Forwarded-For": "192.0.2.66", "X-Forwarded-Host": "evil.example", "Grpc-Timeout": "1n", "X-Http-Method-Override": "DELETE",
		"Te": "trailers", "User-Agent": "canary-agent", "Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}})
	if got := w.metadata.Get(actor.MetadataKey); !slices.Equal(got, []string{"actor for PURPOSE_EDITORIAL"}) {
		t.Errorf("actor tokens %q", got)
	}
	for name, values := range w.metadata {
		for _, value := range values {
			for _, canary := range []string{good, "forged", "a=b", "192.0.2.66", "evil.example", "canary-agent", "127.0.0.1:", "0af7651916cd43dd8448eb211c80319c"} {
				if strings.Contains(value, canary) && name != ":authority" || name == ratelimit.AddressMetadata {
					t.Errorf("metadata %s: %q", name, value)
				}
			}
		}
	}
}

func TestALoginNeedsNoToken(t *testing.T) {
	w := start(t, nil)
	response, body := w.do(t, request{method: "POST", path: "/v1/login", header: map[string]string{"Authorization": ""},
		body: `{"tenant":"clinica","email":"ana@x.example","password":"the right password"}`})
	if response.StatusCode != 200 || !strings.Contains(body, `"token":"`+good+`"`) || response.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d %v %s", response.StatusCode, response.Header, body)
	}
	if got := w.metadata.Get(ratelimit.AddressMetadata); !slices.Equal(got, []string{"127.0.0.1"}) {
		t.Errorf("the accounts service limits %q", got)
	}
}

func TestTokensAreExchangedOnceInAWhile(t *testing.T) {
	w := start(t, nil)
	for range 5 {
		w.do(t, request{method: "GET", path: "/v1/entries/" + mine})
	}
	if w.exchanges != 1 {
		t.Errorf("%d exchanges for five requests, want 1", w.exchanges)
	}
}

func TestHealthAndStatus(t *testing.T) {
	w := start(t, nil)
	open := map[string]string{"Authorization": ""}
	for path, want := range map[string]string{"/healthz": `{"healthy":true}`, "/livez": `{"live":true}`, "/readyz": `{"ready":true}`} {
		if response, body := w.do(t, request{method: "GET", path: path, header: open}); response.StatusCode != 200 || strings.TrimSpace(body) != want {
			t.Errorf("%s: %d %s", path, response.StatusCode, body)
		}
	}
	w.refused(t, request{method: "GET", path: "/v1/status", header: open}, 401, "TOKEN_MISSING")
	response, body := w.do(t, request{method: "GET", path: "/v1/status"})
	var status struct {
		Healthy  bool
		Services []struct {
			Service string
			Serving bool
		}
	}
	if err := json.Unmarshal([]byte(body), &status); err != nil || response.StatusCode != 200 || !status.Healthy || len(status.Services) != 6 {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

func TestTheDescriptionAndItsPage(t *testing.T) {
	w := start(t, nil)
	open := map[string]string{"Authorization": ""}
	if response, _ := w.do(t, request{method: "GET", path: "/", header: open}); response.StatusCode != 302 || response.Header.Get("Location") != "/docs/" {
		t.Errorf("/: %d to %q", response.StatusCode, response.Header.Get("Location"))
	}
	for path, kind := range map[string]string{
		"/docs/": "text/html", "/docs/start.js": "text/javascript", "/docs/swagger-ui-bundle.js": "text/javascript",
		"/docs/swagger-ui.css": "text/css", "/openapi.json": "application/json",
	} {
		if response, body := w.do(t, request{method: "GET", path: path, header: open}); response.StatusCode != 200 || len(body) < 100 || !strings.HasPrefix(response.Header.Get("Content-Type"), kind) {
			t.Errorf("%s: %d %q, %d bytes", path, response.StatusCode, response.Header.Get("Content-Type"), len(body))
		}
	}
	w.refused(t, request{method: "GET", path: "/docs/none.js", header: open}, 404, "ROUTE_NOT_FOUND")
}

func TestEveryAnswerHasItsSecurityHeaders(t *testing.T) {
	w := start(t, nil)
	for _, path := range []string{"/v1/entries/" + mine, "/v1/entries/" + theirs, "/nowhere", "/livez", "/docs/"} {
		response, _ := w.do(t, request{method: "GET", path: path})
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := response.Header.Get(name); got != want {
				t.Errorf("%s: %s: %q, want %q", path, name, got, want)
			}
		}
		if policy := response.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") {
			t.Errorf("%s: policy %q", path, policy)
		}
		for name := range response.Header {
			if strings.HasPrefix(name, "Grpc-") || strings.HasPrefix(name, "Access-Control-") || name == "Server" {
				t.Errorf("%s: header %s", path, name)
			}
		}
	}
}

func TestOriginsAreClosedUnlessConfigured(t *testing.T) {
	ask := func(w *world, method, origin string) answer {
		response, _ := w.do(t, request{method: method, path: "/v1/entries/" + mine, header: map[string]string{
			"Origin": origin, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization",
		}})
		return response
	}
	const studio = "https://studio.example.org"
	closed := start(t, nil)
	for _, method := range []string{"GET", "OPTIONS"} {
		if r := ask(closed, method, studio); r.Header.Get("Access-Control-Allow-Origin") != "" || method == "OPTIONS" && r.StatusCode != 405 {
			t.Errorf("closed, %s: %d %v", method, r.StatusCode, r.Header)
		}
	}
	open := start(t, func(c *server.Config) { c.CORSOrigins = []string{studio} })
	if r := ask(open, "OPTIONS", studio); r.StatusCode != 204 || r.Header.Get("Access-Control-Allow-Origin") != studio ||
		r.Header.Get("Access-Control-Allow-Methods") != "GET, HEAD, PUT" || !strings.Contains(r.Header.Get("Access-Control-Allow-Headers"), "Authorization") {
		t.Errorf("preflight: %d %v", r.StatusCode, r.Header)
	}
	if r := ask(open, "GET", studio); r.StatusCode != 200 || r.Header.Get("Access-Control-Allow-Origin") != studio || r.Header.Get("Vary") != "Origin" {
		t.Errorf("request: %d %v", r.StatusCode, r.Header)
	}
	for _, origin := range []string{"https://evil.example.org", "null", "http://studio.example.org", studio + ".evil.example"} {
		if r := ask(open, "OPTIONS", origin); r.StatusCode != 405 || r.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %v", origin, r.StatusCode, r.Header)
		}
		if r := ask(open, "GET", origin); r.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v", origin, r.Header)
		}
	}
}

// Invariant 3, at the edge: what a client sends is in no log line.
func TestInvariant3LogsKnowRoutesAlone(t *testing.T) {
	w := start(t, nil)
	for _, r := range []request{
		{method: "GET", path: "/v1/entries/" + mine},
		{method: "GET", path: "/v1/entries/52998224725"},
		{method: "GET", path: "/v1/entries?pageToken=529.982.247-25"},
		{method: "GET", path: "/529.982.247-25?cpf=52998224725"},
		{method: "POST", path: "/v1/login", body: `{"tenant":"a","email":"maria@paciente.example","password":"wrong canary"}`},
		{method: "PUT", path: "/v1/entries/" + mine, body: `{"529.982.247-25":1}`},
		{method: "GET", path: "/v1/entries/" + mine, header: map[string]string{"Authorization": "Bearer hyg_canarytoken", "User-Agent": "canary-agent"}},
	} {
		w.do(t, r)
	}
	logs := w.logs.String()
	for _, canary := range []string{"52998224725", "529.982", mine, "maria", "canary", "127.0.0.1", good} {
		if strings.Contains(logs, canary) {
			t.Errorf("the log holds %q:\n%s", canary, logs)
		}
	}
	for _, want := range []string{`"route":"/v1/entries/{id}"`, `"route":"none"`, `"status":"404"`, `"method":"PUT"`, `"duration_ms"`} {
		if !strings.Contains(logs, want) {
			t.Errorf("the log lacks %s:\n%s", want, logs)
		}
	}
	if strings.Contains(logs, "[withheld]") {
		t.Errorf("the log tries to say what it may not:\n%s", logs)
	}
}

func TestRunningRequestsEndBeforeTheGatewayDoes(t *testing.T) {
	w := start(t, nil)
	w.hold = make(chan struct{})
	type result struct {
		code int
		err  error
	}
	answered := make(chan result, 1)
	go func() {
		q, _ := http.NewRequest(http.MethodGet, w.url+"/v1/authors", nil)
		q.Header.Set("Authorization", "Bearer "+good)
		response, err := w.client.Do(q)
		if err != nil {
			answered <- result{err: err}
			return
		}
		_, err = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		answered <- result{response.StatusCode, err}
	}()
	<-w.entered
	w.stop()
	waitFor(t, func() bool {
		conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	close(w.hold)
	if got := <-answered; got.code != 200 || got.err != nil {
		t.Errorf("the running request: %+v", got)
	}
}

// waitFor asks until it is so, for ten seconds.
func waitFor(t *testing.T, so func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if so() {
			return
		}
	}
	t.Fatal(errors.New("it did not happen within ten seconds"))
}
