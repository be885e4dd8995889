// Package wasmbin reads and writes the pieces of WebAssembly's binary formats, those of
// core modules and of components:
// https://webassembly.github.io/spec/core/binary/index.html and
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
package wasmbin

import "errors"

// What a core module and a component begin with.
const (
	Core      = "\x00asm\x01\x00\x00\x00"
	Component = "\x00asm\x0d\x00\x01\x00"
)

// ErrUnknown is the error of a Reader that met what the format does not have, or its
// caller does not know.
var ErrUnknown = errors.New("the binary has something that is not known here")

// Reader reads the run of bytes In from Pos on. The first error sticks: later reads
// give zeros. What it returns shares In's memory. It must not be used concurrently.
type Reader struct {
	In  []byte
	Pos int
	Err error
}

// Fail sets the error ErrUnknown.
func (r *Reader) Fail() { r.FailFor(ErrUnknown) }

// FailFor sets the error, unless there is one.
func (r *Reader) FailFor(err error) {
	if r.Err == nil {
		r.Err = err
	}
}

// Done reports whether nothing is left to read, or an error was met.
func (r *Reader) Done() bool { return r.Err != nil || r.Pos == len(r.In) }

// Peek returns the next byte, which stays unread.
func (r *Reader) Peek() byte {
	if r.Err != nil || r.Pos >= len(r.In) {
		r.Fail()
		return 0
	}
	return r.In[r.Pos]
}

// Byte returns the next byte.
func (r *Reader) Byte() byte {
	b := r.Peek()
	r.Pos++
	return b
}

// Take returns the next n bytes.
func (r *Reader) Take(n uint32) []byte {
	if r.Err != nil || uint64(n) > uint64(len(r.In)-r.Pos) {
		r.Fail()
		return nil
	}
	b := r.In[r.Pos : r.Pos+int(n)]
	r.Pos += int(n)
	return b
}

// U32 reads an unsigned LEB128 number of 32 bits.
func (r *Reader) U32() uint32 {
	var v uint64
	for shift := 0; shift < 35; shift += 7 {
		b := r.Byte()
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if v > 1<<32-1 {
				r.Fail()
			}
			return uint32(v)
		}
	}
	r.Fail()
	return 0
}

// U64 reads an unsigned LEB128 number of 64 bits.
func (r *Reader) U64() uint64 {
	var v uint64
	for shift := 0; shift < 70; shift += 7 {
		b := r.Byte()
		if shift == 63 && b > 1 {
			break
		}
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	r.Fail()
	return 0
}

// PeekU32 returns what U32 would, which stays unread.
func (r *Reader) PeekU32() uint32 {
	ahead := *r
	return ahead.U32()
}

// S33 reads a signed LEB128 number of 33 bits.
func (r *Reader) S33() int64 {
	var v int64
	for shift := 0; shift < 35; shift += 7 {
		b := r.Byte()
		v |= int64(b&0x7f) << shift
		if b < 0x80 {
			if b&0x40 != 0 {
				v -= 1 << (shift + 7)
			}
			return v
		}
	}
	r.Fail()
	return 0
}

// Count reads how many things follow, each of which takes a byte or more.
func (r *Reader) Count() int {
	n := r.U32()
	if r.Err != nil || uint64(n) > uint64(len(r.In)-r.Pos) {
		r.Fail()
		return 0
	}
	return int(n)
}

// Name reads a name. Whether it is UTF-8 is not checked.
func (r *Reader) Name() string { return string(r.Take(r.U32())) }

// Section reads the head of a section and returns its contents.
func (r *Reader) Section() (id byte, body []byte) {
	id = r.Byte()
	return id, r.Take(r.U32())
}
