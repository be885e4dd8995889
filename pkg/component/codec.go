package component

// #include "shim.h"
import "C"

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"
)

// The wire between Go and C is a flat run of values in declaration order. Each
// value is one tag byte, which is its Kind (enum, variant and result share
// KindVariant), and a little-endian body:
//
//	bool, s8, u8      1 byte
//	s16, u16          2 bytes
//	s32, u32, f32     4 bytes
//	char              4 bytes, a Unicode scalar value
//	s64, u64, f64     8 bytes
//	string            4 bytes of length, then that many bytes of UTF-8
//	list<u8>          4 bytes of length, then that many bytes
//	                  (a large one of these two may lie elsewhere, when HY_FAR is
//	                  in its tag: into a guest, 8 bytes of address follow the
//	                  length; out of it, 4 bytes are all: a place in hy_frame.far)
//	any other list    4 bytes of count, then the elements
//	option            1 byte, 0 or 1, then the payload when 1
//	enum, variant     4 bytes of case, then its payload when it has one
//	result            as a variant whose case 0 is ok and case 1 is err
//	flags             8 bytes, bit i for flag i
//	own, borrow       4 bytes of number, which Go knows for the host's resources
//	                  and C for the guest's, and 4 of place in Program.resources
//
// Records and tuples are their members and nothing else. The tags make a value
// written or read against the wrong type an error instead of another value.
const (
	tagCase  = KindVariant
	tagBytes = Kind(C.HY_BYTES)
	tagFar   = Kind(C.HY_FAR)
)

// Encoder writes values for a guest, in declaration order, parameter by
// parameter. The first error sticks: later calls do nothing, and the call that
// the values were for fails with it. An Encoder is valid only inside the
// function that it was handed to and is not safe for concurrent use.
type Encoder struct {
	buf   []byte
	items int // list items still allowed
	until int // bytes up to which nobody need look whether the call is over
	limit *Limits
	scope *scope // its frame's, set once
	moved moved
	lent  lent
	err   error
}

func (e *Encoder) reset(l *Limits) {
	e.lent.end()
	e.buf, e.items, e.until, e.limit, e.err = e.buf[:0], l.ListItems, 0, l, nil
	e.moved.reset()
}

// Err returns the first error, or nil.
func (e *Encoder) Err() error { return e.err }

// Fail records an error, unless there is one already. The call then fails with it.
func (e *Encoder) Fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

// stride is how many bytes a codec moves between two looks at whether its call's
// time is over, which takes a small part of a tick.
const stride = 64 << 10

// room reports whether n more bytes are within the limit and the call's time, and
// fails if not.
func (e *Encoder) room(n int) bool {
	return e.err == nil && (n <= e.until-len(e.buf)-e.lent.bytes || e.more(n))
}

func (e *Encoder) more(n int) bool {
	used := len(e.buf) + e.lent.bytes
	if n > e.limit.ArgBytes-used {
		e.err = &LimitError{Limit: LimitArgBytes, Max: int64(e.limit.ArgBytes)}
		return false
	}
	e.until = min(e.limit.ArgBytes, used+n+stride)
	e.err = e.scope.over()
	return e.err == nil
}

// Bool writes a bool.
func (e *Encoder) Bool(v bool) { e.one(KindBool, bit(v)) }

// U8 writes a u8.
func (e *Encoder) U8(v uint8) { e.one(KindU8, v) }

// S8 writes an s8.
func (e *Encoder) S8(v int8) { e.one(KindS8, uint8(v)) }

// U16 writes a u16.
func (e *Encoder) U16(v uint16) { e.two(KindU16, v) }

// S16 writes an s16.
func (e *Encoder) S16(v int16) { e.two(KindS16, uint16(v)) }

// U32 writes a u32.
func (e *Encoder) U32(v uint32) { e.four(KindU32, v) }

// S32 writes an s32.
func (e *Encoder) S32(v int32) { e.four(KindS32, uint32(v)) }

// U64 writes a u64.
func (e *Encoder) U64(v uint64) { e.eight(KindU64, v) }

