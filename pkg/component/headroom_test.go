package component_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
)

// grower is a guest of a memory of 2 pages that grows it, tells its size, and reads at an
// address; give is text at an address of its memory.
const grower = `(component
  (core module $m (memory (export "memory") 2)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "size") (param i32) (result i32) (memory.size))
    (func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0)))
    (func (export "need") (param i32) (result i32)
      (if (i32.eq (memory.grow (local.get 0)) (i32.const -1)) (then unreachable))
      (memory.size))
    (func (export "take") (param i32 i32 i32) (drop (memory.grow (local.get 2)))))
  (core instance $i (instantiate $m))
  (func (export "grow") (param "by" u32) (result s32) (canon lift (core func $i "grow")))
  (func (export "size") (param "by" u32) (result s32) (canon lift (core func $i "size")))
  (func (export "peek") (param "by" u32) (result s32) (canon lift (core func $i "peek")))
  (func (export "need") (param "by" u32) (result s32) (canon lift (core func $i "need")))
  (func (export "take") (param "v" string) (param "by" u32)
    (canon lift (core func $i "take") (memory $i "memory") (realloc (func $i "realloc")))))`

func growers() (all []*component.Export, by map[string]*component.Export) {
	by = map[string]*component.Export{}
	for _, name := range []string{"grow", "size", "peek", "need"} {
		by[name] = &component.Export{Name: name, Signature: sig(component.S32, "by", component.U32)}
		all = append(all, by[name])
	}
	by["take"] = &component.Export{Name: "take", Signature: component.Signature{
		Params: []component.Field{{Name: "v", Type: component.String}, {Name: "by", Type: component.U32}}}}
	return append(all, by["take"]), by
}

// A memory with headroom is as large as it says to its guest, and larger to the engine.
func TestHeadroom(t *testing.T) {
	const page = 1 << 16
	exports, by := growers()
	for _, test := range []struct {
		headroom, limit int64
		grow            uint32
		had, size       int32 // by the guest
		memory          int64 // by the engine, after growing
	}{
		{0, 8 * page, 3, 2, 5, 5 * page},
		{4 * page, 8 * page, 3, 2, 5, 6 * page},   // within the headroom
		{4 * page, 8 * page, 4, 2, 6, 6 * page},   // all of it
		{3*page + 1, 8 * page, 4, 2, 6, 6 * page}, // which is told in whole pages
		{4 * page, 8 * page, 6, 2, 8, 8 * page},   // over it, to the limit
		{4 * page, 8 * page, 7, -1, 2, 6 * page},  // over the limit
		{4 * page, 4 * page, 4, 2, 6, 6 * page},   // what it begins with is over the limit
		{4 * page, 4 * page, 5, -1, 2, 6 * page},
	} {
		t.Run(fmt.Sprintf("%d of headroom to %d by %d", test.headroom, test.limit, test.grow), func(t *testing.T) {
			e := newEngine(t, component.Config{HeadroomBytes: test.headroom, KeepBytes: 1 << 20})
			p := link(t, e, grower, component.LinkOptions{Exports: exports, Limits: component.Limits{MemoryBytes: test.limit}})
			inst := instance(t, p)
			call := func(name string, arg uint32) (got int32) {
				t.Helper()
				if err := inst.Call(t.Context(), by[name], u32s(arg), func(d *component.Decoder) { got = d.S32() }); err != nil {
					t.Fatal(err)
				}
				return got
			}
			if size := call("size", 0); size != 2 {
				t.Errorf("begins with %d pages", size)
			}
			if had := call("grow", test.grow); had != test.had {
				t.Errorf("had %d", had)
			}
			if size := call("size", 0); size != test.size {
				t.Errorf("has %d pages", size)
			}
			var used component.Usage
			for range 2 { // the second in what the first had
				err := p.Call(component.WithUsage(t.Context(), &used), by["take"], func(e *component.Encoder) { e.String("x"); e.U32(test.grow) }, nil)
				if err != nil || used.MemoryBytes != test.memory {
					t.Errorf("used %+v: %v", used, err)
				}
			}
			err := p.Call(t.Context(), by["need"], u32s(test.grow), func(*component.Decoder) {})
			if errors.Is(err, component.ErrMemory) != (test.had == -1) {
				t.Errorf("what needs the memory: %v", err)
			}
			// What lies in the headroom is zeros; what lies beyond traps as ever.
			begins := max(2*page, 2*page+(test.headroom+page-1)&^(page-1))
			if test.headroom > 0 {
				fresh := instance(t, p)
				if err := fresh.Call(t.Context(), by["peek"], u32s(uint32(begins-1)), func(d *component.Decoder) {
					if b := d.S32(); b != 0 {
						t.Errorf("there is a %d in the headroom", b)
					}
				}); err != nil {
					t.Error(err)
				}
			}
			var trap *component.TrapError
			if err := p.Call(t.Context(), by["peek"], u32s(uint32(begins)), nil); !errors.As(err, &trap) || trap.Code != component.TrapMemory {
				t.Errorf("beyond what there is: %v", err)
			}
		})
	}
	e := newEngine(t, component.Config{HeadroomBytes: 4 * page})
	p := link(t, e, grower, component.LinkOptions{Exports: exports, Limits: component.Limits{MemoryBytes: 2*page - 1}})
	if err := p.Call(t.Context(), by["size"], u32s(0), nil); !errors.Is(err, component.ErrMemory) {
		t.Errorf("a memory that begins over its limit: %v", err)
	}
}

