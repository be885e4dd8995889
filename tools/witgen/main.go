// Command witgen generates Go bindings, proto messages, and the conversions
// between them, from a folder of WIT packages; checks that a version of a package
// keeps what the one before promised; and runs public suites of WIT. See README.md
// beside it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/hygia-suite/hygia/tools/witgen/internal/compat"
	"github.com/hygia-suite/hygia/tools/witgen/internal/parser"
	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen"
)

const usage = `usage: witgen [flags]                generate, or with -check compare
       witgen check OLD NEW          refuse a change that breaks hosts or components
       witgen conformance [flags]    run public suites of WIT
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	c := command{stdout: os.Stdout, stderr: os.Stderr, parser: parser.New, closeParser: (*parser.Parser).Close}
	os.Exit(c.run(ctx, os.Args[1:]))
}

// command is what a command line runs with.
type command struct {
	stdout, stderr io.Writer
	parser         func(context.Context) (*parser.Parser, error)
	closeParser    func(*parser.Parser) error
}

// errUsage says that the command line makes no sense; what is wrong was printed.
var errUsage = errors.New("usage")

// run gives the exit status: 0 where all is as it should be; 1 where it is not; 2
// where the command line makes no sense.
func (c command) run(ctx context.Context, args []string) int {
	do := c.generate
	if len(args) > 0 {
		switch args[0] {
		case "check":
			do, args = c.check, args[1:]
		case "conformance":
			do, args = c.conformance, args[1:]
		}
	}
	switch err := do(ctx, args); {
	case errors.Is(err, errUsage):
		return 2
	case err != nil:
		fmt.Fprintln(c.stderr, "witgen:", err)
		return 1
	default:
		return 0
	}
}

// parse parses flags, and wants so many arguments after them.
func (c command) parse(flags *flag.FlagSet, args []string, want int) error {
	flags.SetOutput(c.stderr)
	flags.Usage = func() {
		fmt.Fprint(c.stderr, usage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return errUsage
	}
	if flags.NArg() != want {
		fmt.Fprintf(c.stderr, "witgen: %d arguments, where %d are wanted: %q\n", flags.NArg(), want, flags.Args())
		return errUsage
	}
	return nil
}

// withParser calls a function with a parser.
func (c command) withParser(ctx context.Context, do func(*parser.Parser) error) error {
	p, err := c.parser(ctx)
	if err != nil {
		return err
	}
	return errors.Join(do(p), c.closeParser(p))
}

func (c command) generate(ctx context.Context, args []string) error {
	var config witgen.Config
	flags := flag.NewFlagSet("witgen", flag.ContinueOnError)
	flags.StringVar(&config.WIT, "wit", "wit", "folder of WIT packages, one a sub-folder, or of one package")
	flags.StringVar(&config.Go, "go", "pkg/wit", "folder of the generated Go packages, inside a Go module")
	flags.StringVar(&config.Proto, "proto", "proto", "root of the proto files; empty where nothing is mirrored")
	flags.StringVar(&config.ProtoGo, "proto-go", "github.com/hygia-suite/hygia/proto/gen", "import path of the Go generated from the proto files")
	flags.Func("feature", "an unstable feature of WIT to switch on; may be given again", func(name string) error {
		config.Features = append(config.Features, name)
		return nil
	})
	check := flags.Bool("check", false, "write nothing; list stale files and exit with 1 if there are any")
	if err := c.parse(flags, args, 0); err != nil {
		return err
	}
	return c.withParser(ctx, func(p *parser.Parser) error {
		files, err := witgen.Generate(ctx, p, config)
		if err != nil {
			return err
		}
		if !*check {
			return witgen.Write(config, files)
		}
		return c.stale(config, files)
	})
}

func (c command) stale(config witgen.Config, files []witgen.File) error {
	stale, err := witgen.Stale(config, files)
	if err != nil {
		return err
	}
	for _, path := range stale {
		fmt.Fprintln(c.stdout, path)
	}
	if len(stale) > 0 {
		return fmt.Errorf("%d generated files are stale: run make generate", len(stale))
	}
	return nil
}

// check compares two folders of packages.
func (c command) check(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("witgen check", flag.ContinueOnError)
	if err := c.parse(flags, args, 2); err != nil {
		return err
	}
	return c.withParser(ctx, func(p *parser.Parser) error {
		breaks, err := compat.Check(ctx, p, flags.Arg(0), flags.Arg(1))
		if err != nil {
			return err
		}
		for _, b := range breaks {
			fmt.Fprintln(c.stdout, b)
		}
		if len(breaks) > 0 {
			return fmt.Errorf("%d changes break what was promised: undo them, or raise the version", len(breaks))
		}
		return nil
	})
}
