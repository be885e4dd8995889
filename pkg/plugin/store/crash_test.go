package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/plugin/artifact"
	"github.com/hygia-suite/hygia/pkg/plugin/store"
)

func openOn(t testing.TB, w *world, d store.Disk) *store.Store {
	t.Helper()
	s, err := store.OpenOn(w.options(), d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Each change, with each of its steps failing in each way: there is what was
// before, or what comes after, whole; and trying again succeeds.
func TestAnyStepMayFail(t *testing.T) {
	w := newWorld(t)
	packages := map[string]*artifact.Package{}
	for _, v := range []string{"1.0.0", "1.1.0", "1.2.0", "2.0.0"} {
		packages[v] = w.sign(t, "a", v)
	}
	start := newMemory()
	s := openOn(t, w, start)
	must(t, s, "a 1.0.0;")(s.Install(t.Context(), packages["1.0.0"]))
	must(t, s, "a 1.1.0 (1.0.0);")(s.Install(t.Context(), packages["1.1.0"]))
	must(t, s, "a 1.1.0 (1.0.0) ?1.2.0;")(s.Stage(t.Context(), packages["1.2.0"]))
	const before = "a 1.1.0 (1.0.0) ?1.2.0;"
	for name, c := range map[string]struct {
		do    func(*store.Store) (store.Entry, error)
		after string
		done  error // what doing it a second time says
	}{
		"install":  {func(s *store.Store) (store.Entry, error) { return s.Install(t.Context(), packages["2.0.0"]) }, "a 2.0.0 (1.1.0) (1.0.0);", nil},
		"stage":    {func(s *store.Store) (store.Entry, error) { return s.Stage(t.Context(), packages["2.0.0"]) }, "a 1.1.0 (1.0.0) ?2.0.0;", nil},
		"promote":  {func(s *store.Store) (store.Entry, error) { return s.Promote(t.Context(), "a") }, "a 1.2.0 (1.1.0) (1.0.0);", store.ErrNoCandidate},
		"discard":  {func(s *store.Store) (store.Entry, error) { return s.Discard(t.Context(), "a") }, "a 1.1.0 (1.0.0);", store.ErrNoCandidate},
		"rollback": {func(s *store.Store) (store.Entry, error) { return s.Rollback(t.Context(), "a") }, "a 1.0.0;", store.ErrNoPrevious},
		"remove":   {func(s *store.Store) (store.Entry, error) { return s.Remove(t.Context(), "a") }, "", store.ErrNotInstalled},
	} {
		t.Run(name, func(t *testing.T) {
			whole := start.reboot(false)
			if _, err := c.do(openOn(t, w, whole)); err != nil {
				t.Fatal(err)
			}
			for step := 1; step <= whole.step; step++ {
				for _, way := range []struct{ persist, crash, lost bool }{
					{}, {persist: true}, {crash: true}, {crash: true, persist: true}, {crash: true, lost: true}, {crash: true, persist: true, lost: true},
				} {
					d := start.reboot(false)
					d.failAt, d.persist, d.crash = step, way.persist, way.crash
					_, failed := c.do(openOn(t, w, d))
					if way.crash {
						d = d.reboot(way.lost)
					}
					at := fmt.Sprintf("step %d of %d, %+v", step, whole.step, way)
					s := openOn(t, w, d)
					got := sketch(t, s)
					if got != c.after && (failed == nil || got != before) {
						t.Errorf("%s: failed: %v; got %q", at, failed, got)
					}
					if _, err := c.do(s); err != nil && (got != c.after || !errors.Is(err, c.done)) {
						t.Errorf("%s: again: %v", at, err)
					}
					if got := sketch(t, openOn(t, w, d.reboot(true))); got != c.after {
						t.Errorf("%s: again, and a crash: got %q", at, got)
					}
					if extra := len(d.names) - len(whole.names); extra > 0 && c.done == nil {
						t.Errorf("%s: %d files were left behind", at, extra)
					}
				}
			}
		})
	}
}

// Any run of changes, with crashes between and within them, does what a list in
// memory would, and forgets nothing that was acknowledged.
func TestAnyRunOfChanges(t *testing.T) {
	w := newWorld(t)
	packages := map[string]*artifact.Package{}
	for _, name := range []string{"a", "b"} {
		for v := range 6 {
			version := fmt.Sprintf("1.%d.0", v)
			packages[name+version] = w.sign(t, name, version)
		}
	}
	type plugin struct {
		current, candidate int
		previous           []int
		highest            int
	}
	rapid.Check(t, func(rt *rapid.T) {
		d := newMemory()
		model := map[string]plugin{}
		names := rapid.SampledFrom([]string{"a", "b"})
		rt.Repeat(map[string]func(*rapid.T){
			"change": func(rt *rapid.T) {
				name := names.Draw(rt, "name")
				m, known := model[name]
				if !known {
					m = plugin{current: -1, candidate: -1, highest: -1}
				}
				m.previous = append([]int(nil), m.previous...)
				use := func(v int) {
					if m.current >= 0 && m.current != v {
						m.previous = append([]int{m.current}, m.previous...)
						m.previous = m.previous[:min(2, len(m.previous))]
					}
					m.current, m.candidate = v, -1
				}
				s := openOn(t, w, d)
				v := rapid.IntRange(0, 5).Draw(rt, "version")
				p := packages[fmt.Sprintf("%s1.%d.0", name, v)]
				there, ok := m.current >= 0 || m.candidate >= 0, false
				var err error
				d.failAt, d.crash = 0, true
				if rapid.Bool().Draw(rt, "fails") {
					d.failAt = d.step + rapid.IntRange(1, 8).Draw(rt, "at")
				}
				switch rapid.SampledFrom([]string{"install", "stage", "promote", "discard", "rollback", "remove"}).Draw(rt, "action") {
				case "install":
					_, err = s.Install(t.Context(), p)
					if ok = v >= m.highest || v == m.current; ok && v != m.current {
						use(v)
						m.highest = v
					}
				case "stage":
					_, err = s.Stage(t.Context(), p)
					if ok = v >= m.highest || v == m.candidate; ok {
						m.candidate, m.highest = v, max(v, m.highest)
					}
				case "promote":
					_, err = s.Promote(t.Context(), name)
					if ok = m.candidate >= 0; ok {
						use(m.candidate)
					}
				case "discard":
					_, err = s.Discard(t.Context(), name)
					ok = m.candidate >= 0
					m.candidate = -1
				case "rollback":
					_, err = s.Rollback(t.Context(), name)
					if ok = m.current >= 0 && len(m.previous) > 0; ok {
						m.current, m.candidate, m.previous = m.previous[0], -1, m.previous[1:]
					}
				case "remove":
					_, err = s.Remove(t.Context(), name)
					ok = there
					m.current, m.candidate, m.previous = -1, -1, nil
				}
				fault := errors.Is(err, errFault)
				if !fault && (err == nil) != ok {
					rt.Fatalf("got %v, want success: %v", err, ok)
				}
				next := maps.Clone(model)
				if ok {
					next[name] = m
				}
				line := func(all map[string]plugin) string {
					var b strings.Builder
					for _, name := range []string{"a", "b"} {
						p, known := all[name]
						if !known || p.current < 0 && p.candidate < 0 {
							continue
						}
						b.WriteString(name)
						if p.current >= 0 {
							fmt.Fprintf(&b, " 1.%d.0", p.current)
						}
						for _, v := range p.previous {
							fmt.Fprintf(&b, " (1.%d.0)", v)
						}
						if p.candidate >= 0 {
							fmt.Fprintf(&b, " ?1.%d.0", p.candidate)
						}
						b.WriteString(";")
					}
					return b.String()
				}
				if fault || rapid.Bool().Draw(rt, "crash") {
					d = d.reboot(rapid.Bool().Draw(rt, "lost"))
				}
				d.failAt = 0
				switch got := sketch(t, openOn(t, w, d)); {
				case got == line(next):
					model = next
				case !fault || got != line(model):
					rt.Fatalf("got %q, want %q; %v", got, line(next), err)
				}
			},
		})
	})
}

// One process changes at a time.
func TestOnlyOneChanges(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	d := newMemory()
	s := openOn(t, w, d)
	d.locked = true
	if _, err := s.Install(t.Context(), w.sign(t, "a", "1.0.0")); !errors.Is(err, store.ErrLocked) {
		t.Errorf("got %v", err)
	}
	// Two stores on one folder, as two processes have: each change is done or
	// refused, and none is lost. Readers meet nothing that is half.
	var changes, readers sync.WaitGroup
	done := make(chan struct{})
	for _, name := range []string{"a", "b"} {
		s := w.fixed().open(t, dir)
		var packages []*artifact.Package
		for v := range 10 {
			packages = append(packages, w.sign(t, name, fmt.Sprintf("1.%d.0", v)))
		}
		changes.Go(func() {
			for _, p := range packages {
				for {
					_, err := s.Install(t.Context(), p)
					if err == nil {
						break
					}
					if !errors.Is(err, store.ErrLocked) {
						t.Error(err)
						return
					}
				}
			}
		})
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, _, err := s.Current(name); err != nil && !errors.Is(err, store.ErrNotInstalled) {
					t.Error(err)
					return
				}
			}
		})
	}
	changes.Wait()
	close(done)
	readers.Wait()
	if got := sketch(t, w.open(t, dir)); got != "a 1.9.0 (1.8.0) (1.7.0);b 1.9.0 (1.8.0) (1.7.0);" {
		t.Errorf("got %q", got)
	}
}

