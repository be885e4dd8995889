package toolchain

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Run runs a program in dir, with env added to this process's environment, and
// returns what it printed. The error of one that fails holds the end of what it
// said.
func Run(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // the recipes' and the toolchain's own commands
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	// A child of a program that was killed may hold its output open.
	cmd.WaitDelay = 5 * time.Second
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return "", &CommandError{Args: args, Output: tail(stdout.String() + stderr.String()), Err: err}
	}
	return stdout.String(), nil
}

// CommandError is a program that failed.
type CommandError struct {
	Args   []string
	Output string // the end of what it printed
	Err    error
}

func (e *CommandError) Error() string {
	return fmt.Sprintf("%s: %v\n%s", strings.Join(e.Args, " "), e.Err, e.Output)
}

// Unwrap returns why it ended.
func (e *CommandError) Unwrap() error { return e.Err }

// tail is the end of a program's output, enough to see why it failed.
func tail(text string) string {
	const most = 4000
	text = strings.TrimSpace(text)
	if len(text) > most {
		text = "…" + text[len(text)-most:]
	}
	return text
}
