package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
)

// How the rows of late are measured.
const (
	lateDeadline = 5 * time.Millisecond
	lateCalls    = 400
)

const loopText = `(component
  (core module $m (func (export "nop") (loop (br 0))))
  (core instance $i (instantiate $m))
  (func (export "nop") (canon lift (core func $i "nop"))))`

// late measures how long after its deadline a call of a guest that never returns
// comes back.
func late(ctx context.Context, _ options, _ io.Writer) ([]Row, error) {
	defer spareProcessor()()
	engine, err := component.NewEngine(component.Config{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = engine.Close() }()
	program, err := linkAs(ctx, engine, loopText, component.LinkOptions{
		Exports: []*component.Export{nopExport}, Limits: component.Limits{Deadline: lateDeadline},
	})
	if err != nil {
		return nil, err
	}
	defer program.Close()
	samples := make([]float64, 0, lateCalls)
	for range lateCalls {
		start := time.Now() //nolint:forbidigo // measuring is what the clock is for
		if err := program.Call(ctx, nopExport, nil, nil); !errors.Is(err, component.ErrDeadline) {
			return nil, fmt.Errorf("a guest that never returns: %w", err)
		}
		samples = append(samples, float64((time.Since(start) - lateDeadline).Nanoseconds()))
	}
	return []Row{distribution("after its deadline a call returns", "ns", "", samples)}, nil
}
