package conformance

import (
	"context"
	"fmt"
	"strings"

	"github.com/hygia-suite/hygia/tools/witgen/internal/parser"
)

// Report is the result of a run; a suite that was not named has no results.
type Report struct {
	Golden, Refused, Codegen []Result
}

// Run runs the suites that are named.
func Run(ctx context.Context, p *parser.Parser, parse, codegen string) (r Report, err error) {
	if parse != "" {
		if r.Golden, r.Refused, err = Parse(ctx, p, parse); err != nil {
			return r, err
		}
	}
	if codegen != "" {
		r.Codegen, err = Codegen(ctx, p, codegen)
	}
	return r, err
}

// Unexplained counts the cases that do not pass and are not left out: a case is
// left out where witgen refuses it with a place, or the suite has no file for it.
func (r Report) Unexplained() int {
	n := 0
	for _, f := range r.failed() {
		if !f.LeftOut {
			n++
		}
	}
	return n
}

func (r Report) failed() []Result {
	return append(append(Failed(r.Golden), Failed(r.Refused)...), Failed(r.Codegen)...)
}

// Markdown gives a section of a document; at says at which commits the suites were.
func (r Report) Markdown(at string) string {
	var b strings.Builder
	b.WriteString("## WIT: witgen\n\n")
	if at != "" {
		b.WriteString("Suites at " + at + ".\n\n")
	}
	b.WriteString("| suite | cases | pass | left out | fail |\n|---|---|---|---|---|\n")
	for _, s := range []struct {
		name    string
		results []Result
	}{
		{"wit-parser `tests/ui`: golden JSON", r.Golden},
		{"wit-parser `tests/ui/parse-fail`: refused, at the place that the suite expects", r.Refused},
		{"wit-bindgen `tests/codegen`: generated Go compiles", r.Codegen},
	} {
		if s.results == nil {
			continue
		}
		out := 0
		for _, f := range Failed(s.results) {
			if f.LeftOut {
				out++
			}
		}
		passed := Passed(s.results)
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d |\n", s.name, len(s.results), passed, out, len(s.results)-passed-out)
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
