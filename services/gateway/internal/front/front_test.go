package front_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/hygia-suite/hygia/pkg/ratelimit"
	"github.com/hygia-suite/hygia/pkg/telemetry"
	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	"github.com/hygia-suite/hygia/services/gateway/internal/front"
	"github.com/hygia-suite/hygia/services/gateway/internal/openapi"
	"github.com/hygia-suite/hygia/services/gateway/internal/problem"
	"github.com/hygia-suite/hygia/services/gateway/internal/rest"
	"github.com/hygia-suite/hygia/services/gateway/internal/route"
)

// everybody is somebody.
type everybody struct{}

func (everybody) Actor(context.Context, string, accountsv1.Purpose, func() error) (string, error) {
	return "actor", nil
}

func build(t testing.TB, api http.Handler) (*front.Front, []route.Route) {
	t.Helper()
	routes, err := rest.Routes()
	if err != nil {
		t.Fatal(err)
	}
	document, err := openapi.Document(openapi.Upload{Path: "/v1/exports"}, openapi.Upload{Path: "/v1/packages"})
	if err != nil {
		t.Fatal(err)
	}
	docs, err := openapi.NewHandler(document)
	if err != nil {
		t.Fatal(err)
	}
	tel, err := telemetry.New(t.Context(), telemetry.Options{Service: "gateway", Version: "0.0.0", LogOutput: io.Discard, LogFormat: "json", LogLevel: slog.LevelError})
	if err != nil {
		t.Fatal(err)
	}
	free := func() *ratelimit.Limiter {
		return ratelimit.New(ratelimit.Config{PerSecond: 1e9, Burst: 1e9, Keys: 10}, time.Now)
	}
	f, err := front.New(front.Options{
		Routes: routes, REST: api, Sessions: everybody{}, Docs: docs, Telemetry: tel, Clock: time.Now,
		Healthy: func(context.Context) bool { return true }, Ready: func() bool { return true },
		Limits: front.Limits{Tokens: free(), Addresses: free(), Credentials: free(), BodyBytes: 1 << 16,
			Requests: 10, Uploads: 1, RequestTime: time.Second, UploadTime: time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	return f, routes
}

func send(f *front.Front, method, target, body string) *httptest.ResponseRecorder {
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return nil
	}
	r := httptest.NewRequest(http.MethodGet, "/", strings.NewReader(body))
	r.Method, r.URL, r.RequestURI = method, u, target
	r.ContentLength = int64(len(body))
	r.Header.Set("Authorization", "Bearer hyg_test")
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w
}

func TestAPanicIsAProblem(t *testing.T) {
	f, _ := build(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("secret 529.982.247-25") }))
	w := send(f, "GET", "/v1/rules", "")
	if w.Code != 500 || !strings.Contains(w.Body.String(), `"INTERNAL"`) || strings.Contains(w.Body.String(), "529.982") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestAPanicInAnAnswerCutsIt(t *testing.T) {
	f, _ := build(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"half":`)
		panic("secret")
	}))
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			t.Error("half an answer was ended as if it were whole")
		}
	}()
	send(f, "GET", "/v1/rules", "")
}

// Every route of the protos is served, and what passes the front is what
// grpc-gateway is to decode.
func TestEveryRouteIsServed(t *testing.T) {
	reached := ""
	f, routes := build(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { reached = r.Method + " " + r.URL.Path }))
	if len(routes) < 40 {
		t.Fatalf("%d routes", len(routes))
	}
	for _, r := range routes {
		path := strings.NewReplacer("{id}", "x", "{number}", "1", "{form}", "x").Replace(r.Path)
		reached = ""
		if w := send(f, r.Method, path, ""); w.Code != 200 || reached != r.Method+" "+path {
			t.Errorf("%s: %d, reached %q", r.Pattern(), w.Code, reached)
		}
	}
}

// Whatever comes in, nothing panics, what is refused is a problem, and bodies
// that pass are bodies of their message.
func FuzzRequests(f *testing.F) {
	var passed *http.Request
	var body []byte
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		passed = r
		body, _ = io.ReadAll(r.Body)
	})
	front, routes := build(f, api)
	byPath := map[string]route.Route{}
	for _, r := range routes {
		if len(r.Params) == 0 {
			byPath[r.Pattern()] = r
		}
	}
	for _, seed := range [][3]string{
		{"POST", "/v1/entries", `{"content":{"kind":"ENTRY_KIND_POST","title":"x"}}`}, {"GET", "/v1/entries?pageSize=2&status=ENTRY_STATUS_DRAFT", ""},
		{"POST", "/v1/validate", `{"document":{"language":"pt-BR","authors":[{"displayName":"x"}]}}`}, {"POST", "/v1/anonymize", `{"text":"x","policy":{}}`},
		{"GET", "/v1/audit/events?since=2026-01-31T12:00:00Z", ""}, {"GET", "/v1/entries/x/revisions/1", ""}, {"DELETE", "/v1/tokens/x", ""},
		{"POST", "/v1/login", `{"tenant":"a","a":1}`}, {"OPTIONS", "*", ""}, {"GET", "//", ""}, {"PUT", "/v1/people/%2e%2e", `[[[[`}, {"", "/v1/me", ""},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, method, target, text string) {
		passed, body = nil, nil
		w := send(front, method, target, text)
		if w == nil {
			return
		}
		if passed != nil {
			if r, ok := byPath[method+" "+passed.URL.Path]; ok && r.Body && len(strings.TrimSpace(string(body))) > 0 && !strings.Contains(text, `\u`) {
				if err := protojson.Unmarshal(body, dynamicpb.NewMessage(r.Input)); err != nil {
					t.Fatalf("%s %s: %q passes, and is no %s: %v", method, target, text, r.Input.Name(), err)
				}
			}
			return
		}
		if w.Code < 400 {
			return
		}
		var d problem.Details
		if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil || d.Status != w.Code || d.Reason == "" || w.Code >= 500 {
			t.Fatalf("%q %q: %d %s", method, target, w.Code, w.Body)
		}
	})
}
