package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/hygia-suite/hygia/tools/internal/toolchain"
)

// recipe is how a component is built, a command a line, words apart by spaces.
// Words in braces are replaced; what they stand for lies outside the recipe, so
// that the sources' digest, which covers the recipe, is the same in every folder.
func recipe(p plugin) []string {
	if p.language == composed {
		line := "{wac} plug " + built(p.parts[0]) + " -o {scratch}/" + p.name + ".wasm"
		for _, part := range p.parts[1:] {
			line += " --plug " + built(part)
		}
		return []string{line}
	}
	componentNew := "{wasm-tools} component new {core} -o {scratch}/" + p.name + ".wasm"
	if p.language == inRust {
		which := " --package " + p.name
		if p.apart {
			which = " --manifest-path " + p.dir + "/Cargo.toml"
		}
		return []string{"cargo rustc --quiet --locked --release --lib --target " + rustTarget + which + " -- " + toolchain.RustStack, componentNew}
	}
	bindings := strings.ReplaceAll(p.world, "-", "_")
	return []string{
		"{wit-bindgen} c " + p.wit + " --world " + p.world + " --out-dir {scratch}",
		"{python} -m ziglang cc -target wasm32-wasi -std=c11 -O2 -s -mexec-model=reactor " + toolchain.CStack + " -I{scratch} " +
			"{c-sources} {scratch}/" + bindings + ".c {scratch}/" + bindings + "_component_type.o -o {core}",
		componentNew,
	}
}

// built is where a part's component is put.
func built(p plugin) string { return "build/plugins/" + p.name + "/" + p.name + ".wasm" }

// recipes are a component's recipe after those of its parts.
func recipes(p plugin) []string {
	var lines []string
	for _, part := range p.parts {
		lines = append(lines, recipe(part)...)
	}
	return append(lines, recipe(p)...)
}

// variables are what a recipe's words in braces stand for in this repository,
// and the environment in which its commands run.
type variables struct {
	words map[string][]string
	env   []string
}

func (w *workshop) variables(ctx context.Context, p plugin, scratch string) (variables, error) {
	// Relative paths, since some tools write into the result what they were given.
	relative, err := filepath.Rel(w.root, scratch)
	if err != nil {
		return variables{}, err
	}
	v := variables{words: map[string][]string{
		"{wac}":         {w.tools.wac},
		"{wasm-tools}":  {w.tools.wasmTools},
		"{wit-bindgen}": {w.tools.witBindgen},
		"{python}":      {"python3"},
		"{scratch}":     {filepath.ToSlash(relative)},
		"{core}":        {filepath.ToSlash(relative) + "/core.wasm"},
	}}
	v.env = []string{"SOURCE_DATE_EPOCH=0", "LC_ALL=C"}
	if p.language == composed {
		return v, nil
	}
	if p.language == inC {
		v.env = append(v.env, w.tools.zig.Env...)
		files, err := filepath.Glob(w.path(p.dir, "src", "*.c"))
		if err != nil {
			return variables{}, err
		}
		for _, file := range files {
			v.words["{c-sources}"] = append(v.words["{c-sources}"], p.dir+"/src/"+filepath.Base(file))
		}
		return v, nil
	}
	target := w.path("build", "plugins", "cargo")
	core := "build/plugins/cargo/" + rustTarget + "/release/" + strings.ReplaceAll(p.name, "-", "_") + ".wasm"
	v.words["{core}"] = []string{core}
	flags, err := w.rustFlags(ctx)
	v.env = append(append(v.env, w.tools.rust...), "CARGO_TARGET_DIR="+target, "CARGO_INCREMENTAL=0", "CARGO_ENCODED_RUSTFLAGS="+flags)
	return v, err
}

// rustFlags take this machine's folders out of what the compiler writes.
func (w *workshop) rustFlags(ctx context.Context) (string, error) {
	sysroot, err := toolchain.Sysroot(ctx, w.tools.rust)
	if err != nil {
		return "", err
	}
	cargo := os.Getenv("CARGO_HOME")
	if cargo == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		cargo = filepath.Join(home, ".cargo")
	}
	remap := []string{
		"--remap-path-prefix=" + w.root + "=/hygia",
		"--remap-path-prefix=" + cargo + "=/cargo",
		"--remap-path-prefix=" + sysroot + "=/rust",
	}
	return strings.Join(remap, "\x1f"), nil
}

// expand splits a line of a recipe and puts in what its words stand for.
func (v variables) expand(line string) []string {
	var args []string
	for _, word := range strings.Fields(line) {
		if list, ok := v.words[word]; ok {
			args = append(args, list...)
			continue
		}
		for name, list := range v.words {
			if len(list) == 1 {
				word = strings.ReplaceAll(word, name, list[0])
			}
		}
		args = append(args, word)
	}
	return args
}
