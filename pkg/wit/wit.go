// Package wit is what the packages under it share: Go forms of WIT packages,
// which tools/witgen generates. Nothing else needs it, but for FieldError.
package wit

// Generation1 is there for generated code to refer to: what needs more of this
// package than it has does not compile.
const Generation1 = true

// Result is a WIT result that stands inside another value. A function's own
// result is a Go error instead.
type Result[OK, Err any] struct {
	// Failed tells which of the other two holds.
	Failed bool
	OK     OK
	Err    Err
}

// Tuple1 is a WIT tuple of one element.
type Tuple1[A any] struct{ F0 A }

// Tuple2 is a WIT tuple of two elements.
type Tuple2[A, B any] struct {
	F0 A
	F1 B
}

// Tuple3 is a WIT tuple of three elements.
type Tuple3[A, B, C any] struct {
	F0 A
	F1 B
	F2 C
}

// Tuple4 is a WIT tuple of four elements.
type Tuple4[A, B, C, D any] struct {
	F0 A
	F1 B
	F2 C
	F3 D
}

// Tuple5 is a WIT tuple of five elements.
type Tuple5[A, B, C, D, E any] struct {
	F0 A
	F1 B
	F2 C
	F3 D
	F4 E
}

// Tuple6 is a WIT tuple of six elements.
type Tuple6[A, B, C, D, E, F any] struct {
	F0 A
	F1 B
	F2 C
	F3 D
	F4 E
	F5 F
}

// Tuple7 is a WIT tuple of seven elements.
type Tuple7[A, B, C, D, E, F, G any] struct {
	F0 A
	F1 B
	F2 C
	F3 D
	F4 E
	F5 F
	F6 G
}

// Tuple8 is a WIT tuple of eight elements.
type Tuple8[A, B, C, D, E, F, G, H any] struct {
	F0 A
	F1 B
	F2 C
	F3 D
	F4 E
	F5 F
	F6 G
	F7 H
}
