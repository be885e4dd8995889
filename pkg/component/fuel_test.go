package component_test

import (
	"context"
	"errors"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
)

func TestFuelBoundsACall(t *testing.T) {
	e := newEngine(t, component.Config{Fuel: true})
	p := linkSuspect(t, e, component.Limits{Fuel: 1_000_000})
	inst := instance(t, p)
	for name, c := range map[string]component.Caller{"fresh": p, "live": inst} {
		var used component.Usage
		err := c.Call(component.WithUsage(context.Background(), &used), spin, nil, nil)
		var limit *component.LimitError
		if !errors.Is(err, component.ErrFuel) || !errors.As(err, &limit) || limit.Max != 1_000_000 {
			t.Fatalf("%s: %v", name, err)
		}
		if used.Fuel < 999_000 || used.Fuel > 1_001_000 {
			t.Errorf("%s: burnt %d", name, used.Fuel)
		}
	}
	if err := inst.Call(context.Background(), &nop, nil, nil); !errors.Is(err, component.ErrPoisoned) {
		t.Errorf("after it ran out: %v", err)
	}
	free := linkSuspect(t, e, component.Limits{})
	if err := free.Call(context.Background(), &nop, nil, nil); err != nil {
		t.Errorf("without a limit: %v", err)
	}
}

func TestFuelIsTheSameOnEveryRun(t *testing.T) {
	p := link(t, newEngine(t, component.Config{Fuel: true}), worker,
		component.LinkOptions{Exports: []*component.Export{work}})
	burn := func(c component.Caller, n uint32) int64 {
		var used component.Usage
		if err := toil(component.WithUsage(context.Background(), &used), c, n); err != nil {
			t.Fatal(err)
		}
		return used.Fuel
	}
	fresh, inst := burn(p, 1000), instance(t, p)
	live := burn(inst, 1000)
	for range 100 {
		if again := burn(p, 1000); again != fresh {
			t.Fatalf("burnt %d, then %d", fresh, again)
		}
		if again := burn(inst, 1000); again != live {
			t.Fatalf("a live instance burnt %d, then %d", live, again)
		}
	}
	if more := burn(p, 2000); more <= fresh {
		t.Errorf("twice the work burnt %d, after %d", more, fresh)
	}
}

func TestFuelNeedsAnEngineThatCountsIt(t *testing.T) {
	e := newEngine(t, component.Config{})
	if _, err := e.Link(compile(t, e, nopComponent), component.LinkOptions{Limits: component.Limits{Fuel: 1}}); err == nil {
		t.Error("a limit that nothing would keep was accepted")
	}
	var used component.Usage
	p := linkSuspect(t, e, component.Limits{})
	if err := p.Call(component.WithUsage(context.Background(), &used), &nop, nil, nil); err != nil || used.Fuel != 0 {
		t.Errorf("burnt %d: %v", used.Fuel, err)
	}
}
