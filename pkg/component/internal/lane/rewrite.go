// Package lane rewrites components so that text and bytes can cross between host
// and guest by one copy each way.
//
// In the canonical ABI a string and a list<u8> are an address and a length:
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md
// Rewrite replaces both, in every type of a component, by a pair of numbers,
// which the ABI passes in the same way. Nothing changes for the guest. The host
// gets the address and the length themselves and copies from the guest's memory,
// and does in its turn what lowering does: it asks the guest's own realloc for
// room and copies into that. To find memory and realloc, it is given them as
// exports of the core modules that have them.
//
// A result must be read before the guest takes it back. So the function that a
// guest gives for that (post-return) only notes that it was called, and the host
// calls the export Finish once it has read the result.
//
// The package knows the binary format of components as far as it must:
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
// Where it meets anything else, the component stays as it is, and slow.
package lane

import "errors"

// Rewrite returns the component with the lane in it, or nil and why it has none.
// It does not keep or change wasm. What it returns is no less valid than what it
// was given; whether that was valid is not checked.
func Rewrite(wasm []byte) ([]byte, error) {
	out, err := rewrite(wasm, true)
	if errors.Is(err, errEncoding) {
		if bytes, none := rewrite(wasm, false); none == nil {
			return bytes, nil // the bytes alone, which have no encoding
		}
	}
	return out, err
}

func rewrite(wasm []byte, text bool) ([]byte, error) {
	w := &walker{r: reader{in: wasm}, text: text}
	root := w.component()
	if w.r.err != nil {
		return nil, w.r.err
	}
	p, err := newPlan(root, text)
	if err != nil {
		return nil, err
	}
	w = &walker{r: reader{in: wasm}, text: text, plan: p}
	w.component()
	return w.out, w.r.err
}
