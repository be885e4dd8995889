package cli

import (
	"encoding/json"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

	"github.com/hygia-suite/hygia/tools/hygia/internal/plugincmd"
	"github.com/hygia-suite/hygia/tools/hygia/internal/rest"
)

func (a *app) pluginCommand() *cobra.Command {
	return plugincmd.New(plugincmd.Env{
		Stderr: a.env.Stderr, Dir: a.env.Dir, CacheDir: a.env.CacheDir, Getenv: a.env.Getenv, Clock: a.env.Clock,
		Command: a.command, Group: a.group, Show: a.show, Table: table,
		Usage:   usage,
		Refused: func(err error) error { return codeError{ExitRefused, err} },
		JSON: func(messages map[string]proto.Message) any {
			out := map[string]json.RawMessage{}
			for name, m := range messages {
				out[name] = messageJSON(m)
			}
			return out
		},
		NotFound: func(err error) error { return codeError{ExitNotFound, err} },
		Failed:   func(err error) error { return codeError{ExitFindings, err} },
		Client:   func() (*rest.Client, error) { return a.client(asAdmin) },
	})
}
