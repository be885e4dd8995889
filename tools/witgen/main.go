// Command witgen generates Go bindings, proto messages and conversions between
// them from the WIT packages of a folder.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	var c witgen.Config
	flags := flag.NewFlagSet("witgen", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&c.WIT, "wit", "wit", "folder of WIT packages, one a sub-folder")
	flags.StringVar(&c.Go, "go", "pkg/wit", "folder of the generated Go packages")
	flags.StringVar(&c.Proto, "proto", "proto", "root of the proto files")
	flags.StringVar(&c.ProtoGo, "proto-go", "github.com/hygia-suite/hygia/proto/gen", "import path of the Go generated from the proto files")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	files, err := witgen.Generate(c)
	if err != nil {
		fmt.Fprintln(stderr, "witgen:", err)
		return 1
	}
	for _, f := range files {
		if old, err := os.ReadFile(f.Path); err == nil && bytes.Equal(old, f.Content) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil {
			fmt.Fprintln(stderr, "witgen:", err)
			return 1
		}
		if err := os.WriteFile(f.Path, f.Content, 0o644); err != nil {
			fmt.Fprintln(stderr, "witgen:", err)
			return 1
		}
	}
	return 0
}
