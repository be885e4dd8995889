// Command hygia runs the Hygia suite on one machine, and works with any suite
// that runs: see `hygia --help`.
package main

import (
	"os"

	"github.com/hygia-suite/hygia/tools/hygia/internal/cli"
)

func main() { os.Exit(cli.Main()) }
