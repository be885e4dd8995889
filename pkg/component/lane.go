package component

// #include "shim.h"
import "C"

import (
	"errors"
	"runtime"
	"slices"
	"sync"
	"unicode/utf8"
	"unsafe"

	"github.com/hygia-suite/hygia/pkg/component/internal/lane"
)

// compileLane gives a component the lane and compiles it. One that cannot have it
// keeps its types, and so does one that wasmtime then refuses.
func compileLane(engine *C.wasm_engine_t, wasm []byte) (*Component, error) {
	rewritten, slow := lane.Rewrite(wasm)
	if !laneKnown() {
		slow = errors.New("component: lane: not known to work with " + EngineName())
	}
	if slow == nil {
		c, err := compileRewritten(engine, rewritten)
		if !errors.As(err, new(*CompileError)) {
			return c, err
		}
		slow = err
	}
	return compileExposed(engine, wasm, slow)
}

func compilePlain(engine *C.wasm_engine_t, wasm []byte) (*Component, error) {
	return compileExposed(engine, wasm, errPlain)
}

var errPlain = errors.New("component: lane: compiled without it")

// compileExposed compiles a component whose types stay as they are. The lane is for
// what the host calls itself then; where there is nothing, or wasmtime refuses that,
// the component stays as it is: it has the better reason.
func compileExposed(engine *C.wasm_engine_t, wasm []byte, slow error) (*Component, error) {
	if exposed, err := lane.Expose(wasm); err == nil && laneKnown() {
		c, err := compileAs(engine, exposed.Wasm, source{
			slow: slow, text: exposed.Text, instances: exposed.Instances, direct: exposed.Direct})
		if !errors.As(err, new(*CompileError)) {
			return c, err
		}
	}
	return compileAs(engine, wasm, source{slow: slow})
}

func compileBare(engine *C.wasm_engine_t, wasm []byte) (*Component, error) {
	return compileAs(engine, wasm, source{slow: errPlain})
}

func laneKnown() bool { return slices.Contains(laneEngines(), EngineName()) }

func compileRewritten(engine *C.wasm_engine_t, r *lane.Rewritten) (*Component, error) {
	c, err := compile(engine, r.Outline)
	if err != nil {
		return nil, err
	}
	types, err := describe(c, engine)
	C.wasmtime_component_delete(c)
	if err != nil {
		return nil, err
	}
	return compileAs(engine, r.Wasm, source{types: types, text: r.Text, instances: r.Instances, direct: r.Direct})
}

func compileAs(engine *C.wasm_engine_t, wasm []byte, s source) (*Component, error) {
	c, err := compile(engine, wasm)
	if err != nil {
		return nil, err
	}
	return newComponent(c, engine, s)
}

func compile(engine *C.wasm_engine_t, wasm []byte) (*C.wasmtime_component_t, error) {
	var message C.hy_buffer
	c := C.hy_compile(engine, (*C.uint8_t)(unsafe.Pointer(&wasm[0])), C.size_t(len(wasm)), &message)
	if text := take(&message); c == nil {
		return nil, &CompileError{Reason: reason(string(text))}
	}
	return c, nil
}

// agree reports whether declarations are, to wasmtime, what internal/lane makes of
// those that were: values cross by the latter, and to take or give one as what it is
// not could end the process.
func agree(was, now []decl) bool {
	return slices.EqualFunc(was, now, func(w, n decl) bool {
		return w.name == n.name && w.kind == n.kind && agree(w.inner, n.inner) && w.sig.Result.becomes(n.sig.Result) &&
			slices.EqualFunc(w.sig.Params, n.sig.Params, func(a, b Field) bool { return a.Type.becomes(b.Type) })
	})
}

// becomes reports whether internal/lane puts u in t's place, where that crosses at
// all; nil types are of no value.
func (t *Type) becomes(u *Type) bool {
	switch {
	case t == nil || u == nil:
		return t == u
	case t.lane:
		return u.kind == KindTuple && slices.Equal(u.elems, []*Type{U32, U32})
	case t.kind == KindRecord:
		return u.kind == KindTuple && slices.EqualFunc(t.elems, u.elems, (*Type).becomes)
	}
	return t.kind == u.kind && len(t.labels) == len(u.labels) && slices.EqualFunc(t.elems, u.elems, (*Type).becomes)
}

// laneEngines names the engines whose core instances lane.c knows how to find:
// TestLaneFindsCoreInstances proves it of the one that is linked.
func laneEngines() []string { return []string{"wasmtime 44.0.0", "wasmtime 48.0.8"} }

// lent is the text and bytes that an encoder's values have the addresses of: C
// reads them where they are, and nothing moves them until end. Strings are their
// owners', who cannot change them; bytes are copies.
type lent struct {
	spare   *sync.Pool // of *[]byte, the engine's
	strings []string
	copies  []*[]byte
	bytes   int
	pins    runtime.Pinner
}

func (l *lent) text(s string) uint64 {
	l.strings = append(l.strings, s)
	return l.pin(unsafe.StringData(s), len(s))
}

// copy copies in pieces, and not all where the call's time is over before.
func (l *lent) copy(b []byte, call *scope) uint64 {
	c, ok := l.spare.Get().(*[]byte)
	if !ok || cap(*c) < len(b) {
		fresh := make([]byte, 0, len(b))
		c = &fresh
	}
	*c = (*c)[:0]
	for piece := range slices.Chunk(b, C.HY_PIECE) {
		if call.over() != nil {
			break
		}
		*c = append(*c, piece...)
	}
	l.copies = append(l.copies, c)
	return l.pin(unsafe.SliceData(*c), len(b))
}

func (l *lent) pin(data *byte, n int) uint64 {
	l.pins.Pin(data)
	l.bytes += n
	return uint64(uintptr(unsafe.Pointer(data)))
}

func (l *lent) end() {
	if l.bytes == 0 {
		return
	}
	l.pins.Unpin()
	for _, c := range l.copies {
		l.spare.Put(c)
	}
	clear(l.strings)
	clear(l.copies)
	l.strings, l.copies, l.bytes = l.strings[:0], l.copies[:0], 0
}

// validUTF8 is utf8.ValidString, several times as fast where that takes long.
func validUTF8(s string) bool {
	return len(s) < 2048 && utf8.ValidString(s) || len(s) >= 2048 && isUTF8(s, C.HY_WIDEST)
}

func isUTF8(s string, width uint) bool {
	return bool(C.hy_utf8((*C.uint8_t)(unsafe.StringData(s)), C.size_t(len(s)), C.size_t(width)))
}
