package outbound_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/pkg/plugin/outbound"
	"github.com/hygia-suite/hygia/pkg/wit/host"
)

var granted = []string{"fhir.example.org", "terminology.example.org:8443"}

func TestAdmitAddresses(t *testing.T) {
	for text, want := range map[string]struct {
		host, url string // of what is admitted
		failure   host.Failure
	}{
		"https://fhir.example.org":                              {host: granted[0]},
		"https://fhir.example.org/":                             {host: granted[0]},
		"https://fhir.example.org:443/a?b=%20c":                 {host: granted[0], url: "https://fhir.example.org/a?b=%20c"},
		"HTTPS://fhir.example.org/a":                            {host: granted[0], url: "https://fhir.example.org/a"},
		"https://terminology.example.org:8443/x":                {host: granted[1]},
		"https://fhir.example.org/../etc":                       {host: granted[0]},
		"http://fhir.example.org/":                              {failure: host.FailureInvalidRequest},
		"ftp://fhir.example.org/":                               {failure: host.FailureInvalidRequest},
		"//fhir.example.org/":                                   {failure: host.FailureInvalidRequest},
		"fhir.example.org":                                      {failure: host.FailureInvalidRequest},
		"https:fhir.example.org":                                {failure: host.FailureInvalidRequest},
		"https:///a":                                            {failure: host.FailureInvalidRequest},
		"":                                                      {failure: host.FailureInvalidRequest},
		"https://user@fhir.example.org/":                        {failure: host.FailureInvalidRequest},
		"https://user:secret@fhir.example.org/":                 {failure: host.FailureInvalidRequest},
		"https://fhir.example.org/#part":                        {failure: host.FailureInvalidRequest},
		"https://fhir.example.org/a b":                          {failure: host.FailureInvalidRequest},
		"https://fhir.example.org/a?b c":                        {failure: host.FailureInvalidRequest},
		"https://fhir.example.org/\r\nHost: x":                  {failure: host.FailureInvalidRequest},
		"https://fhir.example.org/ol\u00e1":                     {failure: host.FailureInvalidRequest},
		"https://fhir.example.org\\@other.example.org/":         {failure: host.FailureInvalidRequest},
		"https://fhir.example.org/%zz":                          {failure: host.FailureInvalidRequest},
		"https://fhir.example.org:0443/":                        {failure: host.FailureDenied},
		"https://fhir.example.org:8443/":                        {failure: host.FailureDenied},
		"https://terminology.example.org/":                      {failure: host.FailureDenied},
		"https://FHIR.example.org/":                             {failure: host.FailureDenied},
		"https://fhir.example.org./":                            {failure: host.FailureDenied},
		"https://a.fhir.example.org/":                           {failure: host.FailureDenied},
		"https://example.org/":                                  {failure: host.FailureDenied},
		"https://127.0.0.1/":                                    {failure: host.FailureDenied},
		"https://[::1]/":                                        {failure: host.FailureDenied},
		"https://localhost/":                                    {failure: host.FailureDenied},
		"https://other.example.org/https://fhir.example.org/":   {failure: host.FailureDenied},
		"https://fhir.example.org/" + strings.Repeat("a", 8192): {failure: host.FailureInvalidRequest},
	} {
		r, err := outbound.Admit(host.Request{Method: host.MethodGet, URL: text}, granted)
		if want.failure != 0 {
			if !errors.Is(err, want.failure) {
				t.Errorf("%.60q: got %v, want %v", text, err, want.failure)
			}
			continue
		}
		if want.url == "" {
			want.url = text
		}
		if err != nil || r.Host() != want.host || r.URL() != want.url {
			t.Errorf("%.60q: got %+v, %v", text, r, err)
		}
	}
	if _, err := outbound.Admit(host.Request{Method: host.MethodGet, URL: "https://fhir.example.org/"}, nil); !errors.Is(err, host.FailureDenied) {
		t.Errorf("nothing is granted: got %v", err)
	}
}

