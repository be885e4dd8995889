package component_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
)

// scribbler is a guest of a memory of pages, with data in its last one, and a table.
// It writes all over both, and tells where either is not as an instance begins.
func scribbler(pages int) string {
	last := (pages - 1) << 16
	data := strings.Repeat("Hygia", 2000)
	return fmt.Sprintf(`(component (core module $m
	  (memory (export "memory") %[1]d)
	  (data (i32.const %[2]d) "%[3]s")
	  (table $t 3000 funcref)
	  (elem declare func $f)
	  (func $f)
	  ;; scribble fills $n bytes from $at with 0xa5, and sets an element, after growing by $grow pages
	  (func (export "scribble") (param $at i32) (param $n i32) (param $grow i32) (param $element i32)
	    (drop (memory.grow (local.get $grow)))
	    (memory.fill (local.get $at) (i32.const 0xa5) (local.get $n))
	    (table.set $t (local.get $element) (ref.func $f)))
	  ;; first is the first byte that an earlier guest left, behind all bytes an element, or -1
	  (func (export "first") (param $grow i32) (result i32) (local $i i32)
	    (if (i32.ne (memory.size) (i32.const %[1]d)) (then (return (i32.const 0))))
	    (drop (memory.grow (local.get $grow)))
	    (loop $bytes
	      (if (i32.eq (i32.load8_u (local.get $i)) (i32.const 0xa5)) (then (return (local.get $i))))
	      (if (i32.and
	            (i32.or (i32.lt_u (local.get $i) (i32.const %[2]d)) (i32.ge_u (local.get $i) (i32.const %[4]d)))
	            (i32.ne (i32.load8_u (local.get $i)) (i32.const 0)))
	        (then (return (local.get $i))))
	      (br_if $bytes (i32.lt_u
	        (local.tee $i (i32.add (local.get $i) (i32.const 1)))
	        (i32.shl (memory.size) (i32.const 16)))))
	    (local.set $i (i32.const 0))
	    (loop $elements
	      (if (i32.eqz (ref.is_null (table.get $t (local.get $i))))
	        (then (return (i32.add (local.get $i) (i32.shl (memory.size) (i32.const 16))))))
	      (br_if $elements (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3000))))
	    (i32.const -1))
	  (func (export "sum") (result i32) (local $i i32) (local $sum i32)
	    (local.set $i (i32.const %[2]d))
	    (loop $data
	      (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (i32.load8_u (local.get $i))))
	      (br_if $data (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const %[4]d))))
	    (local.get $sum)))
	(core instance $i (instantiate $m))
	(func (export "scribble") (param "at" u32) (param "n" u32) (param "grow" u32) (param "element" u32)
	  (canon lift (core func $i "scribble")))
	(func (export "first") (param "grow" u32) (result s32) (canon lift (core func $i "first")))
	(func (export "sum") (result u32) (canon lift (core func $i "sum"))))`, pages, last, data, last+len(data))
}

var (
	scribble = component.Export{Name: "scribble", Signature: component.Signature{Params: []component.Field{
		{Name: "at", Type: component.U32}, {Name: "n", Type: component.U32},
		{Name: "grow", Type: component.U32}, {Name: "element", Type: component.U32},
	}}}
	first = component.Export{Name: "first", Signature: component.Signature{
		Params: []component.Field{{Name: "grow", Type: component.U32}}, Result: component.S32}}
	sum = component.Export{Name: "sum", Signature: component.Signature{Result: component.U32}}
)

// u32s gives a call such arguments.
func u32s(args ...uint32) func(*component.Encoder) {
	return func(e *component.Encoder) {
		for _, a := range args {
			e.U32(a)
		}
	}
}

