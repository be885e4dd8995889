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
	dir    string
	logger *slog.Logger
	config component.Config // but for Fuel

	mu             sync.Mutex
	closed         bool
	usual, counted *engine // nil while nobody needed it
}

// of gives the engine for a manifest, and component.ErrClosed after close.
func (e *engines) of(ctx context.Context, m plugin.Manifest) (*engine, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	which, folder, config := &e.usual, compiledFolder, e.config
	if config.Fuel = m.Limits.Fuel > 0; config.Fuel {
		which, folder = &e.counted, countedFolder
	}
	switch {
	case e.closed:
		return nil, component.ErrClosed
	case *which != nil:
		return *which, nil
	}
	made, err := component.NewEngine(config)
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
		sum = sum.Plus(one.compiler.Stats())
	}
	return sum
}

// close stops running calls, and waits for them. No engine is made afterwards.
func (e *engines) close() error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	var errs []error
	for _, one := range e.all() {
		errs = append(errs, one.Close())
	}
	return errors.Join(errs...)
}
