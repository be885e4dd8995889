package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/hygia-suite/hygia/tools/internal/toolchain"
)

// errNoTests says that a component has no native tests that can run here.
var errNoTests = errors.New("not tested natively")

var testResult = regexp.MustCompile(`(?m)^(test result: .*|.*: \d+ passed, \d+ failed)$`)

// test runs the components' native tests: cargo's for the crates below a
// component's folder, and for C one program, with sanitizers.
func (w *workshop) test(ctx context.Context, plugins []plugin) error {
	plugins = slices.DeleteFunc(withParts(plugins), func(p plugin) bool { return p.language == composed })
	for at, p := range plugins {
		w.say("[%d/%d] testing %s (%s)", at+1, len(plugins), p.name, p.language)
		run := w.testRust
		if p.language == inC {
			run = w.testC
		}
		out, err := run(ctx, p)
		if errors.Is(err, errNoTests) {
			w.say("  %v", err)
			continue
		}
		if err != nil {
			return err
		}
		for _, line := range testResult.FindAllString(out, -1) {
			if !strings.Contains(line, " 0 passed; 0 failed") {
				w.say("  %s", line)
			}
		}
	}
	return nil
}

func (w *workshop) testRust(ctx context.Context, p plugin) (string, error) {
	manifests, err := filepath.Glob(w.path(p.dir, "*", "Cargo.toml"))
	if err != nil {
		return "", err
	}
	if err := w.prepareRust(ctx); err != nil {
		return "", fmt.Errorf("%w: %w", errNoTests, err)
	}
	if len(manifests) == 0 {
		return "", fmt.Errorf("%w: it has no crate below it", errNoTests)
	}
	args := []string{"cargo", "test", "--quiet", "--locked"}
	for _, manifest := range manifests {
		args = append(args, "--package", filepath.Base(filepath.Dir(manifest)))
	}
	return toolchain.Run(ctx, w.root, append(w.tools.rust, "CARGO_TARGET_DIR="+w.path("build", "plugins", "cargo")), args...)
}

func (w *workshop) testC(ctx context.Context, p plugin) (string, error) {
	if tests, err := filepath.Glob(w.path(p.dir, "test", "*.c")); err != nil || len(tests) == 0 {
		return "", errors.Join(fmt.Errorf("%w: it has no test/*.c", errNoTests), err)
	}
	scratch, err := w.scratch(p)
	if err != nil {
		return "", err
	}
	compiler := os.Getenv("CC")
	if compiler == "" {
		compiler = "cc"
	}
	program := filepath.Join(scratch, "test")
	// component.c is the glue, which only a component's bindings compile.
	args := []string{compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "-g", "-fsanitize=address,undefined",
		"-fno-sanitize-recover", "-o", program}
	for _, pattern := range []string{"src/*.c", "test/*.c"} {
		files, err := filepath.Glob(w.path(p.dir, pattern))
		if err != nil {
			return "", err
		}
		for _, file := range files {
			if filepath.Base(file) != "component.c" {
				args = append(args, file)
			}
		}
	}
	if _, err := toolchain.Run(ctx, w.root, nil, args...); err != nil {
		return "", err
	}
	return toolchain.Run(ctx, w.root, nil, program)
}
