// Package bound rewrites components so that a guest cannot own resources without end.
//
// Each resource of a type that a component defines takes room in tables of the
// engine's, which no limit of the engine's counts:
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#canon-resourcenew
// Component gives every component that makes resources a counter of its own, a small
// core module. What makes a resource, canon resource.new, is called through one that
// counts it and traps where Resources live already; the destructor of its type, through
// one that counts it off, and a type that has no destructor gets one that does only
// that. The engine runs the destructor whoever drops the last handle, so that the
// counter is the number of the component's own resources that live, wherever their
// handles are.
//
// What is put in moves the indices of core modules, core instances and core functions;
// nothing else changes. The package knows the binary format of components as far as
// that takes:
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
// A component that makes resources and holds anything else is refused.
package bound

import (
	"errors"
	"slices"

	"github.com/hygia-suite/hygia/pkg/component/internal/wasmbin"
)

// Resources is how many resources of its own each component of a composition may
// have alive at once.
const Resources = 100_000

// Trap is how the engine names the function that traps where one more is made: the
// innermost of the trap's trace.
const Trap = counterName + "!" + trapName

// InstancesMax bounds Bounded.Instances, and how many are written at all.
const InstancesMax = 1000

// Why a component is refused.
var (
	errUnknown = errors.New("the component makes resources and has something that is not known here")
	errMany    = errors.New("the component makes resources of too many types")
)

// Bounded is a component whose own resources are counted.
type Bounded struct {
	Wasm []byte
	// Instances is how many core instances were added to those that the component
	// makes when it starts. What a component is given as an argument and then makes
	// an instance of is not among them.
	Instances int
}

// Component returns the component with its own resources counted. One that makes none
// is returned as it is. It does not keep or change wasm. Whether that was valid is
// not checked: if it was, what it returns is, or an error tells why it cannot be.
func Component(wasm []byte) (Bounded, error) {
	s := &scanner{}
	s.component(&wasmbin.Reader{In: wasm}, 0)
	if s.err != nil {
		return Bounded{}, errUnknown
	}
	if !slices.Contains(s.makes, true) {
		return Bounded{Wasm: wasm}, nil
	}
	w := &walker{r: wasmbin.Reader{In: wasm}, makes: s.makes}
	out, root := w.component()
	switch {
	case root.added > InstancesMax, errors.Is(w.r.Err, errMany):
		return Bounded{}, errMany
	case w.r.Err != nil:
		return Bounded{}, errUnknown
	}
	return Bounded{Wasm: out, Instances: root.added}, nil
}
