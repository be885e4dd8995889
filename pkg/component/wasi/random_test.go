package wasi_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/component/wasi"
)

// Without a grant every instance gets the same numbers, and no instance the same
// number twice in a row.
func TestRandomDenied(t *testing.T) {
	g := newGuest(t, wasi.Config{}, component.Limits{})
	one, other := g.instance(), g.instance()
	var last uint64
	for range 10 {
		a, b := getIn(g, one, u64, "random-u64"), getIn(g, other, u64, "random-u64")
		if a != b || a == last {
			t.Fatalf("got %d and %d after %d", a, b, last)
		}
		last = a
	}
	for _, name := range []string{"random-bytes", "insecure-bytes"} {
		if a, b := get(g, raw, name, uint64(32)), get(g, raw, name, uint64(32)); a != b || len(a) != 32 {
			t.Errorf("%s: got %x and %x", name, a, b)
		}
	}
	if a, b := get(g, u64s, "seed"), get(g, u64s, "seed"); a != b || a == [2]uint64{} {
		t.Errorf("seeds: %d and %d", a, b)
	}
}

func TestRandomGranted(t *testing.T) {
	counting := make([]byte, 64)
	for i := range counting {
		counting[i] = byte(i)
	}
	const first, second = 0x0706050403020100, 0x0f0e0d0c0b0a0908
	for name, check := range map[string]func(g guest) bool{
		"random-bytes":   func(g guest) bool { return get(g, raw, "random-bytes", uint64(9)) == string(counting[:9]) },
		"insecure-bytes": func(g guest) bool { return get(g, raw, "insecure-bytes", uint64(9)) == string(counting[:9]) },
		"random-u64":     func(g guest) bool { return get(g, u64, "random-u64") == first },
		"insecure-u64":   func(g guest) bool { return get(g, u64, "insecure-u64") == first },
		"seed":           func(g guest) bool { return get(g, u64s, "seed") == [2]uint64{first, second} },
		"no bytes":       func(g guest) bool { return get(g, raw, "random-bytes", uint64(0)) == "" },
	} {
		if g := newGuest(t, wasi.Config{Random: bytes.NewReader(counting)}, component.Limits{}); !check(g) {
			t.Errorf("%s is not what the reader gave", name)
		}
	}
	g := newGuest(t, wasi.Config{Random: rand.Reader}, component.Limits{})
	if a, b := get(g, u64s, "seed"), get(g, u64s, "seed"); a == b {
		t.Errorf("two instances got %d", a)
	}
}

// A guest cannot make the host hold more random bytes than a bound, and gets
// none that are not random.
func TestRandomFails(t *testing.T) {
	g := newGuest(t, wasi.Config{}, component.Limits{})
	if got := get(g, raw, "random-bytes", uint64(1<<20)); len(got) != 1<<20 {
		t.Errorf("%d bytes of 1 MiB", len(got))
	}
	for _, n := range []uint64{1<<20 + 1, 1 << 63, 1<<64 - 1} {
		if err := g.call("random-bytes", in(n), nil); !errors.Is(err, component.ErrArgBytes) {
			t.Errorf("%d bytes: got %v", n, err)
		}
	}
	broken := errors.New("no entropy")
	g = newGuest(t, wasi.Config{Random: io.MultiReader(bytes.NewReader([]byte{1, 2, 3}), iotest.ErrReader(broken))}, component.Limits{})
	if err := g.call("random-u64", nil, nil); !errors.Is(err, broken) {
		t.Errorf("a reader that fails: got %v", err)
	}
}
