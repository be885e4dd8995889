package load

import (
	"go.bytecodealliance.org/wit"

	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
)

// primitive gives the kind of a primitive type.
func primitive(t wit.Type) (model.Kind, bool) {
	kind, ok := map[wit.Type]model.Kind{
		wit.Bool{}: model.Bool, wit.Char{}: model.Char, wit.String{}: model.String,
		wit.U8{}: model.U8, wit.U16{}: model.U16, wit.U32{}: model.U32, wit.U64{}: model.U64,
		wit.S8{}: model.S8, wit.S16{}: model.S16, wit.S32{}: model.S32, wit.S64{}: model.S64,
		wit.F32{}: model.F32, wit.F64{}: model.F64,
	}[t]
	return kind, ok
}

// kindName gives WIT's word for what witgen refuses.
func kindName(kind any) string {
	switch kind.(type) {
	case *wit.Future:
		return "future"
	case *wit.Stream:
		return "stream"
	case wit.ErrorContext:
		return "error-context"
	default:
		return "this"
	}
}
