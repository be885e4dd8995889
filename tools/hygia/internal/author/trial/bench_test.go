package trial_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/hygia-suite/hygia/tools/hygia/internal/author/fixture"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/project"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/trial"
)

// slowStart takes some milliseconds to start, and none to answer.
const slowStart = `(component
  (core module $m
    (func $start (local $i i32)
      (loop $again
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $i) (i32.const 10000000)))))
    (start $start)
    (func (export "answer") (result i32) (i32.const 42)))
  (core instance $i (instantiate $m))
  (func $answer (result u32) (canon lift (core func $i "answer")))
  (instance $api (export "answer" (func $answer)))
  (export "test:api/answerer@0.1.0" (instance $api)))`

const manifest = `{"name": "answerer", "version": "0.1.0", "description": "Answers.", "world": "test:api/answers@0.1.0",
  "exports": ["test:api/answerer@0.1.0"], "on_failure": "closed"`

// built is a project with a component, as its author's tools would leave it.
func built(t *testing.T, manifest string) *project.Project {
	t.Helper()
	return builtOf(t, manifest, slowStart)
}

func builtOf(t *testing.T, manifest, text string) *project.Project {
	t.Helper()
	wasm, err := wasmtime.Wat2Wasm(text)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"manifest.json": manifest, "plugin.js": "", "fixtures/answer.json": `{"call": "answer", "want": 42}`, "fixtures/notes/note.txt": "",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := project.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	sources, err := p.Sources()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Write(wasm, sources); err != nil {
		t.Fatal(err)
	}
	return p
}

// measured takes its time on a busy machine, whose few calls are all slow: what is on
// the way of every call stays there however often it is measured.
func measured(t *testing.T, tr *trial.Trial, f fixture.Fixture) (rows []trial.Measured) {
	t.Helper()
	for spend := 100 * time.Millisecond; spend < 5*time.Second; spend *= 4 {
		var err error
		if rows, err = tr.Bench(t.Context(), f, spend); err != nil {
			t.Fatal(err)
		}
		slow := func(m trial.Measured) bool { return m.LeastNanoseconds > rows[0].LeastNanoseconds/2 }
		if !slices.ContainsFunc(rows[1:], slow) {
			break
		}
	}
	return rows
}

// Calls are measured in each kind of instances that the manifest lets a plugin
// have; only a fresh one's start is on the way of a call.
func TestBench(t *testing.T) {
	for _, c := range []struct {
		name, manifest string
		want           []trial.Instances
	}{
		{"usual", manifest + `}`, []trial.Instances{trial.Fresh, trial.Warmed}},
		{"reuse", manifest + `, "reuse": true}`, []trial.Instances{trial.Fresh, trial.Warmed, trial.Reused}},
		{
			"folders", manifest + `, "grants": {"folders": [{"name": "notes", "path": "/notes", "access": "read-only"}]}}`,
			[]trial.Instances{trial.Fresh},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := built(t, c.manifest)
			fixtures, err := fixture.Read(os.DirFS(trial.Fixtures(p)))
			if err != nil {
				t.Fatal(err)
			}
			tr, err := trial.Open(t.Context(), p, time.Now)
			if err != nil {
				t.Fatal(err)
			}
			defer tr.Close()
			rows := measured(t, tr, fixtures[0])
			var kinds []trial.Instances
			for _, m := range rows {
				kinds = append(kinds, m.Instances)
				if m.Fixture != "answer" || m.Calls < 1 || m.PerSecond <= 0 || m.Workers < 1 || m.P99Microseconds < m.P50Microseconds {
					t.Errorf("%+v", m)
				}
				if fresh := rows[0].LeastNanoseconds; m.Instances != trial.Fresh && m.LeastNanoseconds > fresh/2 {
					t.Errorf("%s: %d ns at least, and %d in fresh instances", m.Instances, m.LeastNanoseconds, fresh)
				}
			}
			if !slices.Equal(kinds, c.want) {
				t.Errorf("measured in %v, want %v", kinds, c.want)
			}
		})
	}
}
