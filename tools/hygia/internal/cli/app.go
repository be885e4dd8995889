package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/hygia-suite/hygia/pkg/service"
	"github.com/hygia-suite/hygia/tools/hygia/internal/devenv"
)

// Env is what a command takes from its process, so that tests run it whole.
type Env struct {
	Args           []string // without the program's name
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// StdinTerminal and StderrTerminal tell whether a person is there.
	StdinTerminal, StderrTerminal bool
	// ReadPassword asks on the terminal, without echo.
	ReadPassword func(prompt string) (string, error)
	Getenv       func(string) string
	Environ      []string
	// Dir is the working folder; ConfigDir holds the person's settings, and is
	// empty where they have none.
	Dir, ConfigDir string
	// CacheDir is the system's folder for the person's caches; empty where there is
	// none.
	CacheDir string
	// Executable is this very program; empty where the system does not tell.
	Executable string
	HTTP       *http.Client
	Clock      func() time.Time
	Version    string
	// Signals ask for an end; the second one ends at once.
	Signals <-chan os.Signal
}

// Main runs the command as this process and returns its exit code.
func Main() int {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup asks to go on without a terminal
		signal.Notify(signals, syscall.SIGHUP)
	}
	defer signal.Stop(signals)
	dir, _ := os.Getwd() // where it cannot be had, there is no dev.env above it
	config, err := os.UserConfigDir()
	if err == nil {
		config = filepath.Join(config, "hygia")
	}
	cache, _ := os.UserCacheDir()    // only `hygia plugin build` needs it, and says so where it is missing
	executable, _ := os.Executable() // only `hygia up` needs it, and says so where it is missing
	return Env{
		Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		StdinTerminal: term.IsTerminal(int(os.Stdin.Fd())), StderrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		ReadPassword: readPassword, Getenv: os.Getenv, Environ: os.Environ(), Dir: dir,
		ConfigDir: config, CacheDir: cache, Executable: executable,
		HTTP: &http.Client{}, Version: service.Version(), Signals: signals,
		Clock: time.Now, //nolint:forbidigo // from here on it is handed in
	}.Run(context.Background())
}

// Run runs one command and returns its exit code.
func (e Env) Run(ctx context.Context) int {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	a := &app{env: e}
	root := a.root() //nolint:contextcheck // ExecuteContext hands it on
	root.SetArgs(e.Args)
	root.SetIn(e.Stdin)
	root.SetOut(e.Stdout)
	root.SetErr(e.Stderr)
	go func() {
		select {
		case <-e.Signals:
			cancel(errInterrupted)
		case <-ctx.Done():
		}
	}()
	c, err := root.ExecuteContextC(ctx)
	if err != nil && !a.started {
		err = misused(c, err) // the words were refused before a command began
	}
	code := exitCode(err)
	if code == ExitInterrupted {
		err = errInterrupted
	}
	if err != nil {
		explain(e.Stderr, err)
	}
	return code
}

// app is one run of the command.
type app struct {
	env     Env
	started bool

	json      bool
	url       string
	as        string
	tokenFile string
}

const rootLong = `hygia runs the Hygia suite on one machine, and works with any suite that runs.

It talks to the suite at HYGIA_URL, or at the one that the nearest .hygia/dev.env
names. Who asks is said, in this order, by --token-file; by --as ROLE, which takes
HYGIA_<ROLE>_TOKEN from the environment or from .hygia/dev.env; by HYGIA_TOKEN; by
` + "`hygia login`" + `; and, for a suite of .hygia/dev.env, by the role that the command
is for.

`

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "hygia",
		Short:         "Runs the Hygia suite, and works with it",
		Long:          rootLong + exitTable,
		SilenceErrors: true, SilenceUsage: true,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	flags := root.PersistentFlags()
	flags.BoolVar(&a.json, "json", false, "print one JSON object, for programs")
	flags.StringVar(&a.url, "url", "", "the suite's `URL` (default $HYGIA_URL)")
	flags.StringVar(&a.as, "as", "", "ask as this `ROLE`: admin, editor, reviewer or dpo")
	flags.StringVar(&a.tokenFile, "token-file", "", "read the token from `FILE`")
	choices(root, "as", devenv.Roles()...)
	root.AddCommand(
		a.upCommand(), a.statusCommand(), a.loginCommand(), a.importCommand(), a.validateCommand(),
		a.anonymizeCommand(), a.contentCommand(), a.auditCommand(), a.pluginCommand(), a.versionCommand(),
	)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("%w; see `%s --help`", err, c.CommandPath())
	})
	return root
}

// command makes a command whose run marks that the words were understood.
func (a *app) command(c *cobra.Command, run func(ctx context.Context, args []string) error) *cobra.Command {
	c.Long += "\n\n" + exitTable
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if check(c, args) == nil {
				return nil
			}
			return fmt.Errorf("the arguments are wrong: there are %d, and the command is `%s`", len(args), c.UseLine())
		}
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		a.started = true
		return run(c.Context(), args)
	}
	return c
}

// misused adds an example of how a command is called to what was wrong with a call.
func misused(c *cobra.Command, err error) error {
	if wrong := (usageError{}); errors.As(err, &wrong) {
		return err // which says enough
	}
	example, _, _ := strings.Cut(strings.TrimSpace(c.Example), "\n")
	if example == "" {
		return usageError{err: err}
	}
	return usageError{err, fmt.Sprintf("call it as in `%s`; `%s --help` says more", example, c.CommandPath())}
}

// require marks an option as one that must be given. The error is of an option
// that does not exist: a mistake in this program, which every test would meet.
func require(c *cobra.Command, option string) {
	if err := c.MarkFlagRequired(option); err != nil {
		panic(err)
	}
}

// choices completes an option with words; like require, it panics on an option
// that does not exist.
func choices(c *cobra.Command, option string, words ...string) {
	complete := cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
	if err := c.RegisterFlagCompletionFunc(option, complete); err != nil {
		panic(err)
	}
}

// group makes a command that has commands.
func (a *app) group(c *cobra.Command, inner ...*cobra.Command) *cobra.Command {
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usage("unknown command %q for %q; see `%s --help`", args[0], c.CommandPath(), c.CommandPath())
		}
		return nil
	}
	c.RunE = func(c *cobra.Command, _ []string) error {
		return usage("which command? See `%s --help`", c.CommandPath())
	}
	c.AddCommand(inner...)
	return c
}
