package witgen

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"golang.org/x/mod/modfile"
)

// importPath gives the import path of a folder, which need not exist, from the
// go.mod file above it.
func importPath(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find the folder of Go packages: %w", err)
	}
	for root := abs; ; root = filepath.Dir(root) {
		text, err := os.ReadFile(filepath.Join(root, "go.mod")) //nolint:gosec // above the folder of the command line
		switch {
		case err == nil:
			module := modfile.ModulePath(text)
			if module == "" {
				return "", fmt.Errorf("%s names no module", filepath.Join(root, "go.mod"))
			}
			rel, err := filepath.Rel(root, abs)
			if err != nil {
				return "", fmt.Errorf("find the folder of Go packages: %w", err)
			}
			return path.Join(module, filepath.ToSlash(rel)), nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", fmt.Errorf("read the Go module: %w", err)
		case root == filepath.Dir(root):
			return "", fmt.Errorf("%s is in no Go module", dir)
		}
	}
}
