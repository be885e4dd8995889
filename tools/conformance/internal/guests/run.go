package guests

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/component/wasi"
)

// maxBytes bounds a composed component, with its debugging sections.
const maxBytes = 256 << 20

// Run calls the function run of the component in a file, in an engine of its own.
// It trapped, or could not be run, where there is an error.
func Run(ctx context.Context, path string) (err error) {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() > maxBytes {
		return errors.New("the component is too large")
	}
	wasm, err := os.ReadFile(path) //nolint:gosec // one that was just built
	if err != nil {
		return err
	}
	engine, err := component.NewEngine(component.Config{MaxInstances: 100})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	compiled, err := engine.Compile(ctx, wasm)
	if err != nil {
		return err
	}
	defer compiled.Close()
	host := component.NewHost()
	wasi.Add(host, wasi.Config{})
	run := component.Export{Name: "run"}
	program, err := engine.Link(compiled, component.LinkOptions{
		Host: host, Exports: []*component.Export{&run}, Limits: component.Limits{Deadline: 20 * time.Second},
	})
	if err != nil {
		return err
	}
	defer program.Close()
	return program.Call(ctx, &run, func(*component.Encoder) {}, func(*component.Decoder) {})
}
