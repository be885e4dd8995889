package script_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/tools/conformance/internal/script"
	"github.com/hygia-suite/hygia/tools/internal/wast"
)

func run(t *testing.T, src string) []script.Result {
	t.Helper()
	directives, err := wast.Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := component.NewEngine(component.Config{MaxInstances: 50, MaxMemoryBytes: script.MemoryBytes})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	return script.Run(context.Background(), engine, directives)
}

func read(t *testing.T, name string) string {
	t.Helper()
	src, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

func TestDirectivesThatComeToPass(t *testing.T) {
	for _, r := range run(t, read(t, "passes.wast")) {
		if r.Verdict != script.Passed {
			t.Errorf("line %d: %s: %s: %s", r.Directive.Line, r.Directive.Kind, r.Verdict, r.Reason)
		}
	}
}

// A runner that passes everything would be worth nothing.
func TestDirectivesThatDoNot(t *testing.T) {
	for i, r := range run(t, read(t, "fails.wast")) {
		if want := i == 0; (r.Verdict == script.Passed) != want || !want && (r.Verdict != script.Failed || r.Reason == "") {
			t.Errorf("line %d: %s: %s: %q", r.Directive.Line, r.Directive.Kind, r.Verdict, r.Reason)
		}
	}
}

func TestWhatIsExceptedSaysWhy(t *testing.T) {
	for src, want := range map[string]string{
		`(component (import "m" (core module)))`:                                          "core module",
		`(component (import "a" (instance (export "b" (instance (export "f" (func)))))))`: "instance inside of an instance",
		`(component (core module (memory 1 1 shared)))`:                                   "shared memories",
		`(component (core module (tag)))`:                                                 "exceptions",
		`(component (import "f" (func (param "m" (map string u8)))))`:                     "maps",
	} {
		r := run(t, src)[0]
		if r.Verdict != script.Excepted || !strings.Contains(r.Reason, want) {
			t.Errorf("%s: %s: %s", src, r.Verdict, r.Reason)
		}
	}
}

// A call of what an excepted component would have been is excepted with it, and
// one of an asynchronous component is asynchronous.
func TestWhatFollows(t *testing.T) {
	for src, want := range map[string]script.Verdict{
		`(component $c (import "m" (core module)) (func (export "f") (canon lift (core func 0))))`: script.Failed,
		`(component $c (import "m" (core module)))`:                                                script.Excepted,
		`(component $c (import "f" (func async)))`:                                                 script.Async,
	} {
		if r := run(t, src+` (invoke $c "f")`); r[1].Verdict != want {
			t.Errorf("%s: %s: %s", src, r[1].Verdict, r[1].Reason)
		}
	}
}

// Each directive of this script, its verdict and its reason: what is asynchronous
// is what needs it, and not what stands beside it.
func TestEachDirectiveForItself(t *testing.T) {
	results := run(t, read(t, "mixed.wast"))
	want := []struct {
		verdict script.Verdict
		reason  string
	}{
		{script.Passed, ""}, {script.Passed, ""}, {script.Passed, ""},
		{script.Async, "streams"}, {script.Async, "streams"}, {script.Async, "streams"},
		{script.Async, "streams"}, {script.Async, "streams"},
		{script.Async, "futures"}, {script.Async, "futures"},
		{script.Async, "functions"}, {script.Passed, ""}, {script.Passed, ""},
	}
	if len(results) != len(want) {
		t.Fatalf("%d results", len(results))
	}
	for i, r := range results {
		if r.Verdict != want[i].verdict || r.Reason != want[i].reason {
			t.Errorf("line %d: %s: %s: %q", r.Directive.Line, r.Directive.Kind, r.Verdict, r.Reason)
		}
	}
}

func TestPins(t *testing.T) {
	const core = "imports a core module, or an instance inside of an instance: no WIT world can say that"
	src := "(component)\n(component (import \"m\" (core module)))\n(component (import \"m\" (core module)))"
	pins := func(reason string, lines ...int) []script.Pin {
		return []script.Pin{{File: "other", Reason: core, Lines: []int{1}}, {File: "f", Reason: reason, Lines: lines}}
	}
	for _, c := range []struct {
		name   string
		pins   []script.Pin
		failed int
		stale  string
	}{
		{"all are known", pins(core, 2, 3), 0, ""},
		{"the same text at another place", pins(core, 2), 1, ""},
		{"a known one passes", pins(core, 1, 2, 3), 0, "f:1 is not excepted any more: " + core},
		{"for another reason", pins("maps", 2), 2, "f:2 is not excepted any more: maps"},
		{"none is known", nil, 2, ""},
	} {
		results := run(t, src)
		stale := strings.Join(script.Hold("f", results, c.pins), "\n")
		failed := 0
		for _, r := range results {
			if r.Verdict == script.Failed && strings.HasPrefix(r.Reason, "not among the known exceptions: ") {
				failed++
			}
		}
		if failed != c.failed || stale != c.stale {
			t.Errorf("%s: %d failed, stale: %q", c.name, failed, stale)
		}
	}
}

// A place twice in the list would hide that one of the two is stale.
func TestPinsAreNamedOnce(t *testing.T) {
	for _, suite := range []string{"component-model", "wasmtime"} {
		pins, err := script.Pins(suite)
		if err != nil || len(pins) == 0 {
			t.Fatalf("%s: %d, %v", suite, len(pins), err)
		}
		seen := map[string]bool{}
		for _, p := range pins {
			for _, line := range p.Lines {
				at := fmt.Sprintf("%s:%d", p.File, line)
				if seen[at] || p.Reason == "" {
					t.Errorf("%s: %s: %q", suite, at, p.Reason)
				}
				seen[at] = true
			}
		}
	}
	if _, err := script.Pins("nonsense"); err == nil {
		t.Error("a suite that is not there has exceptions")
	}
}
