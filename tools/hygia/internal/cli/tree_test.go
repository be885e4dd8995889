package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Every command that does something says how, with an example, its JSON and the
// exit codes.
func TestEveryCommandIsDocumented(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, inner := range c.Commands() {
			walk(inner)
		}
		if c.HasSubCommands() || c.Name() == "help" || c.Name() == "completion" {
			return
		}
		if c.Short == "" || !strings.Contains(c.Example, "hygia ") {
			t.Errorf("%s has no text or no example", c.CommandPath())
		}
		if !strings.Contains(c.Long, "JSON") || !strings.Contains(c.Long, exitTable) {
			t.Errorf("%s does not tell its JSON or its exit codes", c.CommandPath())
		}
		for line := range strings.SplitSeq(c.Example, "\n") {
			if line != "" && !strings.HasPrefix(line, "  ") {
				t.Errorf("%s: example %q is not set off", c.CommandPath(), line)
			}
		}
	}
	walk((&app{}).root())
}
