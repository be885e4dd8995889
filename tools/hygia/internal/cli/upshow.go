package cli

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/hygia-suite/hygia/tools/hygia/internal/demo"
	"github.com/hygia-suite/hygia/tools/hygia/internal/supervise"
)

// upShow tells how `hygia up` fares, to a person or a program. It is safe for
// concurrent use.
type upShow struct {
	app   *app
	dir   string
	mu    sync.Mutex
	since time.Time
}

func (s *upShow) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.app.env.Stdout, format+"\n", args...)
}

// tell writes one line of JSON.
func (s *upShow) tell(event string, value map[string]any) {
	value["event"] = event
	s.mu.Lock()
	defer s.mu.Unlock()
	encoder := json.NewEncoder(s.app.env.Stdout)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // a reader that went away misses the rest
}

func (s *upShow) begin() {
	s.since = s.app.env.Clock()
	if !s.app.json {
		s.say("Hygia %s, everything is kept in %s\n", s.app.env.Version, s.dir)
	}
}

// service tells of one service.
func (s *upShow) service(e supervise.Event) {
	if s.app.json {
		value := map[string]any{"service": e.Service, "state": string(e.State)}
		if e.Address != "" {
			value["address"], value["metrics"], value["pid"] = e.Address, e.Metrics, e.PID
		}
		s.tell("service", value)
		return
	}
	switch e.State {
	case supervise.Ready:
		s.say("  %-14s ready    %-22s %5.1f s  metrics %s", e.Service, e.Address, e.Took.Seconds(), e.Metrics)
	case supervise.Restarting:
		s.say("  %-14s ended unasked and is started again; see %s", e.Service, filepath.Join(s.dir, "logs", e.Service+".log"))
	case supervise.Stopped:
		s.say("  %-14s stopped  %28.1f s", e.Service, e.Took.Seconds())
	}
}

// tenant tells of the organisation that was asked for.
func (s *upShow) tenant(slug, env string) {
	if s.app.json {
		s.tell("tenant", map[string]any{"tenant": slug, "env": env})
		return
	}
	s.say("\nThe organisation %s is there; its administrator's password and token are in %s", slug, env)
}

// step tells of one step of the demo.
func (s *upShow) step(d demo.Step) {
	switch {
	case s.app.json && d.Done:
		s.tell("step", map[string]any{"number": d.Number, "name": d.Name, "result": d.Result})
	case s.app.json:
	case !d.Done:
		s.say("\n%d/%d  %s", d.Number, demo.Steps, d.Title)
	default:
		for _, line := range d.Lines {
			s.say("     %s", line)
		}
	}
}

const upLines = `
The suite runs. It took %.1f s.

  REST      %s/v1/      OpenAPI %[2]s/openapi.json
  pages     %[2]s/docs/
  logs      %s`

const tryLines = `
In another terminal:

  source %[1]s
  curl -s -H "Authorization: Bearer $HYGIA_EDITOR_TOKEN" "$HYGIA_URL/v1/entries?status=ENTRY_STATUS_PUBLISHED"
  curl -s -H "Authorization: Bearer $HYGIA_EDITOR_TOKEN" -H 'Content-Type: application/json' \
       -d '{"document":{"language":"pt-BR","kind":"ENTRY_KIND_POST","title":"Asma","body":"<p>Garantimos a cura.</p>"}}' "$HYGIA_URL/v1/validate"
  curl -s -H "Authorization: Bearer $HYGIA_DPO_TOKEN" -H 'Content-Type: application/json' \
       -d '{"text":"Paciente CPF 529.982.247-25, tel. (11) 98765-4321"}' "$HYGIA_URL/v1/anonymize"
  curl -s -H "Authorization: Bearer $HYGIA_DPO_TOKEN" "$HYGIA_URL/v1/audit/events?pageSize=5"
  %[2]s audit verify`

// up tells that all is up, and what to try.
func (s *upShow) up(suite *supervise.Suite, env string, people bool) {
	if s.app.json {
		s.tell("up", map[string]any{"url": suite.URL(), "env": env})
		return
	}
	s.say(upLines, s.app.env.Clock().Sub(s.since).Seconds(), suite.URL(), filepath.Join(s.dir, "logs"))
	if people {
		s.say(tryLines, quoted(env), quoted(s.app.shorten(s.app.env.Executable)))
	}
	s.say("\nCtrl-C stops everything.")
}

// quoted is a path as a shell takes it.
func quoted(path string) string {
	if strings.ContainsFunc(path, func(r rune) bool {
		return !strings.ContainsRune("/._-+,:@%", r) && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
	}) {
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}

func (s *upShow) stopping() {
	if !s.app.json {
		s.say("\nStopping; Ctrl-C again kills.")
	}
}
