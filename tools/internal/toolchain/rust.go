package toolchain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Rust makes sure of a Rust compiler of this version with these targets, by
// rustup, and returns the environment that makes cargo use it.
func (h Home) Rust(ctx context.Context, version string, targets ...string) (env []string, err error) {
	env = []string{"RUSTUP_TOOLCHAIN=" + version}
	if out, err := Run(ctx, "", env, "rustc", "--version"); err != nil || !slices.Contains(strings.Fields(out), version) {
		if _, err := exec.LookPath("rustup"); err != nil {
			return nil, &MissingError{"rust " + version, "rustup", getRust}
		}
		h.Say("installing rust %s", version)
		if _, err := Run(ctx, "", nil, "rustup", "toolchain", "install", version, "--profile", "minimal"); err != nil {
			return nil, fmt.Errorf("%w: installing rust %s: %w", ErrUnavailable, version, err)
		}
	}
	sysroot, err := Sysroot(ctx, env)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	for _, target := range targets {
		if _, err := os.Stat(filepath.Join(sysroot, "lib", "rustlib", target)); err == nil {
			continue
		}
		h.Say("adding the target %s to rust %s", target, version)
		if _, err := Run(ctx, "", nil, "rustup", "target", "add", "--toolchain", version, target); err != nil {
			return nil, fmt.Errorf("%w: adding %s: %w", ErrUnavailable, target, err)
		}
	}
	return env, nil
}

// Sysroot is where the compiler that env chooses keeps its libraries.
func Sysroot(ctx context.Context, env []string) (string, error) {
	out, err := Run(ctx, "", env, "rustc", "--print", "sysroot")
	return strings.TrimSpace(out), err
}

// compiler is the environment in which the tools themselves are compiled: with
// the pinned compiler where rustup is, and else with whatever cargo brings.
func (h Home) compiler(ctx context.Context) ([]string, error) {
	if _, err := exec.LookPath("rustup"); errors.Is(err, exec.ErrNotFound) {
		return nil, nil
	}
	return h.Rust(ctx, RustVersion)
}
