package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hygia-suite/hygia/tools/conformance/internal/guests"
	"github.com/hygia-suite/hygia/tools/conformance/internal/script"
	"github.com/hygia-suite/hygia/tools/internal/toolchain"
)

// built is a case of guests with what came of it.
type built struct {
	guests.Case
	verdict  script.Verdict
	reason   string
	runs     int      // compositions that ran
	failures []string // what the others said, or why there is none
}

// notBuilt is the verdict of a case that has no guest in a language that is built.
const notBuilt script.Verdict = "not built"

// runGuests builds and runs the cases of a folder like wit-bindgen's tests/runtime,
// and prints what came of them. Of the suite wit-bindgen every exception is known.
func runGuests(ctx context.Context, tools, suite, title, folder string, out, errs io.Writer) error {
	var pins map[string]guestPin
	switch suite {
	case "":
	case "wit-bindgen":
		pins = guestPins
	default:
		return fmt.Errorf("there are no exceptions of guests of a suite %q", suite)
	}
	cases, err := guests.Cases(folder)
	if err != nil {
		return err
	}
	results, err := runCases(ctx, tools, cases, errs)
	if err != nil {
		return err
	}
	failed, stale := holdGuests(results, pins)
	guestsMarkdown(out, title, results)
	for _, line := range stale {
		fmt.Fprintln(errs, line)
	}
	if failed > 0 || len(stale) > 0 {
		return fmt.Errorf("%d cases failed, %d exceptions are stale", failed, len(stale))
	}
	return nil
}

func runCases(ctx context.Context, tools string, cases []guests.Case, errs io.Writer) ([]built, error) {
	work, err := os.MkdirTemp("", "conformance-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(work) }()
	var builder *guests.Builder // none where nothing is built
	results := make([]built, len(cases))
	for i, c := range cases {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if builder == nil && c.Async == "" && c.Builds {
			home := toolchain.Home{Dir: tools, Say: func(format string, args ...any) { fmt.Fprintf(errs, format+"\n", args...) }}
			if builder, err = guests.NewBuilder(ctx, home, work); err != nil {
				return nil, err
			}
		}
		results[i] = runCase(ctx, builder, c)
		fmt.Fprintf(errs, "%s: %s %s\n", c.Name, results[i].verdict, results[i].reason)
	}
	return results, nil
}

func runCase(ctx context.Context, b *guests.Builder, c guests.Case) built {
	switch {
	case c.Async != "":
		return built{Case: c, verdict: script.Async, reason: c.Async}
	case !c.Builds:
		reason := "its caller is in " + strings.Join(c.Callers, ", ") + ", and guests are built from Rust and C"
		return built{Case: c, verdict: notBuilt, reason: reason}
	}
	r := built{Case: c, verdict: script.Passed}
	composed, err := b.Build(ctx, c)
	if err != nil {
		r.failures = []string{err.Error()}
	}
	for _, path := range composed {
		if err := guests.Run(ctx, path); err != nil {
			r.failures = append(r.failures, filepath.Base(path)+": "+err.Error())
			continue
		}
		r.runs++
	}
	if len(r.failures) > 0 {
		r.verdict, r.reason = script.Failed, strings.Join(r.failures, "\n")
	}
	return r
}

// guestPin is why a case does not pass, with what its error says.
type guestPin struct{ says, reason string }

var lends = guestPin{"type mismatch: expected i32 but nothing on stack", script.Miscompiled} //nolint:gochecknoglobals // immutable

// guestPins are the cases that do not pass, at the commit that scripts/conformance
// names. Whoever adds one says in a review why.
var guestPins = map[string]guestPin{ //nolint:gochecknoglobals // immutable
	"c/autodrop-borrows":             lends,
	"resource-borrow":                lends,
	"resource-import-and-export":     lends,
	"resource_aggregates":            lends,
	"resource_alias":                 lends,
	"resource_alias_redux":           lends,
	"resource_borrow_in_record":      lends,
	"resource_floats":                lends,
	"resource_with_lists":            lends,
	"resources":                      lends,
	"rust/arena-allocated-resources": lends,
	"rust/equal-types":               lends,
	"rust/owned-resource-deref-mut":  lends,
	"rust/xcrate":                    lends,
	"fixed-length-lists":             {"fixed-length lists feature", script.NoFixedLists},
	"map":                            {"component model map feature", script.NoMaps},
	"rust/method-chaining":           {"--enable-method-chaining", "asks for an argument that the generator of wit-bindgen " + toolchain.WitBindgenVersion + " does not have any more"},
}

// holdGuests holds what came of cases to the pins: in place, a case of which every
// failure is known is excepted. It counts the others that failed, and names the
// pins that are stale.
func holdGuests(results []built, pins map[string]guestPin) (failed int, stale []string) {
	met := map[string]bool{}
	for i, r := range results {
		if r.verdict != script.Failed {
			continue
		}
		pin, known := pins[r.Name]
		other := func(failure string) bool { return !strings.Contains(failure, pin.says) }
		if known && !slices.ContainsFunc(r.failures, other) {
			results[i].verdict, results[i].reason = script.Excepted, pin.reason
			met[r.Name] = true
			continue
		}
		failed++
	}
	for _, name := range slices.Sorted(maps.Keys(pins)) {
		if !met[name] {
			stale = append(stale, fmt.Sprintf("%s is not excepted any more: %s", name, pins[name].reason))
		}
	}
	return failed, stale
}

func guestsMarkdown(w io.Writer, title string, results []built) {
	verdicts := []script.Verdict{script.Passed, script.Failed, script.Excepted, script.Async, notBuilt}
	counts := map[script.Verdict]int{}
	places := map[script.Verdict]map[string][]string{}
	runs := 0
	for _, r := range results {
		counts[r.verdict]++
		runs += r.runs
		if places[r.verdict] == nil {
			places[r.verdict] = map[string][]string{}
		}
		reason, _, _ := strings.Cut(r.reason, "\n")
		places[r.verdict][reason] = append(places[r.verdict][reason], r.Name)
	}
	fmt.Fprintf(w, "## %s\n| cases | compositions that ran | passed | failed | excepted | asynchronous | not built |\n|---|---|---|---|---|---|---|\n", title)
	fmt.Fprintf(w, "| %d | %d |", len(results), runs)
	for _, v := range verdicts {
		fmt.Fprintf(w, " %d |", counts[v])
	}
	fmt.Fprintln(w)
	for _, v := range verdicts[1:] {
		var reasons []string
		for reason := range places[v] {
			reasons = append(reasons, reason)
		}
		slices.Sort(reasons)
		for _, reason := range reasons {
			names := places[v][reason]
			fmt.Fprintf(w, "\n%d %s: %s. %s\n", len(names), v, reason, strings.Join(names, ", "))
		}
	}
}
