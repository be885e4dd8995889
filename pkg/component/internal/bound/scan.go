package bound

import "github.com/hygia-suite/hygia/pkg/component/internal/wasmbin"

// depthMax bounds how deep components and types lie in each other.
const depthMax = 100

// The sections of a component that are told apart here.
const (
	secCustom       = 0
	secModule       = 1
	secCoreInstance = 2
	secCoreType     = 3
	secComponent    = 4
	secInstance     = 5
	secAlias        = 6
	secType         = 7
	secCanon        = 8
	secImport       = 10
	secExport       = 11
)

// The canonical definitions that are known here.
const (
	canonLift  = 0x00
	canonLower = 0x01
	canonNew   = 0x02
	canonDrop  = 0x03
	canonRep   = 0x04
)

// scanner finds out which components make resources, without a look at the rest.
type scanner struct {
	makes []bool // of each component, in the order in which they begin
	err   error
}

func (s *scanner) component(r *wasmbin.Reader, depth int) {
	at := len(s.makes)
	s.makes = append(s.makes, false)
	if depth > depthMax || string(r.Take(uint32(len(wasmbin.Component)))) != wasmbin.Component {
		r.Fail()
	}
	for !r.Done() && s.err == nil {
		id, body := r.Section()
		in := &wasmbin.Reader{In: body, Err: r.Err}
		switch id {
		case secComponent:
			s.component(in, depth+1)
		case secCanon:
			s.makes[at] = canons(in) || s.makes[at]
			r.Err = in.Err
		}
	}
	if s.err == nil {
		s.err = r.Err
	}
}

// canons reads a section of canonical definitions, and reports whether one of them
// makes resources.
func canons(r *wasmbin.Reader) (makes bool) {
	for range r.Count() {
		switch r.Byte() {
		case canonLift:
			r.Byte()
			r.U32()
			canonOptions(r)
			r.U32()
		case canonLower:
			r.Byte()
			r.U32()
			canonOptions(r)
		case canonNew:
			makes = true
			r.U32()
		case canonDrop, canonRep:
			r.U32()
		default:
			r.Fail()
		}
	}
	if !r.Done() {
		r.Fail()
	}
	return makes
}

func canonOptions(r *wasmbin.Reader) {
	for range r.Count() {
		switch r.Byte() {
		case 0, 1, 2:
		case 3, 4, 5:
			r.U32()
		default:
			r.Fail()
		}
	}
}
