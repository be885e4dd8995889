package main

import (
	"context"
	"errors"
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
	codegen := flags.String("codegen", "", "folder of wit-bindgen's tests/codegen")
	at := flags.String("at", "", "the commits of the suites, to be printed")
	strict := flags.Bool("strict", false, "exit with 1 where a case does not pass that is not left out for a reason named here")
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
		if _, err := io.WriteString(c.stdout, report.Markdown(*at)); err != nil {
			return fmt.Errorf("print the results: %w", err)
		}
		if *strict && report.Unexplained() > 0 {
			return errors.New("cases fail for no reason that is named")
		}
		return nil
	})
}
