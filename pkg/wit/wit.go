// Package wit is what the packages under it share: Go forms of WIT packages,
// which tools/witgen generates. Nothing else needs it, but for FieldError.
package wit

// Result is a WIT result that stands inside another value. A function's own
// result is a Go error instead.
type Result[OK, Err any] struct {
	// Failed tells which of the other two holds.
	Failed bool
	OK     OK
	Err    Err
}
