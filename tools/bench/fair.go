package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
)

// How the rows of fair are measured: a quiet flow calls once in a while, and in
// every other turn a flood calls as fast as it can.
const (
	fairTurn  = time.Second
	fairPause = time.Millisecond
	flooders  = 64
	toilLoops = 1_000_000 // some 0.5 ms of a guest's work
)

const toilText = `(component
  (core module $m (func (export "toil") (param $n i32)
    (loop (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
  (core instance $i (instantiate $m))
  (func (export "toil") (param "n" u32) (canon lift (core func $i "toil"))))`

//nolint:gochecknoglobals // a program knows an export by its address
var toilExport = &component.Export{Name: "toil", Signature: component.Signature{
	Params: []component.Field{{Name: "n", Type: component.U32}}}}

// fair measures what a flood of one flow's calls does to another's slowest ones:
// a sample is the 99th percentile of a turn.
func fair(ctx context.Context, o options, _ io.Writer) ([]Row, error) {
	defer spareProcessor()()
	engine, err := component.NewEngine(component.Config{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = engine.Close() }()
	program, err := link(ctx, engine, toilText, component.NewHost(), toilExport)
	if err != nil {
		return nil, err
	}
	defer program.Close()
	var alone, beside []float64
	for range min(o.rounds, 20) {
		for _, turn := range []struct {
			flooders int
			p99s     *[]float64
		}{{0, &alone}, {flooders, &beside}} {
			p99, err := quietTurn(ctx, program, turn.flooders)
			if err != nil {
				return nil, err
			}
			*turn.p99s = append(*turn.p99s, p99)
		}
	}
	name := "p99 of a quiet tenant's calls"
	return []Row{
		distribution(name, "ns", "", alone),
		distribution(fmt.Sprintf("the same beside %d callers of another", flooders), "ns", name, beside),
	}, nil
}

// quietTurn gives the 99th percentile of a quiet flow's calls, in nanoseconds,
// while a number of others call without a pause.
func quietTurn(ctx context.Context, program *component.Program, flooders int) (float64, error) {
	flood, stop := context.WithCancel(component.WithFlow(ctx, "flood"))
	var calls sync.WaitGroup
	for range flooders {
		calls.Go(func() {
			for toil(flood, program) == nil {
			}
		})
	}
	defer calls.Wait()
	defer stop()
	quiet := component.WithFlow(ctx, "quiet")
	var took []float64
	const settle = fairTurn / 5 // unmeasured, as any warm-up
	begin := time.Now()         //nolint:forbidigo // measuring is what the clock is for
	for time.Since(begin) < fairTurn+settle {
		time.Sleep(fairPause)
		start := time.Now() //nolint:forbidigo // measuring is what the clock is for
		if err := toil(quiet, program); err != nil {
			return 0, err
		}
		if start.Sub(begin) > settle {
			took = append(took, float64(time.Since(start).Nanoseconds()))
		}
	}
	slices.Sort(took)
	return percentile(took, 99), nil
}

func toil(ctx context.Context, program *component.Program) error {
	return program.Call(ctx, toilExport, func(e *component.Encoder) { e.U32(toilLoops) }, nil)
}
