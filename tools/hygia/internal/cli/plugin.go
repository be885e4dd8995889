package cli

import (
	"github.com/spf13/cobra"

	"github.com/hygia-suite/hygia/tools/hygia/internal/plugincmd"
	"github.com/hygia-suite/hygia/tools/hygia/internal/rest"
)

func (a *app) pluginCommand() *cobra.Command {
	return plugincmd.New(plugincmd.Env{
		Stderr: a.env.Stderr, Dir: a.env.Dir, CacheDir: a.env.CacheDir, Getenv: a.env.Getenv, Clock: a.env.Clock,
		Command: a.command, Group: a.group, Show: a.show, Table: table,
		Usage:   usage,
		Refused: func(err error) error { return codeError{ExitRefused, err} },
		Failed:  func(err error) error { return codeError{ExitFindings, err} },
		Client:  func() (*rest.Client, error) { return a.client(asAdmin) },
	})
}
