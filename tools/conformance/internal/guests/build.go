package guests

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hygia-suite/hygia/tools/internal/toolchain"
)

// target is what guests are compiled for: the one that wit-bindgen's test command
// can make components of in both languages.
const target = "wasm32-wasip1"

// Builder builds and composes the components of cases.
type Builder struct {
	// Bindgen is the program wit-bindgen.
	Bindgen string
	// Env is added to its environment: it finds the compilers by it.
	Env []string
	// Work is a folder for what it makes.
	Work string
}

// NewBuilder installs what is missing of the pinned tools. Its error is a
// toolchain.ErrUnavailable where one cannot be had.
func NewBuilder(ctx context.Context, home toolchain.Home, work string) (*Builder, error) {
	var err error
	if home.Dir, err = filepath.Abs(home.Dir); err != nil {
		return nil, fmt.Errorf("find the folder of tools: %w", err)
	}
	bindgen, err := home.WitBindgen(ctx)
	if err != nil {
		return nil, err
	}
	env, err := home.Rust(ctx, toolchain.RustVersion, target)
	if err != nil {
		return nil, err
	}
	zig, err := home.Zig(ctx)
	if err != nil {
		return nil, err
	}
	sdk := filepath.Join(work, "sdk")
	if err := compiler(filepath.Join(sdk, "bin"), zig.Args); err != nil {
		return nil, err
	}
	return &Builder{Bindgen: bindgen, Env: slices.Concat(env, zig.Env, []string{"WASI_SDK_PATH=" + sdk}), Work: work}, nil
}

// compiler writes the C compiler that wit-bindgen looks for: zig's, which traps on
// undefined behaviour of C unless it is told otherwise, and the suite's guests have
// some.
func compiler(dir string, zig []string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make a folder for the compiler: %w", err)
	}
	var script strings.Builder
	script.WriteString("#!/bin/sh\nexec")
	for _, arg := range zig {
		script.WriteString(" '" + strings.ReplaceAll(arg, "'", `'\''`) + "'")
	}
	script.WriteString(" cc -target wasm32-wasi -fno-sanitize=undefined \"$@\"\n")
	err := os.WriteFile(filepath.Join(dir, target+"-clang"), []byte(script.String()), 0o700) //nolint:gosec // a program
	if err != nil {
		return fmt.Errorf("write the compiler's script: %w", err)
	}
	return nil
}

// Build builds a case in every language and returns the composed components, one
// for each choice of a caller and what it calls.
func (b *Builder) Build(ctx context.Context, c Case) ([]string, error) {
	_, err := toolchain.Run(ctx, b.Work, b.Env, b.Bindgen, "test", "--artifacts", b.Work, "--languages", "rust,c",
		"--rust-target", target, "--c-target", target, "--rust-wit-bindgen-version", toolchain.WitBindgenVersion,
		"--runner", "true", c.Dir)
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	composed, err := filepath.Glob(filepath.Join(b.Work, filepath.Base(c.Dir), "composed-*.wasm"))
	if err == nil && len(composed) == 0 {
		err = errors.New("nothing was composed")
	}
	return composed, err
}
