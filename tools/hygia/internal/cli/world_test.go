package cli_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/tools/hygia/internal/cli"
)

// world is a fake gateway, and a folder in which commands run.
type world struct {
	t      *testing.T
	dir    string
	server *httptest.Server
	env    map[string]string
	stdin  string
	// homeless is a person without a folder for settings.
	homeless bool
	// stdinTerminal and terminal make standard input and standard error one.
	stdinTerminal, terminal bool
	clock                   func() time.Time

	mu       sync.Mutex
	routes   map[string]http.HandlerFunc
	requests []request
}

// request is what the gateway got.
type request struct {
	line, body string
	header     http.Header
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), env: map[string]string{"HYGIA_TOKEN": "token-of-the-environment"}, routes: map[string]http.HandlerFunc{}, clock: time.Now}
	w.server = httptest.NewServer(w)
	t.Cleanup(w.server.Close)
	w.env["HYGIA_URL"] = w.server.URL
	return w
}

func (w *world) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.t.Error(err)
	}
	line := r.Method + " " + r.URL.RequestURI()
	var compact bytes.Buffer // protojson varies its white space
	if json.Compact(&compact, body) == nil {
		body = compact.Bytes()
	}
	w.mu.Lock()
	w.requests = append(w.requests, request{line, string(body), r.Header.Clone()})
	answer := w.routes[line]
	if answer == nil {
		answer = w.routes[r.Method+" "+r.URL.Path]
	}
	w.mu.Unlock()
	if answer == nil {
		problem(http.StatusNotFound, "NOT_FOUND", "no route "+line)(out, r)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer(out, r)
}

// answer sets what "METHOD /path" or "METHOD /path?query" gets.
func (w *world) answer(line, body string) {
	w.route(line, func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(out, body)
	})
}

func (w *world) route(line string, handler http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.routes[line] = handler
}

func problem(status int, reason, detail string) http.HandlerFunc {
	return func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "application/problem+json")
		out.WriteHeader(status)
		_ = json.NewEncoder(out).Encode(map[string]any{"status": status, "reason": reason, "detail": detail})
	}
}

func (w *world) last() request {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.requests) == 0 {
		w.t.Fatal("the gateway was never asked")
	}
	return w.requests[len(w.requests)-1]
}

func (w *world) asked() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.requests)
}

func (w *world) file(name, text string) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// run runs one command.
func (w *world) run(args ...string) (code int, stdout, stderr string) {
	w.t.Helper()
	var out, problems bytes.Buffer
	config := filepath.Join(w.dir, "config")
	if w.homeless {
		config = ""
	}
	code = cli.Env{
		Args: args, Stdin: strings.NewReader(w.stdin), Stdout: &out, Stderr: &problems, StdinTerminal: w.stdinTerminal, StderrTerminal: w.terminal,
		Getenv: func(key string) string { return w.env[key] }, Dir: w.dir, ConfigDir: config,
		HTTP: w.server.Client(), Clock: w.clock, Version: "1.2.3-test",
	}.Run(w.t.Context())
	return code, out.String(), problems.String()
}

// want runs a command and checks its exit code.
func (w *world) want(code int, args ...string) (stdout, stderr string) {
	w.t.Helper()
	got, stdout, stderr := w.run(args...)
	if got != code {
		w.t.Fatalf("hygia %q exits with %d, want %d\n%s%s", args, got, code, stdout, stderr)
	}
	return stdout, stderr
}

func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var out T
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return out
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("lacks %q:\n%s", part, text)
		}
	}
}
