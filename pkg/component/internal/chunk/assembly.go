package chunk

import "github.com/hygia-suite/hygia/pkg/component/internal/wasmbin"

// The types of numbers.
const (
	i32 = 0x7f
	i64 = 0x7e
)

const (
	opBlock        = 0x02
	opLoop         = 0x03
	opBr           = 0x0c
	opBrIf         = 0x0d
	opReturn       = 0x0f
	opCallIndirect = 0x11
	opCallRef      = 0x14
	opTee          = 0x22
	opSelect       = 0x1b
	opLess64       = 0x54 // unsigned
	opI64Const     = 0x42
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opExtend       = 0xad
	opShl64        = 0x86
)

// numeric is an instruction on numbers: its opcode for those of 32 bits, and behind it
// that for those of 64.
type numeric uint16

const (
	equal       numeric = 0x4651
	greater     numeric = 0x4b56 // unsigned
	lessOrEqual numeric = 0x4d58 // unsigned
	add         numeric = 0x6a7c
	sub         numeric = 0x6b7d
)

// width says whether a number has 64 bits rather than 32.
type width bool

func (w width) typ() byte {
	if w {
		return i64
	}
	return i32
}

// assembly is code in the making.
type assembly struct{ b []byte }

func (a *assembly) op(b ...byte) *assembly {
	a.b = append(a.b, b...)
	return a
}

func (a *assembly) index(n uint32) *assembly {
	a.b = wasmbin.AppendU32(a.b, n)
	return a
}

func (a *assembly) get(local byte) *assembly { return a.op(wasmbin.OpLocalGet, local) }

func (a *assembly) do(n numeric, w width) *assembly {
	if w {
		return a.op(byte(n))
	}
	return a.op(byte(n >> 8))
}

func (a *assembly) constant(w width, v uint64) *assembly {
	op := byte(wasmbin.OpI32Const)
	if w {
		op = opI64Const
	}
	a.b = wasmbin.AppendIndex(append(a.b, op), v)
	return a
}

func (a *assembly) minusOne(w width) *assembly {
	if w {
		return a.op(opI64Const, 0x7f)
	}
	return a.op(wasmbin.OpI32Const, 0x7f)
}

// widen makes a number of 64 bits of one of width w.
func (a *assembly) widen(w width) *assembly {
	if !w {
		a.op(opExtend)
	}
	return a
}

// step adds to or subtracts from a local.
func (a *assembly) step(local byte, w width, by numeric, v uint64) {
	a.get(local).constant(w, v).do(by, w).op(wasmbin.OpLocalSet, local)
}

// goIf goes to the end of the innermost block, or round that loop, if a comparison holds.
func (a *assembly) goIf(n numeric, w width) *assembly { return a.do(n, w).op(opBrIf, 0) }
