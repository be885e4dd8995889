package component_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
)

// shelf is a guest that uses a resource of the host's in every way that it can,
// right and wrong. It imports the resource twice, as components do that use it
// in another interface.
const shelf = `(component
  (import "test:store/blobs@0.1.2" (instance $blobs
    (export "blob" (type $blob (sub resource)))
    (export "[constructor]blob" (func (param "size" u32) (result (own $blob))))
    (export "[method]blob.size" (func (param "self" (borrow $blob)) (result u32)))
    (export "[static]blob.merge" (func (param "a" (own $blob)) (param "b" (own $blob)) (result (own $blob))))))
  (alias export $blobs "blob" (type $blob))
  (import "test:store/audit@0.1.0" (instance $audit
    (alias outer 1 $blob (type $outer))
    (export "blob" (type $blob (eq $outer)))
    (export "seen" (func (param "what" (borrow $blob))))))
  (core func $new (canon lower (func $blobs "[constructor]blob")))
  (core func $size (canon lower (func $blobs "[method]blob.size")))
  (core func $merge (canon lower (func $blobs "[static]blob.merge")))
  (core func $seen (canon lower (func $audit "seen")))
  (core func $drop (canon resource.drop $blob))
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "size" (func $size (param i32) (result i32)))
    (import "" "merge" (func $merge (param i32 i32) (result i32)))
    (import "" "seen" (func $seen (param i32)))
    (import "" "drop" (func $drop (param i32)))
    (global $kept (mut i32) (i32.const 0))
    (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "measure") (param i32) (result i32) (local $n i32)
      (local.set $n (call $size (local.get 0)))
      (call $seen (local.get 0))
      (call $drop (local.get 0))
      (local.get $n))
    (func (export "merge") (param i32 i32) (result i32) (call $merge (local.get 0) (local.get 1)))
    (func (export "keep") (param i32) (global.set $kept (local.get 0)))
    (func (export "release") (call $drop (global.get $kept)))
    (func (export "again") (param i32) (result i32)
      (drop (call $merge (local.get 0) (call $new (i32.const 1))))
      (local.get 0))
    (func (export "cling") (param i32) (result i32) (i32.const 1))
    (func (export "forge") (param i32) (result i32) (call $size (i32.const 77)))
    (func (export "hoard") (param i32) (result i32) (loop (drop (call $new (i32.const 1))) (br 0)) unreachable)
    (func (export "churn") (param i32) (result i32) (loop (call $drop (call $new (i32.const 1))) (br 0)) unreachable))
  (core instance $i (instantiate $m (with "" (instance
    (export "new" (func $new)) (export "size" (func $size)) (export "merge" (func $merge))
    (export "seen" (func $seen)) (export "drop" (func $drop))))))
  (func (export "make") (param "size" u32) (result (own $blob)) (canon lift (core func $i "make")))
  (func (export "measure") (param "b" (borrow $blob)) (result u32) (canon lift (core func $i "measure")))
  (func (export "merge") (param "a" (own $blob)) (param "b" (own $blob)) (result (own $blob))
    (canon lift (core func $i "merge")))
  (func (export "keep") (param "b" (own $blob)) (canon lift (core func $i "keep")))
  (func (export "release") (canon lift (core func $i "release")))
  (func (export "again") (param "b" (own $blob)) (result (own $blob)) (canon lift (core func $i "again")))
  (func (export "cling") (param "b" (borrow $blob)) (result u32) (canon lift (core func $i "cling")))
  (func (export "forge") (param "n" u32) (result u32) (canon lift (core func $i "forge")))
  (func (export "hoard") (param "n" u32) (result u32) (canon lift (core func $i "hoard")))
  (func (export "churn") (param "n" u32) (result u32) (canon lift (core func $i "churn"))))`

var (
	blob       = &component.Resource{Interface: "test:store/blobs@0.1.2", Name: "blob"}
	ownBlob    = component.OwnOf(blob)
	borrowBlob = component.BorrowOf(blob)

	makeBlob = &component.Export{Name: "make", Signature: sig(ownBlob, "size", component.U32)}
	measure  = &component.Export{Name: "measure", Signature: sig(component.U32, "b", borrowBlob)}
	merge    = &component.Export{Name: "merge", Signature: sig(ownBlob, "a", ownBlob, "b", ownBlob)}
	keepBlob = &component.Export{Name: "keep", Signature: sig(nil, "b", ownBlob)}
	release  = &component.Export{Name: "release"}
	again    = &component.Export{Name: "again", Signature: sig(ownBlob, "b", ownBlob)}
	cling    = &component.Export{Name: "cling", Signature: sig(component.U32, "b", borrowBlob)}
	forge    = &component.Export{Name: "forge", Signature: sig(component.U32, "n", component.U32)}
	hoard    = &component.Export{Name: "hoard", Signature: sig(component.U32, "n", component.U32)}
	churn    = &component.Export{Name: "churn", Signature: sig(component.U32, "n", component.U32)}
	shelves  = []*component.Export{makeBlob, measure, merge, keepBlob, release, again, cling, forge, hoard, churn}
)

