package trial_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/fixture"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/trial"
)

// answering is a component whose function has this body and whose module has these
// other parts.
func answering(body, parts string) string {
	return `(component (core module $m ` + parts + ` (func (export "answer") (result i32) ` + body + `))
  (core instance $i (instantiate $m))
  (func $answer (result u32) (canon lift (core func $i "answer")))
  (instance $api (export "answer" (func $answer)))
  (export "test:api/answerer@0.1.0" (instance $api)))`
}

const answer = `{"call": "answer", "want": 42}`

// Check finds nothing wrong only where the plugin starts and every fixture passes.
func TestCheck(t *testing.T) {
	sound := answering("(i32.const 42)", `(memory 2)`)
	for name, c := range map[string]struct {
		manifest, text   string
		fixtures         map[string]string
		passed           int
		problem, warning string
	}{
		"sound":       {`}`, sound, map[string]string{"answer": answer}, 1, "", ""},
		"no fixtures": {`}`, sound, nil, 0, "", "no call was tried"},
		"starts with too much memory": {
			`, "limits": {"memory_bytes": 65536}}`, sound, map[string]string{"answer": answer}, 0,
			"it does not start: ", "",
		},
		"starts with too much memory, no fixtures": {`, "limits": {"memory_bytes": 65536}}`, sound, nil, 0, "limits.memory_bytes of manifest.json", ""},
		"never starts": {
			`, "limits": {"deadline_ms": 20}}`, answering("(i32.const 42)", "(func $f (loop (br 0))) (start $f)"), nil, 0,
			"limits.deadline_ms in manifest.json", "",
		},
		"never returns": {
			`, "limits": {"deadline_ms": 20}}`, answering("(loop (br 0)) (unreachable)", ""), map[string]string{"answer": answer}, 0,
			"the fixture answer fails: ", "",
		},
		"traps": {`}`, answering("(unreachable)", ""), map[string]string{"answer": answer}, 0, "More is told by `hygia plugin test --only answer`", ""},
		"one of three": {
			`}`, sound, map[string]string{"a": answer, "b": `{"call": "answer", "want": 41}`, "c": answer}, 2,
			"the fixture b fails: the result: want 41, got 42", "",
		},
		"a broken fixture": {
			`}`, sound, map[string]string{"a": answer, "b": `{"call" "answer"}`}, 1,
			"the fixture b fails: fixtures/b.json:1:9: invalid character", "",
		},
		"a key is missing":     {`, "grants": {"interfaces": ["hygia:host/config@0.1.0"]}}`, sound, map[string]string{"a": answer}, 1, "", "add a key to grants.config"},
		"no host is named":     {`, "grants": {"interfaces": ["hygia:host/outbound-http@0.1.0"]}}`, sound, map[string]string{"a": answer}, 1, "", "add a host to grants.hosts"},
		"a key without config": {`, "grants": {"config": ["limit"]}}`, sound, map[string]string{"a": answer}, 1, "", "grants.config has no effect without hygia:host/config"},
	} {
		t.Run(name, func(t *testing.T) {
			r := checked(t, c.manifest, c.text, c.fixtures)
			if problems := strings.Join(r.Problems, "\n"); (c.problem == "") != (problems == "") || !strings.Contains(problems, c.problem) {
				t.Errorf("problems: %q, want %q", problems, c.problem)
			}
			others := slices.DeleteFunc(r.Warnings, func(w string) bool { return strings.HasSuffix(w, "is no hook of this suite") })
			if warnings := strings.Join(others, "\n"); (c.warning == "") != (warnings == "") || !strings.Contains(warnings, c.warning) {
				t.Errorf("warnings: %q, want %q", warnings, c.warning)
			}
			if r.Fixtures != c.passed {
				t.Errorf("%d fixtures pass, want %d", r.Fixtures, c.passed)
			}
		})
	}
}

