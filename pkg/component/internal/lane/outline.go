package lane

import (
	"strings"

	"github.com/hygia-suite/hygia/pkg/component/internal/wasmbin"
)

// outline returns a component whose functions do nothing: it has the same types.
// Only the outermost component has modules.
func outline(wasm []byte) ([]byte, error) {
	r := &wasmbin.Reader{In: wasm}
	out := append([]byte(nil), r.Take(uint32(len(wasmbin.Component)))...)
	for !r.Done() {
		id, body := r.Section()
		if id == 1 {
			var err error
			if body, err = hollow(body); err != nil {
				return nil, err
			}
		}
		out = wasmbin.AppendSection(out, id, body)
	}
	return out, r.Err
}

// What hollow leaves out: what a module does when it starts, and names.
const leftOut = "\x00\x08\x09\x0b\x0c"

// hollow returns a module whose functions trap, with the same imports and exports.
func hollow(wasm []byte) ([]byte, error) {
	r := &wasmbin.Reader{In: wasm}
	out := append([]byte(nil), r.Take(uint32(len(wasmbin.Core)))...)
	for !r.Done() {
		id, body := r.Section()
		if strings.IndexByte(leftOut, id) >= 0 {
			continue
		}
		if id == wasmbin.SecCode {
			s := &wasmbin.Reader{In: body}
			n := s.Count()
			r.Err = s.Err
			body = wasmbin.AppendU32(nil, uint32(n))
			for range n {
				body = append(body, 3, 0, wasmbin.OpUnreachable, wasmbin.OpEnd)
			}
		}
		out = wasmbin.AppendSection(out, id, body)
	}
	return out, r.Err
}
