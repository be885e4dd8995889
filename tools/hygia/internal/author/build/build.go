// Package build makes a component of a project, with pinned tools that it
// installs where they are missing.
package build

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hygia-suite/hygia/tools/hygia/internal/author/project"
	"github.com/hygia-suite/hygia/tools/internal/toolchain"
)

// Result is what was built.
type Result struct {
	Digest string `json:"digest"`
	File   string `json:"file"`
	Bytes  int    `json:"bytes"`
}

// builder builds one project.
type builder struct {
	home    toolchain.Home
	project *project.Project
	// scratch is a folder in the project's build folder for what lies between.
	scratch string
	// sources are those at the beginning, and what building writes among them.
	sources project.Sources
}

// Build builds a project's component and writes it with its manifest. It takes
// seconds; the first time for a language, minutes, to install its tools. It fails
// with project.ErrNotBuilt where the author changed a source meanwhile.
func Build(ctx context.Context, home toolchain.Home, p *project.Project) (Result, error) {
	sources, err := p.Sources()
	if err != nil {
		return Result{}, err
	}
	b := builder{home: home, project: p, scratch: filepath.Join(p.Built(), "work"), sources: sources}
	if err := os.MkdirAll(b.scratch, 0o755); err != nil { //nolint:gosec // as the author's own tools make folders
		return Result{}, err
	}
	var make func(context.Context) (string, error)
	switch p.Language {
	case project.Rust:
		make = b.rust
	case project.C:
		make = b.c
	case project.Go:
		make = b.golang
	case project.JS:
		make = b.js
	case project.Python:
		make = b.python
	}
	file, err := make(ctx)
	if err != nil {
		return Result{}, err
	}
	wasm, err := os.ReadFile(file) //nolint:gosec // just built
	if err != nil {
		return Result{}, err
	}
	digest, err := p.Write(wasm, b.sources)
	if err != nil {
		return Result{}, err
	}
	return Result{Digest: digest, File: p.Wasm(), Bytes: len(wasm)}, nil
}

// run runs a program in the project's folder.
func (b builder) run(ctx context.Context, env []string, args ...string) error {
	return b.step(func() error {
		_, err := toolchain.Run(ctx, b.project.Dir, env, args...)
		return err
	})
}

// step does what may take long, and says so meanwhile.
func (b builder) step(do func() error) error {
	stop := b.home.Remind("building " + b.project.Manifest.Name)
	defer stop()
	if err := do(); err != nil {
		return fmt.Errorf("building %s: %w", b.project.Manifest.Name, err)
	}
	return nil
}

// component wraps a core module into a component.
func (b builder) component(ctx context.Context, core string, flags ...string) (string, error) {
	wasmTools, err := b.home.WasmTools(ctx)
	if err != nil {
		return "", err
	}
	out := filepath.Join(b.scratch, "component.wasm")
	return out, b.run(ctx, nil, append([]string{wasmTools, "component", "new", core, "-o", out}, flags...)...)
}

// files tells whether the plugin is granted folders, and so reads files.
func (b builder) files() bool { return len(b.project.Manifest.Grants.Folders) > 0 }
