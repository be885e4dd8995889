package component

// #include "shim.h"
import "C"

// lay says how a value of the type lies in a guest's memory, given how its parts
// do: https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#alignment
func (t *Type) lay(c *C.hy_type, elems []*C.hy_type) {
	c.flat = 1
	switch t.kind {
	case KindBool, KindS8, KindU8:
		c.size, c.align = 1, 1
	case KindS16, KindU16:
		c.size, c.align = 2, 2
	case KindS64, KindU64, KindF64:
		c.size, c.align = 8, 8
	case KindString, KindList:
		c.size, c.align, c.flat = 8, 4, 2
	case KindRecord, KindTuple:
		layAll(c, elems)
	case KindOption:
		layCases(c, 2, elems)
	case KindResult, KindVariant, KindEnum:
		layCases(c, int(c.count), elems)
	case KindFlags:
		c.size, c.align = flagsSize(int(c.count))
		c.flat = max(1, c.size/4)
	default: // s32, u32, f32, char and handles
		c.size, c.align = 4, 4
	}
}

func layAll(c *C.hy_type, elems []*C.hy_type) {
	c.align, c.flat = 1, 0
	for _, e := range elems {
		c.flat = min(c.flat+e.flat, C.HY_FLAT_MAX+1)
		c.size = aligned(c.size, e.align) + e.size
		c.align = max(c.align, e.align)
	}
	c.size = aligned(c.size, c.align)
}

// layCases lays a number of one of the cases and, behind it, what they may carry.
func layCases(c *C.hy_type, cases int, elems []*C.hy_type) {
	c.number = numberSize(cases)
	var size, align, flat C.uint32_t = 0, 1, 0
	for _, e := range elems {
		if e != nil {
			size, align, flat = max(size, e.size), max(align, e.align), max(flat, e.flat)
		}
	}
	c.flat = min(1+flat, C.HY_FLAT_MAX+1)
	c.align = max(align, c.number)
	c.payload = aligned(c.number, align)
	c.size = aligned(c.payload+size, c.align)
}

// numberSize returns the bytes that say which of n cases a value is.
func numberSize(n int) C.uint32_t {
	switch {
	case n <= 1<<8:
		return 1
	case n <= 1<<16:
		return 2
	}
	return 4
}

func flagsSize(n int) (size, align C.uint32_t) {
	switch {
	case n <= 8:
		return 1, 1
	case n <= 16:
		return 2, 2
	}
	return C.uint32_t(4 * ((n + 31) / 32)), 4
}

// aligned returns the first multiple of align, a power of two, from at on.
func aligned(at, align C.uint32_t) C.uint32_t { return (at + align - 1) &^ (align - 1) }
