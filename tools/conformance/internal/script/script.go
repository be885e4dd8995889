// Package script runs a script of WebAssembly's test suites through
// pkg/component, and says of each directive whether what the script expects came
// to pass.
package script

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/tools/internal/wast"
	"github.com/hygia-suite/hygia/tools/internal/witvalue"
)

// Verdict is what came of a directive.
type Verdict string

// The verdicts.
const (
	// Passed: what the script expects came to pass.
	Passed Verdict = "passed"
	// Failed: it did not.
	Failed Verdict = "failed"
	// Async: it needs a part of the component model's asynchronous half, which
	// pkg/component does not offer; the reason names the part.
	Async Verdict = "asynchronous"
	// Excepted: pkg/component does not do it, on purpose; the reason says why.
	Excepted Verdict = "excepted"
)

// Result is a directive's verdict, with the reason unless it passed, and with what
// was said where it was not done.
type Result struct {
	Directive *wast.Directive
	Verdict   Verdict
	Reason    string
	Err       error
}

// instance is a component that a script has made, or was to make.
type instance struct {
	missing  error // why it was not made
	instance *component.Instance
	exports  map[string]*component.Export
	side     witvalue.Resources
	async    string // what it needs of the asynchronous half
}

type definition struct {
	missing   error // why there is no component
	component *component.Component
	async     string // what it needs of the asynchronous half
}

// runner is a script that runs.
type runner struct {
	engine      *component.Engine
	definitions map[string]*definition // "" is the last
	instances   map[string]*instance   // "" is the last
	registered  map[string]*instance
	spectest    *spectest
	made        *instance // by the directive that runs, or nil
	closers     []func()
}

// Run runs a script's directives in order. The engine is used for nothing else
// meanwhile.
func Run(ctx context.Context, engine *component.Engine, directives []*wast.Directive) []Result {
	r := &runner{
		engine: engine, definitions: map[string]*definition{}, instances: map[string]*instance{},
		registered: map[string]*instance{}, spectest: &spectest{},
	}
	defer func() {
		for i := len(r.closers) - 1; i >= 0; i-- {
			r.closers[i]()
		}
	}()
	out := make([]Result, len(directives))
	for i, d := range directives {
		out[i] = r.run(ctx, d)
	}
	return out
}

func (r *runner) run(ctx context.Context, d *wast.Directive) Result {
	r.made = nil
	async := r.needsAsync(d)
	err := r.step(ctx, d)
	if async == "" {
		async = r.made.needs()
	}
	if async != "" {
		return Result{d, Async, async, err}
	}
	if err == nil {
		return Result{d, Passed, "", nil}
	}
	if reason := excepted(err); reason != "" {
		return Result{d, Excepted, reason, err}
	}
	return Result{d, Failed, err.Error(), err}
}

func (r *runner) step(ctx context.Context, d *wast.Directive) error {
	switch d.Kind {
	case wast.Component:
		return r.instantiate(ctx, r.declare(ctx, d), d.Name)
	case wast.Definition:
		return r.declare(ctx, d).missing
	case wast.Instance:
		def := r.definitions[d.Of]
		if def == nil {
			return fmt.Errorf("there is no component %s", d.Of)
		}
		return r.instantiate(ctx, def, d.Name)
	case wast.Register:
		i := r.instances[d.Of]
		if i == nil {
			return fmt.Errorf("there is no instance %s", d.Of)
		}
		r.registered[d.As] = i
		return nil
	case wast.Invoke:
		_, _, err := r.call(ctx, d.Call)
		return err
	case wast.AssertReturn:
		return r.assertReturn(ctx, d)
	case wast.AssertTrap, wast.AssertExhaustion:
		return r.assertTrap(ctx, d)
	case wast.AssertInvalid, wast.AssertMalformed:
		return r.assertInvalid(ctx, d)
	case wast.AssertUnlinkable:
		return r.assertUnlinkable(ctx, d)
	}
	return errMeaning
}

// declare defines the component that a directive has, under its name.
func (r *runner) declare(ctx context.Context, d *wast.Directive) *definition {
	def := r.define(ctx, d.Source)
	r.definitions[""], r.definitions[d.Name] = def, def
	return def
}

// define assembles and compiles.
func (r *runner) define(ctx context.Context, source string) *definition {
	def := &definition{async: usesAsync(source)}
	binary, err := wasmtime.Wat2Wasm(source)
	if err == nil {
		def.component, err = r.engine.Compile(ctx, binary)
	}
	if err != nil {
		def.missing = err
		return def
	}
	r.closers = append(r.closers, def.component.Close)
	return def
}

func (r *runner) assertInvalid(ctx context.Context, d *wast.Directive) error {
	if r.define(ctx, d.Source).missing == nil {
		return fmt.Errorf("it was accepted, and ought to be refused with %q", d.Message)
	}
	return nil
}

func (r *runner) assertUnlinkable(ctx context.Context, d *wast.Directive) error {
	def := r.define(ctx, d.Source)
	if def.missing != nil {
		return def.missing
	}
	err := r.make(ctx, def).missing
	if err == nil {
		return &linkedError{d.Message}
	}
	if trapped(err) {
		return err
	}
	return nil
}

func (r *runner) assertReturn(ctx context.Context, d *wast.Directive) error {
	got, t, err := r.call(ctx, d.Call)
	if err != nil {
		return err
	}
	if t == nil || len(d.Results) == 0 {
		if t != nil || len(d.Results) > 0 {
			return errors.New("a function without a result, or a result that nobody expects")
		}
		return nil
	}
	want, err := witvalue.FromLiteral(t, d.Results[0])
	if err != nil {
		return err
	}
	if !witvalue.Same(got, want) {
		return fmt.Errorf("got %s and not %s", witvalue.Literal(t, got), witvalue.Literal(t, want))
	}
	return nil
}

// assertTrap holds a trap's text to the script's: it must be in it.
func (r *runner) assertTrap(ctx context.Context, d *wast.Directive) error {
	var err error
	if d.Call != nil {
		_, _, err = r.call(ctx, d.Call)
	} else {
		err = r.make(ctx, r.define(ctx, d.Source)).missing
	}
	if err == nil {
		return fmt.Errorf("it returned, and ought to trap with %q", d.Message)
	}
	if !trapped(err) {
		return err
	}
	if !says(err, d.Message) {
		return fmt.Errorf("it trapped, and not with %q: %w", d.Message, err)
	}
	return nil
}

// trapped reports whether an error is the guest's own end. A call of an instance
// that has trapped is one: pkg/component refuses it before wasmtime would.
func trapped(err error) bool {
	var trap *component.TrapError
	var limit *component.LimitError
	return errors.As(err, &trap) || errors.As(err, &limit) || errors.Is(err, component.ErrPoisoned)
}

// ownWords are pkg/component's texts for what wasmtime says otherwise.
var ownWords = map[string]string{ //nolint:gochecknoglobals // immutable
	"string pointer/length out of bounds of memory": "address and length out of bounds of memory",
	"list pointer/length out of bounds of memory":   "address and length out of bounds of memory",
}

func says(err error, message string) bool {
	message = strings.TrimPrefix(message, "wasm trap: ") // wasmtime's own prefix
	if own := ownWords[message]; own != "" && strings.Contains(err.Error(), own) {
		return true
	}
	if errors.Is(err, component.ErrPoisoned) {
		return strings.Contains("cannot enter component instance", message)
	}
	var trap *component.TrapError
	if errors.As(err, &trap) && strings.Contains(string(trap.Code), message) {
		return true
	}
	return strings.Contains(err.Error(), message)
}
