package component

// #include "shim.h"
import "C"

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"github.com/hygia-suite/hygia/pkg/component/internal/chunk"
	"github.com/hygia-suite/hygia/pkg/component/internal/lane"
)

// serialFormat begins what Serialize returns. It changes with what Compile does
// to a component before wasmtime gets it, and so with Fingerprint: code that was kept is
// compiled again then. TestSerialFormatChangesWithWhatCompileDoes tells when it must.
// A line follows that says why the component has not the lane, empty when it has;
// then its source's types, a byte for its text, the numbers of the core instances that
// were added to it and that it has, the headroom that its engine asked for, pages and
// most, and how many memories have it: of each two numbers. Last comes how many exports
// the host calls itself: of each a byte for its post-return and two names. Numbers have 4
// bytes; names and types lie behind their length.
const serialFormat = "hygia component 11\n"

// empty is the smallest component.
const empty = "\x00asm\x0d\x00\x01\x00"

// Serialize returns the component's compiled form, from which Deserialize makes it
// again in a fraction of the time. It is several times as large as the component.
// It fails with ErrClosed.
func (c *Component) Serialize() ([]byte, error) {
	handle := c.clone()
	if handle == nil {
		return nil, ErrClosed
	}
	defer C.wasmtime_component_delete(handle)
	var out, message C.hy_buffer
	ok := C.hy_serialize(handle, &out, &message)
	code, why := take(&out), take(&message)
	if !ok {
		return nil, fmt.Errorf("component: serialize: %s", reason(string(why)))
	}
	return append(c.appendTo([]byte(serialFormat)), code...), nil
}

func (s source) appendTo(b []byte) []byte {
	if s.slow != nil {
		b = append(b, strings.ReplaceAll(s.slow.Error(), "\n", " ")...)
	}
	b = append(appendBlock(append(b, '\n'), s.types), bit(s.text))
	numbers := []uint32{uint32(s.added), uint32(s.instances), s.asked.Pages, s.asked.Most, uint32(len(s.begins))}
	for _, begin := range s.begins {
		numbers = append(numbers, begin.Said, begin.Pages)
	}
	for _, n := range append(numbers, uint32(len(s.direct))) {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	for _, d := range s.direct {
		b = appendBlock(appendBlock(append(b, bit(d.Post)), d.Interface), d.Name)
	}
	return b
}

func appendBlock[T []byte | string](b []byte, block T) []byte {
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(block))), block...)
}

// cutSource reads what appendTo wrote and returns what follows it.
func cutSource(b []byte) (s source, rest []byte, ok bool) {
	why, rest, ok := bytes.Cut(b, []byte("\n"))
	if len(why) > 0 {
		s.slow = errors.New(string(why))
	}
	r := &descriptionReader{buf: rest}
	if !ok {
		r.err = errDescription
	}
	s.types, s.text = bytes.Clone(r.next(r.count())), r.byte() != 0
	s.added, s.instances = r.number(), r.number()
	s.asked = chunk.Headroom{Pages: uint32(r.number()), Most: uint32(r.number())}
	for range r.count() {
		s.begins = append(s.begins, chunk.Begin{Said: uint32(r.number()), Pages: uint32(r.number())})
	}
	for range r.count() {
		s.direct = append(s.direct, lane.Direct{Post: r.byte() != 0, Interface: r.text(), Name: r.text()})
	}
	return s, r.buf, r.err == nil
}

// Deserialize makes a component of what Serialize returned, in this process or in
// another. It runs what it is given as machine code, unchecked: whoever can alter
// those bytes owns the process. Give it nothing that is not authenticated, such as
// by a MAC under a key of this host's. Bytes of another version, processor or
// configuration (see Fingerprint) fail with a CompileError.
func (e *Engine) Deserialize(ctx context.Context, trusted []byte) (*Component, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	rest, ok := bytes.CutPrefix(trusted, []byte(serialFormat))
	src, code, found := cutSource(rest)
	if !ok || !found || len(code) == 0 {
		return nil, &CompileError{Reason: "not a serialized component of this version"}
	}
	if src.asked != e.cfg.headroom() {
		return nil, &CompileError{Reason: "serialized by an engine of another HeadroomBytes or, with it, MaxMemoryBytes"}
	}
	engine := e.handle()
	if engine == nil {
		return nil, ErrClosed
	}
	defer C.wasm_engine_delete(engine)
	var message C.hy_buffer
	c := C.hy_deserialize(engine, (*C.uint8_t)(unsafe.Pointer(&code[0])), C.size_t(len(code)), &message)
	if text := take(&message); c == nil {
		return nil, &CompileError{Reason: reason(string(text))}
	}
	component, err := newComponent(c, engine, src)
	if err != nil {
		return nil, err
	}
	component.engine = e
	return component, nil
}

// Fingerprint tells engines apart whose serialized components do not fit each
// other: 64 hexadecimal digits that stand for this package's format, the version
// of the library that runs, the processor's features and the configuration. It
// comes from the library itself: it is the digest of an empty component as
// compiled, which names all of them.
func (e *Engine) Fingerprint(ctx context.Context) (string, error) {
	c, err := e.Compile(ctx, []byte(empty))
	if err != nil {
		return "", err
	}
	defer c.Close()
	code, err := c.Serialize()
	if err != nil {
		return "", errors.Join(errors.New("component: fingerprint"), err)
	}
	sum := sha256.Sum256(append(code, EngineName()...))
	return hex.EncodeToString(sum[:]), nil
}
