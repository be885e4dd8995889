package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
)

// mapped is how many instances an engine of the usual kind may hold.
const mapped = 20_000

// instances holds many live instances and measures what each takes: how long it
// is in the making, and how much memory stays resident.
func instances(ctx context.Context, o options, _ io.Writer) ([]Row, error) {
	engine, err := component.NewEngine(component.Config{MaxInstances: o.instances, Crowd: o.instances > mapped})
	if err != nil {
		return nil, err
	}
	defer func() { _ = engine.Close() }()
	program, err := link(ctx, engine, memoryText, component.NewHost(), nopExport)
	if err != nil {
		return nil, err
	}
	live := make([]*component.Instance, 0, o.instances)
	took := make([]float64, 0, o.instances)
	before, err := resident()
	if err != nil {
		return nil, err
	}
	for range o.instances {
		start := time.Now() //nolint:forbidigo // measuring is what the clock is for
		instance, err := program.Instance(ctx)
		if err != nil {
			return nil, err
		}
		took = append(took, float64(time.Since(start).Nanoseconds()))
		if err := instance.Call(ctx, nopExport, nil, nil); err != nil {
			return nil, err
		}
		live = append(live, instance)
	}
	after, err := resident()
	if err != nil {
		return nil, err
	}
	for _, i := range live {
		i.Close()
	}
	each := float64(after-before) / float64(o.instances) / 1024
	return []Row{
		distribution(fmt.Sprintf("instantiate, up to %d live", o.instances), "ns", coreCall, took),
		{Name: "resident memory of an idle instance", Unit: "KiB", P50: each, P99: each, Mean: each, N: o.instances},
	}, nil
}

// memoryText has a memory that its no-op writes to, as any guest's start does.
const memoryText = `(component
  (core module $m (memory 1)
    (func (export "nop") (i32.store (i32.const 1024) (i32.const 1))))
  (core instance $i (instantiate $m))
  (func (export "nop") (canon lift (core func $i "nop"))))`

// resident gives the process's resident memory, in bytes, after a collection.
func resident() (int64, error) {
	runtime.GC()
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, fmt.Errorf("resident memory is read from /proc, as Linux has it: %w", err)
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0, fmt.Errorf("/proc/self/statm: %d fields", len(fields))
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}
