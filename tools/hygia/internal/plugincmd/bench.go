package plugincmd

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/hygia-suite/hygia/tools/hygia/internal/author/trial"
)

func (e Env) benchCommand() *cobra.Command {
	var only string
	var spend time.Duration
	c := e.Command(&cobra.Command{
		Use:   "bench [FOLDER]",
		Short: "Measures what a plugin's calls cost",
		Long: `Measures calls of each fixture that passes: the median and the 99th percentile of
calls one after the other, and how many calls a second all CPUs make at once; by
the instances that calls get:

  fresh   made for the call, as a service does unless its operator says otherwise
  warmed  kept ready, each for one call (plugins.warm of a service): the times are
          those of calls that pause for as long as a fresh one takes
  reused  one serves many calls, where the manifest asks for "reuse" and an
          operator allows it (plugins.allow_reuse)

A plugin that is granted folders always gets fresh ones.

JSON: {"plugin": "name@version", "compile_milliseconds": 20, "results": [{"fixture":
"…", "call": "…", "instances": "fresh", "calls": 9000, "p50_microseconds": 40,
"p99_microseconds": 90, "least_nanoseconds": 31000, "per_second": 50000, "workers":
2}]}.`,
		Example: "  hygia plugin bench\n  hygia plugin bench --only promise --time 10s", Args: cobra.MaximumNArgs(1),
	}, func(ctx context.Context, args []string) error { return e.runBench(ctx, args, only, spend) })
	c.Flags().StringVar(&only, "only", "", "measure this fixture alone")
	c.Flags().DurationVar(&spend, "time", 2*time.Second, "how long to measure each fixture, in each kind of instances")
	return c
}

func (e Env) runBench(ctx context.Context, args []string, only string, spend time.Duration) error {
	if spend <= 0 || spend > time.Hour {
		return e.Usage("--time: want more than 0 and at most an hour")
	}
	p, t, fixtures, err := e.trial(ctx, args, only)
	if err != nil {
		return err
	}
	defer t.Close()
	out := struct {
		Plugin              string           `json:"plugin"`
		CompileMilliseconds int64            `json:"compile_milliseconds"`
		Results             []trial.Measured `json:"results"`
	}{Plugin: p.Manifest.Ref(), CompileMilliseconds: t.Compile.Milliseconds()}
	for _, f := range fixtures {
		e.say("measuring %s for %v", f.Name, spend)
		rows, err := t.Bench(ctx, f, spend)
		if err != nil {
			return err
		}
		out.Results = append(out.Results, rows...)
	}
	return e.Show(out, func(w io.Writer) {
		var rows [][]string
		for _, m := range out.Results {
			rows = append(rows, []string{
				m.Fixture, string(m.Instances), (time.Duration(m.P50Microseconds) * time.Microsecond).String(),
				(time.Duration(m.P99Microseconds) * time.Microsecond).String(), fmt.Sprintf("%.0f", m.PerSecond),
			})
		}
		e.Table(w, []string{"FIXTURE", "INSTANCES", "P50", "P99", fmt.Sprintf("CALLS A SECOND (%d CPUS)", out.Results[0].Workers)}, rows)
	})
}
