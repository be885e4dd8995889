package outbound

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hygia-suite/hygia/pkg/wit/host"
)

// What a request may hold; hygia:host/outbound-http names the same.
const (
	maxURL         = 8 << 10
	maxBody        = 1 << 20
	maxHeaders     = 64
	maxHeaderBytes = 16 << 10
)

// httpsPort is what a host has where nothing else is named.
const httpsPort = "443"

// Sender sends what was admitted. It fails with a host.Failure, or with the
// context's error, and must be safe for concurrent use.
type Sender interface {
	Send(context.Context, *Request) (host.Response, error)
}

// Request is a request that was admitted. It is immutable.
type Request struct {
	method  string
	url     *url.URL
	host    string
	header  http.Header
	body    string
	timeout time.Duration // 0 for none of its own
}

// Host is the host as the manifest names it.
func (r *Request) Host() string { return r.host }

// Method is the method as HTTP writes it.
func (r *Request) Method() string { return r.method }

// URL is the whole address. It may hold a person's data.
func (r *Request) URL() string { return r.url.String() }

// Body is the body, "" for none. It may hold a person's data.
func (r *Request) Body() string { return r.body }

// methods are the methods in HTTP, and whether they have a body.
//
//nolint:gochecknoglobals // immutable
var methods = map[host.Method]struct {
	name string
	body bool
}{
	host.MethodGet:    {http.MethodGet, false},
	host.MethodHead:   {http.MethodHead, false},
	host.MethodPost:   {http.MethodPost, true},
	host.MethodPut:    {http.MethodPut, true},
	host.MethodPatch:  {http.MethodPatch, true},
	host.MethodDelete: {http.MethodDelete, false},
}

// Admit makes a request of what a guest asks for, where it goes to a host that
// was granted, "name" or "name:port" as manifests have them. It fails with
// host.FailureDenied or host.FailureInvalidRequest.
func Admit(r host.Request, granted []string) (*Request, error) {
	method, ok := methods[r.Method]
	if !ok || r.Body != nil && (!method.body || len(*r.Body) > maxBody) {
		return nil, host.FailureInvalidRequest
	}
	u, to, err := address(r.URL, granted)
	if err != nil {
		return nil, err
	}
	header, err := headers(r.Headers)
	if err != nil {
		return nil, err
	}
	admitted := &Request{method: method.name, url: u, host: to, header: header}
	if r.Body != nil {
		admitted.body = *r.Body
	}
	if r.TimeoutMs != nil {
		// Nothing that a guest says means "without end".
		admitted.timeout = max(time.Duration(*r.TimeoutMs)*time.Millisecond, time.Nanosecond)
	}
	return admitted, nil
}

// address reads a URL, and finds the grant of its host. What is sent has the host
// as the grant has it, whatever way the guest wrote it in.
func address(text string, granted []string) (u *url.URL, to string, err error) {
	outside := func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' || r == '#' }
	if len(text) > maxURL || strings.ContainsFunc(text, outside) {
		return nil, "", host.FailureInvalidRequest
	}
	u, err = url.Parse(text)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Hostname() == "" {
		return nil, "", host.FailureInvalidRequest
	}
	asked := withPort(u.Host)
	i := slices.IndexFunc(granted, func(g string) bool { return withPort(g) == asked })
	if i < 0 {
		return nil, "", host.FailureDenied
	}
	u.Host = strings.TrimSuffix(asked, ":"+httpsPort)
	return u, granted[i], nil
}

// withPort gives a host that names no port HTTPS's.
func withPort(s string) string {
	u := url.URL{Host: s}
	if port := u.Port(); port != "" {
		return u.Hostname() + ":" + port
	}
	return u.Hostname() + ":" + httpsPort
}

// headers reads a guest's header fields, RFC 9110, section 5.
func headers(fields []host.Header) (http.Header, error) {
	header := http.Header{"User-Agent": {"hygia"}}
	size := 0
	for _, f := range fields {
		name := strings.ToLower(f.Name)
		if size += len(f.Name) + len(f.Value); size > maxHeaderBytes || !isToken(name) || isReserved(name) || !isValue(f.Value) {
			return nil, host.FailureInvalidRequest
		}
		if name == "user-agent" {
			header.Set(name, f.Value)
			continue
		}
		header.Add(name, f.Value)
	}
	if len(fields) > maxHeaders {
		return nil, host.FailureInvalidRequest
	}
	return header, nil
}

// isReserved knows the fields that say how messages travel, where they go, or who
// is logged in: RFC 9110, sections 7.2, 7.6.1, 8.6, 10.1.1 and 11.7, and RFC 6265.
func isReserved(name string) bool {
	switch name {
	case "host", "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
		"content-length", "expect", "http2-settings", "cookie", "cookie2":
		return true
	}
	return strings.HasPrefix(name, "proxy-")
}

// isToken knows the tokens of RFC 9110, section 5.6.2, in lower case.
func isToken(s string) bool {
	outside := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	}
	return s != "" && !strings.ContainsFunc(s, outside)
}

func isValue(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}
