package build

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/hygia-suite/hygia/tools/hygia/internal/author/project"
	"github.com/hygia-suite/hygia/tools/internal/toolchain"
)

// reproducible takes the time and the language out of what tools write.
var reproducible = []string{"SOURCE_DATE_EPOCH=0", "LC_ALL=C"} //nolint:gochecknoglobals // immutable

// rust compiles a crate. One that reads files is for WASI 0.2, whose standard
// library asks for it; every other asks for nothing.
func (b builder) rust(ctx context.Context) (string, error) {
	target := "wasm32-unknown-unknown"
	if b.files() {
		target = "wasm32-wasip2"
	}
	env, err := b.home.Rust(ctx, toolchain.RustVersion, target)
	if err != nil {
		return "", err
	}
	out := filepath.Join(b.scratch, "cargo")
	env = append(append(env, reproducible...), "CARGO_TARGET_DIR="+out)
	if err := b.run(ctx, env, "cargo", "build", "--quiet", "--release", "--target", target); err != nil {
		return "", err
	}
	made := filepath.Join(out, target, "release", "plugin.wasm")
	if b.files() {
		return made, nil // its linker makes a component
	}
	return b.component(ctx, made)
}

func (b builder) c(ctx context.Context) (string, error) {
	witBindgen, err := b.home.WitBindgen(ctx)
	if err != nil {
		return "", err
	}
	zig, err := b.home.Zig(ctx)
	if err != nil {
		return "", err
	}
	// Relative paths, since some tools write into the result what they were given.
	generated := filepath.Join("build", "work", "c")
	if err := b.run(ctx, nil, witBindgen, "c", "wit", "--world", project.World, "--out-dir", generated); err != nil {
		return "", err
	}
	sources, err := filepath.Glob(b.project.Path("src", "*.c"))
	if err != nil {
		return "", err
	}
	core := filepath.Join("build", "work", "core.wasm")
	args := append(zig.Args, "cc", "-target", "wasm32-wasi", "-std=c11", "-O2", "-s", "-Wall", "-Wextra",
		"-mexec-model=reactor", "-Wl,-z,stack-size=262144", "-I"+generated, "-Isrc", "-o", core,
		filepath.Join(generated, "plugin.c"), filepath.Join(generated, "plugin_component_type.o"))
	for _, source := range sources {
		args = append(args, filepath.Join("src", filepath.Base(source)))
	}
	if err := b.run(ctx, append(reproducible, zig.Env...), args...); err != nil {
		return "", err
	}
	if !b.files() {
		return b.component(ctx, core)
	}
	return b.adapted(ctx, core)
}

// adapted wraps a core module that speaks WASI preview 1.
func (b builder) adapted(ctx context.Context, core string) (string, error) {
	adapter, err := b.home.Adapter(ctx)
	if err != nil {
		return "", err
	}
	return b.component(ctx, core, "--adapt", "wasi_snapshot_preview1="+adapter)
}

// golang compiles with the author's own Go. The generated packages lie in the
// module, so that an editor finds them; its go.mod is the author's.
func (b builder) golang(ctx context.Context) (string, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return "", &toolchain.MissingError{Tool: "a plugin in Go", Program: "go", Do: "install Go 1.25 or later"}
	}
	witBindgen, err := b.home.WitBindgen(ctx)
	if err != nil {
		return "", err
	}
	wasmTools, err := b.home.WasmTools(ctx)
	if err != nil {
		return "", err
	}
	generated := filepath.Join(b.scratch, "go")
	if err := os.RemoveAll(generated); err != nil {
		return "", err
	}
	if err := b.run(ctx, nil, witBindgen, "go", "wit", "--world", project.World, "--out-dir", generated); err != nil {
		return "", err
	}
	if err := copyTree(generated, b.project.Dir, func(name string) bool { return name != "go.mod" }); err != nil {
		return "", err
	}
	core, embedded := filepath.Join(b.scratch, "core.wasm"), filepath.Join(b.scratch, "embedded.wasm")
	env := []string{"GOOS=wasip1", "GOARCH=wasm", "GOWORK=off", "CGO_ENABLED=0"}
	err = b.run(ctx, env, "go", "build", "-trimpath", "-buildvcs=false", "-buildmode=c-shared", "-ldflags=-s -w -checklinkname=0", "-o", core, ".")
	if err != nil {
		return "", err
	}
	if err := b.run(ctx, nil, wasmTools, "component", "embed", "wit", "--world", project.World, core, "-o", embedded); err != nil {
		return "", err
	}
	return b.adapted(ctx, embedded)
}

// componentize calls componentize-js with what a plugin does not get: the
// features that need WASI.
const componentize = `
import { componentize } from '@bytecodealliance/componentize-js';
import { writeFile } from 'node:fs/promises';
const [sourcePath, witPath, worldName, out] = process.argv.slice(1);
const { component } = await componentize({ sourcePath, witPath, worldName,
  disableFeatures: ['random', 'stdio', 'clocks', 'http', 'fetch-event'] });
await writeFile(out, component);
`

func (b builder) js(ctx context.Context) (string, error) {
	if _, err := exec.LookPath("node"); err != nil {
		return "", &toolchain.MissingError{Tool: "a plugin in JavaScript", Program: "node", Do: "install Node.js 20 or later, with npm"}
	}
	modules, err := b.home.ComponentizeJS(ctx)
	if err != nil {
		return "", err
	}
	out := filepath.Join(b.scratch, "component.wasm")
	// In the folder from which the import is resolved.
	_, err = toolchain.Run(ctx, modules, reproducible, "node", "--input-type=module", "--eval", componentize,
		b.project.Path("plugin.js"), b.project.Path("wit"), project.World, out)
	return out, err
}

// python freezes the interpreter with the plugin's modules. It keeps WASI, which a
// host without files gives it empty.
func (b builder) python(ctx context.Context) (string, error) {
	tool, err := b.home.ComponentizePy(ctx)
	if err != nil {
		return "", err
	}
	out := filepath.Join(b.scratch, "component.wasm")
	args := append(tool.Args, "-d", "wit", "-w", project.World, "componentize", "app", "-o", out)
	return out, b.run(ctx, append(reproducible, tool.Env...), args...)
}

// copyTree copies the files of a folder that keep accepts, by their path in it,
// and leaves alone what would not change.
func copyTree(from, to string, keep func(name string) bool) error {
	root := os.DirFS(from)
	return fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !keep(name) {
			return err
		}
		data, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		target := filepath.Join(to, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil { //nolint:gosec // as the author's own tools make folders
			return err
		}
		return os.WriteFile(target, data, 0o644) //nolint:gosec // the author's to read
	})
}
