package cli

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (a *app) versionCommand() *cobra.Command {
	return a.command(&cobra.Command{
		Use: "version", Short: "Prints the version",
		Long:    "Prints the version.\n\nJSON: {\"version\": \"…\", \"commit\": \"…\", \"go\": \"…\", \"platform\": \"…\"}.",
		Example: "  hygia version", Args: cobra.NoArgs,
	}, func(context.Context, []string) error {
		v := map[string]string{"version": a.env.Version, "commit": commit(), "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH}
		return a.show(v, func(w io.Writer) {
			fmt.Fprintf(w, "hygia %s (%s, %s, %s)\n", v["version"], orDash(v["commit"]), v["go"], v["platform"])
		})
	})
}

// commit is the revision that the program was built from, where Go recorded it.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value[:min(12, len(s.Value))]
		}
	}
	return ""
}
