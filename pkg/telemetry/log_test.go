package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/telemetry"
)

// canaries are what must never leave: fictional people's data.
var canaries = []string{
	"529.982.247-25", "52998224725", "898 0012 3456 7890", "+55 (11) 98765-4321",
	"maria.canary@example.com", "Maria Canary da Silva", "1984-02-29", "11.222.333/0001-81",
}

const tenant = "0195a0c4-2222-7000-8000-000000000002"

func logged(t testing.TB, format string, write func(*slog.Logger)) string {
	t.Helper()
	var out bytes.Buffer
	write(telemetry.NewLogger(&out, format, slog.LevelDebug))
	return out.String()
}

func TestListedAttributesAreKept(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.FixedZone("-03", -3*3600))
	line := logged(t, "json", func(l *slog.Logger) {
		l.With("service", "content", "version", "0.1.0-dev").Info("call ended",
			"method", "/hygia.content.v1.ContentService/GetEntry", "code", "NotFound",
			"duration_ms", 1500*time.Microsecond, "attempt", 2, "ok", false,
			"tenant", tenant, "addr", "192.168.100.100:54321", "expires", at,
			"spiffe_id", "spiffe://hygia.local/content", "digest", "sha256:"+strings.Repeat("0a", 32),
			slog.Group("peer_info", "peer", "gateway"))
	})
	var got map[string]any
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"level": "INFO", "msg": "call ended", "service": "content", "version": "0.1.0-dev",
		"method": "/hygia.content.v1.ContentService/GetEntry", "code": "NotFound",
		"duration_ms": 1.5, "attempt": 2.0, "ok": false, "tenant": tenant,
		"addr": "192.168.100.100:54321", "expires": "2026-03-01T12:00:00Z",
		"spiffe_id": "spiffe://hygia.local/content", "digest": "sha256:" + strings.Repeat("0a", 32),
	} {
		if got[key] != want {
			t.Errorf("%s: %v, want %v", key, got[key], want)
		}
	}
	if group, _ := got["peer_info"].(map[string]any); group["peer"] != "gateway" {
		t.Errorf("group: %v", got["peer_info"])
	}
	if strings.Contains(line, telemetry.Withheld) {
		t.Error(line)
	}
}

// Invariant 3, the log's part: whatever carries a canary, by whatever key and
// kind of value, it does not come out.
func TestInvariant3NothingPersonalIsLogged(t *testing.T) {
	keys := []string{
		"service", "version", "method", "code", "peer", "tenant", "person", "actor", "access_id", "addr", "target",
		"file", "route", "digest", "duration_ms", "attempt", "expires", "error_reason",
		"error", "err", "name", "email", "cpf", "body", "request", "path", "", "msg", "time", "level",
	}
	for _, canary := range canaries {
		values := map[string]any{
			"text": canary, "error": errors.New(canary), "bytes": []byte(canary), "list": []string{canary},
			"map": map[string]string{canary: canary}, "struct": struct{ Name string }{canary},
			"valuer": valuer{canary}, "stringer": stringer{canary}, "any": any(&canary),
			"longer": "entry " + canary + " saved", "group": slog.GroupValue(slog.String("name", canary)),
		}
		for _, key := range keys {
			for kind, value := range values {
				for _, format := range []string{"json", "text"} {
					line := logged(t, format, func(l *slog.Logger) {
						l.Info("saved", key, value)
						l.With(key, value).WithGroup("g").Info("saved", slog.Group("h", key, value))
					})
					if strings.Contains(line, canary) {
						t.Errorf("%s as %s under %q: %s", canary, kind, key, line)
					}
				}
			}
		}
		if line := logged(t, "json", func(l *slog.Logger) { l.Info("saved", canary, 1) }); strings.Contains(line, canary) {
			t.Errorf("as a key: %s", line)
		}
	}
}

type valuer struct{ s string }

func (v valuer) LogValue() slog.Value { return slog.StringValue(v.s) }

type stringer struct{ s string }

func (s stringer) String() string { return s.s }

// A message is a constant; one that holds a number, a date or an address anyway
// is withheld.
func TestInvariant3Messages(t *testing.T) {
	for _, canary := range canaries {
		if !strings.ContainsAny(canary, "0123456789@") {
			continue // a name looks like any other words
		}
		line := logged(t, "json", func(l *slog.Logger) { l.Info("saved entry of " + canary) })
		if strings.Contains(line, canary) {
			t.Error(line)
		}
	}
	if line := logged(t, "text", func(l *slog.Logger) { l.Info("audit outbox not flushed yet") }); !strings.Contains(line, "audit outbox not flushed yet") {
		t.Error(line)
	}
}

// Whatever is given under a key that the table does not have, it is not written.
func TestUnlistedKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := "unlisted_" + rapid.StringMatching(`[a-z]{0,8}`).Draw(t, "key")
		value := rapid.StringMatching(`canary[ -~]{0,40}`).Draw(t, "value")
		var out bytes.Buffer
		telemetry.NewLogger(&out, "json", slog.LevelInfo).Info("m", key, value, slog.Group("g", key, value))
		if strings.Contains(out.String(), "canary") || strings.Count(out.String(), telemetry.Withheld) != 2 {
			t.Fatal(out.String())
		}
	})
}

func TestErr(t *testing.T) {
	secret := errors.New("canary")
	disk := &fs.PathError{Op: "open", Path: "/canary", Err: os.ErrNotExist}
	entry := fault.New(codes.NotFound, "ENTRY_NOT_FOUND", "content: there is no such entry")
	_, missing := os.Open("/no/such/canary")
	for name, c := range map[string]struct {
		err  error
		want []string
	}{
		"fault":    {fmt.Errorf("canary: %w", entry.Wrap(secret)), []string{`"ENTRY_NOT_FOUND"`, "there is no such entry", "*fault.Error,*errors.errorString"}},
		"plain":    {secret, []string{`"INTERNAL"`, "*errors.errorString"}},
		"joined":   {errors.Join(secret, context.Canceled), []string{"context.Canceled"}},
		"path":     {disk, []string{"*fs.PathError"}},
		"system":   {missing, []string{"no such file or directory", "syscall.Errno"}},
		"many":     {errors.Join(slices.Repeat([]error{secret}, 1000)...), []string{"*errors.joinError,*errors.errorString"}},
		"deadline": {context.DeadlineExceeded, []string{`"DEADLINE_EXCEEDED"`}},
	} {
		line := logged(t, "json", func(l *slog.Logger) { l.Error("failed", telemetry.Err(c.err)) })
		for _, want := range c.want {
			if !strings.Contains(line, want) {
				t.Errorf("%s: no %q in %s", name, want, line)
			}
		}
		if strings.Contains(line, "canary") || strings.Contains(line, telemetry.Withheld) {
			t.Errorf("%s: %s", name, line)
		}
	}
	if line := logged(t, "json", func(l *slog.Logger) { l.Info("m", telemetry.Err(nil)) }); strings.Contains(line, "error") {
		t.Error(line)
	}
}
