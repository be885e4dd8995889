// Command witgen generates Go bindings, proto messages, and the conversions
// between them, from a folder of WIT packages. See README.md beside it.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run gives the exit status: 0 where all is generated, or with -check is
// current; 1 where it is not; 2 where the flags make no sense.
func run(args []string, stdout, stderr io.Writer) int {
	var c witgen.Config
	flags := flag.NewFlagSet("witgen", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&c.WIT, "wit", "wit", "folder of WIT packages, one a sub-folder")
	flags.StringVar(&c.Go, "go", "pkg/wit", "folder of the generated Go packages, inside a Go module")
	flags.StringVar(&c.Proto, "proto", "proto", "root of the proto files")
	flags.StringVar(&c.ProtoGo, "proto-go", "github.com/hygia-suite/hygia/proto/gen", "import path of the Go generated from the proto files")
	check := flags.Bool("check", false, "write nothing; list stale files and exit with 1 if there are any")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "witgen: unexpected argument %q\n", flags.Arg(0))
		return 2
	}
	if err := generate(c, *check, stdout); err != nil {
		fmt.Fprintln(stderr, "witgen:", err)
		return 1
	}
	return 0
}

func generate(c witgen.Config, check bool, stdout io.Writer) error {
	files, err := witgen.Generate(c)
	if err != nil {
		return err
	}
	if !check {
		return witgen.Write(c, files)
	}
	stale, err := witgen.Stale(c, files)
	if err != nil {
		return err
	}
	for _, path := range stale {
		fmt.Fprintln(stdout, path)
	}
	if len(stale) > 0 {
		return fmt.Errorf("%d generated files are stale: run make generate", len(stale))
	}
	return nil
}
