package component_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
)

// A guest that is refused memory, or elements of a table, and ends for it has met that
// limit, wherever it asked. One that was not, or goes on without, has not.
func TestInvariant5WhatAGuestWasRefused(t *testing.T) {
	// With modules before and behind it, and alone.
	guest := func(core, around string) string {
		return `(component
		  (core module $none (func (export "x")))
		  (import "exit" (func $exit (param "status" u8)))
		  (core func $exit' (canon lower (func $exit)))
		  (core module $m (import "" "exit" (func $exit (param i32)))
		    (memory 1 8) (table 1 8 funcref) (func (export "go") ` + core + `))
		  ` + around + `
		  (core instance $i (instantiate $m (with "" (instance (export "exit" (func $exit'))))))
		  ` + around + `
		  (func (export "go") (canon lift (core func $i "go"))))`
	}
	grow := func(n int) string { return fmt.Sprintf("(drop (memory.grow (i32.const %d)))", n) }
	table := func(n int) string { return fmt.Sprintf("(drop (table.grow (ref.null func) (i32.const %d)))", n) }
	for name, test := range map[string]struct {
		core  string
		limit error
		trap  component.TrapCode
	}{
		"memory":                 {grow(4) + `unreachable`, component.ErrMemory, component.TrapUnreachable},
		"memory, by an address":  {grow(4) + `(i32.store (i32.const -4) (i32.const 1))`, component.ErrMemory, component.TrapMemory},
		"a table":                {table(4) + `unreachable`, component.ErrTable, component.TrapUnreachable},
		"none":                   {grow(2) + table(2) + `unreachable`, nil, component.TrapUnreachable},
		"an exit that failed":    {grow(4) + `(call $exit (i32.const 2))`, component.ErrMemory, ""},
		"an exit that went well": {grow(4) + `(call $exit (i32.const 0))`, nil, ""},
		"what it does not need":  {grow(4) + table(4), nil, ""},
		"more, little by little": {grow(2) + grow(1) + `unreachable`, component.ErrMemory, component.TrapUnreachable},
	} {
		x, h := &component.Export{Name: "go"}, component.NewHost()
		h.Func(&component.Import{Name: "exit", Signature: sig(nil, "status", component.U8)},
			func(_ context.Context, d *component.Decoder, _ *component.Encoder) error {
				return &component.ExitError{Status: int(d.U8())}
			})
		o := component.LinkOptions{Host: h, Exports: []*component.Export{x}, Limits: component.Limits{MemoryBytes: 3 << 16, TableElements: 4}}
		e := newEngine(t, component.Config{})
		p, alone := link(t, e, guest(test.core, "(core instance (instantiate $none))"), o), link(t, e, guest(test.core, ""), o)
		near := exposed(t, e, guest(test.core, ""), o)
		for how, c := range map[string]component.Caller{
			"fresh": p, "live": instance(t, p), "alone": alone, "alone and live": instance(t, alone), "exposed": near} {
			err := c.Call(t.Context(), x, nil, nil)
			var limit *component.LimitError
			var trap *component.TrapError
			errors.As(err, &limit)
			if (test.limit == nil) != (limit == nil) || limit != nil && (!errors.Is(err, test.limit) || limit.Max == 0) {
				t.Errorf("%s, %s: %v", name, how, err)
			}
			if errors.As(err, &trap) != (test.trap != "") || trap != nil && trap.Code != test.trap {
				t.Errorf("%s, %s: %v, %+v", name, how, err, trap)
			}
			if limit != nil && component.Cause(err) != string(limit.Limit) {
				t.Errorf("%s, %s: its cause is %s", name, how, component.Cause(err))
			}
		}
	}
	// The guest's own bound is none of the host's.
	x := &component.Export{Name: "go"}
	h := component.NewHost()
	h.Func(&component.Import{Name: "exit", Signature: sig(nil, "status", component.U8)}, noop)
	p := link(t, newEngine(t, component.Config{}), guest(grow(9)+table(9)+`unreachable`, ""), component.LinkOptions{Host: h, Exports: []*component.Export{x}})
	if err := p.Call(t.Context(), x, nil, nil); errors.As(err, new(*component.LimitError)) || !errors.As(err, new(*component.TrapError)) {
		t.Error(err)
	}
}

