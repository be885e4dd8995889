package load

import "go.bytecodealliance.org/wit"

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
