package component_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
)

// grower is a guest of a memory of 2 pages that grows it, tells its size, and reads at an
// address; take has text cross by it, so that its size is known.
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
			begins := 2*page + (test.headroom+page-1)&^(page-1)
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

// Whatever a component is made of, headroom changes no answer.
func TestInvariant5HeadroomChangesNoAnswer(t *testing.T) {
	const (
		a    = `(core module $a (memory (export "memory") 1)) (core instance $a (instantiate $a))`
		z    = `(core instance $z (instantiate $z (with "a" (instance $a))))`
		lift = `(func (export "f") (param "by" u32) (result s32) (canon lift (core func $z "f")))`
		ours = `(func (export "hygia:chunk/pages"))`
	)
	for name, test := range map[string]struct {
		text  string
		calls []uint32
		want  []int32
	}{
		"a memory that two modules grow": {`
		  (core module $a (memory (export "memory") 1) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
		  (core instance $a (instantiate $a))
		  (core module $z (import "a" "memory" (memory 1)) (import "a" "grow" (func $grow (param i32) (result i32)))
		    (func (export "f") (param i32) (result i32)
		      (drop (call $grow (i32.const 1)))
		      (drop (memory.grow (local.get 0)))
		      (i32.add (i32.mul (i32.const 100) (memory.size)) (call $grow (i32.const 1)))))` + z + lift, []uint32{2}, []int32{404}},
		"one of a name of ours measures another's": {`
		  (core module $a (memory (export "memory") 1) (func (export "size") (result i32) (memory.size)))
		  (core instance $a (instantiate $a))
		  (core module $z (import "a" "memory" (memory 1)) (import "a" "size" (func $size (result i32)))` + ours + `
		    (func (export "f") (param i32) (result i32) (drop (memory.grow (i32.const 2))) (call $size)))` + z + lift, []uint32{0}, []int32{3}},
		"one of a name of ours grows another's": {`
		  (core module $a (memory (export "memory") 1) (func (export "grow") (result i32) (memory.grow (i32.const 1))))
		  (core instance $a (instantiate $a))
		  (core module $z (import "a" "memory" (memory 1)) (import "a" "grow" (func $grow (result i32)))` + ours + `
		    (func (export "f") (param i32) (result i32)
		      (i32.add (i32.mul (i32.const 100) (memory.grow (i32.const 2))) (call $grow))))` + z + lift, []uint32{0}, []int32{103}},
		"memories behind an imported one, of which the last has data": {a + `
		  (core module $z (import "a" "memory" (memory 1)) (memory $m 0) (memory $n 50) (data (memory $n) (i32.const 1000000) "\2a")
		    (func (export "f") (param i32) (result i32)
		      (drop (memory.grow $m (i32.const 1))) (i32.load8_u $n (i32.const 1000000))))` + z + lift, []uint32{1}, []int32{42}},
		"memories behind an imported one, of which the last has a bound": {a + `
		  (core module $z (import "a" "memory" (memory 1)) (memory $m 3) (memory $n 1 2)
		    (func (export "f") (param i32) (result i32) (memory.grow $m (i32.const 1))))` + z + lift, []uint32{1, 1}, []int32{3, 4}},
		"memories behind an imported one, two of which grow": {a + `
		  (core module $z (import "a" "memory" (memory 1)) (memory $m 1) (memory $n 10) (memory $w i64 1)
		    (func (export "f") (param i32) (result i32)
		      (drop (memory.grow $m (i32.const 1))) (drop (memory.grow $n (local.get 0))) (drop (memory.grow $w (i64.const 1)))
		      (i32.add (i32.mul (i32.const 100) (memory.size $n)) (i32.add (memory.size $m) (i32.wrap_i64 (memory.size $w))))))` + z + lift,
			[]uint32{5, 1000, 2_000_000, 1}, []int32{1504, 1506, 1508, 1610}},
		"a module's type that says how large its memory is": {`
		  (core module $m (memory (export "memory") 1 3) (func (export "f") (param i32) (result i32) (drop (memory.grow (local.get 0))) (memory.size)))
		  (component $c
		    (import "m" (core module $m (export "memory" (memory 1 3)) (export "f" (func (param i32) (result i32)))))
		    (core instance $z (instantiate $m))` + lift + `)
		  (instance $c (instantiate $c (with "m" (core module $m))))
		  (export "f" (func $c "f"))`, []uint32{1, 1, 1}, []int32{2, 3, 3}},
		"a module that a component within gives a memory": {`
		  (core module $m (import "a" "memory" (memory 1)) (func (export "f") (param i32) (result i32) (memory.size)))
		  (component $c
		    (import "m" (core module $m (import "a" "memory" (memory 1)) (export "f" (func (param i32) (result i32)))))
		    (core module $a (memory (export "memory") 1) (func (export "g") (drop (memory.grow (i32.const 1)))))
		    (core instance $a (instantiate $a))
		    (core instance $z (instantiate $m (with "a" (instance $a))))` + lift + `)
		  (instance $c (instantiate $c (with "m" (core module $m))))
		  (export "f" (func $c "f"))`, []uint32{1}, []int32{1}},
		"one module twice": {`
		  (core module $m (memory 1 3) (func (export "f") (param i32) (result i32) (drop (memory.grow (local.get 0))) (memory.size)))
		  (core instance $y (instantiate $m)) (core instance $z (instantiate $m))` + lift + `
		  (func (export "g") (param "by" u32) (result s32) (canon lift (core func $y "f")))`, []uint32{1, 1, 1}, []int32{2, 3, 3}},
		"globals of its own and imported, and a start": {`
		  (core module $a (global (export "g") i32 (i32.const 5)) (global (export "h") (mut i32) (i32.const 6)))
		  (core instance $a (instantiate $a))
		  (core module $z (import "a" "g" (global $g i32)) (import "a" "h" (global $h (mut i32))) (global $own (mut i32) (global.get $g)) (memory 1)
		    (func $start (drop (memory.grow (i32.const 2))) (global.set $h (i32.const 11))) (start $start)
		    (func (export "f") (param i32) (result i32) (drop (memory.grow (local.get 0)))
		      (i32.add (memory.size) (i32.mul (i32.const 100) (i32.add (global.get $own) (global.get $h))))))` + z + lift,
			[]uint32{0, 1, 5}, []int32{1603, 1604, 1609}},
		"a large memory": {`
		  (core module $z (memory 300) (func (export "f") (param i32) (result i32) (drop (memory.grow (local.get 0))) (memory.size)))
		  (core instance $z (instantiate $z))` + lift, []uint32{1, 10}, []int32{301, 311}},
	} {
		f := &component.Export{Name: "f", Signature: sig(component.S32, "by", component.U32)}
		for _, headroom := range []int64{0, 4 << 16} {
			e := newEngine(t, component.Config{MaxInstances: 16, CoreInstances: 8, HeadroomBytes: headroom, MaxMemoryBytes: 1000 << 16})
			p := link(t, e, "(component "+test.text+")", component.LinkOptions{Exports: []*component.Export{f}})
			inst := instance(t, p)
			for i, by := range test.calls {
				err := inst.Call(t.Context(), f, u32s(by), func(d *component.Decoder) {
					if got := d.S32(); got != test.want[i] {
						t.Errorf("%s: with %d of headroom, by %d, got %d, want %d", name, headroom, by, got, test.want[i])
					}
				})
				if err != nil {
					t.Errorf("%s: with %d of headroom: %v", name, headroom, err)
				}
			}
		}
	}
}

