// Package plugintest loads built components for tests, as a service does.
package plugintest

import (
	"io/fs"
	"slices"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
)

// Engine makes an engine that is closed when the test ends.
func Engine(tb testing.TB) *component.Engine {
	tb.Helper()
	config := plugin.EngineConfig()
	config.MaxInstances = 16
	engine, err := component.NewEngine(config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = engine.Close() })
	return engine
}

// Load loads a component that is granted nothing by its host but what WASI
// gives, and closes it when the test ends.
func Load(tb testing.TB, files fs.FS, exports []*component.Export) *plugin.Plugin {
	tb.Helper()
	p, err := plugin.Load(tb.Context(), plugin.Options{Engine: Engine(tb), Files: files, Exports: exports})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.Close)
	return p
}

// Imports lists the interfaces from which a component imports functions, sorted.
func Imports(tb testing.TB, files fs.FS, name string) []string {
	tb.Helper()
	wasm, err := fs.ReadFile(files, name+".wasm")
	if err != nil {
		tb.Fatal(err)
	}
	compiled, err := Engine(tb).Compile(tb.Context(), wasm)
	if err != nil {
		tb.Fatal(err)
	}
	defer compiled.Close()
	var interfaces []string
	for _, item := range compiled.Imports() {
		if item.Name != "" {
			interfaces = append(interfaces, item.Interface)
		}
	}
	slices.Sort(interfaces)
	return slices.Compact(interfaces)
}
