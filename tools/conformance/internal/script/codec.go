package script

import (
	"fmt"
	"math"
	"reflect"

	"github.com/hygia-suite/hygia/pkg/component"
)

// side says whose resources are the host's in values of one component: those of
// its imports. All others are its own.
type side map[component.Resource]*component.Resource

func (s side) host(t *component.Type) *component.Resource { return s[*t.Resource()] }

// write encodes a value of type t.
func (s side) write(e *component.Encoder, t *component.Type, v any) {
	switch t.Kind() {
	case component.KindBool:
		e.Bool(v.(bool))
	case component.KindU8, component.KindU16, component.KindU32, component.KindU64:
		writeUnsigned(e, t, v.(uint64))
	case component.KindS8, component.KindS16, component.KindS32, component.KindS64:
		writeSigned(e, t, v.(int64))
	case component.KindF32:
		e.F32(v.(float32))
	case component.KindF64:
		e.F64(v.(float64))
	case component.KindChar:
		e.Char(v.(rune))
	case component.KindString:
		e.String(v.(string))
	case component.KindFlags:
		e.Flags(v.(uint64))
	case component.KindList:
		s.writeList(e, t, v)
	case component.KindRecord, component.KindTuple:
		for i, elem := range t.Elems() {
			s.write(e, elem, v.([]any)[i])
		}
	case component.KindOwn, component.KindBorrow:
		s.writeResource(e, t, v)
	default:
		s.writeCase(e, t, v.(choice))
	}
}

func (s side) writeList(e *component.Encoder, t *component.Type, v any) {
	if raw, ok := v.([]byte); ok {
		e.Bytes(raw)
		return
	}
	e.List(len(v.([]any)))
	for _, item := range v.([]any) {
		s.write(e, t.Elems()[0], item)
	}
}

func (s side) writeResource(e *component.Encoder, t *component.Type, v any) {
	host, owned := s.host(t), t.Kind() == component.KindOwn
	handle, isHandle := v.(*component.Handle)
	switch {
	case host != nil && owned:
		e.Own(host, v)
	case host != nil:
		e.Borrow(host, v)
	case !isHandle:
		e.Fail(fmt.Errorf("%s is no handle", t))
	case owned:
		e.Give(handle)
	default:
		e.Lend(handle)
	}
}

func writeUnsigned(e *component.Encoder, t *component.Type, v uint64) {
	switch t.Kind() {
	case component.KindU8:
		e.U8(uint8(v))
	case component.KindU16:
		e.U16(uint16(v))
	case component.KindU32:
		e.U32(uint32(v))
	default:
		e.U64(v)
	}
}

func writeSigned(e *component.Encoder, t *component.Type, v int64) {
	switch t.Kind() {
	case component.KindS8:
		e.S8(int8(v))
	case component.KindS16:
		e.S16(int16(v))
	case component.KindS32:
		e.S32(int32(v))
	default:
		e.S64(v)
	}
}

func (s side) writeCase(e *component.Encoder, t *component.Type, c choice) {
	if t.Kind() == component.KindOption {
		e.Option(c.index == 1)
	} else {
		e.Case(c.index)
	}
	if payload := payloadOf(t, c.index); payload != nil {
		s.write(e, payload, c.payload)
	}
}

func payloadOf(t *component.Type, index int) *component.Type {
	switch t.Kind() {
	case component.KindEnum:
		return nil
	case component.KindOption:
		if index == 0 {
			return nil
		}
		return t.Elems()[0]
	default:
		return t.Elems()[index]
	}
}

// read decodes a value of type t.
func (s side) read(d *component.Decoder, t *component.Type) any {
	switch t.Kind() {
	case component.KindBool:
		return d.Bool()
	case component.KindU8:
		return uint64(d.U8())
	case component.KindU16:
		return uint64(d.U16())
	case component.KindU32:
		return uint64(d.U32())
	case component.KindU64:
		return d.U64()
	case component.KindS8:
		return int64(d.S8())
	case component.KindS16:
		return int64(d.S16())
	case component.KindS32:
		return int64(d.S32())
	case component.KindS64:
		return d.S64()
	case component.KindF32:
		return d.F32()
	case component.KindF64:
		return d.F64()
	case component.KindChar:
		return d.Char()
	case component.KindString:
		return d.String()
	case component.KindFlags:
		return d.Flags()
	default:
		return s.readCompound(d, t)
	}
}

func (s side) readCompound(d *component.Decoder, t *component.Type) any {
	switch t.Kind() {
	case component.KindList:
		elem := t.Elems()[0]
		if elem.Kind() == component.KindU8 {
			return d.Bytes()
		}
		out := make([]any, d.List())
		for i := range out {
			out[i] = s.read(d, elem)
		}
		return out
	case component.KindRecord, component.KindTuple:
		out := make([]any, len(t.Elems()))
		for i, elem := range t.Elems() {
			out[i] = s.read(d, elem)
		}
		return out
	case component.KindOwn:
		if host := s.host(t); host != nil {
			return d.Own(host)
		}
		return d.Handle(t.Resource())
	case component.KindBorrow:
		return d.Borrow(s.host(t))
	}
	c := choice{}
	if t.Kind() == component.KindOption {
		if d.Option() {
			c.index = 1
		}
	} else {
		c.index = d.Case()
	}
	if payload := payloadOf(t, c.index); payload != nil && d.Err() == nil {
		c.payload = s.read(d, payload)
	}
	return c
}

// same compares two values; any NaN is like any other, since the component model
// does not keep their payloads.
func same(a, b any) bool {
	switch a := a.(type) {
	case float32:
		b, ok := b.(float32)
		return ok && (a == b && math.Signbit(float64(a)) == math.Signbit(float64(b)) || a != a && b != b)
	case float64:
		b, ok := b.(float64)
		return ok && (a == b && math.Signbit(a) == math.Signbit(b) || a != a && b != b)
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !same(a[i], b[i]) {
				return false
			}
		}
		return true
	case choice:
		b, ok := b.(choice)
		return ok && a.index == b.index && same(a.payload, b.payload)
	}
	return reflect.DeepEqual(a, b)
}
