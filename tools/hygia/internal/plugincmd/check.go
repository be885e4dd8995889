package plugincmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/hygia-suite/hygia/tools/hygia/internal/author/fixture"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/trial"
)

func (e Env) checkCommand() *cobra.Command {
	return e.Command(&cobra.Command{
		Use:   "check [FOLDER]",
		Short: "Checks a built plugin against its manifest and its hook",
		Long: `Checks a built plugin before a service would refuse it: that each import is granted,
and if not which grant is missing and how to ask for it; that the world it names is
that of wit/; that each function of its hook is there with the contract's types;
that it starts, and that every fixture passes, under the manifest's limits. It tells
the plugin's size, how long it takes to load and to start, and what the fixtures use
of each limit that can be measured. The exit code is 5 when something is wrong, a
fixture that fails included. Without fixtures it is 0 where nothing else is wrong,
and a note says what was not tried.

JSON: {"plugin": "name@version", "problems": ["…"], "warnings": ["…"], "imports":
[{"name": "…", "granted": true}], "exports": ["…"], "bytes": 21000,
"compile_milliseconds": 20, "start_microseconds": 300, "fixtures": 4, "limits":
{"deadline_ms": 1000, …}, "used": {"deadline_ms": {"amount": 1, "fixture": "…"}}}.`,
		Example: "  hygia plugin check", Args: cobra.MaximumNArgs(1),
	}, e.runCheck)
}

func (e Env) runCheck(ctx context.Context, args []string) error {
	p, err := e.open(args)
	if err != nil {
		return err
	}
	t, err := trial.Open(ctx, p, e.Clock)
	if err != nil {
		return err
	}
	defer t.Close()
	fixtures, err := fixture.Read(os.DirFS(trial.Fixtures(p)))
	if err != nil && !errors.Is(err, fixture.ErrNone) {
		return e.Usage("%w", err)
	}
	report, err := t.Check(ctx, fixtures)
	if err != nil {
		return err
	}
	if err := e.Show(report, func(w io.Writer) { printChecked(w, report) }); err != nil {
		return err
	}
	if len(report.Problems) > 0 {
		return e.Failed(nil)
	}
	return nil
}

func printChecked(w io.Writer, r trial.Report) {
	fmt.Fprintf(w, "%s\n", r.Plugin)
	fmt.Fprintf(w, "  size       %s\n", size(int64(r.Bytes)))
	fmt.Fprintf(w, "  to load    %v to compile (a service keeps the result)\n", time.Duration(r.CompileMilliseconds)*time.Millisecond)
	if r.StartMicroseconds > 0 {
		fmt.Fprintf(w, "  to start   %v to link it and make an instance\n", time.Duration(r.StartMicroseconds)*time.Microsecond)
	}
	printLimits(w, r)
	for i, export := range r.Exports {
		fmt.Fprintf(w, "  %-10s %s\n", first(i, "exports"), export)
	}
	for i, in := range r.Imports {
		granted := "granted"
		if !in.Granted {
			granted = "NOT GRANTED"
		}
		fmt.Fprintf(w, "  %-10s %s: %s\n", first(i, "imports"), in.Name, granted)
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(w, "\nnote: %s\n", warning)
	}
	for _, problem := range r.Problems {
		fmt.Fprintf(w, "\nPROBLEM: %s\n", problem)
	}
	switch {
	case len(r.Problems) > 0:
	case r.Fixtures == 0:
		fmt.Fprint(w, "\nNothing was found, and no call was tried.\n")
	default:
		fmt.Fprintf(w, "\nNothing is wrong. Fixtures that pass: %d.\n", r.Fixtures)
	}
}

// printLimits shows each limit of a call, with what the fixtures used of it at most
// where that was measured.
func printLimits(w io.Writer, r trial.Report) {
	shown := 0
	for _, l := range []struct {
		key     string
		granted int64
		format  func(int64) string
	}{
		{"deadline_ms", r.Limits.DeadlineMS, milliseconds},
		{"memory_bytes", r.Limits.MemoryBytes, size},
		{"arg_bytes", int64(r.Limits.ArgBytes), size},
		{"result_bytes", int64(r.Limits.ResultBytes), size},
		{"list_items", int64(r.Limits.ListItems), number},
		{"host_calls", int64(r.Limits.HostCalls), number},
		{"host_time_ms", r.Limits.HostTimeMS, milliseconds},
		{"log_bytes", int64(r.Limits.LogBytes), size},
		{"resources", int64(r.Limits.Resources), number},
		{"fuel", r.Limits.Fuel, number},
	} {
		if l.granted == 0 {
			continue // not limited
		}
		fmt.Fprintf(w, "  %-10s %-13s %s", first(shown, "limits"), l.key, l.format(l.granted))
		if used, ok := r.Used[l.key]; ok {
			fmt.Fprintf(w, ", of which %s takes %s", used.Fixture, l.format(used.Amount))
		}
		fmt.Fprintln(w)
		shown++
	}
}

func milliseconds(n int64) string { return (time.Duration(n) * time.Millisecond).String() }
func number(n int64) string       { return strconv.FormatInt(n, 10) }

// first labels the first of some lines.
func first(i int, label string) string {
	if i == 0 {
		return label
	}
	return ""
}