// A limit is raised for a memory that begins within it, and by no more than its headroom.
func TestInvariant5HeadroomRaisesLimitsByNoMore(t *testing.T) {
	const page = 1 << 16
	f := &component.Export{Name: "f", Signature: sig(component.S32, "by", component.U32)}
	p := link(t, newEngine(t, component.Config{MaxInstances: 2, HeadroomBytes: 4 * page}), `(component
	  (core module $z (memory $m 4) (memory $n 1)
	    (func (export "f") (param i32) (result i32)
	      (drop (memory.grow $m (local.get 0))) (drop (memory.grow $n (local.get 0)))
	      (i32.add (i32.mul (i32.const 100) (memory.size $m)) (memory.size $n))))
	  (core instance $z (instantiate $z))
	  (func (export "f") (param "by" u32) (result s32) (canon lift (core func $z "f"))))`,
		component.LinkOptions{Exports: []*component.Export{f}, Limits: component.Limits{MemoryBytes: 4 * page}})
	inst := instance(t, p)
	for _, step := range []struct {
		by   uint32
		want int32
	}{{4, 805}, {1, 806}, {2, 808}, {1, 808}} {
		if err := inst.Call(t.Context(), f, u32s(step.by), func(d *component.Decoder) {
			if got := d.S32(); got != step.want {
				t.Errorf("by %d: %d, want %d", step.by, got, step.want)
			}
		}); err != nil {
			t.Error(err)
		}
	}
}
