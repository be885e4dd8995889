package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const healthy = `{"healthy":true,"services":[{"service":"audit","serving":true,"status":{"version":"1","components":[{"name":"fhir","version":"2","digest":"sha256:ab"}]}}]}`

// Who asks is found in one order, and a token goes to the suite that it is for.
func TestWhoAsks(t *testing.T) {
	tests := []struct {
		name    string
		env     map[string]string
		dev     string // "" for none; URL is replaced
		files   map[string]string
		args    []string
		code    int
		token   string
		purpose string
	}{
		{name: "environment", env: map[string]string{"HYGIA_TOKEN": "t1"}, token: "t1"},
		{name: "role before environment", env: map[string]string{"HYGIA_TOKEN": "t1", "HYGIA_DPO_TOKEN": "t2"}, args: []string{"--as", "dpo"}, token: "t2", purpose: "privacy"},
		{name: "file before role", env: map[string]string{"HYGIA_DPO_TOKEN": "t2"}, files: map[string]string{"tok": "t3\n"}, args: []string{"--as", "dpo", "--token-file", "tok"}, token: "t3"},
		{name: "empty file", files: map[string]string{"tok": " \n"}, args: []string{"--token-file", "tok"}, code: 2},
		{name: "file of two words", files: map[string]string{"tok": "a b"}, args: []string{"--token-file", "tok"}, code: 1},
		{name: "dev.env by default", dev: "HYGIA_URL=URL\nHYGIA_ADMIN_TOKEN='t4'\n", token: "t4", purpose: "administration"},
		{name: "dev.env by role", dev: "HYGIA_URL=URL\nHYGIA_EDITOR_TOKEN='t5'\n", args: []string{"--as", "editor"}, token: "t5", purpose: "editorial"},
		{name: "dev.env of another suite", dev: "HYGIA_URL=http://127.0.0.1:1\nHYGIA_ADMIN_TOKEN=t4\n", env: map[string]string{"HYGIA_URL": "URL"}, code: 3},
		{name: "role that nobody has", args: []string{"--as", "dpo"}, code: 3},
		{name: "nobody", code: 3},
		{name: "damaged dev.env", dev: "not a line\n", code: 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.env = map[string]string{}
			if test.dev == "" {
				w.env["HYGIA_URL"] = w.server.URL
			} else {
				w.file(".hygia/dev.env", strings.ReplaceAll(test.dev, "URL=URL", "URL="+w.server.URL))
			}
			for key, value := range test.env {
				w.env[key] = strings.ReplaceAll(value, "URL", w.server.URL)
			}
			for name, text := range test.files {
				w.file(name, text)
			}
			w.answer("GET /v1/status", healthy)
			w.want(test.code, append([]string{"status"}, test.args...)...)
			if test.code != 0 {
				if w.asked() != 0 {
					t.Error("the gateway was asked")
				}
				return
			}
			header := w.last().header
			if got := header.Get("Authorization"); got != "Bearer "+test.token {
				t.Errorf("asked with %q", got)
			}
			if got := header.Get("Hygia-Purpose"); got != test.purpose {
				t.Errorf("asked for %q, want %q", got, test.purpose)
			}
		})
	}
}

func TestLoginIsKept(t *testing.T) {
	w := newWorld(t)
	delete(w.env, "HYGIA_TOKEN")
	w.stdin = "a long password\n"
	w.answer("POST /v1/login", `{"token":"t9","expireTime":"2999-01-01T00:00:00Z","person":{"id":"p1","displayName":"Ana"}}`)
	stdout, _ := w.want(0, "login", "--tenant", "aurora", "--email", "ana@aurora.example")
	contains(t, stdout, "as Ana")
	contains(t, w.last().body, `"password":"a long password"`, `"tenant":"aurora"`)
	if strings.Contains(stdout, "t9") {
		t.Error("the token is printed")
	}
	if info, err := os.Stat(filepath.Join(w.dir, "config", "logins.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("logins.json: %v, %v", info, err)
	}
	w.answer("GET /v1/status", healthy)
	w.want(0, "status")
	if got := w.last().header.Get("Authorization"); got != "Bearer t9" {
		t.Errorf("asked with %q", got)
	}
	w.answer("POST /v1/login", `{"token":"t10","expireTime":"2000-01-01T00:00:00Z","person":{"id":"p1"}}`)
	stdout, _ = w.want(0, "login", "--tenant", "aurora", "--email", "ana@aurora.example", "--json")
	if decode[map[string]any](t, stdout)["expireTime"] != "2000-01-01T00:00:00Z" || strings.Contains(stdout, "t10") {
		t.Errorf("got %s", stdout)
	}
	_, stderr := w.want(3, "status")
	contains(t, stderr, "nobody is signed in")
}

// Without a folder for settings nothing is kept, and all else works.
func TestWithoutSettings(t *testing.T) {
	w := newWorld(t)
	w.homeless = true
	w.answer("GET /v1/status", healthy)
	w.want(0, "status")
	w.want(2, "login", "--tenant", "a", "--email", "a@b.example")
	_, stderr := w.want(2, "audit", "verify", "--key", "k")
	contains(t, stderr, "--state")
	if files, _ := os.ReadDir(w.dir); len(files) != 0 {
		t.Errorf("it wrote %v", files)
	}
}

func TestStatus(t *testing.T) {
	w := newWorld(t)
	w.answer("GET /v1/status", healthy)
	stdout, _ := w.want(0, "status")
	contains(t, stdout, "every service serves", "audit", "fhir@2")
	stdout, _ = w.want(0, "status", "--json")
	if got := decode[map[string]any](t, stdout); got["healthy"] != true {
		t.Errorf("got %v", got)
	}
	w.answer("GET /v1/status", `{"healthy":false,"services":[{"service":"audit","problem":"no answer"}]}`)
	stdout, _ = w.want(6, "status")
	contains(t, stdout, "down: no answer")
}

// The engine is the one that the service says it runs on.
func TestStatusNamesTheEngine(t *testing.T) {
	w := newWorld(t)
	w.answer("GET /v1/status", `{"healthy":true,"services":[{"service":"audit","serving":true,"status":{"service":"audit","version":"0.1.0","engine":"wasmtime 48.0.8"}}]}`)
	stdout, _ := w.want(0, "status")
	contains(t, stdout, "ENGINE", "wasmtime 48.0.8")
}
