package component_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
)

// mappings counts the process's ranges of addresses.
func mappings(t *testing.T) int {
	text, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Skip("no /proc/self/maps to count mappings in: ", err)
	}
	return strings.Count(string(text), "\n")
}

func TestACrowdTakesNoMappings(t *testing.T) {
	const live = 5000
	e := newEngine(t, component.Config{MaxInstances: live, Crowd: true})
	p := linkSuspect(t, e, component.Limits{})
	number(t, instance(t, p), mark)
	before := mappings(t)
	for i := range live - 1 {
		if found := number(t, instance(t, p), mark); found != 0 {
			t.Fatalf("instance %d found %d", i, found)
		}
	}
	if more := mappings(t) - before; more > live/100 {
		t.Errorf("%d instances took %d mappings", live, more)
	}
	if _, err := p.Instance(context.Background()); !errors.Is(err, component.ErrPool) {
		t.Errorf("one more: %v", err)
	}
}

// What an engine promises holds in a crowd too, where no closed addresses lie
// beyond a guest's memory.
func TestInvariant5InACrowd(t *testing.T) {
	e := newEngine(t, component.Config{MaxInstances: 3, CoreInstances: 8, Crowd: true, MaxMemoryBytes: 1 << 20})
	p := linkSuspect(t, e, component.Limits{})
	neighbours := []*component.Instance{instance(t, p), instance(t, p)}
	for round := range 3 {
		for i, n := range neighbours {
			if found := number(t, n, mark); round == 0 && found != 0 {
				t.Fatalf("instance %d found %d", i, found)
			}
		}
		for fn, want := range map[*component.Export]component.TrapCode{
			overflow: component.TrapStackOverflow, unreachable: component.TrapUnreachable,
			outside: component.TrapMemory, divide: component.TrapInteger, indirect: component.TrapIndirectCall,
		} {
			var trap *component.TrapError
			if err := p.Call(context.Background(), fn, nil, nil); !errors.As(err, &trap) || trap.Code != want {
				t.Errorf("%s: %v", fn.Name, err)
			}
		}
		if found := number(t, p, mark); found != 0 {
			t.Fatalf("a fresh instance found %d", found)
		}
	}
}

// beyond is a guest that reads and writes at an address from one page on.
const beyond = `(component
  (core module $m (memory 1)
    (func (export "peek") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "poke") (param i32) (i32.store (local.get 0) (i32.const 7))))
  (core instance $i (instantiate $m))
  (func (export "peek") (param "at" u32) (result u32) (canon lift (core func $i "peek")))
  (func (export "poke") (param "at" u32) (canon lift (core func $i "poke"))))`

func TestAGuestOfACrowdReachesNoOther(t *testing.T) {
	at := component.Signature{Params: []component.Field{{Name: "at", Type: component.U32}}}
	poke := &component.Export{Name: "poke", Signature: at}
	peek := &component.Export{Name: "peek", Signature: component.Signature{Params: at.Params, Result: component.U32}}
	e := newEngine(t, component.Config{MaxInstances: 8, Crowd: true, MaxMemoryBytes: 1 << 16})
	p := link(t, e, beyond, component.LinkOptions{Exports: []*component.Export{peek, poke}})
	for _, address := range []uint32{1<<16 - 3, 1 << 16, 1<<16 + 4096, 1 << 17, 1 << 20, 1 << 31, 1<<32 - 4, 1<<32 - 1} {
		for _, fn := range []*component.Export{peek, poke} {
			err := p.Call(context.Background(), fn, func(e *component.Encoder) { e.U32(address) }, nil)
			var trap *component.TrapError
			if !errors.As(err, &trap) || trap.Code != component.TrapMemory {
				t.Errorf("%s at %#x: %v", fn.Name, address, err)
			}
		}
	}
}

func TestCrowdConfigIsChecked(t *testing.T) {
	for _, cfg := range []component.Config{
		{MaxInstances: 20_001}, {MaxInstances: 200_001, Crowd: true},
		{MaxInstances: 100_000, Crowd: true, MaxMemoryBytes: 1 << 30},
	} {
		if e, err := component.NewEngine(cfg); err == nil {
			_ = e.Close()
			t.Errorf("%+v was accepted", cfg)
		}
	}
}