// What fixtures use is told beside what is granted; of fuel and of time in the host
// where these are limited.
func TestWhatFixturesUse(t *testing.T) {
	grows := answering("(drop (memory.grow (i32.const 6))) (i32.const 42)", `(memory 2)`)
	r := checked(t, `, "limits": {"fuel": 100000, "host_time_ms": 50}}`, grows, map[string]string{"answer": answer})
	if r.Limits.DeadlineMS != 10_000 || r.Limits.MemoryBytes != 64<<20 || r.Limits.HostCalls != 100_000 || r.Limits.Resources != 1000 {
		t.Errorf("the limits are %+v", r.Limits)
	}
	for limit, most := range map[string]int64{"deadline_ms": 10_000, "host_calls": 0, "host_time_ms": 0, "fuel": 1000, "memory_bytes": 2 << 16} {
		if used, ok := r.Used[limit]; !ok || used.Amount > most || used.Fixture != "answer" {
			t.Errorf("%s: used %+v, want at most %d", limit, used, most)
		}
	}
	if r.Used["fuel"].Amount == 0 || r.Used["memory_bytes"].Amount != 2<<16 {
		t.Errorf("used %+v", r.Used)
	}
	if r = checked(t, `}`, grows, map[string]string{"answer": answer}); len(r.Used) != 3 {
		t.Errorf("used %+v", r.Used)
	}
}

// What a fixture takes of memory is what a service's instance has, headroom included.
func TestMemoryThatAFixtureTakes(t *testing.T) {
	const page = 64 << 10
	headroom := plugin.EngineConfig().HeadroomBytes
	for by, want := range map[int64]int64{0: page, 1: page + headroom, 10: 11 * page} {
		body := fmt.Sprintf(`(drop (memory.grow (i32.const %d)))`, by)
		if by == 0 { // without an instruction that grows, none is given
			body = ""
		}
		text := `(component (core module $m (memory (export "memory") 1)
		    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
		    (func (export "answer") (param i32 i32) (result i32) ` + body + `
		      (if (i32.lt_u (memory.size) (i32.const ` + fmt.Sprint(1+by) + `)) (then unreachable)) (i32.const 42)))
		  (core instance $i (instantiate $m))
		  (func $answer (param "text" string) (result u32)
		    (canon lift (core func $i "answer") (memory $i "memory") (realloc (func $i "realloc"))))
		  (instance $api (export "answer" (func $answer)))
		  (export "test:api/answerer@0.1.0" (instance $api)))`
		r := checked(t, `}`, text, map[string]string{"answer": `{"call": "answer", "args": {"text": "x"}, "want": 42}`})
		if got := r.Used["memory_bytes"].Amount; got != want || r.Fixtures != 1 {
			t.Errorf("growing by %d: %d, want %d; %d pass", by, got, want, r.Fixtures)
		}
	}
}

// A start is measured apart from calls: most of this plugin's time.
func TestStartIsMeasured(t *testing.T) {
	const body = `(func $f (local $i i32) (loop $again (local.set $i (i32.add (local.get $i) (i32.const 1)))
	  (br_if $again (i32.lt_u (local.get $i) (i32.const 3000000))))) (start $f)`
	quick, slow := checked(t, `}`, answering("(i32.const 42)", ""), nil), checked(t, `}`, answering("(i32.const 42)", body), nil)
	if quick.StartMicroseconds <= 0 || slow.StartMicroseconds < 2*quick.StartMicroseconds {
		t.Errorf("a long start takes %d µs, a short one %d µs", slow.StartMicroseconds, quick.StartMicroseconds)
	}
}

// checked is what Check says of a plugin with these fixtures alone.
func checked(t *testing.T, manifestEnd, text string, fixtures map[string]string) trial.Report {
	t.Helper()
	p := builtOf(t, manifest+manifestEnd, text)
	if err := os.RemoveAll(trial.Fixtures(p)); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(trial.Fixtures(p), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range fixtures {
		if err := os.WriteFile(p.Path("fixtures", name+".json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tr, err := trial.Open(t.Context(), p, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	all, _ := fixture.Read(os.DirFS(trial.Fixtures(p)))
	r, err := tr.Check(t.Context(), all)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
