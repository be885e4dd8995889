// Package witgen generates Go bindings and proto messages from a folder of WIT
// packages, writes them, and says which of those on disk are stale.
package witgen

import (
	"path/filepath"

	"github.com/hygia-suite/hygia/tools/witgen/internal/gogen"
	"github.com/hygia-suite/hygia/tools/witgen/internal/load"
	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
	"github.com/hygia-suite/hygia/tools/witgen/internal/protogen"
)

// Config says what to read and where the results belong.
type Config struct {
	// WIT is the folder of WIT packages, one a sub-folder.
	WIT string
	// Go is the folder of the generated Go packages, inside a Go module.
	Go string
	// Proto is the root of the proto files.
	Proto string
	// ProtoGo is the import path of the Go that is generated from those.
	ProtoGo string
}

// File is one generated file.
type File struct {
	Path    string
	Content []byte
}

// Generate gives all files, in the order of the packages. It writes nothing.
// A refusal is a *model.Error, which names the place in the WIT file.
func Generate(c Config) ([]File, error) {
	packages, err := load.Dir(c.WIT)
	if err != nil {
		return nil, err
	}
	plans := map[*model.Package]*protogen.File{}
	for _, pkg := range packages {
		plan, err := protogen.Plan(pkg)
		if err != nil {
			return nil, err
		}
		if plan != nil {
			plans[pkg] = plan
		}
	}
	goPath, err := importPath(c.Go)
	if err != nil {
		return nil, err
	}
	program, err := gogen.New(packages, plans, gogen.Paths{Go: goPath, Proto: c.ProtoGo})
	if err != nil {
		return nil, err
	}
	var files []File
	for _, pkg := range packages {
		goFiles, err := program.Files(pkg)
		if err != nil {
			return nil, err
		}
		for _, f := range goFiles {
			files = append(files, File{Path: filepath.Join(c.Go, filepath.FromSlash(f.Path)), Content: f.Content})
		}
		if plan := plans[pkg]; plan != nil {
			files = append(files, File{Path: filepath.Join(c.Proto, filepath.FromSlash(plan.Path)), Content: plan.Print()})
		}
	}
	return files, nil
}
