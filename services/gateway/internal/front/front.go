// Package front is the gateway's HTTP side: what every request passes, from the
// socket to grpc-gateway's generated handlers, and what it is answered when it
// does not get there.
package front

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/hygia-suite/hygia/pkg/ratelimit"
	"github.com/hygia-suite/hygia/pkg/telemetry"
	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	"github.com/hygia-suite/hygia/services/gateway/internal/openapi"
	"github.com/hygia-suite/hygia/services/gateway/internal/route"
	"github.com/hygia-suite/hygia/services/gateway/internal/upload"
)

// Sessions trades API tokens for actor tokens; *session.Sessions is one. admit is
// asked before the accounts service is.
type Sessions interface {
	Actor(ctx context.Context, token string, purpose accountsv1.Purpose, admit func() error) (string, error)
}

// Limits bound what clients may ask for.
type Limits struct {
	// Tokens limits the requests of one API token; Addresses those of one
	// address; Credentials how often an address may log in or present a token
	// that was not seen in the last seconds.
	Tokens, Addresses, Credentials *ratelimit.Limiter
	// BodyBytes bounds a JSON body.
	BodyBytes int64
	// Requests and Uploads bound how many are under way at once.
	Requests, Uploads int
	// RequestTime and UploadTime bound how long one takes.
	RequestTime, UploadTime time.Duration
}

// Options are a Front's dependencies; all are required.
type Options struct {
	Routes []route.Route
	// REST serves the routes: grpc-gateway.
	REST     http.Handler
	Sessions Sessions
	Uploads  []upload.Upload
	Docs     *openapi.Handler
	// Healthy tells whether the whole suite serves; Ready whether this gateway
	// takes requests.
	Healthy func(ctx context.Context) bool
	Ready   func() bool
	Limits  Limits
	// Origins are the web origins whose scripts may call (CORS); none, where
	// there are none.
	Origins []string
	// TLS tells whether clients use TLS, here or at a proxy.
	TLS bool
	// Proxied says that a trusted proxy in front writes X-Forwarded-For.
	Proxied   bool
	Telemetry *telemetry.Telemetry
	Clock     func() time.Time
}

// Front answers HTTP. It is safe for concurrent use.
type Front struct {
	Options

	mux      *http.ServeMux
	strays   http.Handler // what no route matches
	tracer   trace.Tracer
	metrics  *metrics
	requests chan struct{} // holds one value for each request under way
	uploads  chan struct{}
}

// handler answers a request or returns why not. It has written nothing where it
// returns an error.
type handler func(w http.ResponseWriter, r *http.Request) error

// step is one stage that a request passes.
type step func(next handler) handler

// New puts the front together. Routes that contradict each other are an error.
func New(o Options) (*Front, error) {
	m, err := newMetrics(o.Telemetry.Registry)
	if err != nil {
		return nil, err
	}
	f := &Front{
		Options: o, mux: http.NewServeMux(), metrics: m, tracer: o.Telemetry.Tracer.Tracer("gateway"),
		requests: make(chan struct{}, o.Limits.Requests), uploads: make(chan struct{}, o.Limits.Uploads),
	}
	f.strays = f.endpoint("none", f.stray, f.limited(nil)...)
	for _, r := range o.Routes {
		if r.FullMethod == accountsv1.AuthService_Login_FullMethodName {
			f.handle(r.Pattern(), f.forward(r), f.limitCredentials, f.budget, f.tellNetwork, f.checkRequest(r))
			continue
		}
		f.handle(r.Pattern(), f.forward(r), f.authenticate, f.budget, f.checkRequest(r))
	}
	for _, u := range o.Uploads {
		f.handle("POST "+u.Path, u.Serve, f.authenticate, checkUpload(u), f.limitUploads)
	}
	f.handle("GET /healthz", f.health)
	// These two answer however busy the gateway is: what restarts it for being
	// busy would make it worse.
	f.mux.Handle("GET /livez", f.endpoint("GET /livez", f.live))
	f.mux.Handle("GET /readyz", f.endpoint("GET /readyz", f.ready))
	f.handle("GET /openapi.json", f.document)
	f.handle("GET /docs/{file...}", f.docs)
	f.handle("GET /{$}", redirect("/docs/"))
	f.handle("GET /docs", redirect("/docs/"))
	return f, nil
}

// handle adds an endpoint with the steps that are its own.
func (f *Front) handle(pattern string, h handler, own ...step) {
	f.mux.Handle(pattern, f.endpoint(pattern, h, f.limited(own)...))
}

// common are the steps that every request passes, in this order, the first
// outermost. The pattern is what logs, metrics and traces know of a request.
func (f *Front) common(pattern string) []step {
	return []step{
		f.observe(pattern), // log, metrics, trace
		f.secure,           // headers that every answer has
		f.answer,           // errors become problem details
		f.recoverPanics,
		f.allowOrigin, // CORS
	}
}

// limited are the steps of requests that cost something, before their own.
func (f *Front) limited(own []step) []step {
	return append([]step{f.admit, f.limitAddress}, own...)
}

// endpoint is a handler behind the steps of every request and its own.
func (f *Front) endpoint(pattern string, h handler, own ...step) *endpoint {
	for _, s := range slices.Backward(append(f.common(pattern), own...)) {
		h = s(h)
	}
	return &endpoint{h}
}

type endpoint struct{ handle handler }

// ServeHTTP runs the handler. Its errors were answered by a step.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) { _ = e.handle(w, r) }

// ServeHTTP finds the endpoint of a request. Only endpoints answer: neither the
// redirects nor the plain texts of http.ServeMux do.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	found, _ := f.mux.Handler(r)
	if _, ok := found.(*endpoint); ok && r.URL.Path != "*" {
		f.mux.ServeHTTP(w, r) // which also sets the path's values
		return
	}
	f.strays.ServeHTTP(w, r)
}

// stray answers what no endpoint matches: a preflight, a wrong method, or
// nothing that there is.
func (f *Front) stray(w http.ResponseWriter, r *http.Request) error {
	var probe allowProbe
	if found, pattern := f.mux.Handler(r); pattern == "" {
		found.ServeHTTP(&probe, r)
	}
	allow := probe.Header().Get("Allow")
	switch {
	case allow == "":
		return ErrNotFound
	case f.preflight(w, r, allow):
		return nil
	}
	w.Header().Set("Allow", allow)
	return ErrMethod
}

// allowProbe learns from http.ServeMux which methods a path takes.
type allowProbe struct{ header http.Header }

func (p *allowProbe) Header() http.Header {
	if p.header == nil {
		p.header = make(http.Header)
	}
	return p.header
}

func (p *allowProbe) Write(b []byte) (int, error) { return len(b), nil }

func (p *allowProbe) WriteHeader(int) {}

// address returns what a client's address is limited under.
func (f *Front) address(r *http.Request) string {
	if f.Proxied {
		// The last entry is the proxy's own; those before it are the client's word.
		if entry := lastForwarded(r.Header.Values("X-Forwarded-For")); entry.IsValid() {
			return ratelimit.AddressKey(entry)
		}
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return "" // a unix socket: all its clients share a limit
	}
	return ratelimit.AddressKey(peer.Addr())
}
