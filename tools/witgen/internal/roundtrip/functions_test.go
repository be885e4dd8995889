package roundtrip_test

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/wit"

	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen/testdata/golden/go/calls"
	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen/testdata/golden/go/kinds"
)

// guest is built from testdata/guest.wat, which says what each function gives.
//
//go:embed testdata/guest.wasm
var guest []byte

// linkGuest links the guest with a host. That it links at all says that every
// generated descriptor has the type that the WIT tools gave the component.
func linkGuest(t testing.TB, helper calls.Helper) *component.Program {
	t.Helper()
	return link(t, guest, func(h *component.Host) { calls.AddHelper(h, helper) }, calls.WorkerExports, calls.HelperExports)
}

// link links a component with a host that is given what it needs.
func link(t testing.TB, wasm []byte, give func(*component.Host), exports ...[]*component.Export) *component.Program {
	t.Helper()
	engine := newEngine(t)
	compiled, err := engine.Compile(t.Context(), wasm)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(compiled.Close)
	host := component.NewHost()
	give(host)
	program, err := engine.Link(compiled, component.LinkOptions{Host: host, Exports: slices.Concat(exports...)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(program.Close)
	return program
}

func newEngine(t testing.TB) *component.Engine {
	t.Helper()
	engine, err := component.NewEngine(component.Config{MaxInstances: 16})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	return engine
}

// fakeHelper keeps what it is given, and gives what it is told.
type fakeHelper struct {
	level  calls.Level
	notes  []calls.OrderNote
	choice kinds.Choice
	order  calls.Order
	err    error
}

func (h *fakeHelper) Note(_ context.Context, level calls.Level, notes []calls.OrderNote) error {
	h.level, h.notes = level, notes
	return h.err
}

func (h *fakeHelper) Ask(_ context.Context, choice kinds.Choice) (calls.Order, error) {
	h.choice = choice
	return h.order, h.err
}

func (h *fakeHelper) Tell(context.Context) (kinds.Choice, error) { return h.choice, h.err }

func (h *fakeHelper) Plain(context.Context) error { return h.err }

func TestClient(t *testing.T) {
	w := calls.NewWorker(linkGuest(t, &fakeHelper{}))
	ctx := t.Context()
	order := calls.Order{
		ID: "o-1", Stage: kinds.StageDone, Choice: kinds.ChoiceTiny(3),
		Choices: []kinds.Choice{kinds.ChoiceText("x"), kinds.ChoiceNothing{}},
		Stages:  wit.Tuple2[kinds.Stage, kinds.Stage]{F0: kinds.StageBegun, F1: kinds.StageDone},
	}
	got := func(v any, err error) []any { return []any{v, err} }
	for _, row := range []struct {
		name string
		got  []any
		want any
	}{
		{"nothing", got(nil, w.Nothing(ctx)), nil},
		{"echo", got(w.Echo(ctx, "olá")), "olá"},
		{"all", got(w.All(ctx, "t", kinds.ChoiceTruth(true), 1, kinds.StageBegun, kinds.RightsRead, order)), order},
		{"pair", got(w.Pair(ctx, wit.Tuple2[uint8, string]{F0: 7, F1: "s"})), wit.Tuple2[string, uint8]{F0: "s", F1: 7}},
		{"maybe", got(w.Maybe(ctx, new("x"))), (*calls.Order)(nil)},
		{"maybe choice", got(w.MaybeChoice(ctx, kinds.ChoiceNothing{})), nil},
		{"maybe choice of none", got(w.MaybeChoice(ctx, nil)), nil},
		{"many", got(w.Many(ctx, []kinds.Primitives{{Text: "x"}}, kinds.Names{"n"})), [][]kinds.Stage(nil)},
		{"inner", got(w.Inner(ctx, []wit.Result[uint8, string]{{OK: 1}, {Failed: true, Err: "e"}})),
			[]wit.Result[struct{}, kinds.Stage](nil)},
		{"numbers", got(w.Numbers(ctx)), float32(1.5)},
		{"truth", got(w.Truth(ctx)), true},
		{"mark", got(w.Mark(ctx)), kinds.StageDone},
		{"both", got(w.Both(ctx, order)), []string{"o-1"}},
	} {
		if row.got[1] != nil || !reflect.DeepEqual(row.got[0], row.want) {
			t.Errorf("%s: got %#v, %v; want %#v", row.name, row.got[0], row.got[1], row.want)
		}
	}
}

func TestClientErrors(t *testing.T) {
	w := calls.NewWorker(linkGuest(t, &fakeHelper{}))
	ctx := t.Context()
	for _, row := range []struct {
		name string
		got  error
		want error
		text string
	}{
		{"plain", w.Plain(ctx), calls.WorkerPlainError{}, "calls: plain failed"},
		{"only ok", second(w.OnlyOK(ctx)), calls.WorkerOnlyOKError{}, "calls: only ok failed"},
		{"only error", w.OnlyError(ctx), calls.WorkerErrorTooMany(7), "calls: too many 7"},
		{"enum", second(w.EnumError(ctx)), calls.RefusalNever, "calls: never"},
		{"record", second(w.RecordError(ctx)), calls.Complaint{Error_: "too long", At: 9}, "calls: complaint"},
		{"flags", second(w.FlagsError(ctx)), calls.FaultsHot, "calls: faults"},
		{"text", second(w.TextError(ctx)), calls.WorkerTextErrorError{Value: "too long, says the guest"}, "calls: text error failed"},
		{"list", second(w.ListError(ctx)),
			calls.WorkerListErrorError{Value: []kinds.Stage{kinds.StageNotBegun, kinds.StageDone}}, "calls: list error failed"},
	} {
		if !reflect.DeepEqual(row.got, row.want) {
			t.Errorf("%s: got %#v, want %#v", row.name, row.got, row.want)
			continue
		}
		if row.got.Error() != row.text {
			t.Errorf("%s: the error says %q, want %q", row.name, row.got, row.text)
		}
	}
	if failure := new(calls.WorkerError); !errors.As(fmt.Errorf("call: %w", w.OnlyError(ctx)), failure) {
		t.Error("a wrapped case is not found by errors.As")
	}
}

// Whatever a client sends through the guest reaches the host as it was, and so
// does what the host gives.
func TestHost(t *testing.T) {
	helper := &fakeHelper{}
	h := calls.NewHelperClient(linkGuest(t, helper))
	rapid.Check(t, func(rt *rapid.T) {
		*helper = fakeHelper{order: arbitrary[calls.Order](rt)}
		choice := arbitrary[kinds.Choice](rt)
		order, err := h.Ask(t.Context(), choice)
		if err != nil || !reflect.DeepEqual(order, helper.order) || !reflect.DeepEqual(choice, helper.choice) {
			rt.Fatalf("ask: got %#v, %v; want %#v\nthe host got %#v, want %#v", order, err, helper.order, helper.choice, choice)
		}
		notes := []calls.OrderNote{{Order: order}, {Order: order}}
		if err := h.Note(t.Context(), calls.LevelHigh, notes); err != nil {
			rt.Fatal(err)
		}
		if helper.level != calls.LevelHigh || !reflect.DeepEqual(helper.notes, notes) {
			rt.Fatalf("note: the host got %v, %#v", helper.level, helper.notes)
		}
		told, err := h.Tell(t.Context())
		if err != nil || !reflect.DeepEqual(told, choice) {
			rt.Fatalf("tell: got %#v, %v; want %#v", told, err, choice)
		}
	})
	helper.choice = nil
	if told, err := h.Tell(t.Context()); told != nil || err != nil {
		t.Errorf("tell of none: got %#v, %v", told, err)
	}
}

// An error that a function's result can express reaches the guest; any other
// ends its call.
func TestHostErrors(t *testing.T) {
	broken := errors.New("broken")
	helper := &fakeHelper{}
	h := calls.NewHelperClient(linkGuest(t, helper))
	ask := func() error { _, err := h.Ask(t.Context(), kinds.ChoiceNothing{}); return err }
	tell := func() error { _, err := h.Tell(t.Context()); return err }
	note := func() error { return h.Note(t.Context(), calls.LevelLow, nil) }
	plain := func() error { return h.Plain(t.Context()) }
	for _, row := range []struct {
		name  string
		gives error
		call  func() error
		want  error
		ends  bool
	}{
		{"ask, its own", fmt.Errorf("ask: %w", calls.HelperAskError{Value: "no"}), ask, calls.HelperAskError{Value: "no"}, false},
		{"ask, another", broken, ask, broken, true},
		{"plain, its own", calls.HelperPlainError{}, plain, calls.HelperPlainError{}, false},
		{"plain, another", broken, plain, broken, true},
		{"tell", broken, tell, broken, true},
		{"note", broken, note, broken, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			helper.err = row.gives
			err := row.call()
			if !errors.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
			}
			if host := new(*component.HostError); errors.As(err, host) != row.ends {
				t.Errorf("got %T; that the call ended should be %v", err, row.ends)
			}
		})
	}
	t.Run("no case", func(t *testing.T) {
		*helper = fakeHelper{}
		var value *component.ValueError
		if err := ask(); !errors.As(err, &value) {
			t.Errorf("got %v for an order without a stage, want a *component.ValueError", err)
		}
	})
}

// Above what a call costs by itself, a typed one may allocate what holds its
// parameters and results, and no more.
func TestTypedCallsAllocateLittle(t *testing.T) {
	program := linkGuest(t, &fakeHelper{})
	w := calls.NewWorker(program)
	ctx := t.Context()
	bare := testing.AllocsPerRun(100, func() {
		if err := program.Call(ctx, calls.WorkerExports[0], nil, nil); err != nil {
			t.Fatal(err)
		}
	})
	for _, row := range []struct {
		name string
		most float64
		call func() error
	}{
		{"nothing", 0, func() error { return w.Nothing(ctx) }},
		{"truth: a result", 2, func() error { _, err := w.Truth(ctx); return err }},
		{"echo: a parameter, a result and its text", 4, func() error { _, err := w.Echo(ctx, "text"); return err }},
	} {
		typed := testing.AllocsPerRun(100, func() {
			if err := row.call(); err != nil {
				t.Fatal(err)
			}
		})
		if typed-bare > row.most {
			t.Errorf("%s: %.0f allocations above the %.0f of a bare call, want at most %.0f", row.name, typed-bare, bare, row.most)
		}
	}
}
