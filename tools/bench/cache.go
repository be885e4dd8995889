package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/compiled"
)

// firstParty are components that the suite ships, below the repository's root,
// where `make bench` runs.
const firstParty = "services/*/plugins/*/*.wasm"

// cold measures how long a component takes from its bytes to being ready to be
// linked, compiled anew and from the authenticated cache, in turns: those that the
// suite ships, and those of -components.
func cold(ctx context.Context, o options, _ io.Writer) (rows []Row, err error) {
	dir, err := os.MkdirTemp("", "hygia-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	engine, err := component.NewEngine(component.Config{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	cache, err := compiled.New(ctx, compiled.Options{Engine: engine, Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(firstParty)
	if err != nil {
		return nil, err
	}
	if o.components != "" {
		files = append(files, strings.Split(o.components, ",")...)
	}
	if len(files) == 0 {
		return nil, errors.New("no component is below services: run it in the repository's root, or name some with -components")
	}
	for _, file := range files {
		wasm, err := os.ReadFile(file) //nolint:gosec // whoever measures names it
		if err != nil {
			return nil, err
		}
		name := fmt.Sprintf("%s (%d KiB)", strings.TrimSuffix(filepath.Base(file), ".wasm"), len(wasm)>>10)
		pair, err := coldPair(ctx, engine, cache, wasm, name, o.rounds)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		rows = append(rows, pair...)
	}
	if s := cache.Stats(); s.Refused+s.Unkept > 0 || s.Misses != uint64(len(files)) {
		return nil, fmt.Errorf("the cache was not what was measured: %+v", s)
	}
	return rows, nil
}

// coldPair takes turns of one compilation and one load.
func coldPair(ctx context.Context, engine, cache plugin.Compiler, wasm []byte, name string, rounds int) ([]Row, error) {
	const most = 10 // rounds, for the largest take seconds
	anew, cached := "cold start, compiled: "+name, "cold start, cached: "+name
	samples := map[string][]float64{}
	once, err := cache.Compile(ctx, wasm) // fills the cache
	if err != nil {
		return nil, err
	}
	once.Close()
	for range min(rounds, most) {
		for _, turn := range []struct {
			name string
			from plugin.Compiler
		}{{anew, engine}, {cached, cache}} {
			start := time.Now() //nolint:forbidigo // measuring is what the clock is for
			got, err := turn.from.Compile(ctx, wasm)
			if err != nil {
				return nil, err
			}
			samples[turn.name] = append(samples[turn.name], float64(time.Since(start).Nanoseconds()))
			got.Close()
		}
	}
	return []Row{
		distribution(cached, "ns", anew, samples[cached]),
		distribution(anew, "ns", "", samples[anew]),
	}, nil
}
