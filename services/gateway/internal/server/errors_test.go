package server_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/services/gateway/internal/server"
)

const update = `{"content":{"kind":"ENTRY_KIND_POST","title":"Gripe"},"baseRevision":3}`

func TestAnUnknownJSONFieldIsNamed(t *testing.T) {
	w := start(t, nil)
	d, _ := w.refused(t, request{method: "PUT", path: "/v1/entries/" + mine, body: `{"content":{"titel":"Gripe"},"baseRevision":3}`}, 400, "UNKNOWN_FIELD")
	if len(d.Fields) != 1 || d.Fields[0].Path != "content.titel" {
		t.Errorf("fields %v, want content.titel", d.Fields)
	}
	if w.updated != nil {
		t.Error("the service was called all the same")
	}
}

func TestAnOversizedBodyIsRefused(t *testing.T) {
	w := start(t, nil)
	large := `{"content":{"title":"` + strings.Repeat("a", 2<<20) + `"}}`
	for name, r := range map[string]request{
		"with its length": {body: large},
		"in chunks":       {reader: struct{ *bytes.Reader }{bytes.NewReader([]byte(large))}, length: -1},
	} {
		t.Run(name, func(t *testing.T) {
			r.method, r.path = "PUT", "/v1/entries/"+mine
			d, _ := w.refused(t, r, http.StatusRequestEntityTooLarge, "BODY_TOO_LARGE")
			if d.Hint == "" {
				t.Error("no hint")
			}
		})
	}
	almost := `{"content":{"title":"` + strings.Repeat("a", 2<<20-100) + `"}}`
	if response, body := w.do(t, request{method: "PUT", path: "/v1/entries/" + mine, body: almost}); response.StatusCode != http.StatusOK {
		t.Errorf("a body that just fits: %d %.100s", response.StatusCode, body)
	}
}

func TestAWrongContentTypeIsRefused(t *testing.T) {
	w := start(t, nil)
	for kind, want := range map[string]int{
		"application/x-www-form-urlencoded": 415, "text/plain": 415, "": 415, "application/jsonx": 415, "application/json; charset=latin1": 415,
		"application/xml": 415, "multipart/form-data; boundary=x": 415, "not a type;;": 415,
		"application/json": 200, "application/json; charset=UTF-8": 200, "Application/JSON": 200,
	} {
		r := request{method: "PUT", path: "/v1/entries/" + mine, body: update, header: map[string]string{"Content-Type": kind}}
		if want == 200 {
			if response, body := w.do(t, r); response.StatusCode != 200 {
				t.Errorf("%q: %d %s", kind, response.StatusCode, body)
			}
			continue
		}
		if d, _ := w.refused(t, r, want, "CONTENT_TYPE_REFUSED"); !strings.Contains(d.Hint, "application/json") && !strings.Contains(d.Hint, "UTF-8") {
			t.Errorf("%q: hint %q", kind, d.Hint)
		}
	}
	w.refused(t, request{method: "PUT", path: "/v1/entries/" + mine, body: update, header: map[string]string{"Content-Encoding": "gzip"}}, 415, "CONTENT_TYPE_REFUSED")
}

func TestAnExpiredTokenIsSaidToBe(t *testing.T) {
	w := start(t, nil)
	d, header := w.refused(t, request{method: "GET", path: "/v1/entries/" + mine, header: map[string]string{"Authorization": "Bearer " + expired}}, 401, "TOKEN_EXPIRED")
	if d.Detail != "the API token has expired" || d.Hint == "" || header.Get("WWW-Authenticate") != `Bearer realm="hygia", error="invalid_token"` {
		t.Errorf("%+v, %v", d, header)
	}
}

func TestAnotherTenantsEntryDoesNotExist(t *testing.T) {
	w := start(t, nil)
	of := func(id string) string {
		_, body := w.do(t, request{method: "GET", path: "/v1/entries/" + id})
		return body
	}
	w.refused(t, request{method: "GET", path: "/v1/entries/" + theirs}, 404, "ENTRY_NOT_FOUND")
	if nobodys := "018f8a1e-7c1d-7000-8000-00000000ffff"; of(theirs) != of(nobodys) {
		t.Errorf("another tenant's entry is told from none:\n%s\n%s", of(theirs), of(nobodys))
	}
}

