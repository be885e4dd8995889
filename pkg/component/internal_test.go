package component

import (
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/component/internal/lane"
)

// What C says of a component is trusted, but the reader that reads it must stand
// any bytes all the same.
func FuzzDescription(f *testing.F) {
	u32 := func(n uint32) string { return string(binary.LittleEndian.AppendUint32(nil, n)) }
	text := func(s string) string { return u32(uint32(len(s))) + s }
	f.Add([]byte(u32(1) + text("f") + "\x03\x00" + u32(1) + text("p") + "\x0d\x0c" + "\x01\x13\x01\x02\x00" + u32(0)))
	f.Add([]byte(u32(1) + text("a:b/c") + "\x01" + u32(1) + text("r") + "\x04" + u32(0) + u32(0)))
	f.Add([]byte(u32(1) + text("f") + "\x03\x00" + u32(1) + text("p") + "\x15" + u32(0) + "\x01\x16" + u32(1) + u32(0)))
	f.Add([]byte(u32(1<<31) + u32(0)))
	f.Add([]byte(u32(1) + text("f") + "\x03\x00" + u32(1) + text("p") + strings.Repeat("\x0d", 1<<20)))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := readDescription(b, takes{text: len(b)%2 == 1, lists: len(b)%3 == 1})
		if err != nil && (d.imports != nil || d.exports != nil || d.resources != nil) {
			t.Fatal("an error, and declarations")
		}
		for _, item := range append(items(d.imports), items(d.exports)...) {
			_ = item.String() + item.Signature.String()
		}
	})
}

// Whatever is said to be called as a core function, what store.c and load.c do not know
// never is.
func TestInvariant5OnlyNumbersAreCalledAsNumbers(t *testing.T) {
	u32 := func(n uint32) string { return string(binary.LittleEndian.AppendUint32(nil, n)) }
	text := func(s string) string { return u32(uint32(len(s))) + s }
	flags := func(n int) string { return "\x14" + u32(uint32(n)) + strings.Repeat(text("f"), n) }
	for ty, can := range map[string]bool{
		"\x06": true, flags(64): true, flags(65): false, "\x0c": false, "\x15" + u32(0): false, "\x16" + u32(0): false,
		"\x17\x17": false, "\x0d\x06": true, "\x0d\x0c": false, "\x12\x15" + u32(0): false, "\x13\x00\x01\x06": true,
	} {
		for name, rest := range map[string]string{"a parameter": u32(1) + text("p") + ty + "\x00", "a result": u32(0) + "\x01" + ty} {
			types := []byte(u32(0) + u32(1) + text("f") + "\x03\x00" + rest)
			s := source{slow: errPlain, direct: []lane.Direct{{Name: "f"}}}
			d, err := s.read(types)
			if refused := errors.As(err, new(*CompileError)); refused == can || can && d.exports[0].direct == nil {
				t.Errorf("%s of %x: %v", name, ty, err)
			}
		}
	}
}

// A decoder must stand any lists: it neither panics nor hands out more than there is.
func FuzzDecoder(f *testing.F) {
	f.Add([]byte{byte(KindString), 2, 0, 0, 0, 'a', 'b'}, []byte{12})
	f.Add([]byte{byte(KindList), 255, 255, 255, 255}, []byte{13})
	f.Add([]byte{byte(KindString), 255, 255, 255, 255, 'a'}, []byte{12})
	f.Fuzz(func(t *testing.T, b, calls []byte) {
		var d Decoder
		limits := Limits{}.WithDefaults()
		d.reset(b, nil, &limits)
		out := 0
		for _, c := range calls {
			switch c % 7 {
			case 0:
				out += len(d.String())
			case 1:
				out += d.List()
			case 2:
				d.Char()
			case 3:
				d.U64()
			case 4:
				d.Option()
			case 5:
				d.Case()
			case 6:
				out += len(d.Bytes())
			}
		}
		if out > len(b)*max(1, len(calls)) {
			t.Fatalf("%d items and bytes out of %d bytes", out, len(b))
		}
		if err := d.finish(); err == nil && d.off != len(b) {
			t.Fatal("bytes left, and no error")
		}
	})
}

