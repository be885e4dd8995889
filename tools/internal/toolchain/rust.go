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

// Rust makes sure of a Rust compiler of this version with these targets, and returns
// the environment that makes cargo use it. Where the person's own rustup has both, that
// is used, some hundred MB that need not be there twice; else both are installed in the
// home, by rustup. Nothing is ever added to the person's own. Crates are downloaded
// into cargo's cache, which is the person's, as its mirrors and logins are.
func (h Home) Rust(ctx context.Context, version string, targets ...string) (env []string, err error) {
	// rustup may otherwise install what is merely asked for.
	env = []string{"RUSTUP_TOOLCHAIN=" + version, "RUSTUP_AUTO_INSTALL=0"}
	if out, err := Run(ctx, "", env, "rustc", "--version"); err == nil && slices.Contains(strings.Fields(out), version) {
		if missing, err := missingTargets(ctx, env, targets); err == nil && len(missing) == 0 {
			return env, nil
		}
	}
	dir, err := h.ensure(ctx, h.rust(version, targets))
	if err != nil {
		return nil, err
	}
	env = append(env, "RUSTUP_HOME="+dir)
	return env, h.addTargets(ctx, env, version, targets)
}

// rust is a home of rustup's, which can be moved.
func (h Home) rust(version string, targets []string) pinned {
	return pinned{
		name: "rust", version: version, program: "rustup", do: getRust,
		install: func(ctx context.Context, _ Home, dir string) error {
			args := []string{"rustup", "toolchain", "install", version, "--profile", "minimal", "--no-self-update"}
			for _, target := range targets {
				args = append(args, "--target", target)
			}
			_, err := Run(ctx, "", []string{"RUSTUP_HOME=" + dir}, args...)
			return err
		},
	}
}

// addTargets adds those that an earlier installation in the home did not ask for.
func (h Home) addTargets(ctx context.Context, env []string, version string, targets []string) error {
	missing, err := missingTargets(ctx, env, targets)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if len(missing) == 0 {
		return nil
	}
	unlock, err := h.lock(ctx, h.rust(version, nil))
	if err != nil {
		return err
	}
	defer unlock()
	for _, target := range missing {
		h.Say("adding the target %s to rust %s in %s", target, version, h.Dir)
		if _, err := Run(ctx, "", env, "rustup", "target", "add", "--toolchain", version, target); err != nil {
			return fmt.Errorf("%w: adding %s: %w", ErrUnavailable, target, err)
		}
	}
	return nil
}

// missingTargets are those that the compiler lacks which env chooses.
func missingTargets(ctx context.Context, env, targets []string) (missing []string, err error) {
	sysroot, err := Sysroot(ctx, env)
	if err != nil {
		return nil, err
	}
	for _, target := range targets {
		if _, err := os.Stat(filepath.Join(sysroot, "lib", "rustlib", target)); err != nil {
			missing = append(missing, target)
		}
	}
	return missing, nil
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
