package toolchain

import (
	"context"
	_ "embed"
	"os"
	"path/filepath"
)

// The pinned tools. A first-party component's bytes depend on the first five.
const (
	RustVersion           = "1.95.0"
	WasmToolsVersion      = "1.263.0"
	WitBindgenVersion     = "0.63.0"
	ZigVersion            = "0.17.1"
	WacVersion            = "0.12.0"
	AdapterVersion        = "44.0.3"
	ComponentizeJSVersion = "0.23.0"
	ComponentizePyVersion = "0.25.1"
)

// What helps where a program is missing.
const (
	getRust   = "install Rust with rustup (rustup.rs)"
	getPython = "install Python 3.10 or later, with pip"
	getNode   = "install Node.js 20 or later, with npm"
)

// WasmTools returns the program wasm-tools.
func (h Home) WasmTools(ctx context.Context) (string, error) {
	return h.cargoTool(ctx, "wasm-tools", "wasm-tools", WasmToolsVersion, "--no-default-features", "--features", "component")
}

// WitBindgen returns the program wit-bindgen.
func (h Home) WitBindgen(ctx context.Context) (string, error) {
	return h.cargoTool(ctx, "wit-bindgen", "wit-bindgen-cli", WitBindgenVersion)
}

// Wac returns the program wac, which composes components.
func (h Home) Wac(ctx context.Context) (string, error) {
	return h.cargoTool(ctx, "wac", "wac-cli", WacVersion, "--no-default-features")
}

func (h Home) cargoTool(ctx context.Context, name, crate, version string, flags ...string) (string, error) {
	dir, err := h.ensure(ctx, pinned{
		name: name, version: version, program: "cargo", do: getRust,
		install: func(ctx context.Context, h Home, dir string) error {
			env, err := h.compiler(ctx)
			if err != nil {
				return err
			}
			args := append([]string{"cargo", "install", crate + "@" + version, "--locked", "--root", dir}, flags...)
			_, err = Run(ctx, h.Dir, env, args...)
			return err
		},
	})
	return filepath.Join(dir, "bin", name), err
}

// Program is a tool that another program runs.
type Program struct {
	Args []string // how it is called
	Env  []string // what its environment must have
}

//go:embed pins/ziglang.txt
var zigWheels []byte

//go:embed pins/componentize-py.txt
var componentizePyWheels []byte

// CStack and RustStack have components linked with a stack of 256 KiB, by zig and by rustc.
// Theirs are 16 MiB and 1 MiB, which an engine that keeps memory wipes at each call's end.
const (
	CStack    = "-Wl,-z,stack-size=262144"
	RustStack = "-Clink-arg=-zstack-size=262144"
)

// Zig returns how to call zig, whose `cc` is a C compiler with a C library for
// WebAssembly.
func (h Home) Zig(ctx context.Context) (Program, error) {
	dir, err := h.wheels(ctx, "ziglang", ZigVersion, zigWheels)
	return Program{
		Args: []string{"python3", "-m", "ziglang"},
		Env:  []string{"PYTHONPATH=" + dir, "PYTHONDONTWRITEBYTECODE=1", "ZIG_GLOBAL_CACHE_DIR=" + filepath.Join(h.Dir, "zig")},
	}, err
}

// ComponentizePy returns how to call componentize-py.
func (h Home) ComponentizePy(ctx context.Context) (Program, error) {
	dir, err := h.wheels(ctx, "componentize-py", ComponentizePyVersion, componentizePyWheels)
	return Program{
		Args: []string{"python3", filepath.Join(dir, "bin", "componentize-py")},
		Env:  []string{"PYTHONPATH=" + dir, "PYTHONDONTWRITEBYTECODE=1"},
	}, err
}

// wheels installs Python packages whose digests are pinned. A folder and not a
// virtual environment: it can be moved, and Debian's Python makes one too.
func (h Home) wheels(ctx context.Context, name, version string, requirements []byte) (string, error) {
	return h.ensure(ctx, pinned{
		name: name, version: version, program: "python3", do: getPython,
		install: func(ctx context.Context, h Home, dir string) error {
			file := dir + ".requirements"
			if err := os.WriteFile(file, requirements, 0o600); err != nil {
				return err
			}
			defer func() { _ = os.Remove(file) }()
			_, err := Run(ctx, h.Dir, nil, "python3", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
				"--no-compile", "--only-binary", ":all:", "--require-hashes", "--target", dir, "--requirement", file)
			return err
		},
	})
}

//go:embed pins/componentize-js/package.json
var jsPackage []byte

//go:embed pins/componentize-js/package-lock.json
var jsLock []byte

// ComponentizeJS returns the folder whose node_modules hold componentize-js.
func (h Home) ComponentizeJS(ctx context.Context) (string, error) {
	return h.ensure(ctx, pinned{
		name: "componentize-js", version: ComponentizeJSVersion, program: "npm", do: getNode,
		install: func(ctx context.Context, h Home, dir string) error {
			for name, data := range map[string][]byte{"package.json": jsPackage, "package-lock.json": jsLock} {
				if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
					return err
				}
			}
			// `npm ci` insists on bindings for platforms that not every registry serves.
			if _, err := Run(ctx, dir, nil, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"); err != nil {
				return err
			}
			_, err := Run(ctx, dir, nil, "node", "--input-type=module", "--eval", "import '@bytecodealliance/componentize-js'")
			return err
		},
	})
}

//go:embed pins/adapter/Cargo.toml.pin
var adapterManifest []byte

//go:embed pins/adapter/Cargo.lock
var adapterLock []byte

// Adapter returns the component that gives modules of WASI preview 1 the WASI
// 0.2 of a component.
func (h Home) Adapter(ctx context.Context) (string, error) {
	const file = "wasi_snapshot_preview1.reactor.wasm"
	dir, err := h.ensure(ctx, pinned{
		name: "wasi-adapter", version: AdapterVersion, program: "cargo", do: getRust,
		install: func(ctx context.Context, h Home, dir string) error {
			work := filepath.Join(dir, "vendoring")
			if err := os.MkdirAll(filepath.Join(work, "src"), 0o750); err != nil {
				return err
			}
			defer func() { _ = os.RemoveAll(work) }()
			for name, data := range map[string][]byte{"Cargo.toml": adapterManifest, "Cargo.lock": adapterLock, "src/lib.rs": nil} {
				if err := os.WriteFile(filepath.Join(work, name), data, 0o600); err != nil {
					return err
				}
			}
			if _, err := Run(ctx, work, nil, "cargo", "vendor", "--quiet", "--locked", "vendor"); err != nil {
				return err
			}
			return os.Rename(filepath.Join(work, "vendor", "wasi-preview1-component-adapter-provider", "artefacts", file), filepath.Join(dir, file))
		},
	})
	return filepath.Join(dir, file), err
}
