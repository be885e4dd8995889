package pluginhost

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/compiled"
)

// The folders of what engines compiled, in a service's data folder: each is of one
// engine alone.
const (
	compiledFolder = "compiled"
	countedFolder  = "compiled-fuel"
)

// engine is a component engine with what it compiled.
type engine struct {
	*component.Engine
	compiler *compiled.Cache
}

// engines are the engine of most plugins and, once a manifest limits fuel, the one
// of those that count it: counting slows every instruction, so the others are
// spared it.
type engines struct {
	dir     string
	logger  *slog.Logger
	observe func(string, error)

	mu             sync.Mutex
	usual, counted *engine // nil while nobody needed it
}

// of gives the engine for a manifest.
func (e *engines) of(ctx context.Context, m plugin.Manifest) (*engine, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	which, folder, fuel := &e.usual, compiledFolder, m.Limits.Fuel > 0
	if fuel {
		which, folder = &e.counted, countedFolder
	}
	if *which != nil {
		return *which, nil
	}
	made, err := component.NewEngine(component.Config{Fuel: fuel, Observe: e.observe})
	if err != nil {
		return nil, err
	}
	compiler, err := compiled.New(ctx, compiled.Options{Engine: made, Dir: filepath.Join(e.dir, folder), Logger: e.logger})
	if err != nil {
		return nil, errors.Join(err, made.Close())
	}
	*which = &engine{made, compiler}
	return *which, nil
}

// all are the engines that there are.
func (e *engines) all() (all []*engine) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, one := range []*engine{e.usual, e.counted} {
		if one != nil {
			all = append(all, one)
		}
	}
	return all
}

// stats counts what all of them compiled.
func (e *engines) stats() (sum compiled.Stats) {
	for _, one := range e.all() {
		s := one.compiler.Stats()
		sum.Hits += s.Hits
		sum.Misses += s.Misses
		sum.Refused += s.Refused
		sum.Unkept += s.Unkept
	}
	return sum
}

// close stops running calls, and waits for them.
func (e *engines) close() error {
	var errs []error
	for _, one := range e.all() {
		errs = append(errs, one.Close())
	}
	return errors.Join(errs...)
}