// What one call was refused is nothing that another met, in whatever way that ends.
func TestInvariant5WhatAnotherCallWasRefused(t *testing.T) {
	e := newEngine(t, component.Config{})
	run := &component.Export{Name: "go"}
	greedy := link(t, e, `(component
	  (core module $m (memory 1) (func (export "go") (drop (memory.grow (i32.const 2000))) unreachable))
	  (core instance $i (instantiate $m))
	  (func (export "go") (canon lift (core func $i "go"))))`, component.LinkOptions{Exports: []*component.Export{run}})
	post := &component.Export{Name: "post", Signature: sig(component.String)}
	bad := &component.Export{Name: "bad", Signature: sig(component.String)}
	p := link(t, e, `(component
	  (core module $m (memory (export "memory") 1)
	    (data (i32.const 64) "\00\00\01\00\01\00\00\00")
	    (func (export "post") (result i32) (i32.const 8))
	    (func (export "read") (param i32) unreachable)
	    (func (export "bad") (result i32) (i32.const 64)))
	  (core instance $i (instantiate $m))
	  (func (export "post") (result string) (canon lift (core func $i "post") (memory $i "memory") (post-return (func $i "read"))))
	  (func (export "bad") (result string) (canon lift (core func $i "bad") (memory $i "memory"))))`,
		component.LinkOptions{Exports: []*component.Export{post, bad}})
	for _, x := range []*component.Export{post, bad} {
		for how, c := range map[string]component.Caller{"fresh": p, "live": instance(t, p)} {
			if err := greedy.Call(t.Context(), run, nil, nil); !errors.Is(err, component.ErrMemory) {
				t.Fatal(err)
			}
			err := c.Call(t.Context(), x, nil, func(d *component.Decoder) { _ = d.String() })
			if errors.As(err, new(*component.LimitError)) || !errors.As(err, new(*component.TrapError)) {
				t.Errorf("%s, %s: %v", x.Name, how, err)
			}
		}
	}
}

// Where a guest fails for want of memory does not matter, as long as it was made: in its
// function, in the room that it makes, or once its result was read.
func TestInvariant5WhereAGuestWasRefused(t *testing.T) {
	e := newEngine(t, component.Config{})
	const refused = `(drop (memory.grow (i32.const 2000))) unreachable`
	for name, body := range map[string][3]string{
		"in the function":       {`i32.const 8`, refused, ``},
		"making room":           {refused, `i32.const 64`, ``},
		"that is not there":     {`(memory.grow (i32.const 2000))`, `i32.const 64`, ``},
		"when its text is read": {`i32.const 8`, `i32.const 64`, refused},
	} {
		x := &component.Export{Name: "echo", Signature: sig(component.String, "v", component.String)}
		p := link(t, e, `(component
		  (core module $m (memory (export "memory") 1)
		    (func (export "realloc") (param i32 i32 i32 i32) (result i32) `+body[0]+`)
		    (func (export "echo") (param i32 i32) (result i32) `+body[1]+`)
		    (func (export "read") (param i32) `+body[2]+`))
		  (core instance $i (instantiate $m))
		  (func (export "echo") (param "v" string) (result string)
		    (canon lift (core func $i "echo") (memory $i "memory") (realloc (func $i "realloc")) (post-return (func $i "read")))))`,
			component.LinkOptions{Exports: []*component.Export{x}})
		for how, c := range map[string]component.Caller{"fresh": p, "live": instance(t, p)} {
			err := c.Call(t.Context(), x, func(e *component.Encoder) { e.String("abc") }, func(d *component.Decoder) { _ = d.String() })
			if !errors.Is(err, component.ErrMemory) {
				t.Errorf("%s, %s: %v", name, how, err)
			}
		}
	}
}

