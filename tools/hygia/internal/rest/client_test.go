package rest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	anonymizationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/anonymization/v1"
	"github.com/hygia-suite/hygia/tools/hygia/internal/rest"
)

func client(t *testing.T, handler http.HandlerFunc) *rest.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c, err := rest.New(rest.Options{URL: server.URL + "/", Token: "secret-token", Purpose: "privacy", HTTP: server.Client(), UserAgent: "hygia/test"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCallSendsJSONAndReadsJSON(t *testing.T) {
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		for header, want := range map[string]string{
			"Authorization": "Bearer secret-token", "Hygia-Purpose": "privacy",
			"Content-Type": "application/json", "User-Agent": "hygia/test",
		} {
			if got := r.Header.Get(header); got != want {
				t.Errorf("%s is %q, want %q", header, got, want)
			}
		}
		if r.Method != http.MethodPost || r.URL.Path != "/v1/anonymize" || !strings.Contains(string(body), `"olá"`) {
			t.Errorf("got %s %s %s", r.Method, r.URL, body)
		}
		_, _ = io.WriteString(w, `{"text":"[CPF]","replacements":[],"later":1}`)
	})
	out := &anonymizationv1.AnonymizeResponse{}
	err := c.Call(t.Context(), http.MethodPost, "/v1/anonymize", &anonymizationv1.AnonymizeRequest{Text: "olá"}, out)
	if err != nil || out.Text != "[CPF]" {
		t.Fatalf("got %v, %v", out, err)
	}
}

func TestCallGivesProblems(t *testing.T) {
	tests := []struct {
		name, contentType, body string
		status                  int
		want                    string
	}{
		{"problem", "application/problem+json", `{"title":"Forbidden","status":403,"detail":"sign entry: no credential","reason":"NO_CREDENTIAL","hint":"ask a reviewer"}`, 403, "sign entry: no credential (403 NO_CREDENTIAL)"},
		{"fields", "application/problem+json; charset=utf-8", `{"detail":"bad request","reason":"INVALID","fields":[{"path":"content.title","message":"too long"}]}`, 400, "bad request (400 INVALID); content.title: too long"},
		{"a proxy's page", "text/html", "<html>", 502, "Bad Gateway (502)"},
		{"broken JSON", "application/problem+json", "{", 500, "Internal Server Error (500)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := client(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", test.contentType)
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			})
			err := c.Call(t.Context(), http.MethodGet, "/v1/x", nil, &anonymizationv1.DetectResponse{})
			var problem *rest.Problem
			if !errors.As(err, &problem) || problem.Status != test.status || problem.Error() != test.want {
				t.Fatalf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestCallBoundsTheAnswer(t *testing.T) {
	c := client(t, func(w http.ResponseWriter, _ *http.Request) {
		for range rest.MaxResponse/(1<<20) + 1 {
			_, _ = io.WriteString(w, strings.Repeat(" ", 1<<20))
		}
	})
	err := c.Call(t.Context(), http.MethodGet, "/", nil, &anonymizationv1.DetectResponse{})
	if err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Fatalf("got %v", err)
	}
}

func TestUnavailableAndCancelled(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	url := server.URL
	server.Close()
	c, err := rest.New(rest.Options{URL: url, HTTP: http.DefaultClient})
	if err != nil {
		t.Fatal(err)
	}
	out := &anonymizationv1.DetectResponse{}
	if err := c.Call(t.Context(), http.MethodGet, "/", nil, out); !errors.Is(err, rest.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Call(ctx, http.MethodGet, "/", nil, out); !errors.Is(err, context.Canceled) || errors.Is(err, rest.ErrUnavailable) {
		t.Errorf("got %v, want context.Canceled alone", err)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, url := range []string{"", "8440", "ftp://127.0.0.1", "http://suite.example", "http://10.0.0.1:8440"} {
		if _, err := rest.New(rest.Options{URL: url}); !errors.Is(err, rest.ErrURL) {
			t.Errorf("%q: got %v, want ErrURL", url, err)
		}
	}
	for _, url := range []string{"http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1", "https://suite.example"} {
		if _, err := rest.New(rest.Options{URL: url}); err != nil {
			t.Errorf("%q: %v", url, err)
		}
	}
	if _, err := rest.New(rest.Options{URL: "http://localhost", Token: "a\nb"}); err == nil {
		t.Error("a token with a line break was taken")
	}
}