// fixed is the same world with a clock of its own.
func (w *world) fixed() *world {
	clone := *w
	return &clone
}

// The process is killed in the middle of installing, again and again: what is
// there is one of the versions, whole, and never one before what was
// acknowledged.
func TestKill(t *testing.T) {
	if dir := os.Getenv("STORE_TEST_DIR"); dir != "" {
		installForEver(t, dir)
	}
	w, dir := newWorld(t), t.TempDir()
	// The processes share a key and its policy through the environment's folder.
	keys := t.TempDir()
	if err := w.save(keys); err != nil {
		t.Fatal(err)
	}
	last := ""
	for round := range 8 {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKill$")
		child.Env = append(os.Environ(), "STORE_TEST_DIR="+dir, "STORE_TEST_KEYS="+keys)
		var out bytes.Buffer
		child.Stdout = &out
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(60+23*round) * time.Millisecond)
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait()
		acknowledged := last
		if lines := strings.Fields(out.String()); len(lines) > 0 && strings.HasPrefix(lines[len(lines)-1], "1.") {
			acknowledged = lines[len(lines)-1]
		}
		s := w.open(t, dir)
		_, e, err := s.Current("a")
		if errors.Is(err, store.ErrNotInstalled) && acknowledged == "" {
			continue
		}
		if err != nil || number(t, e.Version) < number(t, acknowledged) {
			t.Fatalf("got %s, %v; %s was acknowledged", e.Version, err, acknowledged)
		}
		last = e.Version
	}
	if last == "" {
		t.Error("no process installed anything before it was killed: the test shows nothing")
	}
}