func TestGuestErrors(t *testing.T) {
	for message, want := range map[string]string{
		"error while executing at wasm backtrace:\n    0:     0x2a - m!f\n    1:     0x30 - <unknown>!g\n\nCaused by:\n    wasm trap: integer divide by zero": "component: trap: integer divide by zero",
		"one\n\nCaused by:\n    0: two\n    1: wasm trap: call stack exhausted":                                                                               "component: trap: call stack exhausted",
		"one\n\nCaused by:\n    three\n\nStack backtrace:\n   0: wasmtime::x":                                                                                 "component: trap: three",
		"resource limit exceeded: instance count too high at 3":                                                                                               "component: limit of instances reached",
		"maximum concurrent limit of 3 for core instances reached":                                                                                            "component: limit of live instances reached",
		"":                            "component: trap: ",
		strings.Repeat("long ", 1000): "component: trap: " + strings.Repeat("long ", 1000)[:reasonMax] + "…",
	} {
		if got := guestError(message, true).Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	var trap *TrapError
	err := guestError("x:\n    0:     0x2a - m!f\n    1:     0x30 - g\n\nCaused by:\n    y", false)
	if !errors.As(err, &trap) || strings.Join(trap.Trace, " ") != "m!f g" || !trap.Start {
		t.Errorf("%#v", err)
	}
}

func TestTrack(t *testing.T) {
	for iface, want := range map[string]string{
		"a:b/c": "a:b/c", "a:b/c@1.2.3": "a:b/c@1", "a:b/c@0.2.3": "a:b/c@0.2", "a:b/c@0.0.3": "a:b/c@0.0.3",
		"a:b/c@1.2.3-rc.1": "a:b/c@1.2.3-rc.1", "a:b/c@1": "a:b/c@1", "a:b/c@": "a:b/c@", "a:b/c@12.0.0": "a:b/c@12",
	} {
		if got := track(iface); got != want {
			t.Errorf("%s: got %s, want %s", iface, got, want)
		}
	}
}

// A lease counts as a call, and must end with whatever it keeps open.
func TestLeasesEnd(t *testing.T) {
	e, err := NewEngine(Config{MaxInstances: 1, Parallel: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	counts := func(p *Program) (leases, active, computing, refs int) {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.leases, e.active, e.computing, p.refs
	}
	for round := range 20 {
		p := &Program{engine: e, limits: Limits{}.WithDefaults()}
		for range 3 {
			f, err := e.enter(context.Background(), p, nil)
			if err != nil {
				t.Fatal(err)
			}
			f.leave(nil)
		}
		if leases, active, computing, refs := counts(p); leases > 2 || leases != active || active != computing || computing != refs {
			t.Fatalf("round %d: %d leases, %d active, %d computing, %d references", round, leases, active, computing, refs)
		}
		if round%2 == 0 {
			e.mu.Lock()
			e.recall()
			e.mu.Unlock()
		}
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) { // the watcher's turn
			leases, active, computing, refs := counts(p)
			if leases+active+computing+refs == 0 {
				break
			}
			if round%2 == 0 || time.Now().After(end) {
				t.Fatalf("round %d: %d leases, %d active, %d computing, %d references", round, leases, active, computing, refs)
			}
		}
	}
}

// A lease that is not at hand, as on another processor, gives its place up to a call
// that finds none: long before the watcher would take it back.
func TestALeaseGivesWay(t *testing.T) {
	e, err := NewEngine(Config{MaxInstances: 1, Parallel: 1, Tick: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), 700*time.Millisecond)
	defer cancel()
	p := &Program{engine: e, limits: Limits{}.WithDefaults()}
	for range 10 {
		f, err := e.enter(ctx, p, nil)
		if err != nil {
			t.Fatal(err)
		}
		f.leave(nil)
		e.lately = sync.Pool{}
	}
}

// The watcher ticks while calls run, and rests when none has for a while.
func TestIdleEngineRests(t *testing.T) {
	e, err := NewEngine(Config{MaxInstances: 1, Tick: 100 * time.Microsecond})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	rests := func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.parked
	}
	for round := range 3 {
		if !rests() {
			t.Fatalf("round %d: awake without a call", round)
		}
		f, err := e.enter(context.Background(), &Program{engine: e, limits: Limits{}.WithDefaults()}, nil)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * restAfter * e.cfg.Tick)
		if rests() {
			t.Fatalf("round %d: at rest during a call", round)
		}
		f.leave(nil)
		for end := time.Now().Add(10 * time.Second); !rests(); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("round %d: still awake", round)
			}
		}
	}
}

// Calls take the time that this test says, which no load on the machine changes.
func TestFlowsShareTimeAndNotCalls(t *testing.T) {
	e, err := NewEngine(Config{Parallel: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	e.mu.Lock()
	defer e.mu.Unlock()
	flows := map[*flow]time.Duration{e.flowOf("long"): 10 * time.Hour, e.flowOf("short"): time.Hour}
	inside := make(chan *frame, 1) // there is one place
	for fl := range flows {
		for range 250 {
			w, err := e.enqueue(fl)
			if err != nil {
				t.Fatal(err)
			}
			w.ready = inside
		}
	}
	done := map[string]int{}
	e.dispatch()
	for range 220 {
		f := <-inside
		done[f.flow.key]++
		f.begun = now().Add(-flows[f.flow])
		e.giveBack(f)
	}
	e.queued = nil
	e.giveBack(<-inside)
	if long, short := done["long"], done["short"]; long+short != 220 || long != 20 {
		t.Fatalf("%d long calls, %d that take a tenth", long, short)
	}
}
