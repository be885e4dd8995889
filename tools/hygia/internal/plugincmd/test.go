package plugincmd

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hygia-suite/hygia/tools/hygia/internal/author/fixture"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/project"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/trial"
	"github.com/hygia-suite/hygia/tools/internal/witvalue"
)

func (e Env) testCommand() *cobra.Command {
	var only string
	var show bool
	c := e.Command(&cobra.Command{
		Use:   "test [FOLDER]",
		Short: "Runs a plugin's fixtures in the real host",
		Long: `Runs the fixtures of the project in the real host, under the manifest's grants and
limits; no service is needed. A fixture, fixtures/NAME.json, is a call and what it
must give:

  {"call": "validate", "args": {"document": {…}}, "want": {"ok": []}}

with values by WIT's names, and "config" where the plugin reads its configuration.
Each call gets a fresh instance. What the plugin logs is shown, here alone: in a
service its text never is. Shown as well are the time of the call and the least
memory under which it passes. The exit code is 5 when a fixture fails.

JSON: {"plugin": "name@version", "passed": 3, "failed": 0, "results": [Result]}.`,
		Example: `  hygia plugin test
  hygia plugin test --only promise --show`,
		Args: cobra.MaximumNArgs(1),
	}, func(ctx context.Context, args []string) error { return e.runTest(ctx, args, only, show) })
	c.Flags().StringVar(&only, "only", "", "run this fixture alone")
	c.Flags().BoolVar(&show, "show", false, "show each result, as a fixture would want it")
	return c
}

// tested is what came of the fixtures.
type tested struct {
	Plugin  string         `json:"plugin"`
	Passed  int            `json:"passed"`
	Failed  int            `json:"failed"`
	Results []trial.Result `json:"results"`
}

func (e Env) runTest(ctx context.Context, args []string, only string, show bool) error {
	p, t, fixtures, err := e.trial(ctx, args, only)
	if err != nil {
		return err
	}
	defer t.Close()
	out := tested{Plugin: p.Manifest.Ref()}
	for _, f := range fixtures {
		r := t.Run(ctx, f)
		if r.Pass {
			out.Passed++
			if r.MemoryBytes, err = t.Memory(ctx, f); err != nil {
				return err
			}
		} else {
			out.Failed++
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		out.Results = append(out.Results, r)
	}
	if err := e.Show(out, func(w io.Writer) { printTested(w, out, show) }); err != nil {
		return err
	}
	if out.Failed > 0 {
		return e.Failed(nil)
	}
	return nil
}

// trial opens a project to try its fixtures, or only one of them. Close the trial
// when done.
func (e Env) trial(ctx context.Context, args []string, only string) (*project.Project, *trial.Trial, []fixture.Fixture, error) {
	p, err := e.open(args)
	if err != nil {
		return nil, nil, nil, err
	}
	fixtures, err := e.fixtures(p, only)
	if err != nil {
		return nil, nil, nil, err
	}
	t, err := trial.Open(ctx, p, e.Clock)
	return p, t, fixtures, err
}

// fixtures reads the project's, or one of them.
func (e Env) fixtures(p *project.Project, only string) ([]fixture.Fixture, error) {
	all, err := fixture.Read(os.DirFS(trial.Fixtures(p)))
	if err != nil {
		return nil, e.Usage("%w", err)
	}
	if only == "" {
		return all, nil
	}
	for _, f := range all {
		if f.Name == only {
			return []fixture.Fixture{f}, nil
		}
	}
	return nil, e.Usage("there is no fixtures/%s.json", only)
}

func printTested(w io.Writer, out tested, show bool) {
	for _, r := range out.Results {
		if r.Pass {
			fmt.Fprintf(w, "pass  %-24s %10v  %s\n", r.Name, time.Duration(r.Microseconds)*time.Microsecond, memory(r))
		} else {
			fmt.Fprintf(w, "FAIL  %-24s %10v\n", r.Name, time.Duration(r.Microseconds)*time.Microsecond)
		}
		for _, line := range r.Lines {
			fmt.Fprintf(w, "        log %s: %s\n", line.Level, strings.ReplaceAll(line.Text, "\n", "\n            "))
		}
		if r.Problem != "" {
			fmt.Fprintf(w, "        %s\n", strings.ReplaceAll(r.Problem, "\n", "\n        "))
		}
		for _, d := range r.Differences {
			fmt.Fprintf(w, "        %s\n", d)
		}
		if show || r.Got != nil {
			printGot(w, r.Got)
		}
	}
	fmt.Fprintf(w, "\n%s: %d passed, %d failed\n", out.Plugin, out.Passed, out.Failed)
}

// memory shows what a call needs, where that was found out.
func memory(r trial.Result) string {
	if r.MemoryBytes == 0 {
		return ""
	}
	return size(r.MemoryBytes) + " of memory"
}

// printGot shows a result that was not wanted, to be copied into a fixture.
func printGot(w io.Writer, got any) {
	if text, err := witvalue.FormatJSON(got); err == nil {
		fmt.Fprintf(w, "        got %s\n", text)
	}
}
