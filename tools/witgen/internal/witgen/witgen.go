// Package witgen generates Go bindings and proto messages from a folder of WIT
// packages, writes them, and says which of those on disk are stale.
package witgen

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hygia-suite/hygia/tools/witgen/internal/gogen"
	"github.com/hygia-suite/hygia/tools/witgen/internal/load"
	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	"github.com/hygia-suite/hygia/tools/witgen/internal/parser"
	"github.com/hygia-suite/hygia/tools/witgen/internal/protogen"
)

// Config says what to read and where the results belong.
type Config struct {
	// WIT is the folder of WIT packages, one a sub-folder.
	WIT string
	// Features are the unstable features of WIT that are switched on.
	Features []string
	// Go is the folder of the generated Go packages, inside a Go module.
	Go string
	// Proto is the root of the proto files; empty where nothing is mirrored.
	Proto string
	// ProtoGo is the import path of the Go that is generated from those.
	ProtoGo string
}

// File is one generated file.
type File struct {
	Path    string
	Content []byte
}

// Generate gives all files. It writes nothing.
// A refusal is a *model.Error, which names the place in the WIT file.
func Generate(ctx context.Context, p *parser.Parser, c Config) ([]File, error) {
	packages, err := load.Dir(ctx, p, c.WIT, c.Features)
	if err != nil {
		return nil, err
	}
	return generate(c, packages)
}

func generate(c Config, packages []*model.Package) ([]File, error) {
	var plans map[*model.Package]*protogen.File
	if c.Proto != "" {
		var err error
		plans, err = protogen.Plan(packages, func(lock string) (*protogen.Lock, error) {
			return readLock(filepath.Join(c.Proto, filepath.FromSlash(lock)))
		})
		if err != nil {
			return nil, err
		}
	}
	goPath, err := importPath(c.Go)
	if err != nil {
		return nil, err
	}
	files, err := goFiles(packages, plans, gogen.Paths{Go: goPath, Proto: c.ProtoGo})
	if err != nil {
		return nil, err
	}
	for i := range files {
		files[i].Path = filepath.Join(c.Go, files[i].Path)
	}
	for _, pkg := range packages {
		if plan := plans[pkg]; plan != nil {
			files = append(files,
				File{Path: filepath.Join(c.Proto, filepath.FromSlash(plan.Path())), Content: plan.Print()},
				File{Path: filepath.Join(c.Proto, filepath.FromSlash(plan.LockPath())), Content: plan.Lock.Bytes(plan.Source)})
		}
	}
	return files, nil
}

// readLock reads the numbers that were given out before; none where there is no
// such file.
func readLock(path string) (*protogen.Lock, error) {
	text, err := os.ReadFile(path) //nolint:gosec // below the folder of the command line
	if errors.Is(err, fs.ErrNotExist) {
		return protogen.NewLock(), nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the numbers of proto fields: %w", err)
	}
	return protogen.ParseLock(path, text)
}

// GeneratePackage gives the Go files of one WIT package, a file or a folder, and of
// those that it depends on, to be imported from the given path. Their own paths are
// relative to it. Nothing is mirrored in proto.
func GeneratePackage(ctx context.Context, p *parser.Parser, wit, importPath string) ([]File, error) {
	packages, err := load.Package(ctx, p, wit, nil)
	if err != nil {
		return nil, err
	}
	return goFiles(packages, nil, gogen.Paths{Go: importPath})
}

// GenerateFiles is GeneratePackage for packages that are on no disk, with the proto
// files of all, and their numbers from the first.
func GenerateFiles(ctx context.Context, p *parser.Parser, sources []parser.Package, paths gogen.Paths) ([]File, error) {
	packages, err := load.Files(ctx, p, sources, nil)
	if err != nil {
		return nil, err
	}
	plans, err := protogen.Plan(packages, func(string) (*protogen.Lock, error) { return protogen.NewLock(), nil })
	if err != nil {
		return nil, err
	}
	var files []File
	for _, pkg := range packages {
		if plan := plans[pkg]; plan != nil {
			files = append(files, File{Path: plan.Path(), Content: plan.Print()})
		}
	}
	made, err := goFiles(packages, plans, paths)
	return append(files, made...), err
}

// goFiles gives the Go files of packages.
func goFiles(packages []*model.Package, plans map[*model.Package]*protogen.File, paths gogen.Paths) ([]File, error) {
	program, err := gogen.New(packages, plans, paths)
	if err != nil {
		return nil, err
	}
	var files []File
	for _, pkg := range packages {
		made, err := program.Files(pkg)
		if err != nil {
			return nil, err
		}
		for _, f := range made {
			files = append(files, File{Path: filepath.FromSlash(f.Path), Content: f.Content})
		}
	}
	return files, nil
}
