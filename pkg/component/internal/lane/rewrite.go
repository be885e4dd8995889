// Package lane rewrites components so that text, bytes and other lists can cross between
// host and guest by one copy each way, and that other values cost less.
//
// In the canonical ABI a string and a list are an address and a length:
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md
// Rewrite replaces both, in every type of a component, by a pair of numbers,
// which the ABI passes in the same way. Nothing changes for the guest. The host
// gets the address and the length themselves and reads the guest's memory,
// and does in its turn what lowering does: it asks the guest's own realloc for
// room and writes into that. To find memory and realloc, it is given them as
// exports of the core modules that have them. Lists of what holds handles stay lists.
//
// A record crosses as a tuple does, and is made one: then nobody copies the names
// of its fields.
//
// An exported function is lifted from a core function, whose arguments and result
// are numbers. Most that the host calls it can call as that, for which the core
// function is exported too: then wasmtime has no part in it but to run it, which takes
// a tenth of the time. The host puts what does not fit the numbers where the guest's
// realloc says, and reads the result from memory. Not so a function that takes or
// returns handles, which are wasmtime's to keep, or strings that are not UTF-8.
//
// A result must be read before the guest takes it back. The function that a guest
// gives for that (post-return) is called by the host where it called the function;
// where wasmtime does, it only notes that it was called, and the host calls the export
// Finish once it has read the result.
//
// The package knows the binary format of components as far as it must:
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
// Where it meets anything else, the component stays as it is, and slow.
package lane

import (
	"errors"

	"github.com/hygia-suite/hygia/pkg/component/internal/wasmbin"
)

// Rewritten is a component with the lane in it.
type Rewritten struct {
	Wasm []byte
	// Outline is a component that is quick to compile and has the types that the
	// component had.
	Outline []byte
	// Text is whether strings take the lane. Lists do, but for those of what does not.
	Text bool
	// Instances is how many core instances the component has. Wasmtime numbers them as
	// they are made, from 1 on.
	Instances int
	// Direct names the exported functions that the host can call itself, in order.
	Direct []Direct
}

// Direct names an exported function that the host can call itself.
type Direct struct {
	Interface string // "" for one of the component itself
	Name      string
	Post      bool // whether it wants to be told that its result was read
}

// Rewrite returns the component with the lane in it, or nil and why it has none.
// It does not keep or change wasm. Whether that was valid is not checked: if it
// was, what it returns is, or wasmtime refuses it.
func Rewrite(wasm []byte) (*Rewritten, error) {
	out, err := rewrite(wasm, mode{text: true})
	if errors.Is(err, errEncoding) {
		if lists, none := rewrite(wasm, mode{}); none == nil {
			out, err = lists, nil // the lists alone, which have no encoding
		}
	}
	if err != nil {
		return nil, err
	}
	out.Outline, err = outline(wasm)
	return out, err
}

// Expose returns the component with its types as they are, and with what the host needs
// to call exported functions itself, or nil and why it can call none: the values of
// those take the lane, and no others do. It is for a component whose imports are served
// by who does not know the lane, or that cannot have it throughout. Like Rewrite it
// neither keeps nor changes wasm, nor checks it. There is no Outline.
func Expose(wasm []byte) (*Rewritten, error) {
	return rewrite(wasm, mode{text: true, keep: true})
}

// mode is what becomes of a component.
type mode struct {
	text bool // strings take the lane too
	keep bool // types stay as they are: the lane is only for what the host calls itself
}

func rewrite(wasm []byte, m mode) (*Rewritten, error) {
	w := &walker{r: wasmbin.Reader{In: wasm}, mode: m}
	root := w.component()
	if w.r.Err != nil {
		return nil, w.r.Err
	}
	planner, err := newPlanner(root, m)
	if err != nil {
		return nil, err
	}
	plan, err := planner.plan()
	if err != nil {
		return nil, err
	}
	w = &walker{r: wasmbin.Reader{In: wasm}, mode: m, plan: plan}
	if w.component(); w.r.Err != nil {
		return nil, w.r.Err
	}
	return &Rewritten{Wasm: w.out, Text: m.text, Instances: root.made(), Direct: planner.direct}, nil
}
