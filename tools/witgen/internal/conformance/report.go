package conformance

import (
	"context"
	"fmt"
	"strings"

	"github.com/hygia-suite/hygia/tools/witgen/internal/parser"
)

// The suites, each with results of its own.
const (
	golden = iota
	refused
	codegen
	suites
)

var titles = [suites]string{ //nolint:gochecknoglobals // immutable
	golden:  "wit-parser `tests/ui`: golden JSON",
	refused: "wit-parser `tests/ui/parse-fail`: refused, at the place that the suite expects",
	codegen: "wit-bindgen `tests/codegen`: generated Go compiles",
}

// Report is the result of a run, by suite; one that was not run has no results.
type Report [suites][]Result

// Run runs the suites that are named.
func Run(ctx context.Context, p *parser.Parser, parse, cases string) (r Report, err error) {
	if parse != "" {
		if r[golden], r[refused], err = Parse(ctx, p, parse); err != nil {
			return r, err
		}
	}
	if cases != "" {
		r[codegen], err = Codegen(ctx, p, cases)
	}
	return r, err
}

// Failures counts the cases that neither pass nor are left out.
func (r Report) Failures() int {
	n := 0
	for _, f := range r.failed() {
		if !f.LeftOut {
			n++
		}
	}
	return n
}

func (r Report) failed() []Result {
	var out []Result
	for _, results := range r {
		out = append(out, Failed(results)...)
	}
	return out
}

// Markdown gives a section of a document; at says at which commits the suites were.
func (r Report) Markdown(at string) string {
	var b strings.Builder
	b.WriteString("## WIT: witgen\n\n")
	if at != "" {
		b.WriteString("Suites at " + at + ".\n\n")
	}
	b.WriteString("| suite | cases | pass | left out | fail |\n|---|---|---|---|---|\n")
	for s, results := range r {
		if results == nil {
			continue
		}
		out := 0
		for _, f := range Failed(results) {
			if f.LeftOut {
				out++
			}
		}
		passed := Passed(results)
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d |\n", titles[s], len(results), passed, out, len(results)-passed-out)
	}
	failed := r.failed()
	if len(failed) == 0 {
		return b.String()
	}
	b.WriteString("\n| case | why it does not pass |\n|---|---|\n")
	for _, f := range failed {
		fmt.Fprintf(&b, "| %s | %s |\n", f.Name, strings.ReplaceAll(f.Reason, "|", "\\|"))
	}
	return b.String()
}
