package plugincmd

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/hygia-suite/hygia/tools/hygia/internal/author/trial"
)

func (e Env) checkCommand() *cobra.Command {
	return e.Command(&cobra.Command{
		Use:   "check [FOLDER]",
		Short: "Checks a built plugin against its manifest and its hook",
		Long: `Checks a built plugin before a service would refuse it: that each import is granted,
and if not which grant is missing and how to ask for it; that each function of its
hook is there with the contract's types; and tells its size, how long it takes to
load, and its limits. The exit code is 5 when something is wrong.

JSON: {"plugin": "name@version", "problems": ["…"], "warnings": ["…"], "imports":
[{"name": "…", "granted": true}], "exports": ["…"], "bytes": 21000,
"compile_milliseconds": 20, "call_microseconds": 300, "limits": {…}}.`,
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
	fixtures, _ := e.fixtures(p, "") // without any, the time of a call is not told
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
	if r.CallMicroseconds > 0 {
		fmt.Fprintf(w, "  to start   %v for a fresh instance and the call of %s\n", time.Duration(r.CallMicroseconds)*time.Microsecond, r.Fixture)
	}
	fmt.Fprintf(w, "  limits     %v a call, %s of memory\n", time.Duration(r.Limits.DeadlineMS)*time.Millisecond, size(r.Limits.MemoryBytes))
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
	if len(r.Problems) == 0 {
		fmt.Fprint(w, "\nNothing is wrong.\n")
	}
}

// first labels the first of some lines.
func first(i int, label string) string {
	if i == 0 {
		return label
	}
	return ""
}
