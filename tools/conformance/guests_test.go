package main

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/tools/conformance/internal/guests"
	"github.com/hygia-suite/hygia/tools/conformance/internal/script"
)

func TestGuestsReport(t *testing.T) {
	failing := func(name string, runs int, failures ...string) built {
		return built{guests.Case{Name: name}, script.Failed, failures[0], runs, failures}
	}
	results := []built{
		{guests.Case{Name: "good"}, script.Passed, "", 4, nil},
		failing("known", 1, "one says: no maps", "two says: no maps"),
		failing("other", 0, "it says: no lists\nat length"),
		failing("both", 0, "it says: no maps", "it says: no lists"),
		failing("new", 0, "it says: no maps"),
		{guests.Case{Name: "a"}, script.Async, "streams", 0, nil},
		{guests.Case{Name: "b"}, script.Async, "streams", 0, nil},
	}
	failed, stale := holdGuests(results, map[string]guestPin{
		"known": {"no maps", "maps"}, "other": {"no maps", "maps"}, "good": {"no maps", "maps"}, "both": {"no maps", "maps"},
	})
	if failed != 3 || !slices.Equal(stale, []string{"both is not excepted any more: maps", "good is not excepted any more: maps", "other is not excepted any more: maps"}) {
		t.Errorf("%d failed, stale: %q", failed, stale)
	}
	var out bytes.Buffer
	guestsMarkdown(&out, "ours", results)
	const want = "## ours\n" +
		"| cases | compositions that ran | passed | failed | excepted | asynchronous | not built |\n|---|---|---|---|---|---|---|\n" +
		"| 7 | 5 | 1 | 3 | 1 | 2 | 0 |\n" +
		"\n1 failed: it says: no lists. other\n\n2 failed: it says: no maps. both, new\n\n1 excepted: maps. known\n\n2 asynchronous: streams. a, b\n"
	if out.String() != want {
		t.Errorf("%s", out.String())
	}
}

// What needs no guest needs no toolchain.
func TestGuestsThatAreNotBuilt(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"later/test.wit": "interface i { f: async func(); }", "later/runner.rs": "",
		"other/test.wit": "interface i { f: func(); }", "other/runner.mbt": "", "other/test.rs": "",
	})
	var out, errs bytes.Buffer
	if err := run(context.Background(), []string{"-guests", "-title", "ours", dir}, &out, &errs); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| 2 | 0 | 0 | 0 | 0 | 1 | 1 |\n", "1 asynchronous: functions. later\n", "1 not built: its caller is in mbt, and guests are built from Rust and C. other\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if err := run(context.Background(), []string{"-guests", "-suite", "nonsense", dir}, &out, &errs); err == nil {
		t.Error("a suite that is not there has exceptions")
	}
}
