package wit

import (
	"context"
	"fmt"

	"github.com/hygia-suite/hygia/pkg/component"
)

// Dropper is what every resource of a host can do.
type Dropper interface {
	Drop(ctx context.Context) error
}

// Own takes a resource's value back from a guest; the zero value where the
// decoder has an error.
func Own[T any](dec *component.Decoder, r *component.Resource) T {
	return as[T](dec, r, dec.Own(r))
}

// Give gives a resource's value to a guest. It fails for nil, which is no value.
func Give[T any](enc *component.Encoder, r *component.Resource, v T) {
	if any(v) == nil {
		enc.Fail(&component.ValueError{Type: component.OwnOf(r), Reason: "nil"})
		return
	}
	enc.Own(r, v)
}

// Lend lends a resource's value to a guest. It fails for nil, which is no value.
func Lend[T any](enc *component.Encoder, r *component.Resource, v T) {
	if any(v) == nil {
		enc.Fail(&component.ValueError{Type: component.BorrowOf(r), Reason: "nil"})
		return
	}
	enc.Borrow(r, v)
}

// Borrow reads a resource's value that a guest lends for the host's call; the zero
// value where the decoder has an error.
func Borrow[T any](dec *component.Decoder, r *component.Resource) T {
	return as[T](dec, r, dec.Borrow(r))
}

// as says that a value is of the type that belongs to its resource. It always is,
// where all values of the resource came through generated code.
func as[T any](dec *component.Decoder, r *component.Resource, value any) T {
	typed, ok := value.(T)
	if !ok && dec.Err() == nil {
		dec.Fail(foreign(r.Interface, r.Name))
	}
	return typed
}

// Drop tells a resource's value that its guest is done with it.
func Drop[T Dropper](ctx context.Context, value any) error {
	if typed, ok := value.(T); ok {
		return typed.Drop(ctx)
	}
	return nil
}

func foreign(iface, name string) error {
	return fmt.Errorf("wit: a value of another type is in the place of %s of %s", name, iface)
}
