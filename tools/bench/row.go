package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"

	"golang.org/x/sync/errgroup"
)

// Row is one line of the table: a figure's distribution over N samples.
type Row struct {
	Name string  `json:"name"`
	Unit string  `json:"unit"`
	P50  float64 `json:"p50"`
	P99  float64 `json:"p99"`
	Mean float64 `json:"mean"`
	N    int     `json:"n"`
	// Beside is the name of the row that this one is compared with.
	Beside string `json:"beside,omitempty"`
}

// distribution sums samples up. It sorts them in place.
func distribution(name, unit, beside string, samples []float64) Row {
	slices.Sort(samples)
	var sum float64
	for _, s := range samples {
		sum += s
	}
	return Row{
		Name: name, Unit: unit, Beside: beside, N: len(samples),
		P50: percentile(samples, 50), P99: percentile(samples, 99),
		Mean: sum / float64(max(len(samples), 1)),
	}
}

// percentile takes the nearest rank of sorted samples.
func percentile(sorted []float64, p int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	rank := (len(sorted)*p + 99) / 100
	return sorted[max(rank, 1)-1]
}

// A contender is one of several things that are measured in turns.
type contender struct {
	name   string
	beside string
	op     func() error
	each   int // how often op does what the row is about; 0 is once
	// lanes, in place of op, run at once, each in a goroutine: the row is the time
	// that all take together.
	lanes    []func() error
	confined bool // to one CPU, as where there is no other
	spare    bool // see spareProcessor
}

// How long a contender's turn lasts, and how long it runs before that unmeasured.
// Both are long against the time between two collections, so that a contender is
// measured as a server meets it: in a shorter turn, whoever leaves finalizers
// behind lets the next one pay for them.
const (
	turn   = 200 * time.Millisecond
	warmUp = 200 * time.Millisecond
)

// compete measures the contenders round by round, in turns. A sample is the mean
// of a turn.
func compete(rounds int, contenders []contender) ([]Row, error) {
	samples := make([][]float64, len(contenders))
	for range rounds {
		for i, c := range contenders {
			ns, err := sample(c)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			samples[i] = append(samples[i], ns)
		}
	}
	rows := make([]Row, len(contenders))
	for i, c := range contenders {
		rows[i] = distribution(c.name, "ns", c.beside, samples[i])
	}
	return rows, nil
}

// sample gives the nanoseconds that one operation took, as the mean of a turn.
func sample(c contender) (ns float64, err error) {
	runtime.GC()
	if c.confined {
		release, err := confine()
		if err != nil {
			return 0, err
		}
		defer release()
	}
	if c.spare {
		defer spareProcessor()()
	}
	if _, err := c.repeat(warmUp); err != nil {
		return 0, err
	}
	return c.repeat(turn)
}

// spareProcessor gives Go one place more than it has CPUs, as service.Main does,
// until what it returns is called. Rows of one goroutine are measured without, as
// any program is that does not set GOMAXPROCS.
func spareProcessor() (release func()) {
	places := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(places + 1)
	return func() { runtime.GOMAXPROCS(places) }
}

// repeat runs the contender for a while and gives the mean time of what it does,
// in nanoseconds.
func (c contender) repeat(span time.Duration) (float64, error) {
	lanes := c.lanes
	if lanes == nil {
		lanes = []func() error{c.op}
	}
	took := make([]float64, len(lanes))
	var group errgroup.Group
	for i, op := range lanes {
		group.Go(func() (err error) {
			took[i], err = repeat(op, span)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	var rate float64 // per nanosecond, of all lanes
	for _, ns := range took {
		rate += float64(max(c.each, 1)) / ns
	}
	return 1 / rate, nil
}

// repeat runs an operation for a while and gives its mean time in nanoseconds.
func repeat(op func() error, span time.Duration) (float64, error) {
	const between = 16  // operations between two looks at the clock
	start := time.Now() //nolint:forbidigo // measuring is what the clock is for
	for n := between; ; n += between {
		for range between {
			if err := op(); err != nil {
				return 0, err
			}
		}
		if took := time.Since(start); took >= span {
			return float64(took.Nanoseconds()) / float64(n), nil
		}
	}
}

func printTable(w io.Writer, rows []Row) error {
	median := map[string]float64{}
	for _, r := range rows {
		median[r.Name] = r.P50
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "row\tunit\tp50\tp99\tmean\tn\tbeside\tratio of medians\t")
	for _, r := range rows {
		ratio := ""
		if m := median[r.Beside]; m > 0 {
			ratio = fmt.Sprintf("%.3f", r.P50/m)
		}
		fmt.Fprintf(t, "%s\t%s\t%.4g\t%.4g\t%.4g\t%d\t%s\t%s\t\n", r.Name, r.Unit, r.P50, r.P99, r.Mean, r.N, r.Beside, ratio)
	}
	return t.Flush()
}

func writeJSON(path string, rows []Row) error {
	text, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o600)
}
