// Command plugins builds the first-party components from source, and proves that
// what is checked in was built from what is checked in.
//
//	go run ./tools/plugins build [name...]   rebuilds, and writes plugins.lock
//	go run ./tools/plugins check [name...]   compares, and changes nothing
//	go run ./tools/plugins test [name...]    runs the components' native tests
//
// Builds are byte-identical from any folder. The toolchain is pinned (see
// tools/internal/toolchain) and is installed under .tools/ where it is missing.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

const usage = `usage: plugins build|check|test [flags] [name...]

  build   rebuild the components from source and write plugins.lock
  check   rebuild them under build/ and compare the bytes with what is checked
          in; where the toolchain cannot be had, compare the sources' digests
  test    run the components' native tests

flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the command: 0 for success, 1 for a failure or a difference, 2 for a
// usage error.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("plugins", flag.ContinueOnError)
	flags.SetOutput(stderr)
	digests := flags.Bool("digests", false, "check: compare the sources' digests alone")
	elsewhere := flags.Bool("elsewhere", false, "check: rebuild in a copy of the repository, in another folder")
	root := flags.String("root", "", "the repository's root, found from the working folder by default")
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	if len(args) == 0 {
		flags.Usage()
		return 2
	}
	command := args[0]
	if err := flags.Parse(args[1:]); err != nil {
		return 2
	}
	if err := dispatch(ctx, command, options{*root, flags.Args(), *digests, *elsewhere}, stdout); err != nil {
		fmt.Fprintln(stderr, "plugins:", err)
		return 1
	}
	return 0
}

// options are what the command line says.
type options struct {
	root      string
	names     []string
	digests   bool
	elsewhere bool
}

func dispatch(ctx context.Context, command string, o options, out io.Writer) error {
	root, err := findRoot(o.root)
	if err != nil {
		return err
	}
	plugins, err := discover(root, o.names)
	if err != nil {
		return err
	}
	w := &workshop{root: root, out: out}
	switch command {
	case "build":
		return w.build(ctx, plugins)
	case "check":
		return w.check(ctx, plugins, o)
	case "test":
		return w.test(ctx, plugins)
	}
	return fmt.Errorf("unknown command %q: want build, check or test", command)
}
