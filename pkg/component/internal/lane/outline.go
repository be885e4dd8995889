package lane

import "strings"

// outline returns a component whose functions do nothing: it has the same types.
// Only the outermost component has modules.
func outline(wasm []byte) ([]byte, error) {
	r := &reader{in: wasm}
	out := append([]byte(nil), r.take(uint32(len(header)))...)
	for !r.done() {
		id, body := r.section()
		if id == 1 {
			var err error
			if body, err = hollow(body); err != nil {
				return nil, err
			}
		}
		out = appendSection(out, id, body)
	}
	return out, r.err
}

// What hollow leaves out: what a module does when it starts, and names.
const leftOut = "\x00\x08\x09\x0b\x0c"

// hollow returns a module whose functions trap, with the same imports and exports.
func hollow(wasm []byte) ([]byte, error) {
	r := &reader{in: wasm}
	out := append([]byte(nil), r.take(uint32(len(coreHeader)))...)
	for !r.done() {
		id, body := r.section()
		if strings.IndexByte(leftOut, id) >= 0 {
			continue
		}
		if id == secCode {
			s := &reader{in: body}
			n := s.count()
			r.err = s.err
			body = appendU32(nil, uint32(n))
			for range n {
				body = append(body, 3, 0, opUnreachable, opEnd)
			}
		}
		out = appendSection(out, id, body)
	}
	return out, r.err
}
