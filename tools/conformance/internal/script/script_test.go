package script_test

import (
	"context"
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
	return script.Run(context.Background(), engine, directives, false)
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
