package component_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
)

// listText is a guest that hands the host a list of items, which lies at an address of
// its own making, with a length as well, and has the host's list put where it says.
// Function lend does the same beside a handle.
func listText(item *component.Type, run, room string) string {
	w := &textWriter{}
	ref := w.ref(component.ListOf(item))
	return `(component ` + w.types.String() + `
	  (import "blob" (type $blob (sub resource)))
	  (import "host" (func $host (param "v" ` + ref + `) (result ` + ref + `)))
	  (core module $libc
	    (memory (export "memory") 1)
	    (data (i32.const 1024) "\07\00\00\00\00\00\00\00\09\00\00\00\00\00\00\00")
	    (data (i32.const 2048) "\00\d8\00\00") (data (i32.const 2056) "\00\00\11\00") (data (i32.const 2064) "\03\00")
	    (data (i32.const 3072) "\08\0c\00\00\02\00\00\00\c3(") (data (i32.const 3088) "\00\00\01\00\01\00\00\00")
	    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const ` + room + `)))
	  (core instance $libc (instantiate $libc))
	  (core func $host' (canon lower (func $host) (memory $libc "memory") (realloc (func $libc "realloc"))))
	  (core func $drop (canon resource.drop $blob))
	  (core module $m
	    (import "" "host" (func $host (param i32 i32 i32)))
	    (import "" "drop" (func $drop (param i32)))
	    (func $call (export "call") (result i32) (call $host ` + run + ` (i32.const 64)) (i32.const 64))
	    (func (export "lend") (param i32) (result i32) (call $drop (local.get 0)) (call $call)))
	  (core instance $i (instantiate $m (with "" (instance (export "host" (func $host')) (export "drop" (func $drop))))))
	  (func (export "call") (result ` + ref + `) (canon lift (core func $i "call") (memory $libc "memory")))
	  (func (export "lend") (param "b" (borrow $blob)) (result ` + ref + `) (canon lift (core func $i "lend") (memory $libc "memory"))))`
}

// What a guest hands the host for a list, and where it makes room for one, ends it where
// wasmtime would end it, before the host sees any; what is well crosses.
func TestInvariant5ListsBetweenGuestAndHost(t *testing.T) {
	e := newEngine(t, component.Config{})
	suit := component.EnumOf("suit", "a", "b", "c")
	at := func(address, length uint32) string {
		return fmt.Sprintf("(i32.const %d) (i32.const %d)", address, length)
	}
	for name, test := range map[string]struct {
		item      *component.Type
		run, room string
		want      any // nil where the guest ends
		met       bool
	}{
		"numbers":                {component.U64, at(1024, 2), "4096", seq{uint64(7), uint64(9)}, true},
		"none":                   {component.U64, at(1024, 0), "4096", seq{}, true},
		"none, at the end":       {component.U64, at(65536, 0), "4096", seq{}, true},
		"none, beyond":           {component.U64, at(65544, 0), "4096", nil, false},
		"at an odd address":      {component.U64, at(1025, 1), "4096", nil, false},
		"beyond":                 {component.U64, at(65528, 2), "4096", nil, false},
		"a length that goes on":  {component.U64, at(1024, 1<<29+1), "4096", nil, false},
		"all that there may be":  {component.U64, at(1<<32-8, 1<<32-1), "4096", nil, false},
		"a surrogate":            {component.Char, at(2048, 1), "4096", nil, false},
		"beyond Unicode":         {component.Char, at(2056, 1), "4096", nil, false},
		"no case":                {suit, at(2064, 1), "4096", nil, false},
		"no case of an option":   {component.OptionOf(component.U8), at(2064, 1), "4096", nil, false},
		"no UTF-8":               {component.String, at(3072, 1), "4096", nil, false},
		"a list beyond":          {component.ListOf(component.U8), at(3088, 1), "4096", nil, false},
		"room at an odd address": {component.U64, at(1024, 2), "4097", nil, true},
		"room beyond":            {component.U64, at(1024, 2), "65528", nil, true},
		"no room for no item":    {component.U64, at(1024, 0), "65544", nil, true},
		"room far beyond":        {component.U64, at(1024, 2), "-8", nil, true},
	} {
		list := component.ListOf(test.item)
		call := &component.Export{Name: "call", Signature: sig(list)}
		lend := &component.Export{Name: "lend", Signature: sig(list, "b", component.BorrowOf(lent))}
		met, h := false, component.NewHost()
		h.Resource(lent, nil)
		h.Func(&component.Import{Name: "host", Signature: sig(list, "v", list)},
			func(_ context.Context, a *component.Decoder, r *component.Encoder) error {
				v := decode(a, list)
				met = a.Err() == nil
				encode(r, list, v)
				return nil
			})
		text, o := listText(test.item, test.run, test.room), component.LinkOptions{Host: h, Exports: []*component.Export{call, lend}}
		for lane, p := range map[string]*component.Program{"lane": link(t, e, text, o), "exposed": exposed(t, e, text, o), "plain": plain(t, e, text, o)} {
			for how, x := range map[string]*component.Export{"alone": call, "beside a handle": lend} {
				var args func(*component.Encoder)
				if x == lend {
					args = func(e *component.Encoder) { e.Borrow(lent, "a blob") }
				}
				met = false
				var got any
				err := p.Call(context.Background(), x, args, func(d *component.Decoder) { got = decode(d, list) })
				trapped := errors.As(err, new(*component.TrapError))
				if trapped != (test.want == nil) || err != nil && !trapped || test.want != nil && !reflect.DeepEqual(got, test.want) || met != test.met {
					t.Errorf("%s, %s, %s: %v, %v; the host saw it: %v", name, how, lane, got, err, met)
				}
			}
		}
	}
}

var lent = &component.Resource{Name: "blob"}

// A list may be longer than wasmtime's own values let it be, between a guest and a host
// function as elsewhere.
func TestListsOfAnyLengthReachTheHost(t *testing.T) {
	const items = 6_000_000
	list, met := component.ListOf(component.U64), 0
	x, h := &component.Export{Name: "call", Signature: sig(list)}, component.NewHost()
	h.Resource(lent, nil)
	h.Func(&component.Import{Name: "host", Signature: sig(list, "v", list)},
		func(_ context.Context, a *component.Decoder, r *component.Encoder) error {
			for met = 0; met < items && a.Err() == nil; met++ {
				if met == 0 {
					a.List()
				}
				_ = a.U64()
			}
			r.List(0)
			return nil
		})
	text := strings.Replace(listText(component.U64, fmt.Sprintf("(i32.const 1024) (i32.const %d)", items), "4096"),
		`(memory (export "memory") 1)`, `(memory (export "memory") 800)`, 1)
	o := component.LinkOptions{Host: h, Exports: []*component.Export{x}, Limits: component.Limits{ListItems: 2 * items, ResultBytes: 100 << 20}}
	e := newEngine(t, component.Config{})
	if err := link(t, e, text, o).Call(context.Background(), x, nil, func(d *component.Decoder) { d.List() }); err != nil || met != items {
		t.Errorf("%d, %v", met, err)
	}
	if err := plain(t, e, text, o).Call(context.Background(), x, nil, func(d *component.Decoder) { d.List() }); err == nil {
		t.Error("without the lane, too: this test proves nothing")
	}
}
