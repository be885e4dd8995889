// Package source finds where WIT declarations stand. The parser that witgen
// uses gives no positions, and an error without a line is no help to whoever
// has to mend a contract.
//
// It reads only as much of the language as positions need, and trusts that the
// parser has accepted the file, or will refuse it.
package source

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/hygia-suite/hygia/tools/witgen/internal/model"
)

// Index says where the declarations of one package stand.
type Index struct {
	// Files are the names of the package's files, sorted.
	Files []string
	// Async are the functions declared async, in the order of declaration.
	Async []Declaration

	positions map[string]model.Position
}

// Declaration is a name, and where it is declared.
type Declaration struct {
	Name     string
	Position model.Position
}

// ReadDir reads every WIT file of a folder, but not of the folders in it.
// Positions name files as label/base.
func ReadDir(dir, label string) (*Index, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.wit"))
	if err != nil {
		return nil, fmt.Errorf("list WIT files: %w", err)
	}
	sort.Strings(paths)
	ix := &Index{positions: map[string]model.Position{}}
	for _, path := range paths {
		text, err := os.ReadFile(path) //nolint:gosec // below the folder of the command line
		if err != nil {
			return nil, fmt.Errorf("read WIT: %w", err)
		}
		name := label + "/" + filepath.Base(path)
		ix.Files = append(ix.Files, name)
		ix.scan(name, string(text))
	}
	return ix, nil
}

// Find gives the position of a declaration: an interface or world, a type or
// function in it, a field, case, flag or parameter in that. What is not found
// has the position of the nearest thing around it, at worst of the first file.
func (ix *Index) Find(path ...string) model.Position {
	for n := len(path); n > 0; n-- {
		if pos, ok := ix.positions[join(path[:n])]; ok {
			return pos
		}
	}
	if len(ix.Files) == 0 {
		return model.Position{Line: 1, Column: 1}
	}
	return model.Position{File: ix.Files[0], Line: 1, Column: 1}
}

func join(path []string) string { return strings.Join(path, "/") }

// scan walks one file's tokens, keeping the names of the blocks that are open.
func (ix *Index) scan(file, text string) {
	s := &scanner{tokens: tokenize(file, text), index: ix}
	for s.more() {
		s.item(nil)
	}
}
