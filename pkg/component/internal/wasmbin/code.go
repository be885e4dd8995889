package wasmbin

// Instructions of core WebAssembly, those that more than one rewriter writes.
const (
	OpUnreachable = 0x00
	OpIf          = 0x04
	OpEnd         = 0x0b
	OpCall        = 0x10
	OpLocalGet    = 0x20
	OpLocalSet    = 0x21
	OpGlobalGet   = 0x23
	OpGlobalSet   = 0x24
	OpI32Const    = 0x41

	NoType = 0x40 // the type of a block that gives nothing
)