// Whatever is kept of an instance that ended, the next one finds nothing of it.
func TestNothingIsLeftInWhatIsKept(t *testing.T) {
	// Nothing, a page, parts of a memory, whole memories.
	for _, keep := range []int64{0, 1, 64 << 10, 100_000, 2 << 20, 1 << 30} {
		for i, pages := range []int{1, 3, 17, 100} {
			t.Run(fmt.Sprintf("keep %d of %d pages", keep, pages), func(t *testing.T) {
				e := newEngine(t, component.Config{MaxInstances: 2, KeepBytes: keep, HeadroomBytes: int64(2*i) << 16})
				p := link(t, e, scribbler(pages), component.LinkOptions{
					Exports: []*component.Export{&scribble, &first, &sum},
					Limits:  component.Limits{MemoryBytes: 16 << 20},
				})
				u32 := func(x *component.Export, args ...uint32) (got uint32) {
					t.Helper()
					err := p.Call(t.Context(), x, u32s(args...), func(d *component.Decoder) {
						switch x {
						case &first:
							got = uint32(d.S32())
						case &sum:
							got = d.U32()
						}
					})
					if err != nil {
						t.Fatal(err)
					}
					return got
				}
				before := u32(&sum)
				random := rand.New(rand.NewPCG(uint64(keep), uint64(pages)))
				for range max(1, repeated(20)) {
					grow := random.IntN(4) * random.IntN(20)
					reach := max(grow, 2*i) // pages beyond the first, headroom that was not grown into among them
					bytes := (pages + reach) << 16
					at := random.IntN(bytes)
					u32(&scribble, uint32(at), uint32(random.IntN(bytes-at)), uint32(grow), uint32(random.IntN(3000)))
					if left := int32(u32(&first, uint32(reach))); left != -1 {
						t.Fatalf("the next instance found something at %d", left)
					}
					if after := u32(&sum); after != before {
						t.Fatal("the next instance's data is not the component's")
					}
				}
			})
		}
	}
}

// What is kept is there for the next instance without a fault.
func TestKeptMemoryFaultsNoMore(t *testing.T) {
	const touched = 40 // pages of 4 KiB in a call
	calls := repeated(500)
	faults := func(keep int64) int64 {
		e := newEngine(t, component.Config{MaxInstances: 2, KeepBytes: keep})
		p := link(t, e, scribbler(17), component.LinkOptions{Exports: []*component.Export{&scribble}})
		run := func() {
			t.Helper()
			if err := p.Call(t.Context(), &scribble, u32s(17<<16-touched<<12, touched<<12, 0, 0), nil); err != nil {
				t.Fatal(err)
			}
		}
		for range 10 {
			run()
		}
		var before, after syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
			t.Fatal(err)
		}
		for range calls {
			run()
		}
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
			t.Fatal(err)
		}
		return after.Minflt - before.Minflt
	}
	given, kept := faults(0), faults(2<<20)
	t.Logf("page faults of %d calls: %d where memory is given back, %d where it is kept", calls, given, kept)
	if given < int64(calls) { // else this measures nothing
		t.Errorf("%d faults where memory is given back", given)
	}
	if kept > given/10 {
		t.Errorf("%d faults where memory is kept", kept)
	}
}

// However many programs have calls, what is kept of memory is that of MaxCalls instances.
func TestKeptMemoryIsBounded(t *testing.T) {
	const calls, programs, pages = 8, 64, 32 // of 64 KiB
	e := newEngine(t, component.Config{MaxInstances: programs, MaxCalls: calls, KeepBytes: 16 << 20})
	var all []*component.Program
	for i := range programs {
		text := strings.Replace(scribbler(pages), "Hygia", fmt.Sprintf("Hyg%02d", i), 1) // no two have an image in common
		all = append(all, link(t, e, text, component.LinkOptions{Exports: []*component.Export{&scribble}}))
	}
	const each = pages << 16
	before := resident(t)
	for _, p := range all {
		if err := p.Call(t.Context(), &scribble, u32s(0, each, 0, 0), nil); err != nil {
			t.Fatal(err)
		}
	}
	kept := resident(t) - before
	t.Logf("%d programs keep %d KiB; an instance has %d", programs, kept>>10, each>>10)
	if kept < each || kept > (calls+4)*each {
		t.Errorf("%d programs keep %d KiB, want that of up to %d instances of %d KiB", programs, kept>>10, calls, each>>10)
	}
}
