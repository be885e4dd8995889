package component

// #include "shim.h"
import "C"

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// Decoder reads what a guest gave, in declaration order. The first error
// sticks: later calls return zero values, and the call whose values they are
// fails with it. A Decoder is valid only inside the function that it was handed
// to and is not safe for concurrent use. Strings that it returns are copies.
type Decoder struct {
	buf   []byte     // may be C memory
	far   []C.hy_far // what buf refers to, in the guest's memory
	off   int
	end   int // of what may be read before a look at whether the call is over
	items int // list items still allowed
	limit *Limits
	scope *scope // its frame's, set once
	err   error
}

func (d *Decoder) reset(buf []byte, far []C.hy_far, l *Limits) {
	d.buf, d.far, d.off, d.end, d.items, d.limit, d.err = buf, far, 0, 0, l.ListItems, l, nil
}

// finish drops the buffer and returns the first error, which is a CodecError
// when values were left unread.
func (d *Decoder) finish() error {
	if d.err == nil && d.off != len(d.buf) {
		d.err = &CodecError{Reason: "values left unread"}
	}
	d.buf, d.far = nil, nil
	return d.err
}

// Err returns the first error, or nil.
func (d *Decoder) Err() error { return d.err }

// Fail records an error, unless there is one already. The call then fails with it.
func (d *Decoder) Fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

// Bool reads a bool.
func (d *Decoder) Bool() bool { return d.one(KindBool) != 0 }

// U8 reads a u8.
func (d *Decoder) U8() uint8 { return d.one(KindU8) }

// S8 reads an s8.
func (d *Decoder) S8() int8 { return int8(d.one(KindS8)) }

// U16 reads a u16.
func (d *Decoder) U16() uint16 { return d.two(KindU16) }

// S16 reads an s16.
func (d *Decoder) S16() int16 { return int16(d.two(KindS16)) }

// U32 reads a u32.
func (d *Decoder) U32() uint32 { return d.four(KindU32) }

// S32 reads an s32.
func (d *Decoder) S32() int32 { return int32(d.four(KindS32)) }

// U64 reads a u64.
func (d *Decoder) U64() uint64 { return d.eight(KindU64) }

// S64 reads an s64.
func (d *Decoder) S64() int64 { return int64(d.eight(KindS64)) }

// F32 reads an f32.
func (d *Decoder) F32() float32 { return math.Float32frombits(d.four(KindF32)) }

// F64 reads an f64.
func (d *Decoder) F64() float64 { return math.Float64frombits(d.eight(KindF64)) }

// Char reads a char, always a Unicode scalar value.
func (d *Decoder) Char() rune {
	c := rune(d.four(KindChar))
	if !utf8.ValidRune(c) {
		d.Fail(&ValueError{Type: Char, Reason: "not a Unicode scalar value"})
		return 0
	}
	return c
}

// String reads a string, always valid UTF-8, and copies it.
func (d *Decoder) String() string {
	b := d.run(KindString) // C or wasmtime has checked that it is UTF-8
	if len(b) <= C.HY_PIECE {
		return string(b)
	}
	return d.copied(b)
}

// Bytes reads a list<u8> and copies it. It returns nil for an empty one.
func (d *Decoder) Bytes() []byte {
	b := d.run(tagBytes)
	if len(b) <= C.HY_PIECE {
		return append([]byte(nil), b...)
	}
	s := d.copied(b) // which nobody else has
	return unsafe.Slice(unsafe.StringData(s), len(s))
}

// copied returns a copy that is made in pieces, since the call may end meanwhile.
func (d *Decoder) copied(b []byte) string {
	var s strings.Builder
	s.Grow(len(b))
	for piece := range slices.Chunk(b, C.HY_PIECE) {
		if d.err = d.scope.over(); d.err != nil {
			return ""
		}
		s.Write(piece)
	}
	return s.String()
}

// List reads the head of a list and returns its length, which is never more
// than Limits.ListItems nor than the bytes that are left: the caller may
// allocate that many elements. It returns 0 after an error. A list<u8> is read
// by Bytes.
func (d *Decoder) List() int {
	n := int(d.four(KindList))
	if d.err != nil {
		return 0
	}
	if n > d.items {
		d.err = &LimitError{Limit: LimitListItems, Max: int64(d.limit.ListItems)}
		return 0
	}
	if n > len(d.buf)-d.off {
		d.short()
		return 0
	}
	d.items -= n
	return n
}

// Option reads the head of an option and reports whether a payload follows.
func (d *Decoder) Option() bool { return d.one(KindOption) != 0 }

// Case reads the case of an enum, a variant or a result (0 is ok, 1 is err), by
// its place in the declaration.
func (d *Decoder) Case() int { return int(d.four(tagCase)) }

// Flags reads flags: bit i is the i-th flag of the declaration.
func (d *Decoder) Flags() uint64 { return d.eight(KindFlags) }

// next returns the n bytes of the body that follows tag k, or nil.
func (d *Decoder) next(k Kind, n int) []byte {
	if d.err != nil {
		return nil
	}
	if d.end-d.off < 1+n && !d.more(1+n) {
		return nil
	}
	if got := Kind(d.buf[d.off]); got != k {
		d.err = &CodecError{Reason: fmt.Sprintf("read %v where the value is %v", k, got)}
		return nil
	}
	b := d.buf[d.off+1 : d.off+1+n]
	d.off += 1 + n
	return b
}

// more reports whether n more bytes are there and within the call's time, and fails
// if not.
func (d *Decoder) more(n int) bool {
	if n > len(d.buf)-d.off {
		d.short()
		return false
	}
	d.end = min(len(d.buf), d.off+n+stride)
	d.err = d.scope.over()
	return d.err == nil
}

// run returns the bytes that follow tag k and their length, or nil.
func (d *Decoder) run(k Kind) []byte {
	if len(d.far) > 0 && d.off < len(d.buf) && Kind(d.buf[d.off]) == k|tagFar {
		return d.distant(k)
	}
	n := int(d.four(k))
	if d.err != nil || d.end-d.off < n && !d.more(n) {
		return nil
	}
	b := d.buf[d.off : d.off+n]
	d.off += n
	return b
}

// distant returns bytes that lie in the guest's memory.
func (d *Decoder) distant(k Kind) []byte {
	i := d.four(k | tagFar)
	if d.err != nil || uint64(i) >= uint64(len(d.far)) {
		d.short()
		return nil
	}
	return unsafe.Slice((*byte)(d.far[i].data), int(d.far[i].len))
}

func (d *Decoder) short() { d.Fail(&CodecError{Reason: "read past the last value"}) }

func (d *Decoder) one(k Kind) uint8 {
	if b := d.next(k, 1); b != nil {
		return b[0]
	}
	return 0
}

func (d *Decoder) two(k Kind) uint16 {
	if b := d.next(k, 2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (d *Decoder) four(k Kind) uint32 {
	if b := d.next(k, 4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (d *Decoder) eight(k Kind) uint64 {
	if b := d.next(k, 8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}
