package wasi

import (
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"

	"github.com/hygia-suite/hygia/pkg/component"
)

// randomMax is how many random bytes a guest may ask for at once. WASI has no
// answer that is shorter than what was asked for.
const randomMax = 1 << 20

// seed is where the random numbers of a guest start that was granted none. It is
// public, so that nobody takes them for secret.
//
//nolint:gochecknoglobals // immutable
var seed = [32]byte([]byte("wasi: random was not granted ..."))

func fixed() io.Reader { return rand.NewChaCha8(seed) }

// addRandom serves the three interfaces alike: what is random enough for secrets
// is random enough for the rest.
func (a adder) addRandom() {
	length := params(param("len", u64))
	a.add("random/random",
		function{"get-random-bytes", length, bytes, a.randomBytes},
		function{"get-random-u64", nil, u64, a.randomU64},
	)
	a.add("random/insecure",
		function{"get-insecure-random-bytes", length, bytes, a.randomBytes},
		function{"get-insecure-random-u64", nil, u64, a.randomU64},
	)
	a.add("random/insecure-seed",
		function{"insecure-seed", nil, component.TupleOf(u64, u64), a.insecureSeed},
	)
}

func (a adder) randomBytes(ctx context.Context, d *component.Decoder, e *component.Encoder) error {
	n := d.U64()
	if n > randomMax {
		return &component.LimitError{Limit: component.LimitArgBytes, Max: randomMax}
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(a.state(ctx).random, b); err != nil {
		return err
	}
	e.Bytes(b)
	return nil
}

func (a adder) randomU64(ctx context.Context, _ *component.Decoder, e *component.Encoder) error {
	return a.putU64(ctx, e)
}

func (a adder) insecureSeed(ctx context.Context, _ *component.Decoder, e *component.Encoder) error {
	if err := a.putU64(ctx, e); err != nil {
		return err
	}
	return a.putU64(ctx, e)
}

func (a adder) putU64(ctx context.Context, e *component.Encoder) error {
	var b [8]byte
	if _, err := io.ReadFull(a.state(ctx).random, b[:]); err != nil {
		return err
	}
	e.U64(binary.LittleEndian.Uint64(b[:]))
	return nil
}
