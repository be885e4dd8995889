// Package plugincmd is `hygia plugin`: what a plugin's author and its operator do.
// The commands are thin; the work is in the packages under author, in pkg/plugin
// and in the suite.
package plugincmd

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

	"github.com/hygia-suite/hygia/tools/hygia/internal/author/project"
	"github.com/hygia-suite/hygia/tools/hygia/internal/rest"
	"github.com/hygia-suite/hygia/tools/internal/toolchain"
)

// Env is what the commands take from the command line that holds them.
type Env struct {
	Stderr io.Writer
	// Dir is the working folder; CacheDir is where the person's caches are, and
	// empty where they have none.
	Dir, CacheDir string
	Getenv        func(string) string
	Clock         func() time.Time

	// Command finishes a command that runs, Group one that has commands.
	Command func(c *cobra.Command, run func(ctx context.Context, args []string) error) *cobra.Command
	Group   func(c *cobra.Command, inner ...*cobra.Command) *cobra.Command
	// Show prints a value, as JSON or as human writes it; Table aligns columns.
	Show  func(value any, human func(w io.Writer)) error
	Table func(w io.Writer, header []string, rows [][]string)
	// JSON makes messages part of a value that is shown.
	JSON func(map[string]proto.Message) any
	// Usage is an error of the caller's; Refused, Failed and NotFound have the exit
	// codes of what cannot be as things stand, of a check that failed, and of what is
	// not there. A nil
	// error has been told already.
	Usage    func(format string, args ...any) error
	Refused  func(err error) error
	Failed   func(err error) error
	NotFound func(err error) error
	// Client reaches a running suite as its administrator.
	Client func() (*rest.Client, error)
}

// New makes the command.
func New(e Env) *cobra.Command {
	return e.Group(&cobra.Command{
		Use:   "plugin",
		Short: "Makes, tests, signs and installs plugins",
		Long: `Makes, tests, signs and installs plugins: components that fill a hook of the suite.

	hygia plugin new claim-words --lang rust --hook validator
	cd claim-words
	hygia plugin build
	hygia plugin test
	hygia plugin check`,
	},
		e.newCommand(), e.buildCommand(), e.testCommand(), e.checkCommand(), e.benchCommand(),
		e.keyCommand(), e.signCommand(), e.pushCommand(),
		e.installCommand(), e.listCommand(), e.promoteCommand(), e.rollbackCommand(), e.removeCommand(), e.logsCommand(),
	)
}

// open reads the project in the folder that is named, or in the working one.
func (e Env) open(args []string) (*project.Project, error) {
	dir := e.Dir
	if len(args) > 0 {
		dir = e.path(args[0])
	}
	p, err := project.Open(dir)
	if err != nil {
		return nil, e.Usage("%w", err)
	}
	return p, nil
}

// path makes a path of the caller's absolute.
func (e Env) path(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(e.Dir, name)
}

// toolchains is the folder where tools are kept.
const toolchains = "HYGIA_TOOLCHAINS"

// home is where tools are installed.
func (e Env) home() (toolchain.Home, error) {
	dir := e.Getenv(toolchains)
	switch {
	case dir != "":
		dir = e.path(dir)
	case e.CacheDir != "":
		dir = filepath.Join(e.CacheDir, "hygia", "toolchains")
	default:
		return toolchain.Home{}, e.Usage("there is no folder for the tools: set %s, or HOME", toolchains)
	}
	return toolchain.Home{Dir: dir, Say: e.say}, nil
}

// say tells a person what goes on.
func (e Env) say(format string, args ...any) { fmt.Fprintf(e.Stderr, format+"\n", args...) }
