package component_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
)

// askText is a guest whose ask passes its text to the host's ask and returns
// what it says.
var (
	askSig = component.Signature{
		Params: []component.Field{{Name: "v", Type: component.String}}, Result: component.String}
	hostAsk = &component.Import{Name: "host", Signature: askSig}
	ask     = &component.Export{Name: "echo", Signature: askSig}
)

func linkAsk(t testing.TB, e *component.Engine, l component.Limits, fn component.HostFunc) *component.Program {
	h := component.NewHost()
	h.Func(hostAsk, fn)
	return link(t, e, echoText(component.String), component.LinkOptions{
		Host: h, Exports: []*component.Export{ask}, Limits: l,
	})
}

func askIt(ctx context.Context, c component.Caller, q string) (a string, err error) {
	err = c.Call(ctx, ask, func(e *component.Encoder) { e.String(q) },
		func(d *component.Decoder) { a = d.String() })
	return a, err
}

func TestHostFunctionErrorEndsTheCall(t *testing.T) {
	cause := errors.New("no such term")
	p := linkAsk(t, newEngine(t, component.Config{}), component.Limits{},
		func(context.Context, *component.Decoder, *component.Encoder) error { return cause })
	inst := instance(t, p)
	_, err := askIt(context.Background(), inst, "?")
	var host *component.HostError
	if !errors.As(err, &host) || host.Name != "host" || !errors.Is(err, cause) {
		t.Fatalf("%v", err)
	}
	if _, err := askIt(context.Background(), inst, "?"); !errors.Is(err, component.ErrPoisoned) {
		t.Fatalf("after it: %v", err)
	}
}

func TestInvariant5HostPanicEndsTheCallOnly(t *testing.T) {
	p := linkAsk(t, newEngine(t, component.Config{}), component.Limits{},
		func(context.Context, *component.Decoder, *component.Encoder) error { panic("123.456.789-09") })
	for range 100 {
		_, err := askIt(context.Background(), p, "?")
		var panicked *component.PanicError
		if !errors.As(err, &panicked) || panicked.Value != "123.456.789-09" || len(panicked.Stack) == 0 {
			t.Fatalf("%v", err)
		}
		if strings.Contains(err.Error(), "123") {
			t.Fatalf("the panic's value is in the error: %v", err)
		}
	}
}

