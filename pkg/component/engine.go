package component

import (
	"context"
	"errors"
	"io"
)

// Caller calls a function that a component exports. args writes the parameters
// in order, results reads the result; either may be nil where there are none.
type Caller interface {
	Call(ctx context.Context, fn *Export, args func(*Encoder), results func(*Decoder)) error
}

// Config sizes an engine. A zero field means the default that it names.
type Config struct {
	MaxInstances   int   // live instances at once, 1000 by default
	MaxCalls       int   // calls inside guests at once, 4 for each CPU and at least 16 by default
	MaxMemoryBytes int64 // the most that one linear memory may ever grow to, 256 MiB by default
}

// LinkOptions says what a component is given and what is wanted from it.
type LinkOptions struct {
	Host    *Host     // nil gives nothing
	Exports []*Export // what will be called
	Limits  Limits
	WASI    *WASI // nil gives no WASI
}

// WASI grants files, and with them the clocks and random numbers of WASI 0.2.
// There is nothing else: no arguments, environment, standard input or network.
type WASI struct {
	Folders []Folder
	Output  io.Writer // receives standard output and error, nil discards them
}

// Folder is a folder of the host that a guest sees.
type Folder struct {
	Host     string // path on the host
	Guest    string // path that the guest sees
	ReadOnly bool
}

var errSkeleton = errors.New("component: not linked yet")

// Engine compiles and runs components.
type Engine struct{}

// NewEngine returns an engine.
func NewEngine(Config) (*Engine, error) { return nil, errSkeleton }

// Close frees the engine.
func (*Engine) Close() error { return nil }

// Compile compiles a component.
func (*Engine) Compile(ctx context.Context, wasm []byte) (*Component, error) {
	return nil, errSkeleton
}

// Link checks a component against a host.
func (*Engine) Link(c *Component, o LinkOptions) (*Program, error) { return nil, errSkeleton }

// Component is a compiled component.
type Component struct{}

// Imports lists the functions that the component imports.
func (*Component) Imports() []Item { return nil }

// Exports lists the functions that the component exports.
func (*Component) Exports() []Item { return nil }

// Close frees the component.
func (*Component) Close() {}

// Program is a component with everything that it imports.
type Program struct{}

// Call runs fn in a fresh instance.
func (*Program) Call(ctx context.Context, fn *Export, args func(*Encoder), results func(*Decoder)) error {
	return errSkeleton
}

// Instance returns a live instance.
func (*Program) Instance(ctx context.Context) (*Instance, error) { return nil, errSkeleton }

// Close frees the program.
func (*Program) Close() {}

// Instance is a live instance.
type Instance struct{}

// Call runs fn in the instance.
func (*Instance) Call(ctx context.Context, fn *Export, args func(*Encoder), results func(*Decoder)) error {
	return errSkeleton
}

// Close ends the instance.
func (*Instance) Close() {}
