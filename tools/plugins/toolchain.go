package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// The pinned tools. Rust's version is rust-toolchain.toml's.
const (
	wasmToolsVersion  = "1.263.0"
	witBindgenVersion = "0.63.0"
	zigVersion        = "0.17.1"
	rustTarget        = "wasm32-unknown-unknown"
)

var rustChannel = regexp.MustCompile(`(?m)^channel = "([0-9.]+)"$`)

// rustVersion reads the pinned compiler's version.
func rustVersion(root string) (string, error) {
	data, err := readFile(root, "rust-toolchain.toml")
	if err != nil {
		return "", err
	}
	match := rustChannel.FindSubmatch(data)
	if match == nil {
		return "", errors.New("rust-toolchain.toml pins no channel")
	}
	return string(match[1]), nil
}

// versions are the tools that a component's bytes depend on.
func versions(root string, p plugin) (map[string]string, error) {
	tools := map[string]string{"wasm-tools": wasmToolsVersion}
	if p.language == inC {
		tools["wit-bindgen"], tools["ziglang"] = witBindgenVersion, zigVersion
		return tools, nil
	}
	version, err := rustVersion(root)
	tools["rust"] = version
	return tools, err
}

// tool is a pinned tool: how to ask for its version, and how to install it.
type tool struct {
	name    string
	version []string
	want    string
	install [][]string
}

func (w *workshop) path(parts ...string) string {
	return filepath.Join(append([]string{w.root}, parts...)...)
}

func rustTool(version string) tool {
	return tool{
		name:    "rust",
		version: []string{"rustc", "--version"},
		want:    version,
		install: [][]string{{"rustup", "toolchain", "install", version, "--profile", "minimal", "--target", rustTarget}},
	}
}

func (w *workshop) cargoTool(name, crate, version string, flags ...string) tool {
	install := append([]string{"cargo", "install", crate + "@" + version, "--locked", "--root", w.path(".tools", "cargo")}, flags...)
	return tool{
		name:    name,
		version: []string{w.path(".tools", "cargo", "bin", name), "--version"},
		want:    version,
		install: [][]string{install},
	}
}

// tools lists what the build of these components needs, in the order in which it
// must be installed.
func (w *workshop) tools(plugins []plugin) ([]tool, error) {
	rustc, err := rustVersion(w.root)
	if err != nil {
		return nil, err
	}
	tools := []tool{
		rustTool(rustc),
		w.cargoTool("wasm-tools", "wasm-tools", wasmToolsVersion, "--no-default-features", "--features", "component"),
	}
	for _, p := range plugins {
		if p.language == inC {
			python := w.path(".tools", "python", "bin", "python")
			return append(tools,
				w.cargoTool("wit-bindgen", "wit-bindgen-cli", witBindgenVersion),
				tool{
					name:    "ziglang",
					version: []string{python, "-m", "ziglang", "version"},
					want:    zigVersion,
					install: [][]string{
						{"python3", "-m", "venv", w.path(".tools", "python")},
						{python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "ziglang==" + zigVersion},
					},
				}), nil
		}
	}
	return tools, nil
}

// errNoToolchain says that the pinned tools are neither here nor to be had.
var errNoToolchain = errors.New("the toolchain cannot be had")

// prepare installs what is missing. Its error wraps errNoToolchain and says
// which tool it was.
func (w *workshop) prepare(ctx context.Context, plugins []plugin) error {
	tools, err := w.tools(plugins)
	if err != nil {
		return err
	}
	for _, t := range tools {
		if err := w.ensure(ctx, t); err != nil {
			return err
		}
	}
	return w.prepareTarget(ctx)
}

// ensure installs a tool where it is missing or at another version.
func (w *workshop) ensure(ctx context.Context, t tool) error {
	if w.has(ctx, t) {
		return nil
	}
	w.say("installing %s %s (this may take some minutes)", t.name, t.want)
	for _, command := range t.install {
		if _, err := exec.LookPath(command[0]); err != nil {
			return fmt.Errorf("%w: %s %s needs %s", errNoToolchain, t.name, t.want, command[0])
		}
		if _, err := w.command(ctx, w.root, nil, command...); err != nil {
			return fmt.Errorf("%w: installing %s %s: %w", errNoToolchain, t.name, t.want, err)
		}
	}
	if !w.has(ctx, t) {
		return fmt.Errorf("%w: %s is not at version %s once installed", errNoToolchain, t.name, t.want)
	}
	return nil
}

func (w *workshop) has(ctx context.Context, t tool) bool {
	out, err := w.command(ctx, w.root, nil, t.version...)
	if err != nil {
		return false
	}
	for _, word := range strings.Fields(out) {
		if word == t.want {
			return true
		}
	}
	return false
}

// prepareTarget adds the standard library for components.
func (w *workshop) prepareTarget(ctx context.Context) error {
	sysroot, err := w.sysroot(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", errNoToolchain, err)
	}
	if _, err := os.Stat(filepath.Join(sysroot, "lib", "rustlib", rustTarget)); err == nil {
		return nil
	}
	w.say("adding the target %s", rustTarget)
	if _, err := w.command(ctx, w.root, nil, "rustup", "target", "add", rustTarget); err != nil {
		return fmt.Errorf("%w: adding %s: %w", errNoToolchain, rustTarget, err)
	}
	return nil
}

func (w *workshop) sysroot(ctx context.Context) (string, error) {
	out, err := w.command(ctx, w.root, nil, "rustc", "--print", "sysroot")
	return strings.TrimSpace(out), err
}