func TestInvariant9EveryOtherRefusal(t *testing.T) {
	w := start(t, nil)
	entry := "/v1/entries/" + mine
	auth := func(value string) map[string]string { return map[string]string{"Authorization": value} }
	for _, c := range []struct {
		name   string
		r      request
		status int
		reason string
		field  string
	}{
		{"no token", request{method: "GET", path: entry, header: auth("")}, 401, "TOKEN_MISSING", ""},
		{"another scheme", request{method: "GET", path: entry, header: auth("Basic aHlnOg==")}, 401, "TOKEN_INVALID", ""},
		{"no API token", request{method: "GET", path: entry, header: auth("Bearer eyJhbGciOi")}, 401, "TOKEN_INVALID", ""},
		{"an unknown token", request{method: "GET", path: entry, header: auth("Bearer " + unknown)}, 401, "TOKEN_INVALID", ""},
		{"an endless token", request{method: "GET", path: entry, header: auth("Bearer hyg_" + strings.Repeat("a", 300))}, 401, "TOKEN_INVALID", ""},
		{"an unknown purpose", request{method: "GET", path: entry, header: map[string]string{"Hygia-Purpose": "curiosity"}}, 400, "PURPOSE_UNKNOWN", ""},
		{"no such path", request{method: "GET", path: "/v2/entries"}, 404, "ROUTE_NOT_FOUND", ""},
		{"no such path, no token", request{method: "GET", path: "/wp-login.php", header: auth("")}, 404, "ROUTE_NOT_FOUND", ""},
		{"a slash too many", request{method: "GET", path: "/v1/entries/"}, 404, "ROUTE_NOT_FOUND", ""},
		{"two slashes", request{method: "GET", path: "/v1//entries"}, 404, "ROUTE_NOT_FOUND", ""},
		{"a way up", request{method: "GET", path: "/v1/x/../entries"}, 404, "ROUTE_NOT_FOUND", ""},
		{"an id with a slash", request{method: "GET", path: "/v1/entries/a%2Fb"}, 404, "ROUTE_NOT_FOUND", ""},
		{"an RPC without a route", request{method: "POST", path: "/hygia.accounts.v1.AuthService/Exchange", body: "{}"}, 404, "ROUTE_NOT_FOUND", ""},
		{"a wrong method", request{method: "PATCH", path: entry, body: "{}"}, 405, "METHOD_NOT_ALLOWED", ""},
		{"a trace", request{method: "TRACE", path: entry}, 405, "METHOD_NOT_ALLOWED", ""},
		{"no JSON", request{method: "PUT", path: entry, body: "title=Gripe"}, 400, "JSON_INVALID", ""},
		{"half a body", request{method: "PUT", path: entry, body: `{"content":{`}, 400, "JSON_INVALID", ""},
		{"two bodies", request{method: "PUT", path: entry, body: `{}{}`}, 400, "JSON_INVALID", ""},
		{"a field twice", request{method: "PUT", path: entry, body: `{"baseRevision":1,"baseRevision":2}`}, 400, "DUPLICATE_FIELD", "baseRevision"},
		{"a wrong type", request{method: "PUT", path: entry, body: `{"baseRevision":"three"}`}, 400, "FIELD_TYPE", "baseRevision"},
		{"a body on a GET", request{method: "GET", path: entry, body: `{}`}, 400, "BODY_NOT_ALLOWED", ""},
		{"a number in the path", request{method: "GET", path: entry + "/revisions/three"}, 400, "FIELD_TYPE", "number"},
		{"an unknown parameter", request{method: "GET", path: "/v1/entries?page=2"}, 400, "UNKNOWN_FIELD", "page"},
		{"a parameter of a wrong type", request{method: "GET", path: "/v1/entries?pageSize=many"}, 400, "FIELD_TYPE", "pageSize"},
		{"a parameter twice", request{method: "GET", path: "/v1/entries?pageSize=1&pageSize=2"}, 400, "DUPLICATE_FIELD", "pageSize"},
		{"a parameter beside a body", request{method: "PUT", path: entry + "?baseRevision=3", body: update}, 400, "UNKNOWN_FIELD", "baseRevision"},
		{"no query string", request{method: "GET", path: "/v1/entries?%zz"}, 400, "QUERY_INVALID", ""},
		{"a state that does not allow it", request{method: "POST", path: entry + "/publish", body: "{}"}, 409, "SIGNATURE_MISSING", ""},
		{"a method that is not there yet", request{method: "GET", path: "/v1/me"}, 501, "UNIMPLEMENTED", ""},
		{"a wrong password", request{method: "POST", path: "/v1/login", body: `{"tenant":"a","email":"b@c","password":"d"}`, header: auth("")}, 401, "LOGIN_REFUSED", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, _ := w.refused(t, c.r, c.status, c.reason)
			if c.field != "" && (len(d.Fields) != 1 || d.Fields[0].Path != c.field) {
				t.Errorf("fields %v, want %s", d.Fields, c.field)
			}
		})
	}
}