func TestHostFunctionThatMisreadsOrMiswrites(t *testing.T) {
	e := newEngine(t, component.Config{})
	for name, fn := range map[string]component.HostFunc{
		"reads too little": func(_ context.Context, a *component.Decoder, r *component.Encoder) error {
			r.String("")
			return nil
		},
		"reads another type": func(_ context.Context, a *component.Decoder, r *component.Encoder) error {
			a.U32()
			r.String("")
			return nil
		},
		"reads too much": func(_ context.Context, a *component.Decoder, r *component.Encoder) error {
			_, _ = a.String(), a.String()
			r.String("")
			return nil
		},
		"writes nothing": func(_ context.Context, a *component.Decoder, r *component.Encoder) error {
			_ = a.String()
			return nil
		},
		"writes twice": func(_ context.Context, a *component.Decoder, r *component.Encoder) error {
			r.String(a.String())
			r.String("")
			return nil
		},
		"writes another type": func(_ context.Context, a *component.Decoder, r *component.Encoder) error {
			_ = a.String()
			r.U64(7)
			return nil
		},
	} {
		_, err := askIt(context.Background(), linkAsk(t, e, component.Limits{}, fn), "?")
		var host *component.HostError
		var codec *component.CodecError
		if !errors.As(err, &host) || !errors.As(err, &codec) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHostFunctionWritesInvalidText(t *testing.T) {
	p := linkAsk(t, newEngine(t, component.Config{}), component.Limits{},
		func(_ context.Context, a *component.Decoder, r *component.Encoder) error {
			_ = a.String()
			r.String("\xff")
			return nil
		})
	_, err := askIt(context.Background(), p, "?")
	var value *component.ValueError
	if !errors.As(err, &value) {
		t.Fatalf("%v", err)
	}
}

func TestHostFunctionGetsTheDeadline(t *testing.T) {
	const limit = 30 * time.Millisecond
	p := linkAsk(t, newEngine(t, component.Config{}), component.Limits{Deadline: limit},
		func(ctx context.Context, _ *component.Decoder, _ *component.Encoder) error {
			if at, ok := ctx.Deadline(); !ok || time.Until(at) > limit {
				return fmt.Errorf("deadline %v, %v", at, ok)
			}
			<-ctx.Done()
			return context.Cause(ctx)
		})
	start := time.Now()
	_, err := askIt(context.Background(), p, "?")
	if !errors.Is(err, component.ErrDeadline) || time.Since(start) > late {
		t.Fatalf("%v after %v", err, time.Since(start))
	}
}

// However a host function says that its context ended, the call says why it was
// stopped.
func TestHostFunctionThatEndsWithItsContext(t *testing.T) {
	e := newEngine(t, component.Config{})
	inside := make(chan struct{}, 1)
	p := linkAsk(t, e, component.Limits{Deadline: 20 * time.Millisecond},
		func(ctx context.Context, _ *component.Decoder, _ *component.Encoder) error {
			inside <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		})
	_, err := askIt(context.Background(), p, "?")
	<-inside
	var host *component.HostError
	if !errors.Is(err, component.ErrDeadline) || !errors.As(err, &host) {
		t.Errorf("after the deadline: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-inside; cancel() }()
	if _, err := askIt(ctx, p, "?"); !errors.Is(err, context.Canceled) || !errors.As(err, &host) {
		t.Errorf("after the caller left: %v", err)
	}
	slow := linkAsk(t, e, component.Limits{Deadline: time.Hour},
		func(ctx context.Context, _ *component.Decoder, _ *component.Encoder) error {
			inside <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		})
	go func() { <-inside; _ = e.Close() }()
	if _, err := askIt(context.Background(), slow, "?"); !errors.Is(err, component.ErrClosed) {
		t.Errorf("after the engine was closed: %v", err)
	}
}

func TestHostFunctionSeesTheCallersValues(t *testing.T) {
	type key struct{}
	p := linkAsk(t, newEngine(t, component.Config{}), component.Limits{},
		func(ctx context.Context, a *component.Decoder, r *component.Encoder) error {
			r.String(a.String() + ctx.Value(key{}).(string))
			return nil
		})
	a, err := askIt(context.WithValue(context.Background(), key{}, " value"), p, "caller's")
	if err != nil || a != "caller's value" {
		t.Fatal(a, err)
	}
}

func TestLargeResultsOfAHostFunction(t *testing.T) {
	p := linkAsk(t, newEngine(t, component.Config{}), component.Limits{},
		func(_ context.Context, a *component.Decoder, r *component.Encoder) error {
			r.String(strings.Repeat(a.String(), 200_000))
			return nil
		})
	a, err := askIt(context.Background(), p, "maçã ")
	if err != nil || a != strings.Repeat("maçã ", 200_000) {
		t.Fatal(len(a), err)
	}
}

// Calls that a host function makes on its guest's behalf take no place of their
// own: with one place for calls they would wait for ever.
func TestHostFunctionCallsAnotherGuest(t *testing.T) {
	e := newEngine(t, component.Config{MaxCalls: 1})
	depth := 0
	var p *component.Program
	p = linkAsk(t, e, component.Limits{}, func(ctx context.Context, a *component.Decoder, r *component.Encoder) error {
		q := a.String()
		if depth++; depth < 10 {
			inner, err := askIt(ctx, p, q+".")
			if err != nil {
				return err
			}
			q = inner
		}
		r.String(q)
		return nil
	})
	a, err := askIt(context.Background(), p, "")
	if err != nil || a != strings.Repeat(".", 9) {
		t.Fatalf("%q, %v", a, err)
	}
}

func TestHostFunctionCannotReenterItsInstance(t *testing.T) {
	var inst *component.Instance
	p := linkAsk(t, newEngine(t, component.Config{}), component.Limits{},
		func(ctx context.Context, a *component.Decoder, r *component.Encoder) error {
			_, err := askIt(ctx, inst, a.String())
			return err
		})
	inst = instance(t, p)
	if _, err := askIt(context.Background(), inst, "?"); !errors.Is(err, component.ErrBusy) {
		t.Fatalf("%v", err)
	}
}