// S64 writes an s64.
func (e *Encoder) S64(v int64) { e.eight(KindS64, uint64(v)) }

// F32 writes an f32. A NaN may reach the guest with another payload.
func (e *Encoder) F32(v float32) { e.four(KindF32, math.Float32bits(v)) }

// F64 writes an f64. A NaN may reach the guest with another payload.
func (e *Encoder) F64(v float64) { e.eight(KindF64, math.Float64bits(v)) }

// Char writes a char. It fails with a ValueError for what is no Unicode scalar
// value: a surrogate, a negative number, or one above U+10FFFF.
func (e *Encoder) Char(v rune) {
	if !utf8.ValidRune(v) {
		e.Fail(&ValueError{Type: Char, Reason: "not a Unicode scalar value"})
		return
	}
	e.four(KindChar, uint32(v))
}

// String writes a string. It fails with a ValueError when s is not UTF-8.
func (e *Encoder) String(s string) {
	if !e.room(5 + len(s)) {
		return
	}
	if !validUTF8(s) {
		e.err = &ValueError{Type: String, Reason: "not UTF-8"}
		return
	}
	if len(s) >= C.HY_FAR_MIN {
		e.four(KindString|tagFar, uint32(len(s)))
		e.buf = binary.LittleEndian.AppendUint64(e.buf, e.lent.text(s))
		return
	}
	e.four(KindString, uint32(len(s)))
	e.buf = append(e.buf, s...)
}

// Bytes writes a list<u8>, of which nothing counts as Limits.ListItems.
func (e *Encoder) Bytes(b []byte) {
	switch {
	case !e.room(5 + len(b)):
	case len(b) >= C.HY_FAR_MIN:
		e.four(tagBytes|tagFar, uint32(len(b)))
		e.buf = binary.LittleEndian.AppendUint64(e.buf, e.lent.copy(b, e.scope))
		e.err = e.scope.over()
	default:
		e.four(tagBytes, uint32(len(b)))
		e.buf = append(e.buf, b...)
	}
}

// List writes the head of a list of n elements, which follow; a list<u8> is
// written by Bytes. It fails with a LimitError when the call's lists together
// exceed Limits.ListItems.
func (e *Encoder) List(n int) {
	if e.err != nil {
		return
	}
	if n < 0 || n > e.items {
		e.err = &LimitError{Limit: LimitListItems, Max: int64(e.limit.ListItems)}
		return
	}
	e.items -= n
	e.four(KindList, uint32(n))
}

// Option writes the head of an option; its payload follows when some is true.
func (e *Encoder) Option(some bool) { e.one(KindOption, bit(some)) }

// Case writes the case of an enum, a variant or a result (0 is ok, 1 is err),
// by its place in the declaration; its payload follows when it has one.
func (e *Encoder) Case(i int) {
	if i < 0 || i > math.MaxInt32 {
		e.Fail(&ValueError{Reason: fmt.Sprintf("no case %d", i)})
		return
	}
	e.four(tagCase, uint32(i))
}

// Flags writes flags: bit i is the i-th flag of the declaration.
func (e *Encoder) Flags(bits uint64) { e.eight(KindFlags, bits) }

func (e *Encoder) one(k Kind, v uint8) {
	if e.room(2) {
		e.buf = append(e.buf, byte(k), v)
	}
}

func (e *Encoder) two(k Kind, v uint16) {
	if e.room(3) {
		e.buf = append(e.buf, byte(k), byte(v), byte(v>>8))
	}
}

func (e *Encoder) four(k Kind, v uint32) {
	if e.room(5) {
		e.buf = binary.LittleEndian.AppendUint32(append(e.buf, byte(k)), v)
	}
}

func (e *Encoder) eight(k Kind, v uint64) {
	if e.room(9) {
		e.buf = binary.LittleEndian.AppendUint64(append(e.buf, byte(k)), v)
	}
}

func bit(v bool) uint8 {
	if v {
		return 1
	}
	return 0
}
