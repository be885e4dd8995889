package chunk

import "github.com/hygia-suite/hygia/pkg/component/internal/wasmbin"

// instruction is one that is replaced: its opcode and the indices that follow it.
type instruction struct {
	op   uint32 // of those below
	a, b uint32
}

// The instructions that take as long as their last operand says, and those that grow
// something: numbers behind the prefix of miscellaneous ones.
const (
	prefixMisc   = 0xfc
	prefixVector = 0xfd

	memorySize = 0x3f // with no prefix, and this
	memoryGrow = 0x40

	memoryInit = 8
	memoryCopy = 10
	memoryFill = 11
	tableInit  = 12
	tableCopy  = 14
	tableGrow  = 15
	tableSize  = 16
	tableFill  = 17
)

// next reads an instruction. Found is that if it is to be replaced.
func next(r *wasmbin.Reader) (op byte, found instruction) {
	op = r.Byte()
	switch op {
	case prefixMisc:
		return op, misc(r)
	case opMemorySize, opMemoryGrow:
		return op, instruction{op: uint32(op), a: r.U32()}
	case prefixVector:
		vector(r)
	default:
		plain(r, op)
	}
	return op, instruction{}
}

// plain reads what follows an opcode of one byte.
func plain(r *wasmbin.Reader, op byte) {
	switch {
	case op >= 0x45 && op <= 0xc4: // numeric
	case op >= 0x28 && op <= 0x3e: // loads and stores
		memarg(r)
	case op >= 0x20 && op <= 0x26: // variables, table.get, table.set
		r.U32()
	default:
		control(r, op)
	}
}

func control(r *wasmbin.Reader, op byte) {
	switch op {
	case 0x00, 0x01, 0x05, wasmbin.OpEnd, 0x0f, // unreachable, nop, else, end, return
		0x1a, 0x1b, // drop, select
		0xd1, 0xd3, 0xd4: // ref.is_null, ref.eq, ref.as_non_null
	case 0x02, 0x03, 0x04: // block, loop, if
		blockType(r)
	case 0x0c, 0x0d, 0x10, 0x12, 0x14, 0x15, // br, br_if, call, return_call, call_ref, return_call_ref
		0xd2, 0xd5, 0xd6: // ref.func, br_on_null, br_on_non_null
		r.U32()
	case 0x11, 0x13: // call_indirect, return_call_indirect
		r.U32()
		r.U32()
	case 0x0e: // br_table
		for range r.Count() {
			r.U32()
		}
		r.U32()
	case 0x1c: // select of a type
		for range r.Count() {
			valType(r)
		}
	case 0x41: // i32.const
		leb(r, 5)
	case 0x42: // i64.const
		leb(r, 10)
	case 0x43: // f32.const
		r.Take(4)
	case 0x44: // f64.const
		r.Take(8)
	case 0xd0: // ref.null
		r.S33()
	default:
		r.Fail()
	}
}

func misc(r *wasmbin.Reader) instruction {
	i := instruction{op: r.U32()}
	switch i.op {
	case 0, 1, 2, 3, 4, 5, 6, 7: // truncations that saturate
		return instruction{}
	case 9, 13, tableSize: // data.drop, elem.drop
		r.U32()
		return instruction{}
	case memoryFill, tableFill, tableGrow:
		i.a = r.U32()
	case memoryInit, memoryCopy, tableInit, tableCopy:
		i.a, i.b = r.U32(), r.U32()
	default:
		r.Fail()
	}
	return i
}

func vector(r *wasmbin.Reader) {
	switch op := r.U32(); {
	case op <= 11 || op == 92 || op == 93: // loads and stores
		memarg(r)
	case op == 12 || op == 13: // v128.const, i8x16.shuffle
		r.Take(16)
	case op >= 21 && op <= 34: // lanes
		r.Byte()
	case op >= 84 && op <= 91: // loads and stores of lanes
		memarg(r)
		r.Byte()
	case op > 0x113:
		r.Fail()
	}
}

// memarg reads an alignment and an offset, between which a memory may be named.
func memarg(r *wasmbin.Reader) {
	const named = 1 << 6
	if r.U32()&named != 0 {
		r.U32()
	}
	leb(r, 10)
}

// blockType reads the type of a block: nothing, that of a value, or an index.
func blockType(r *wasmbin.Reader) {
	if b := r.Peek(); b >= 0x63 && b <= 0x7f {
		valType(r)
		return
	}
	r.S33()
}

// valType reads the type of a value: a number, a vector or a reference.
func valType(r *wasmbin.Reader) {
	switch b := r.Byte(); {
	case b == 0x63 || b == 0x64: // a reference to a type, null or not
		r.S33()
	case b >= 0x7b && b <= 0x7f || b >= 0x69 && b <= 0x74:
	default:
		r.Fail()
	}
}

// leb reads a LEB128 number of at most n bytes.
func leb(r *wasmbin.Reader, n int) {
	for range n {
		if r.Byte() < 0x80 {
			return
		}
	}
	r.Fail()
}

// constant reads a constant expression.
func constant(r *wasmbin.Reader) {
	for r.Err == nil {
		if op, _ := next(r); op == wasmbin.OpEnd {
			return
		}
	}
}