// sig makes a signature of a result and pairs of a name and a type.
func sig(result *component.Type, params ...any) component.Signature {
	s := component.Signature{Result: result}
	for i := 0; i < len(params); i += 2 {
		s.Params = append(s.Params, component.Field{Name: params[i].(string), Type: params[i+1].(*component.Type)})
	}
	return s
}

// store is what the host does with blobs, and what it saw.
type store struct {
	dropped []string
	seen    []string
	refuse  error // what dropping fails with
}

type blobValue struct {
	name string
	size uint32
}

func (s *store) host() *component.Host {
	h := component.NewHost()
	h.Resource(blob, func(_ context.Context, v any) error {
		s.dropped = append(s.dropped, v.(*blobValue).name)
		return s.refuse
	})
	fn := func(name string, sg component.Signature, f component.HostFunc) {
		h.Func(&component.Import{Interface: blob.Interface, Name: name, Signature: sg}, f)
	}
	fn("[constructor]blob", sig(ownBlob, "size", component.U32),
		func(_ context.Context, a *component.Decoder, r *component.Encoder) error {
			n := a.U32()
			r.Own(blob, &blobValue{fmt.Sprintf("new%d", n), n})
			return nil
		})
	fn("[method]blob.size", sig(component.U32, "self", borrowBlob),
		func(_ context.Context, a *component.Decoder, r *component.Encoder) error {
			r.U32(a.Borrow(blob).(*blobValue).size)
			return nil
		})
	fn("[static]blob.merge", sig(ownBlob, "a", ownBlob, "b", ownBlob),
		func(_ context.Context, args *component.Decoder, r *component.Encoder) error {
			a, b := args.Own(blob).(*blobValue), args.Own(blob).(*blobValue)
			r.Own(blob, &blobValue{a.name + "+" + b.name, a.size + b.size})
			return nil
		})
	h.Func(&component.Import{Interface: "test:store/audit@0.1.0", Name: "seen", Signature: sig(nil, "what", borrowBlob)},
		func(_ context.Context, a *component.Decoder, _ *component.Encoder) error {
			s.seen = append(s.seen, a.Borrow(blob).(*blobValue).name)
			return nil
		})
	return h
}

func linkShelf(t testing.TB, s *store, l component.Limits) *component.Program {
	return link(t, newEngine(t, component.Config{}), shelf,
		component.LinkOptions{Host: s.host(), Exports: shelves, Limits: l})
}

func own(bs ...*blobValue) func(*component.Encoder) {
	return func(e *component.Encoder) {
		for _, b := range bs {
			e.Own(blob, b)
		}
	}
}

func TestHostResourceMakesTheRound(t *testing.T) {
	s := &store{}
	p := linkShelf(t, s, component.Limits{})
	for name, c := range map[string]component.Caller{"fresh": p, "live": instance(t, p)} {
		var made, merged any
		var size uint32
		ctx := context.Background()
		err := errors.Join(
			c.Call(ctx, makeBlob, func(e *component.Encoder) { e.U32(7) }, func(d *component.Decoder) { made = d.Own(blob) }),
			c.Call(ctx, measure, func(e *component.Encoder) { e.Borrow(blob, made) }, func(d *component.Decoder) { size = d.U32() }),
			c.Call(ctx, merge, own(&blobValue{"a", 1}, &blobValue{"b", 2}), func(d *component.Decoder) { merged = d.Own(blob) }))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if m := made.(*blobValue); m.name != "new7" || size != 7 {
			t.Errorf("%s: made %+v, size %d", name, m, size)
		}
		if m := merged.(*blobValue); m.name != "a+b" || m.size != 3 {
			t.Errorf("%s: merged %+v", name, m)
		}
	}
	if got := strings.Join(s.seen, " "); got != "new7 new7" || len(s.dropped) > 0 {
		t.Errorf("seen %s, dropped %s", got, s.dropped)
	}
}

func TestHostResourceIsDroppedOnce(t *testing.T) {
	ctx := context.Background()
	s := &store{}
	p := linkShelf(t, s, component.Limits{})
	inst := instance(t, p)
	if err := errors.Join(
		inst.Call(ctx, keepBlob, own(&blobValue{name: "by the guest"}), nil),
		inst.Call(ctx, release, nil, nil),
		inst.Call(ctx, keepBlob, own(&blobValue{name: "with the instance"}), nil),
		p.Call(ctx, keepBlob, own(&blobValue{name: "after the call"}), nil),
	); err != nil {
		t.Fatal(err)
	}
	if err := inst.Call(ctx, keepBlob, func(e *component.Encoder) {
		e.Own(blob, &blobValue{name: "never given"})
		e.Fail(errors.ErrUnsupported)
	}, nil); !errors.Is(err, errors.ErrUnsupported) {
		t.Fatal(err)
	}
	want := []string{"by the guest", "after the call", "never given"}
	if !slices.Equal(s.dropped, want) {
		t.Errorf("before the end: %q", s.dropped)
	}
	inst.Close()
	inst.Close()
	if want = append(want, "with the instance"); !slices.Equal(s.dropped, want) {
		t.Errorf("at the end: %q", s.dropped)
	}
}

