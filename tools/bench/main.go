// Command bench measures the suite beside its peers, in one run, and prints a
// table. With -out it writes the same figures as JSON.
//
// Rows that are compared are measured in turns, round by round, so that a drift
// of the machine's speed touches all of them alike: trust the ratios.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// options are what the command line sets.
type options struct {
	out       string
	rounds    int
	only      string
	instances int
	suite     string
	span      time.Duration
	// components are more files to measure the cold start of, with commas between.
	components string
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.out, "out", "", "write the figures to this `file`, as JSON")
	flags.IntVar(&o.rounds, "rounds", 30, "rounds in which the compared rows take turns")
	flags.StringVar(&o.only, "only", "", "run only groups whose name contains this `text`: calls, instances, fair, late, bulk, cold, engines, rest")
	flags.IntVar(&o.instances, "instances", 100_000, "instances that are live at once")
	flags.StringVar(&o.suite, "suite", "", "folder of built binaries for the REST rows; built anew where none is given")
	flags.StringVar(&o.components, "components", "", "more component `files` to measure the cold start of, with commas between")
	flags.DurationVar(&o.span, "span", 5*time.Second, "how long each REST row runs")
	err := flags.Parse(args)
	return o, err
}

// A group measures rows that belong together.
type group struct {
	name string
	run  func(context.Context, options, io.Writer) ([]Row, error)
}

func run(args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if err != nil {
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var rows []Row
	for _, g := range []group{{"calls", calls}, {"instances", instances}, {"fair", fair}, {"late", late}, {"bulk", bulk}, {"cold", cold}, {"engines", engines}, {"rest", rest}} {
		if !strings.Contains(g.name, o.only) {
			continue
		}
		fmt.Fprintf(stderr, "measuring %s\n", g.name)
		got, err := g.run(ctx, o, stderr)
		if err != nil {
			fmt.Fprintf(stderr, "bench: %s: %v\n", g.name, err)
			return 1
		}
		rows = append(rows, got...)
	}
	if err := printTable(stdout, rows); err != nil {
		fmt.Fprintf(stderr, "bench: %v\n", err)
		return 1
	}
	if o.out == "" {
		return 0
	}
	if err := writeJSON(o.out, rows); err != nil {
		fmt.Fprintf(stderr, "bench: %v\n", err)
		return 1
	}
	return 0
}
