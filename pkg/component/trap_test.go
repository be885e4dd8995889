package component_test

import (
	"context"
	"errors"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
)

func TestInvariant5TrapsAreTypedErrors(t *testing.T) {
	p := linkSuspect(t, newEngine(t, component.Config{}), component.Limits{})
	for fn, want := range map[*component.Export]component.TrapCode{
		overflow:    component.TrapStackOverflow,
		unreachable: component.TrapUnreachable,
		outside:     component.TrapMemory,
		divide:      component.TrapInteger,
		indirect:    component.TrapIndirectCall,
	} {
		err := p.Call(context.Background(), fn, nil, nil)
		var trap *component.TrapError
		if !errors.As(err, &trap) || trap.Code != want || trap.Start || len(trap.Trace) == 0 {
			t.Errorf("%s: %#v", fn.Name, err)
		}
	}
}

func TestTrapWhileStarting(t *testing.T) {
	p := link(t, newEngine(t, component.Config{}), `(component
		(core module $m (func $f unreachable) (start $f))
		(core instance $i (instantiate $m)))`, component.LinkOptions{})
	_, err := p.Instance(context.Background())
	var trap *component.TrapError
	if !errors.As(err, &trap) || !trap.Start || trap.Code != component.TrapUnreachable {
		t.Fatalf("%#v", err)
	}
}

func TestInvariant5TrapEndsTheInstanceAndNothingElse(t *testing.T) {
	p := linkSuspect(t, newEngine(t, component.Config{}), component.Limits{})
	a, b := instance(t, p), instance(t, p)
	number(t, a, count)
	number(t, b, count)
	first := a.Call(context.Background(), unreachable, nil, nil)
	err := a.Call(context.Background(), count, nil, nil)
	var trap *component.TrapError
	if !errors.Is(err, component.ErrPoisoned) || !errors.As(err, &trap) || !errors.As(first, &trap) {
		t.Fatalf("after %v: %v", first, err)
	}
	if n := number(t, b, count); n != 2 {
		t.Fatalf("the other instance counted %d", n)
	}
	if n := number(t, p, count); n != 1 {
		t.Fatalf("a fresh instance counted %d", n)
	}
}

func TestInvariant4NoStateOutlivesACall(t *testing.T) {
	p := linkSuspect(t, newEngine(t, component.Config{}), component.Limits{})
	inst := instance(t, p)
	for want := uint32(1); want <= 3; want++ {
		if n := number(t, inst, count); n != want {
			t.Fatalf("counted %d, want %d", n, want)
		}
		if n := number(t, p, count); n != 1 {
			t.Fatalf("a fresh instance counted %d", n)
		}
	}
}

// Instances share slots of the pool, one after the other: what one left in its
// memory, however it ended, the next must not find.
func TestInvariant4NoMemoryOutlivesACall(t *testing.T) {
	e := newEngine(t, component.Config{MaxInstances: 2})
	p := linkSuspect(t, e, component.Limits{})
	for i := range 200 {
		if found := number(t, p, mark); found != 0 {
			t.Fatalf("call %d found %d", i, found)
		}
		inst, err := p.Instance(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if found := number(t, inst, mark); found != 0 {
			t.Fatalf("instance %d found %d", i, found)
		}
		if i%2 == 0 {
			_ = inst.Call(context.Background(), outside, nil, nil)
		}
		inst.Close()
	}
}
