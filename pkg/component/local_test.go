package component_test

import (
	"context"
	"errors"
	"strconv"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
)

type visits struct{ n int }

// A local lives as long as its instance, apart from those of others and of other
// keys.
func TestLocal(t *testing.T) {
	type key string
	count := func(ctx context.Context, k key) string {
		v := component.Local(ctx, k, func() any { return new(visits) }).(*visits)
		v.n++
		return strconv.Itoa(v.n)
	}
	inner := linkAsk(t, newEngine(t, component.Config{}), component.Limits{},
		func(ctx context.Context, d *component.Decoder, e *component.Encoder) error {
			e.String(count(ctx, key(d.String())))
			return nil
		})
	outer := linkAsk(t, newEngine(t, component.Config{}), component.Limits{},
		func(ctx context.Context, d *component.Decoder, e *component.Encoder) error {
			q := d.String()
			other, err := askIt(ctx, inner, q)
			e.String(count(context.WithValue(ctx, key("derived"), 1), key(q)) + other)
			return err
		})
	one, two := instance(t, outer), instance(t, outer)
	for _, c := range []struct {
		caller component.Caller
		key    string
		want   string // the outer instance's count, and a fresh inner one's
	}{
		{one, "a", "11"}, {one, "a", "21"}, {two, "a", "11"}, {one, "b", "11"}, {one, "a", "31"},
		{outer, "a", "11"}, {outer, "a", "11"},
	} {
		got, err := askIt(t.Context(), c.caller, c.key)
		if err != nil || got != c.want {
			t.Errorf("%s: got %s, %v, want %s", c.key, got, err, c.want)
		}
	}
	for range 2 {
		if got := count(t.Context(), "a"); got != "1" {
			t.Errorf("outside of a call %s was kept", got)
		}
	}
}

// A host function may end the guest's process on its behalf.
func TestHostFunctionThatExits(t *testing.T) {
	p := linkAsk(t, newEngine(t, component.Config{}), component.Limits{},
		func(context.Context, *component.Decoder, *component.Encoder) error {
			return &component.ExitError{Status: 3}
		})
	_, err := askIt(t.Context(), p, "?")
	var exit *component.ExitError
	var host *component.HostError
	if !errors.As(err, &exit) || exit.Status != 3 || errors.As(err, &host) {
		t.Errorf("got %v", err)
	}
}