// A guest that goes on without what it was refused is not blamed for what ended another,
// which a host function called.
func TestInvariant5AnotherGuestsTrap(t *testing.T) {
	e := newEngine(t, component.Config{})
	x, h := &component.Export{Name: "go"}, component.NewHost()
	inner := link(t, e, `(component
	  (core module $m (func (export "go") unreachable)) (core instance $i (instantiate $m))
	  (func (export "go") (canon lift (core func $i "go"))))`, component.LinkOptions{Exports: []*component.Export{x}})
	h.Func(&component.Import{Name: "host"}, func(ctx context.Context, _ *component.Decoder, _ *component.Encoder) error {
		return inner.Call(ctx, x, nil, nil)
	})
	p := link(t, e, `(component
	  (import "host" (func $host)) (core func $host' (canon lower (func $host)))
	  (core module $m (import "" "host" (func $host)) (memory 1)
	    (func (export "go") (drop (memory.grow (i32.const 2000))) (call $host)))
	  (core instance $i (instantiate $m (with "" (instance (export "host" (func $host'))))))
	  (func (export "go") (canon lift (core func $i "go"))))`, component.LinkOptions{Host: h, Exports: []*component.Export{x}})
	err := p.Call(t.Context(), x, nil, nil)
	if errors.As(err, new(*component.LimitError)) || component.Cause(err) != "host function" {
		t.Error(err)
	}
}

// However much a guest asks for, and where the engine's own bound is below the limit.
func TestInvariant5WhatCannotBeHad(t *testing.T) {
	e := newEngine(t, component.Config{MaxMemoryBytes: 4 << 16})
	x := &component.Export{Name: "go"}
	for core, want := range map[string]error{
		`(memory i64 1) (func (export "go") (drop (memory.grow (i64.const -1))) unreachable)`:                       component.ErrMemory,
		`(memory i64 1) (func (export "go") (drop (memory.grow (i64.const 0x7fffffffffffffff))) unreachable)`:       component.ErrMemory,
		`(memory 1) (func (export "go") (drop (memory.grow (i32.const -1))) unreachable)`:                           component.ErrMemory,
		`(memory 1) (func (export "go") (drop (memory.grow (i32.const 5))) unreachable)`:                            component.ErrMemory,
		`(table 1 funcref) (func (export "go") (drop (table.grow (ref.null func) (i32.const 150000))) unreachable)`: component.ErrTable,
	} {
		p := link(t, e, `(component (core module $m `+core+`) (core instance $i (instantiate $m))
		  (func (export "go") (canon lift (core func $i "go"))))`,
			component.LinkOptions{Exports: []*component.Export{x}, Limits: component.Limits{MemoryBytes: 1 << 30, TableElements: 200_000}})
		if err := p.Call(t.Context(), x, nil, nil); !errors.Is(err, want) {
			t.Errorf("%s: %v", core, err)
		}
	}
}

// What ends a guest while it makes room for what a host function gives is said as
// anywhere else.
func TestInvariant5RoomForTheHostsResults(t *testing.T) {
	e := newEngine(t, component.Config{Fuel: true})
	list := component.ListOf(component.U64)
	for name, test := range map[string]struct{ realloc, cause string }{
		"a trap":    {`unreachable`, "trap: unreachable"},
		"a number":  {`(i32.div_u (i32.const 1) (i32.const 0))`, "trap: integer overflow or division by zero"},
		"no memory": {`(drop (memory.grow (i32.const 2000))) unreachable`, string(component.LimitMemory)},
		"no fuel":   {`(loop (br 0)) unreachable`, string(component.LimitFuel)},
		"no end":    {`(call 0 (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))`, "trap: stack overflow"},
	} {
		x, h := &component.Export{Name: "call"}, component.NewHost()
		h.Func(&component.Import{Name: "host", Signature: sig(list)},
			func(_ context.Context, _ *component.Decoder, r *component.Encoder) error {
				r.List(1)
				r.U64(3)
				return nil
			})
		text := `(component (import "host" (func $host (result (list u64))))
		  (core module $libc (memory (export "memory") 1) (func (export "realloc") (param i32 i32 i32 i32) (result i32) ` + test.realloc + `))
		  (core instance $libc (instantiate $libc))
		  (core func $host' (canon lower (func $host) (memory $libc "memory") (realloc (func $libc "realloc"))))
		  (core module $m (import "" "host" (func $host (param i32))) (func (export "call") (call $host (i32.const 64))))
		  (core instance $i (instantiate $m (with "" (instance (export "host" (func $host'))))))
		  (func (export "call") (canon lift (core func $i "call"))))`
		p := link(t, e, text, component.LinkOptions{Host: h, Exports: []*component.Export{x}, Limits: component.Limits{Fuel: 100_000}})
		if err := p.Call(t.Context(), x, nil, nil); component.Cause(err) != test.cause {
			t.Errorf("%s: %q, %v", name, component.Cause(err), err)
		}
	}
}
