package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// workshop builds components in a repository.
type workshop struct {
	root string
	out  io.Writer
}

// say prints a line of progress.
func (w *workshop) say(format string, args ...any) {
	fmt.Fprintf(w.out, "plugins: "+format+"\n", args...)
}

// command runs a program in dir and returns what it printed. The error of one
// that fails holds the end of what it said.
func (w *workshop) command(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // the recipes' and the toolchain's own commands
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, tail(stdout.String()+stderr.String()))
	}
	return stdout.String(), nil
}

// tail is the end of a program's output, enough to see why it failed.
func tail(text string) string {
	const most = 4000
	text = strings.TrimSpace(text)
	if len(text) > most {
		text = "…" + text[len(text)-most:]
	}
	return text
}

// scratch makes a folder for a component under build/plugins, which is ignored.
func (w *workshop) scratch(p plugin) (string, error) {
	dir := filepath.Join(w.root, "build", "plugins", p.name)
	return dir, os.MkdirAll(dir, 0o750)
}

// make builds a component under build/ and returns its bytes.
func (w *workshop) make(ctx context.Context, p plugin) ([]byte, error) {
	scratch, err := w.scratch(p)
	if err != nil {
		return nil, err
	}
	v, err := w.variables(ctx, p, scratch)
	if err != nil {
		return nil, err
	}
	for _, line := range recipe(p) {
		if _, err := w.command(ctx, w.root, v.env, v.expand(line)...); err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return readFile(scratch, p.name+".wasm")
}