func TestA405NamesTheMethods(t *testing.T) {
	w := start(t, nil)
	_, header := w.refused(t, request{method: "DELETE", path: "/v1/entries/" + mine}, 405, "METHOD_NOT_ALLOWED")
	if got := header.Get("Allow"); got != "GET, HEAD, PUT" {
		t.Errorf("Allow: %q", got)
	}
}

func TestInternalsStayInside(t *testing.T) {
	w := start(t, nil)
	d, _ := w.refused(t, request{method: "POST", path: "/v1/entries/" + mine + "/submit"}, 500, "INTERNAL")
	for _, secret := range []string{"sql", "529.982", "10.0.0.7"} {
		if strings.Contains(fmt.Sprint(d)+w.logs.String(), secret) {
			t.Errorf("%q got out: %+v\n%s", secret, d, w.logs)
		}
	}
}

func TestWhoAsksTooOftenIsToldWhenToComeBack(t *testing.T) {
	w := start(t, func(c *server.Config) {
		c.Limits.Token = server.Rate{PerSecond: 0.01, Burst: 3}
		c.Limits.Credentials = server.Rate{PerSecond: 0.01, Burst: 6}
	})
	get := request{method: "GET", path: "/v1/entries/" + mine}
	for range 3 {
		if response, body := w.do(t, get); response.StatusCode != 200 {
			t.Fatalf("%d %s", response.StatusCode, body)
		}
	}
	_, header := w.refused(t, get, 429, "RATE_LIMIT")
	if header.Get("Retry-After") != "100" {
		t.Errorf("Retry-After: %q, want 100", header.Get("Retry-After"))
	}
	for i := range 5 { // with the first exchange of the good token these are six
		get.header = map[string]string{"Authorization": fmt.Sprintf("Bearer %s%d", unknown, i)}
		w.refused(t, get, 401, "TOKEN_INVALID")
	}
	before := w.exchanges
	_, header = w.refused(t, get, 429, "CREDENTIAL_LIMIT")
	if header.Get("Retry-After") == "" || w.exchanges != before {
		t.Errorf("Retry-After: %q; %d exchanges after %d", header.Get("Retry-After"), w.exchanges, before)
	}
	login := request{method: "POST", path: "/v1/login", body: `{"tenant":"a","email":"b@c","password":"d"}`}
	w.refused(t, login, 429, "CREDENTIAL_LIMIT")
}

func TestAnAddressIsLimited(t *testing.T) {
	w := start(t, func(c *server.Config) {
		c.Limits.Address = server.Rate{PerSecond: 0.01, Burst: 2}
		c.BehindTLSProxy = true
	})
	from := func(forwarded string) request {
		return request{method: "GET", path: "/openapi.json", header: map[string]string{"X-Forwarded-For": forwarded}}
	}
	for _, r := range []request{from("192.0.2.1"), from("198.51.100.9, 192.0.2.1")} {
		if response, _ := w.do(t, r); response.StatusCode != 200 {
			t.Fatalf("%d", response.StatusCode)
		}
	}
	w.refused(t, from("203.0.113.5, 192.0.2.1"), 429, "RATE_LIMIT")
	if response, _ := w.do(t, from("192.0.2.2")); response.StatusCode != 200 {
		t.Errorf("another address: %d", response.StatusCode)
	}
	for _, address := range []string{"2001:db8:1:2::1", "2001:db8:1:2:ffff::9"} {
		w.do(t, from(address))
	}
	w.refused(t, from("2001:db8:1:2::3"), 429, "RATE_LIMIT")
}

func TestTooMuchAtOnceIsRefused(t *testing.T) {
	w := start(t, func(c *server.Config) { c.MaxRequests = 2 })
	w.hold = make(chan struct{})
	results := make(chan int, 2)
	for range 2 {
		go func() {
			response, _ := w.do(t, request{method: "GET", path: "/v1/authors"})
			results <- response.StatusCode
		}()
	}
	<-w.entered
	<-w.entered
	_, header := w.refused(t, request{method: "GET", path: "/openapi.json"}, 503, "GATEWAY_BUSY")
	if header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if response, body := w.do(t, request{method: "GET", path: "/livez"}); response.StatusCode != 200 {
		t.Errorf("a busy gateway seems dead: %d %s", response.StatusCode, body)
	}
	close(w.hold)
	for range 2 {
		if code := <-results; code != 200 {
			t.Errorf("a request that was under way: %d", code)
		}
	}
}
