package main

import (
	"os"
	"path/filepath"
)

// readFile reads a file of the repository, by its path below the root.
func readFile(root, name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(root, filepath.FromSlash(name))) //nolint:gosec // the repository's own files
}

// writeFile writes one, and makes its folder where there is none. Everybody who
// may read the repository may read it.
func writeFile(root, name string, data []byte) error {
	file := filepath.Join(root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // as git makes it
		return err
	}
	return os.WriteFile(file, data, 0o644) //nolint:gosec // as git makes it
}
