package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/hygia-suite/hygia/tools/internal/toolchain"
)

// workshop builds components in a repository.
type workshop struct {
	root  string
	out   io.Writer
	tools installed
}

func (w *workshop) path(parts ...string) string {
	return filepath.Join(append([]string{w.root}, parts...)...)
}

// say prints a line of progress.
func (w *workshop) say(format string, args ...any) {
	fmt.Fprintf(w.out, "plugins: "+format+"\n", args...)
}

// scratch makes a folder for a component under build/plugins, which is ignored.
func (w *workshop) scratch(p plugin) (string, error) {
	dir := filepath.Join(w.root, "build", "plugins", p.name)
	return dir, os.MkdirAll(dir, 0o750)
}

// make builds a component, and its parts before it, under build/ and returns its
// bytes.
func (w *workshop) make(ctx context.Context, p plugin) ([]byte, error) {
	for _, part := range p.parts {
		if _, err := w.make(ctx, part); err != nil {
			return nil, err
		}
	}
	scratch, err := w.scratch(p)
	if err != nil {
		return nil, err
	}
	v, err := w.variables(ctx, p, scratch)
	if err != nil {
		return nil, err
	}
	for _, line := range recipe(p) {
		if _, err := toolchain.Run(ctx, w.root, v.env, v.expand(line)...); err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return readFile(scratch, p.name+".wasm")
}
