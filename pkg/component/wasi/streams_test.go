package wasi_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/component/wasi"
)

type written struct {
	to   wasi.Stream
	text string
}

// heard is a configuration that collects what guests write.
func heard(out *[]written) wasi.Config {
	return wasi.Config{Output: func(_ context.Context, to wasi.Stream, text []byte) {
		*out = append(*out, written{to, string(text)})
	}}
}

func TestOutput(t *testing.T) {
	var out []written
	g := newGuest(t, heard(&out), component.Limits{})
	for _, c := range []struct {
		name string
		arg  any
	}{{"write", "saúde"}, {"blocking-write", ""}, {"blocking-write", "erro"}, {"zeroes", uint64(2)}, {"blocking-zeroes", uint64(1)}} {
		if got := get(g, u32, c.name, c.arg); got != fine {
			t.Errorf("%s: case %d", c.name, got)
		}
	}
	for _, name := range []string{"flush", "blocking-flush"} {
		if got := get(g, u32, name); got != fine {
			t.Errorf("%s: case %d", name, got)
		}
	}
	want := []written{{wasi.Stdout, "saúde"}, {wasi.Stderr, ""}, {wasi.Stderr, "erro"}, {wasi.Stdout, "\x00\x00"}, {wasi.Stderr, "\x00"}}
	if !reflect.DeepEqual(out, want) {
		t.Errorf("got  %+v\nwant %+v", out, want)
	}
	if !get(g, yes, "streams-ready") {
		t.Error("a standard stream is not ready")
	}
}

// What one call writes is bounded, whether anybody listens or not.
func TestOutputIsBounded(t *testing.T) {
	var out []written
	for name, c := range map[string]wasi.Config{"heard": heard(&out), "discarded": {}} {
		g := newGuest(t, c, component.Limits{LogBytes: 8})
		i := g.instance()
		for range 3 { // each call has its own
			if err := g.callIn(t.Context(), i, "write", in("12345678"), nil); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		for call, args := range map[string]func(*component.Encoder){
			"write": in("123456789"), "blocking-write": in("123456789"), "zeroes": in(uint64(9)), "blocking-zeroes": in(uint64(9)),
		} {
			if err := g.call(call, args, nil); !errors.Is(err, component.ErrLog) {
				t.Errorf("%s: %s: got %v", name, call, err)
			}
		}
	}
	if len(out) != 3 {
		t.Errorf("heard %+v", out)
	}
}

// A guest may write no more at once than it was told.
func TestOneWriteIsBounded(t *testing.T) {
	g := newGuest(t, wasi.Config{}, component.Limits{})
	most := get(g, u64, "check-write")
	if got := get(g, u32, "write", strings.Repeat("a", int(most))); got != fine {
		t.Errorf("as much as allowed: case %d", got)
	}
	for call, args := range map[string]func(*component.Encoder){
		"write": in(strings.Repeat("a", int(most)+1)), "zeroes": in(most + 1), "blocking-zeroes": in(uint64(1) << 63),
	} {
		var host *component.HostError
		if err := g.call(call, args, nil); !errors.As(err, &host) {
			t.Errorf("%s: got %v", call, err)
		}
	}
}
