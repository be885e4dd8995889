package lane

import "errors"

// Why a component stays as it is; wasmtime decides whether it is valid.
var (
	errUnknown  = errors.New("lane: the component has something that is not known here")
	errNothing  = errors.New("lane: the component has no function that the host could call, and no values that it could read or write")
	errComposed = errors.New("lane: components are composed, or call themselves")
	errEncoding = errors.New("lane: strings are not UTF-8 in the guest")
	errNames    = errors.New("lane: the names of its exports are too long, together")
	errSeveral  = errors.New("lane: functions do not share their memory or what gives room in it")
)

// reader reads a run of bytes. The first error sticks: later reads give zeros.
type reader struct {
	in  []byte
	pos int
	err error
}

func (r *reader) fail() { r.failFor(errUnknown) }

func (r *reader) failFor(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *reader) done() bool { return r.err != nil || r.pos == len(r.in) }

// peek returns the next byte, which stays unread.
func (r *reader) peek() byte {
	if r.err != nil || r.pos >= len(r.in) {
		r.fail()
		return 0
	}
	return r.in[r.pos]
}

func (r *reader) byte() byte {
	b := r.peek()
	r.pos++
	return b
}

// take returns the next n bytes.
func (r *reader) take(n uint32) []byte {
	if r.err != nil || uint64(n) > uint64(len(r.in)-r.pos) {
		r.fail()
		return nil
	}
	b := r.in[r.pos : r.pos+int(n)]
	r.pos += int(n)
	return b
}

// u32 reads an unsigned LEB128 number of 32 bits.
func (r *reader) u32() uint32 {
	var v uint64
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if v > 1<<32-1 {
				r.fail()
			}
			return uint32(v)
		}
	}
	r.fail()
	return 0
}

// s33 reads a signed LEB128 number of 33 bits.
func (r *reader) s33() int64 {
	var v int64
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		v |= int64(b&0x7f) << shift
		if b < 0x80 {
			if b&0x40 != 0 {
				v -= 1 << (shift + 7)
			}
			return v
		}
	}
	r.fail()
	return 0
}

// count reads how many things follow, each of which takes a byte or more.
func (r *reader) count() int {
	n := r.u32()
	if r.err != nil || uint64(n) > uint64(len(r.in)-r.pos) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) name() string { return string(r.take(r.u32())) }

// section reads the head of a section and returns its contents.
func (r *reader) section() (id byte, body []byte) {
	id = r.byte()
	return id, r.take(r.u32())
}

func appendU32(b []byte, v uint32) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// appendIndex appends a number as a signed LEB128 one, as indices of types are
// where a primitive type might stand.
func appendIndex(b []byte, v uint64) []byte {
	for v >= 0x40 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func appendName(b []byte, s string) []byte {
	return append(appendU32(b, uint32(len(s))), s...)
}

func appendSection(b []byte, id byte, body []byte) []byte {
	return append(appendU32(append(b, id), uint32(len(body))), body...)
}

// peekU32 returns what u32 would, which stays unread.
func (r *reader) peekU32() uint32 {
	ahead := *r
	return ahead.u32()
}