func TestAdmitFieldsAndBodies(t *testing.T) {
	with := func(name, value string) host.Request {
		return host.Request{Method: host.MethodGet, Headers: []host.Header{{Name: name, Value: value}}}
	}
	many := host.Request{Method: host.MethodGet, Headers: slices.Repeat([]host.Header{{Name: "a"}}, 65)}
	body := func(m host.Method, size int) host.Request {
		return host.Request{Method: m, Body: new(strings.Repeat("a", size))}
	}
	cases := map[string]struct {
		request host.Request
		ok      bool
	}{
		"a field":                {with("Accept", "application/fhir+json"), true},
		"a tab, an accent":       {with("x-name", "a\tá"), true},
		"an authorization":       {with("Authorization", "Bearer x"), true},
		"an empty value":         {with("x-empty", ""), true},
		"16 KiB":                 {with("x", strings.Repeat("a", 16<<10-1)), true},
		"more than 16 KiB":       {with("x", strings.Repeat("a", 16<<10)), false},
		"more than 64 fields":    {many, false},
		"an empty name":          {with("", "a"), false},
		"a space in a name":      {with("x name", "a"), false},
		"a colon in a name":      {with("x:name", "a"), false},
		"a line in a name":       {with("x\r\nHost", "a"), false},
		"a line in a value":      {with("x", "a\r\nHost: b"), false},
		"a line feed in a value": {with("x", "a\nb"), false},
		"a zero in a value":      {with("x", "a\x00b"), false},
		"no method":              {host.Request{}, false},
		"a body of 1 MiB":        {body(host.MethodPost, 1<<20), true},
		"a body beyond 1 MiB":    {body(host.MethodPut, 1<<20+1), false},
		"a patch":                {body(host.MethodPatch, 1), true},
		"an empty body to get":   {body(host.MethodGet, 0), false},
		"a body to head":         {body(host.MethodHead, 1), false},
		"a body to delete":       {body(host.MethodDelete, 1), false},
	}
	for _, name := range []string{
		"Host", "connection", "Keep-Alive", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length",
		"Expect", "Proxy-Authorization", "Proxy-Connection", "Proxy-Anything", "HTTP2-Settings", "Cookie",
	} {
		cases["the field "+name] = struct {
			request host.Request
			ok      bool
		}{with(name, "a"), false}
	}
	for what, c := range cases {
		c.request.URL = "https://fhir.example.org/"
		_, err := outbound.Admit(c.request, granted)
		if c.ok && err != nil || !c.ok && !errors.Is(err, host.FailureInvalidRequest) {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

// FuzzAdmit: whatever is admitted goes to a granted host over HTTPS, and says no
// more than what a URL says.
func FuzzAdmit(f *testing.F) {
	for _, text := range []string{
		"https://fhir.example.org/a?b=c", "https://terminology.example.org:8443", "https://fhir.example.org:443/%2e%2e/",
		"https://fhir.example.org@other.example.org/", "https://other.example.org\\fhir.example.org", "https://[::1]:443/",
		"https://fhir.example.org:/", "https://%66hir.example.org/", "https:/fhir.example.org", "https://fhir.example.org?a#b",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := outbound.Admit(host.Request{Method: host.MethodGet, URL: text}, granted)
		if err != nil {
			if !errors.As(err, new(host.Failure)) {
				t.Errorf("%q: an error of another kind: %v", text, err)
			}
			return
		}
		if !slices.Contains(granted, r.Host()) {
			t.Errorf("%q goes to %q", text, r.Host())
		}
		rest, ok := strings.CutPrefix(r.URL(), "https://"+r.Host())
		if !ok || rest != "" && rest[0] != '/' && rest[0] != '?' {
			t.Errorf("%q became %q", text, r.URL())
		}
		u, err := url.Parse(r.URL())
		if err != nil || u.User != nil || u.Fragment != "" || strings.ContainsAny(u.RequestURI(), " \r\n\t#") {
			t.Errorf("%q became %q, %v", text, r.URL(), err)
		}
	})
}
