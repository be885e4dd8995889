package cli_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/tools/hygia/internal/cli"
)

func TestExitCodesOfProblems(t *testing.T) {
	for status, want := range map[int]int{
		400: 2, 413: 2, 415: 2, 422: 2, 401: 3, 403: 3, 409: 3, 412: 3, 404: 4, 410: 4, 429: 6, 502: 6, 503: 6, 504: 6, 500: 1, 418: 1,
	} {
		w := newWorld(t)
		w.route("GET /v1/entries/e1", problem(status, "SOME_REASON", "the detail"))
		_, stderr := w.want(want, "content", "show", "e1")
		contains(t, stderr, "the detail", "SOME_REASON")
	}
}

func TestSubmissionWithFindings(t *testing.T) {
	w := newWorld(t)
	w.route("POST /v1/entries/e1/submit", problem(409, "FINDINGS_BLOCK_SUBMIT", "ADV-1"))
	w.want(5, "content", "submit", "e1")
}

func TestHints(t *testing.T) {
	w := newWorld(t)
	w.route("GET /v1/status", problem(401, "TOKEN_EXPIRED", "expired"))
	_, stderr := w.want(3, "status")
	contains(t, stderr, "do: log in with `hygia login`")
	w.route("GET /v1/status", problem(403, "ROLE_NOT_ALLOWED", "none of the actor's roles may do this"))
	_, stderr = w.want(3, "status")
	contains(t, stderr, "do: ask for the role")
	w.route("GET /v1/status", problem(403, "PLUGIN_KEY_EXPIRED", "the key has expired"))
	if _, stderr = w.want(3, "status"); strings.Contains(stderr, "do: ") {
		t.Errorf("no role lifts this refusal, and it says:\n%s", stderr)
	}
	w.route("GET /v1/status", func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "application/problem+json")
		out.Header().Set("Retry-After", "7")
		out.WriteHeader(429)
		_, _ = io.WriteString(out, `{"detail":"too many"}`)
	})
	_, stderr = w.want(6, "status")
	contains(t, stderr, "do: try again in 7 s")
	w.server.Close()
	_, stderr = w.want(6, "status")
	contains(t, stderr, "start the suite with `hygia up`")
}

func TestUsage(t *testing.T) {
	tests := [][]string{
		{"bogus"}, {"content"}, {"content", "bogus"}, {"validate"}, {"validate", "a", "b"}, {"status", "--nope"},
		{"validate", "missing.md"}, {"content", "list", "--status", "odd"}, {"content", "list", "--kind", "odd"},
		{"content", "sign", "e1"}, {"content", "return", "e1"}, {"content", "publish", "e1", "--at", "tomorrow"},
		{"audit", "list", "--since", "yesterday"}, {"audit", "verify"}, {"status", "--as", "king"},
		{"anonymize", "-", "--rule", "cpf"}, {"anonymize", "-", "--rule", "rg=keep"}, {"anonymize", "-", "--rule", "cpf=burn"},
		{"anonymize", "-", "--rule", "cpf=mask:x"}, {"anonymize", "-", "--rule", "cpf=keep", "--rule", "cpf=keep"},
		{"login"}, {"import", "wordpress", "missing.xml"}, {"up", "--http-port", "70000"}, {"status", "--url", "http://suite.example"},
		{"status", "--token-file", "missing"},
	}
	for _, args := range tests {
		w := newWorld(t)
		if _, stderr := w.want(2, args...); !strings.HasPrefix(stderr, "hygia: ") {
			t.Errorf("%q says %q", args, stderr)
		}
		if w.asked() != 0 {
			t.Errorf("%q asked the gateway", args)
		}
	}
}

// Words that do not make a command are answered with some that do.
func TestMisused(t *testing.T) {
	for _, c := range []struct {
		args []string
		says []string
	}{
		{[]string{"plugin", "new"}, []string{"there are 0", "`hygia plugin new NAME [flags]`", "do: call it as in `hygia plugin new claim-words --lang rust --hook validator`", "`hygia plugin new --help`"}},
		{[]string{"plugin", "new", "a", "b"}, []string{"there are 2", "NAME"}},
		{[]string{"plugin", "new", "a"}, []string{`"hook", "lang" not set`, "claim-words --lang rust"}},
		{[]string{"plugin", "new", "a-", "--lang", "rust", "--hook", "validator"}, []string{"a plugin's name must be words", "joined by single hyphens"}},
		{[]string{"plugin", "new", strings.Repeat("a", 80), "--lang", "rust", "--hook", "validator"}, []string{"at most 63 characters in all, such as claim-words"}},
		{[]string{"plugin", "key"}, []string{"FILE", "plugins.key --name plugins.example.org"}},
		{[]string{"plugin", "push"}, []string{"REFERENCE [FILE]", "registry.example.org/plugins/claim-words"}},
		{[]string{"plugin", "logs"}, []string{"NAME", "hygia plugin logs claim-words"}},
		{[]string{"plugin", "rollback"}, []string{"NAME", "hygia plugin rollback claim-words"}},
		{[]string{"plugin", "remove"}, []string{"NAME", "hygia plugin remove claim-words"}},
		{[]string{"plugin", "promote"}, []string{"NAME", "hygia plugin promote claim-words"}},
		{[]string{"plugin", "list", "x"}, []string{"there are 1", "hygia plugin list"}},
		{[]string{"plugin", "check", "a", "b"}, []string{"there are 2", "[FOLDER]"}},
		{[]string{"plugin", "sign"}, []string{`"key" not set`, "--key ~/keys/plugins.key"}},
	} {
		_, stderr := newWorld(t).want(2, c.args...)
		contains(t, stderr, c.says...)
	}
}

func TestInterrupt(t *testing.T) {
	w := newWorld(t)
	arrived := make(chan struct{})
	w.route("GET /v1/status", func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})
	signals := make(chan os.Signal, 1)
	go func() {
		<-arrived
		signals <- os.Interrupt
	}()
	code := cli.Env{
		Args: []string{"status"}, Stdout: io.Discard, Stderr: io.Discard, Getenv: func(k string) string { return w.env[k] },
		Dir: w.dir, ConfigDir: w.dir, HTTP: w.server.Client(), Clock: time.Now, Signals: signals,
	}.Run(context.Background())
	if code != cli.ExitInterrupted {
		t.Errorf("exits with %d", code)
	}
}
