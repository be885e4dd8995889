package openapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/services/gateway/internal/openapi"
)

func document(t *testing.T) ([]byte, map[string]any) {
	t.Helper()
	data, err := openapi.Document(
		openapi.Upload{Path: "/v1/imports/wordpress", Types: []string{"application/xml"}},
		openapi.Upload{Path: "/v1/services/{service}/plugins", Types: []string{"application/x-tar"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	var d map[string]any
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	return data, d
}

func TestEveryReferenceLeadsSomewhere(t *testing.T) {
	data, d := document(t)
	definitions := d["definitions"].(map[string]any)
	used := 0
	for _, m := range regexp.MustCompile(`"#/definitions/([^"]+)"`).FindAllStringSubmatch(string(data), -1) {
		used++
		if definitions[m[1]] == nil {
			t.Errorf("#/definitions/%s is nowhere", m[1])
		}
	}
	if used < 50 {
		t.Errorf("%d references: is this the document?", used)
	}
}

func TestTheDocumentSaysWhatTheProtosCannot(t *testing.T) {
	_, d := document(t)
	paths := d["paths"].(map[string]any)
	upload := paths["/v1/imports/wordpress"].(map[string]any)["post"].(map[string]any)
	if upload["responses"].(map[string]any)["202"] == nil || upload["consumes"].([]any)[0] != "application/xml" {
		t.Errorf("upload %v", upload)
	}
	plugins := paths["/v1/services/{service}/plugins"].(map[string]any)
	if plugins["get"] == nil || plugins["post"].(map[string]any)["consumes"].([]any)[0] != "application/x-tar" {
		t.Errorf("plugins %v", plugins)
	}
	login := paths["/v1/login"].(map[string]any)["post"].(map[string]any)
	if s, ok := login["security"].([]any); !ok || len(s) != 0 {
		t.Errorf("a login asks for %v", login["security"])
	}
	if len(d["security"].([]any)) == 0 || d["securityDefinitions"] == nil {
		t.Error("the rest asks for nothing")
	}
	for path, item := range paths {
		for method, operation := range item.(map[string]any) {
			if operation.(map[string]any)["responses"].(map[string]any)["default"] == nil {
				t.Errorf("%s %s does not describe its errors", method, path)
			}
		}
	}
}

func page(t *testing.T, h *openapi.Handler, file string) *httptest.ResponseRecorder {
	t.Helper()
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/docs/"+file, nil)
	r.SetPathValue("file", file)
	if !h.ServePage(w, r) {
		w.WriteHeader(http.StatusNotFound)
	}
	return w
}

// The page works under its own policy: it loads its own files alone, and runs
// no script that is written into it.
func TestThePageLoadsNothingFromOutside(t *testing.T) {
	data, _ := document(t)
	h, err := openapi.NewHandler(data)
	if err != nil {
		t.Fatal(err)
	}
	index := page(t, h, "")
	html := index.Body.String()
	if regexp.MustCompile(`(?i)https?://|<style|\son\w+=|<script>|javascript:`).MatchString(html) {
		t.Errorf("the page loads from outside or has inline code:\n%s", html)
	}
	for _, m := range regexp.MustCompile(`(?:src|href)="([^"/][^"]*)"`).FindAllStringSubmatch(html, -1) {
		if w := page(t, h, m[1]); w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Errorf("%s: %d", m[1], w.Code)
		}
	}
	policy := index.Header().Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "script-src 'self';") {
		t.Errorf("policy %q", policy)
	}
	for _, file := range []string{"index.html", "../document.go", "swagger-ui.js", "page/start.js"} {
		if w := page(t, h, file); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", file, w.Code)
		}
	}
}

func TestTheDocumentIsCached(t *testing.T) {
	data, _ := document(t)
	h, err := openapi.NewHandler(data)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeDocument(w, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	if w.Header().Get("Content-Type") != "application/json" || w.Body.String() != string(data) {
		t.Errorf("header %v, %d bytes", w.Header(), w.Body.Len())
	}
	r := httptest.NewRequest(http.MethodGet, "/openapi.json", nil)
	r.Header.Set("If-None-Match", w.Header().Get("ETag"))
	w = httptest.NewRecorder()
	h.ServeDocument(w, r)
	if w.Code != http.StatusNotModified {
		t.Errorf("status %d, want 304", w.Code)
	}
}