// What was compiled with headroom keeps it, and is no other engine's.
func TestHeadroomOfSerializedComponents(t *testing.T) {
	exports, by := growers()
	cfg := component.Config{MaxInstances: 4, HeadroomBytes: 1 << 18}
	code, err := compile(t, newEngine(t, cfg), grower).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, cfg)
	c, err := e.Deserialize(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	p, err := e.Link(c, component.LinkOptions{Exports: exports, Limits: component.Limits{MemoryBytes: 3 << 16}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	if err := p.Call(t.Context(), by["need"], u32s(4), func(d *component.Decoder) {
		if size := d.S32(); size != 6 {
			t.Errorf("grew to %d", size)
		}
	}); err != nil {
		t.Error(err)
	}
	var refusal *component.CompileError
	for _, other := range []component.Config{{}, {HeadroomBytes: 1 << 17}, {HeadroomBytes: 1 << 18, MaxMemoryBytes: 1 << 20}} {
		if c, err := newEngine(t, other).Deserialize(t.Context(), code); !errors.As(err, &refusal) {
			t.Errorf("%+v: %v, %v", other, c, err)
		}
	}
}

// A guest of several modules that grow one memory works as ever.
func TestNoHeadroomInASharedMemory(t *testing.T) {
	const text = `(component
	  (core module $a (memory (export "memory") 1) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
	  (core instance $a (instantiate $a))
	  (core module $b (import "a" "memory" (memory 1)) (import "a" "grow" (func $grow (param i32) (result i32)))
	    (func (export "need") (param i32) (result i32)
	      (drop (call $grow (i32.const 1)))
	      (drop (memory.grow (local.get 0)))
	      (i32.add (i32.mul (i32.const 100) (memory.size)) (call $grow (i32.const 1)))))
	  (core instance $b (instantiate $b (with "a" (instance $a))))
	  (func (export "need") (param "by" u32) (result s32) (canon lift (core func $b "need"))))`
	need := &component.Export{Name: "need", Signature: sig(component.S32, "by", component.U32)}
	p := link(t, newEngine(t, component.Config{HeadroomBytes: 1 << 18}), text, component.LinkOptions{Exports: []*component.Export{need}})
	if err := p.Call(t.Context(), need, u32s(2), func(d *component.Decoder) {
		if got := d.S32(); got != 404 {
			t.Errorf("got %d", got)
		}
	}); err != nil {
		t.Error(err)
	}
}