func TestHostResourceThatFailsToDropEndsTheCall(t *testing.T) {
	ctx := context.Background()
	s := &store{refuse: errors.New("cannot be flushed")}
	inst := instance(t, linkShelf(t, s, component.Limits{}))
	if err := inst.Call(ctx, keepBlob, own(&blobValue{}), nil); err != nil {
		t.Fatal(err)
	}
	err := inst.Call(ctx, release, nil, nil)
	var host *component.HostError
	if !errors.As(err, &host) || host.Name != "[resource-drop]blob" || !errors.Is(err, s.refuse) {
		t.Fatal(err)
	}
}

// Whatever a guest does with handles, its call fails and the process lives.
func TestInvariant5HandlesMisusedByAGuest(t *testing.T) {
	s := &store{}
	p := linkShelf(t, s, component.Limits{Resources: 10, HostCalls: 1000})
	number := func(e *component.Encoder) { e.U32(1) }
	var trap *component.TrapError
	for _, c := range []struct {
		fn   *component.Export
		args func(*component.Encoder)
		is   error
	}{
		{again, own(&blobValue{}), nil},
		{cling, func(e *component.Encoder) { e.Borrow(blob, &blobValue{}) }, nil},
		{forge, number, nil},
		{release, nil, nil},
		{hoard, number, component.ErrResources},
		{churn, number, component.ErrHostCalls},
	} {
		for name, to := range map[string]component.Caller{"fresh": p, "live": instance(t, p)} {
			err := to.Call(context.Background(), c.fn, c.args, nil)
			if c.is != nil && !errors.Is(err, c.is) || c.is == nil && (!errors.As(err, &trap) || trap.Code != component.TrapHandle) {
				t.Errorf("%s, %s: %v", c.fn.Name, name, err)
			}
		}
	}
	if err := p.Call(context.Background(), keepBlob, own(&blobValue{}), nil); err != nil {
		t.Error(err)
	}
}

func TestHostResourcesMisusedByTheHost(t *testing.T) {
	other := &component.Resource{Interface: blob.Interface, Name: "other"}
	p := linkShelf(t, &store{}, component.Limits{Resources: 2})
	inst := instance(t, p)
	for name, args := range map[string]func(*component.Encoder){
		"another resource":    func(e *component.Encoder) { e.Own(other, 1) },
		"lent, not given":     func(e *component.Encoder) { e.Borrow(blob, 1) },
		"a number":            func(e *component.Encoder) { e.U64(0) },
		"a handle from air":   func(e *component.Encoder) { e.Give(&component.Handle{}) },
		"nil":                 func(e *component.Encoder) { e.Lend(nil) },
		"one too many":        own(&blobValue{}, &blobValue{}),
		"more than the limit": own(&blobValue{}, &blobValue{}, &blobValue{}),
	} {
		err := inst.Call(context.Background(), keepBlob, args, nil)
		var codec *component.CodecError
		if !errors.As(err, &codec) && !errors.Is(err, component.ErrHandle) && !errors.Is(err, component.ErrResources) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, read := range map[string]func(*component.Decoder){
		"another resource": func(d *component.Decoder) { d.Own(other) },
		"as a borrow":      func(d *component.Decoder) { d.Borrow(blob) },
		"as the guest's":   func(d *component.Decoder) { d.Handle(blob) },
		"twice":            func(d *component.Decoder) { d.Own(blob); d.Own(blob) },
		"not at all":       func(*component.Decoder) {},
	} {
		err := inst.Call(context.Background(), makeBlob, func(e *component.Encoder) { e.U32(1) }, read)
		var codec *component.CodecError
		if !errors.As(err, &codec) && !errors.Is(err, component.ErrResources) {
			t.Errorf("read %s: %v", name, err)
		}
	}
}

func TestHostResourceMustBeGiven(t *testing.T) {
	e := newEngine(t, component.Config{})
	c := compile(t, e, shelf)
	full := (&store{}).host()
	for version, fits := range map[string]bool{"0.1.2": true, "0.1.0": true, "0.2.0": false} {
		h := component.NewHost()
		at := &component.Resource{Interface: "test:store/blobs@" + version, Name: "blob"}
		h.Resource(at, nil)
		_, err := e.Link(c, component.LinkOptions{Host: h})
		var missing *component.ImportError
		if !errors.As(err, &missing) || (missing.Name == "blob") == fits {
			t.Errorf("%s: %v", version, err)
		}
	}
	p, err := e.Link(c, component.LinkOptions{Host: full})
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
	foreign := component.OwnOf(&component.Resource{Interface: "test:else/where", Name: "blob"})
	x := &component.Export{Name: "make", Signature: sig(foreign, "size", component.U32)}
	_, err = e.Link(c, component.LinkOptions{Host: full, Exports: []*component.Export{x}})
	var mismatch *component.TypeError
	if !errors.As(err, &mismatch) || mismatch.Got != "func(size: u32) -> own<test:store/blobs@0.1.2#blob>" {
		t.Error(err)
	}
}
