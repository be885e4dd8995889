// Package load reads WIT packages into package model, and refuses, with the
// place of the declaration, what witgen cannot generate.
package load

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	"github.com/hygia-suite/hygia/tools/witgen/internal/parser"
)

// Dir reads a folder of WIT packages, one a sub-folder, and all that lies in their
// deps folders, as wasm tools expect it. A package may use any other of them. It
// gives every package after those that it uses. A folder that has WIT files itself
// is one package.
//
// An error that concerns a declaration is a *model.Error; a folder without a package
// is ErrNone.
func Dir(ctx context.Context, p *parser.Parser, dir string, features []string) ([]*model.Package, error) {
	if own, err := filepath.Glob(filepath.Join(dir, "*.wit")); err == nil && len(own) > 0 {
		return Package(ctx, p, dir, features)
	}
	folders, err := subfolders(dir)
	if err != nil {
		return nil, err
	}
	return resolve(ctx, p, dir, folders, features)
}

// Package reads one WIT package, a file or a folder, and what lies in its deps
// folder, as Dir does.
func Package(ctx context.Context, p *parser.Parser, path string, features []string) ([]*model.Package, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find the WIT package: %w", err)
	}
	return resolve(ctx, p, path, []string{abs}, features)
}

// ErrNone says that there is no WIT package where one should be. To go on with none
// would remove all that was generated, and find no break in what was compared.
var ErrNone = errors.New("holds no WIT package: name a folder of .wit files, or one that has a folder of them for each package")

// resolve reads the packages at roots, which were found at a named path.
func resolve(ctx context.Context, p *parser.Parser, named string, roots, features []string) ([]*model.Package, error) {
	sources, err := Sources(roots...)
	if err != nil {
		return nil, err
	}
	if len(sources) == 0 {
		return nil, fmt.Errorf("%s %w", named, ErrNone)
	}
	return Files(ctx, p, sources, features)
}

// Files reads packages from their files' content, as Dir does.
func Files(ctx context.Context, p *parser.Parser, sources []parser.Package, features []string) ([]*model.Package, error) {
	resolved, err := p.Resolve(ctx, sources, features)
	if refused := (*parser.Error)(nil); errors.As(err, &refused) {
		return nil, &model.Error{Position: position(refused.Place), Message: refused.Message, Cause: refused}
	}
	if err != nil {
		return nil, err
	}
	b := &builder{
		in:         resolved,
		packages:   make([]*model.Package, len(resolved.Packages)),
		interfaces: make([]sides, len(resolved.Interfaces)),
		types:      map[typeKey]*model.Type{},
		worlds:     map[int]*model.Interface{},
	}
	return b.build()
}

func position(p parser.Place) model.Position {
	return model.Position{File: p.File, Line: p.Line, Column: p.Column}
}
