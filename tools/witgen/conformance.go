package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/hygia-suite/hygia/tools/witgen/internal/conformance"
	"github.com/hygia-suite/hygia/tools/witgen/internal/parser"
)

// conformance runs public suites, and prints a section of CONFORMANCE.md.
func (c command) conformance(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("witgen conformance", flag.ContinueOnError)
	parse := flags.String("wit-parser", "", "folder of wit-parser's tests/ui (wasm-tools)")
	codegen := flags.String("codegen", "", "folder of wit-bindgen's tests/codegen, or of other cases: each a file of WIT or a folder")
	at := flags.String("at", "", "the commits of the suites, to be printed")
	strict := flags.Bool("strict", false, "hold the suites to the cases that are known to be left out: any other fails, and so does one that is not")
	if err := c.parse(flags, args, 0); err != nil {
		return err
	}
	if *parse == "" && *codegen == "" {
		fmt.Fprintln(c.stdout, "witgen: no suite was named, so that none was run (-wit-parser, -codegen)")
		return nil
	}
	return c.withParser(ctx, func(p *parser.Parser) error {
		report, err := conformance.Run(ctx, p, *parse, *codegen)
		if err != nil {
			return err
		}
		var stale []string
		if *strict {
			stale = report.Hold()
		}
		if _, err := io.WriteString(c.stdout, report.Markdown(*at)); err != nil {
			return fmt.Errorf("print the results: %w", err)
		}
		for _, line := range stale {
			fmt.Fprintln(c.stderr, line)
		}
		if n := report.Failures(); n > 0 || len(stale) > 0 {
			return fmt.Errorf("%d cases fail, %d that are known to be left out are not", n, len(stale))
		}
		return nil
	})
}
