package witvalue

import (
	"fmt"

	"github.com/hygia-suite/hygia/pkg/component"
)

// Resources are those of the host in values of one component: what it imports, by
// their names. All others are its own, and their values *component.Handle.
type Resources map[component.Resource]*component.Resource

// Encode writes a value of type t for a guest.
func (r Resources) Encode(e *component.Encoder, t *component.Type, v any) {
	switch t.Kind() {
	case component.KindList:
		r.encodeList(e, t, v)
	case component.KindRecord, component.KindTuple:
		for i, elem := range t.Elems() {
			r.Encode(e, elem, v.([]any)[i])
		}
	case component.KindVariant, component.KindEnum, component.KindOption, component.KindResult:
		r.encodeCase(e, t, v.(Case))
	case component.KindOwn, component.KindBorrow:
		r.encodeResource(e, t, v)
	default:
		encodeScalar(e, t.Kind(), v)
	}
}

func (r Resources) encodeList(e *component.Encoder, t *component.Type, v any) {
	if isBytes(t) {
		e.Bytes(v.([]byte))
		return
	}
	elem := t.Elems()[0]
	e.List(len(v.([]any)))
	for _, item := range v.([]any) {
		r.Encode(e, elem, item)
	}
}

func (r Resources) encodeCase(e *component.Encoder, t *component.Type, c Case) {
	if t.Kind() == component.KindOption {
		e.Option(c.Index == 1)
	} else {
		e.Case(c.Index)
	}
	if _, payloads := cases(t); payloads[c.Index] != nil {
		r.Encode(e, payloads[c.Index], c.Payload)
	}
}

func (r Resources) encodeResource(e *component.Encoder, t *component.Type, v any) {
	host, owned := r[*t.Resource()], t.Kind() == component.KindOwn
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

func encodeScalar(e *component.Encoder, k component.Kind, v any) {
	switch k {
	case component.KindBool:
		e.Bool(v.(bool))
	case component.KindS8:
		e.S8(int8(v.(int64)))
	case component.KindU8:
		e.U8(uint8(v.(uint64)))
	case component.KindS16:
		e.S16(int16(v.(int64)))
	case component.KindU16:
		e.U16(uint16(v.(uint64)))
	case component.KindS32:
		e.S32(int32(v.(int64)))
	case component.KindU32:
		e.U32(uint32(v.(uint64)))
	case component.KindS64:
		e.S64(v.(int64))
	case component.KindU64:
		e.U64(v.(uint64))
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
	default:
		e.Fail(fmt.Errorf("a value of %s", k))
	}
}

// Decode reads what a guest gave, a value of type t. It is of no use where the
// decoder has an error.
func (r Resources) Decode(d *component.Decoder, t *component.Type) any {
	switch t.Kind() {
	case component.KindList:
		return r.decodeList(d, t)
	case component.KindRecord, component.KindTuple:
		elems := t.Elems()
		out := make([]any, len(elems))
		for i, elem := range elems {
			out[i] = r.Decode(d, elem)
		}
		return out
	case component.KindVariant, component.KindEnum, component.KindOption, component.KindResult:
		return r.decodeCase(d, t)
	case component.KindOwn:
		if host := r[*t.Resource()]; host != nil {
			return d.Own(host)
		}
		return d.Handle(t.Resource())
	case component.KindBorrow:
		return d.Borrow(r[*t.Resource()])
	default:
		return decodeScalar(d, t.Kind())
	}
}

func (r Resources) decodeList(d *component.Decoder, t *component.Type) any {
	if isBytes(t) {
		return d.Bytes()
	}
	elem := t.Elems()[0]
	out := make([]any, d.List())
	for i := range out {
		out[i] = r.Decode(d, elem)
	}
	return out
}

func (r Resources) decodeCase(d *component.Decoder, t *component.Type) any {
	var c Case
	if t.Kind() != component.KindOption {
		c.Index = d.Case()
	} else if d.Option() {
		c.Index = 1
	}
	if d.Err() != nil {
		return c
	}
	if _, payloads := cases(t); payloads[c.Index] != nil {
		c.Payload = r.Decode(d, payloads[c.Index])
	}
	return c
}

func decodeScalar(d *component.Decoder, k component.Kind) any {
	switch k {
	case component.KindBool:
		return d.Bool()
	case component.KindS8:
		return int64(d.S8())
	case component.KindU8:
		return uint64(d.U8())
	case component.KindS16:
		return int64(d.S16())
	case component.KindU16:
		return uint64(d.U16())
	case component.KindS32:
		return int64(d.S32())
	case component.KindU32:
		return uint64(d.U32())
	case component.KindS64:
		return d.S64()
	case component.KindU64:
		return d.U64()
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
		d.Fail(fmt.Errorf("a value of %s", k))
		return nil
	}
}
