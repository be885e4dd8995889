package wasi

import (
	"context"
	"maps"
	"slices"

	"github.com/hygia-suite/hygia/pkg/component"
)

// The resources of wasi:cli, of which there are none: nothing is a terminal.
//
//nolint:gochecknoglobals // immutable
var (
	terminalInput  = resource("cli/terminal-input", "terminal-input")
	terminalOutput = resource("cli/terminal-output", "terminal-output")
)

func (a adder) addCLI() {
	a.add("cli/environment",
		function{"get-environment", nil, component.ListOf(component.TupleOf(component.String, component.String)), a.environment},
		function{"get-arguments", nil, component.ListOf(component.String), empty},
		function{"initial-cwd", nil, component.OptionOf(component.String), none},
	)
	a.add("cli/exit",
		function{"exit", params(param("status", component.ResultOf(nil, nil))), nil, exit},
		function{"exit-with-code", params(param("status-code", component.U8)), nil, exitWithCode},
	)
	a.add("cli/stdin", function{"get-stdin", nil, component.OwnOf(inputStream), give(inputStream, struct{}{})})
	a.add("cli/stdout", function{"get-stdout", nil, component.OwnOf(outputStream), give(outputStream, Stdout)})
	a.add("cli/stderr", function{"get-stderr", nil, component.OwnOf(outputStream), give(outputStream, Stderr)})
	a.add("cli/terminal-stdin", function{"get-terminal-stdin", nil, component.OptionOf(component.OwnOf(terminalInput)), none})
	a.add("cli/terminal-stdout", function{"get-terminal-stdout", nil, component.OptionOf(component.OwnOf(terminalOutput)), none})
	a.add("cli/terminal-stderr", function{"get-terminal-stderr", nil, component.OptionOf(component.OwnOf(terminalOutput)), none})
}

func (a adder) environment(_ context.Context, _ *component.Decoder, e *component.Encoder) error {
	e.List(len(a.config.Environment))
	for _, name := range slices.Sorted(maps.Keys(a.config.Environment)) {
		e.String(name)
		e.String(a.config.Environment[name])
	}
	return nil
}

// empty gives an empty list.
func empty(_ context.Context, _ *component.Decoder, e *component.Encoder) error {
	e.List(0)
	return nil
}

func none(_ context.Context, _ *component.Decoder, e *component.Encoder) error {
	e.Option(false)
	return nil
}

// give gives a new handle to a value.
func give(r *component.Resource, value any) component.HostFunc {
	return func(_ context.Context, _ *component.Decoder, e *component.Encoder) error {
		e.Own(r, value)
		return nil
	}
}

func exit(_ context.Context, d *component.Decoder, _ *component.Encoder) error {
	return &component.ExitError{Status: d.Case()} // err is status 1
}

func exitWithCode(_ context.Context, d *component.Decoder, _ *component.Encoder) error {
	return &component.ExitError{Status: int(d.U8())}
}
