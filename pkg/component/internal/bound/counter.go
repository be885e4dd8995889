package bound

import "github.com/hygia-suite/hygia/pkg/component/internal/wasmbin"

// counter is what counts a component's resources: an instance of counterModule, and
// the modules whose instances stand before resource.new and before destructors.
type counter struct {
	instance    uint32
	made, ended uint32
	off         uint32 // counterModule's function that counts one off
	offKnown    bool
}

// The names of what these modules export and import, and of what traps.
const (
	counterName = "hygia:bound"
	trapName    = "too-many-resources"

	nameLive    = "live"
	nameEnded   = "ended"
	nameCounter = "counter"
	nameGuest   = "guest"
	nameFunc    = "func"
)

// What only these modules are written with.
const (
	opAtLeast = 0x4f
	opAdd     = 0x6a
	opSub     = 0x6b

	kindFunc   = 0x00
	kindGlobal = 0x03

	ofNumber         = "\x60\x01\x7f\x00"     // a function of a number
	ofNumberToNumber = "\x60\x01\x7f\x01\x7f" // and to one
)

// counterModule holds the counter, and a function that is a destructor and only
// counts one off.
func counterModule() []byte {
	b := append([]byte(wasmbin.Core), list(1, ofNumber)...)
	b = append(b, list(3, "\x00")...)
	b = append(b, list(6, "\x7f\x01\x41\x00\x0b")...) // a mutable i32, zero at first
	b = append(b, list(7, named(nameLive, kindGlobal, 0), named(nameEnded, kindFunc, 0))...)
	return append(b, list(10, code(off()))...)
}

// madeModule stands before what makes a resource.
func madeModule() []byte {
	body := wasmbin.AppendIndex([]byte{wasmbin.OpGlobalGet, 0, wasmbin.OpI32Const}, Resources)
	body = append(body, opAtLeast, wasmbin.OpIf, wasmbin.NoType, wasmbin.OpUnreachable, wasmbin.OpEnd)
	body = append(body, wasmbin.OpGlobalGet, 0, wasmbin.OpI32Const, 1, opAdd, wasmbin.OpGlobalSet, 0)
	b := between(ofNumberToNumber, body)
	name := "\x00" + sized(sized(counterName))
	name += "\x01" + sized("\x01\x01"+sized(trapName)) // of function 1, the first behind the import
	return wasmbin.AppendSection(b, 0, []byte(sized("name")+name))
}

// endedModule stands before a destructor.
func endedModule() []byte { return between(ofNumber, off()) }

func off() []byte {
	return []byte{wasmbin.OpGlobalGet, 0, wasmbin.OpI32Const, 1, opSub, wasmbin.OpGlobalSet, 0}
}

// between is a module with a function that does something with the counter and then
// is as the function that it imports.
func between(typ string, body []byte) []byte {
	b := append([]byte(wasmbin.Core), list(1, typ)...)
	b = append(b, list(2, sized(nameCounter)+sized(nameLive)+string([]byte{kindGlobal, 0x7f, 1}),
		sized(nameGuest)+named(nameFunc, kindFunc, 0))...)
	b = append(b, list(3, "\x00")...)
	b = append(b, list(7, named(nameFunc, kindFunc, 1))...)
	return append(b, list(10, code(append(body, wasmbin.OpLocalGet, 0, wasmbin.OpCall, 0)))...)
}

func sized(s string) string { return string(wasmbin.AppendName(nil, s)) }

func named(name string, kind byte, index uint32) string {
	return string(wasmbin.AppendU32(append([]byte(sized(name)), kind), index))
}

func code(body []byte) string { return sized("\x00" + string(body) + "\x0b") }

// list is a section of so many items.
func list(id byte, items ...string) []byte {
	body := wasmbin.AppendU32(nil, uint32(len(items)))
	for _, i := range items {
		body = append(body, i...)
	}
	return wasmbin.AppendSection(nil, id, body)
}

// counts returns the scope's counter, which it makes where there is none.
func (w *walker) counts() *counter {
	s := w.scope
	if s.counter != nil {
		return s.counter
	}
	of := w.module(counterModule())
	s.counter = &counter{made: w.module(madeModule()), ended: w.module(endedModule())}
	s.counter.instance = w.instantiate(of)
	return s.counter
}

func (w *walker) module(wasm []byte) uint32 {
	w.out.section(secModule, wasm)
	return w.scope.modules.insert()
}

// instantiate makes an instance of a module, of the instances args by their names.
func (w *walker) instantiate(module uint32, args ...string) uint32 {
	item := wasmbin.AppendU32([]byte{0}, module)
	item = wasmbin.AppendU32(item, uint32(len(args)))
	for _, a := range args {
		item = append(item, a...)
	}
	w.out.item(secCoreInstance, item)
	w.scope.add(1)
	if w.written++; w.written > InstancesMax {
		w.r.FailFor(errMany)
	}
	return w.scope.instances.insert()
}

func arg(name string, instance uint32) string { return named(name, sortCoreInstance, instance) }

// before puts an instance of a module before a core function, which has its new index.
func (w *walker) before(f, module uint32) (instance uint32) {
	w.out.item(secCoreInstance, []byte("\x01\x01"+named(nameFunc, kindFunc, f)))
	guest := w.scope.instances.insert()
	return w.instantiate(module, arg(nameCounter, w.scope.counter.instance), arg(nameGuest, guest))
}

// exported aliases an instance's function; its index is for the caller to define or
// insert.
func (w *walker) exported(instance uint32, name string) {
	item := wasmbin.AppendU32([]byte{sortCore, coreSortFunc, aliasCore}, instance)
	w.out.item(secAlias, wasmbin.AppendName(item, name))
}

// counted writes a resource.new behind what counts its resources.
func (w *walker) counted(item []byte) {
	c := w.counts()
	w.out.item(secCanon, item)
	w.exported(w.before(w.scope.funcs.insert(), c.made), nameFunc)
	w.scope.funcs.define()
}

// destructor returns the destructor that a type gets in place of f, its own, or of none.
func (w *walker) destructor(f uint32, has bool) uint32 {
	c := w.counts()
	switch {
	case has:
		w.exported(w.before(f, c.ended), nameFunc)
		return w.scope.funcs.insert()
	case !c.offKnown:
		w.exported(c.instance, nameEnded)
		c.off, c.offKnown = w.scope.funcs.insert(), true
	}
	return c.off
}
