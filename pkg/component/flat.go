package component

// #include "shim.h"
import "C"

import (
	"slices"
	"unsafe"

	"github.com/hygia-suite/hygia/pkg/component/internal/lane"
)

// What a value is as numbers of core WebAssembly, in which arguments and results
// cross: https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#flattening

// flattened are the types of a value's numbers, HY_FLAT_MAX and one more at most.
type flattened []C.uint8_t

func (f flattened) add(g flattened) flattened {
	f = append(f, g...)
	return f[:min(len(f), C.HY_FLAT_MAX+1)]
}

// join makes f the types of what holds an f or a g: a number of two types is one of
// the wider, of integers.
func (f flattened) join(g flattened) flattened {
	for i, k := range g {
		switch {
		case i == len(f):
			f = append(f, k)
		case f[i] == k:
		case min(f[i], k) == C.WASM_I32 && max(f[i], k) == C.WASM_F32:
			f[i] = C.WASM_I32
		default:
			f[i] = C.WASM_I64
		}
	}
	return f
}

// flatten returns the types of the numbers that a value of t is.
func (t *Type) flatten() flattened {
	switch t.kind {
	case KindS64, KindU64:
		return flattened{C.WASM_I64}
	case KindF32:
		return flattened{C.WASM_F32}
	case KindF64:
		return flattened{C.WASM_F64}
	case KindString, KindList:
		return flattened{C.WASM_I32, C.WASM_I32}
	case KindRecord, KindTuple:
		var f flattened
		for _, e := range t.elems {
			f = f.add(e.flatten())
		}
		return f
	case KindOption, KindResult, KindVariant:
		var f flattened
		for _, e := range t.elems {
			if e != nil {
				f = f.join(e.flatten())
			}
		}
		return flattened{C.WASM_I32}.add(f)
	case KindFlags:
		var f flattened
		for range (len(t.labels) + 31) / 32 {
			f = append(f, C.WASM_I32)
		}
		return f
	}
	return flattened{C.WASM_I32}
}

// isNumbers reports whether all that a function takes and returns is numbers and
// memory, which store.c and load.c know.
func (s Signature) isNumbers() bool {
	return !slices.ContainsFunc(s.Params, func(p Field) bool { return !p.Type.isNumbers() }) && s.Result.isNumbers()
}

// isNumbers reports it of a type: not so handles, nor what has not the lane. A nil type
// has no values.
func (t *Type) isNumbers() bool {
	switch {
	case t == nil || t.lane:
		return true
	case t.kind == KindString, t.kind == KindList, t.kind == KindFlags && len(t.labels) > 64, t.kind >= KindOwn:
		return false
	}
	return !slices.ContainsFunc(t.elems, func(e *Type) bool { return !e.isNumbers() })
}

// direct fills in what C needs to call an export itself, where it can.
func (b *signatures) direct(f *C.hy_func, x resolvedExport, name string) {
	if x.direct == nil {
		return
	}
	var takes flattened
	for _, p := range x.sig.Params {
		takes = takes.add(p.Type.flatten())
	}
	if len(takes) > C.HY_FLAT_MAX {
		var all C.hy_type
		layAll(&all, unsafe.Slice(f.sig.params, int(f.sig.count)))
		f.spilled, f.size, f.align = true, all.size, all.align
		takes = flattened{C.WASM_I32}
	}
	var gives flattened
	if x.sig.Result != nil {
		if gives = x.sig.Result.flatten(); len(gives) > 1 {
			gives = flattened{C.WASM_I32}
		}
	}
	f.direct, f.finish = true, C.bool(x.direct.Post)
	f.call.name, f.call._type = b.mem.name(lane.CallOf(x.iface, name)), b.core(takes, gives)
	if x.direct.Post {
		f.post.name, f.post._type = b.mem.name(lane.PostReturnOf(x.iface, name)), b.core(gives, nil)
	}
}

// core returns the type of a core function.
func (b *signatures) core(takes, gives flattened) C.hy_core {
	return C.hy_core{count: C.uint32_t(len(takes)), params: b.kinds(takes), result: b.kinds(gives)}
}

func (b *signatures) kinds(f flattened) *C.uint8_t {
	out := carray[C.uint8_t](b.mem, len(f))
	copy(out, f)
	return unsafe.SliceData(out)
}

// room returns where to find what gives room.
func (b *signatures) room(name string) C.hy_place {
	one := flattened{C.WASM_I32}
	return C.hy_place{name: b.mem.name(name), _type: b.core(flattened{C.WASM_I32, C.WASM_I32, C.WASM_I32, C.WASM_I32}, one)}
}
