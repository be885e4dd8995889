package main

import (
	"context"
	"errors"
	"regexp"
	"slices"

	"github.com/hygia-suite/hygia/tools/internal/toolchain"
)

// rustTarget is what components in Rust are compiled for.
const rustTarget = "wasm32-unknown-unknown"

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
	tools := map[string]string{"wasm-tools": toolchain.WasmToolsVersion}
	for _, part := range withParts([]plugin{p}) {
		switch part.language {
		case composed:
			tools["wac"] = toolchain.WacVersion
		case inC:
			tools["wit-bindgen"], tools["ziglang"] = toolchain.WitBindgenVersion, toolchain.ZigVersion
		case inRust:
			version, err := rustVersion(root)
			if err != nil {
				return nil, err
			}
			tools["rust"] = version
		}
	}
	return tools, nil
}

// installed are the tools that recipes call.
type installed struct {
	wasmTools, witBindgen, wac string
	zig                        toolchain.Program
	rust                       []string // the environment that makes cargo use the pinned compiler
}

// prepare installs what the build of these components needs, where it is missing.
// Its error is a toolchain.ErrUnavailable and says which tool it was.
func (w *workshop) prepare(ctx context.Context, plugins []plugin) (err error) {
	if err := w.prepareRust(ctx, rustTarget); err != nil {
		return err
	}
	home := w.home()
	if w.tools.wasmTools, err = home.WasmTools(ctx); err != nil {
		return err
	}
	uses := func(l language) bool {
		return slices.ContainsFunc(withParts(plugins), func(p plugin) bool { return p.language == l })
	}
	if uses(composed) {
		if w.tools.wac, err = home.Wac(ctx); err != nil {
			return err
		}
	}
	if !uses(inC) {
		return nil
	}
	if w.tools.witBindgen, err = home.WitBindgen(ctx); err != nil {
		return err
	}
	w.tools.zig, err = home.Zig(ctx)
	return err
}

func (w *workshop) prepareRust(ctx context.Context, targets ...string) error {
	version, err := rustVersion(w.root)
	if err != nil {
		return err
	}
	w.tools.rust, err = w.home().Rust(ctx, version, targets...)
	return err
}

// home is where the repository keeps its tools.
func (w *workshop) home() toolchain.Home {
	return toolchain.Home{Dir: w.path(".tools"), Say: w.say}
}
