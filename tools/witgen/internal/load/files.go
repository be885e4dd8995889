package load

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hygia-suite/hygia/tools/witgen/internal/parser"
)

// subfolders lists a folder's folders, in the order of their names.
func subfolders(dir string) ([]string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the folder of WIT packages: %w", err)
	}
	entries, err := os.ReadDir(abs)
	if err != nil {
		return nil, fmt.Errorf("read the folder of WIT packages: %w", err)
	}
	var folders []string
	for _, entry := range entries {
		if entry.IsDir() {
			folders = append(folders, filepath.Join(abs, entry.Name()))
		}
	}
	return folders, nil
}

// Sources reads packages, each a file or a folder, and then what lies in their
// deps folders; a folder that several of them reach, as by a link, is read once.
// Files are named by their path from the folder above their package.
func Sources(roots ...string) ([]parser.Package, error) {
	r := &reader{seen: map[string]bool{}}
	for _, root := range roots {
		if err := r.add(root, filepath.Dir(filepath.Dir(root))); err != nil {
			return nil, err
		}
	}
	for _, root := range roots {
		if err := r.deps(root); err != nil {
			return nil, err
		}
	}
	return r.packages, nil
}

type reader struct {
	packages []parser.Package
	seen     map[string]bool
}

// add reads one package, unless it was read.
func (r *reader) add(path, base string) error {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fmt.Errorf("find a WIT package: %w", err)
	}
	if r.seen[real] {
		return nil
	}
	r.seen[real] = true
	info, err := os.Stat(real)
	if err != nil {
		return fmt.Errorf("find a WIT package: %w", err)
	}
	names := []string{path}
	if info.IsDir() {
		if names, err = filepath.Glob(filepath.Join(path, "*.wit")); err != nil {
			return fmt.Errorf("list WIT files: %w", err)
		}
	}
	var files parser.Package
	for _, name := range names {
		if info, err := os.Stat(name); err != nil || info.IsDir() {
			continue
		}
		content, err := os.ReadFile(name) //nolint:gosec // named on the command line, or below such a folder
		if err != nil {
			return fmt.Errorf("read WIT: %w", err)
		}
		label, err := filepath.Rel(base, name)
		if err != nil {
			return fmt.Errorf("read WIT: %w", err)
		}
		files = append(files, parser.File{Name: filepath.ToSlash(label), Content: content})
	}
	if len(files) > 0 {
		r.packages = append(r.packages, files)
	}
	return nil
}

// deps reads what lies in a package's deps folder: folders and single files.
func (r *reader) deps(root string) error {
	entries, err := os.ReadDir(filepath.Join(root, "deps"))
	if err != nil {
		if info, statErr := os.Stat(root); errors.Is(err, fs.ErrNotExist) || statErr == nil && !info.IsDir() {
			return nil
		}
		return fmt.Errorf("read the WIT packages that one depends on: %w", err)
	}
	for _, entry := range entries {
		path := filepath.Join(root, "deps", entry.Name())
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("find a WIT package: %w", err)
		}
		if !info.IsDir() && !packageFile(entry.Name()) {
			continue
		}
		if err := r.add(path, filepath.Dir(filepath.Dir(root))); err != nil {
			return err
		}
	}
	return nil
}

// packageFile reports whether a file is a whole package by itself.
func packageFile(name string) bool {
	return strings.HasSuffix(name, ".wit") || strings.HasSuffix(name, ".wasm") || strings.HasSuffix(name, ".wat")
}
