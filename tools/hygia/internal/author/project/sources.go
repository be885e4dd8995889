package project

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// sums is the file of what the component was built from.
func (p *Project) sums() string { return p.Path("build", "sources.sha256") }

// sourcesAsBuilt fails with ErrNotBuilt where a source is not what the component
// was built from.
func (p *Project) sourcesAsBuilt() error {
	built, err := os.ReadFile(p.sums())
	if err != nil {
		return fmt.Errorf("%w: %w; run `hygia plugin build`", ErrNotBuilt, err)
	}
	now, err := p.sources()
	if err != nil || bytes.Equal(now, built) {
		return err
	}
	for _, pair := range [][2][]byte{{now, built}, {built, now}} {
		for line := range bytes.Lines(pair[0]) {
			if _, name, ok := strings.Cut(string(line), "  "); ok && !bytes.Contains(pair[1], line) {
				return fmt.Errorf("%w: %s changed since; run `hygia plugin build`", ErrNotBuilt, strings.TrimSpace(name))
			}
		}
	}
	return fmt.Errorf("%w: a source changed since; run `hygia plugin build`", ErrNotBuilt)
}

// sources lists the files that a component is built from with their digests, as
// sha256sum does, in the order of their names.
func (p *Project) sources() ([]byte, error) {
	var list bytes.Buffer
	root := os.DirFS(p.Dir)
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			if slices.Contains([]string{"build", "fixtures", "target", "node_modules"}, name) || len(name) > 1 && name[0] == '.' {
				return fs.SkipDir
			}
			return nil
		case !slices.Contains([]string{".wit", ".rs", ".toml", ".c", ".h", ".go", ".mod", ".js", ".mjs", ".py"}, path.Ext(name)):
			return nil
		}
		file, err := root.Open(name)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		hash := sha256.New()
		if _, err := io.Copy(hash, file); err != nil {
			return err
		}
		fmt.Fprintf(&list, "%x  %s\n", hash.Sum(nil), name)
		return nil
	})
	return list.Bytes(), err
}
