package project

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
)

// Sources are the digests of the files that a component is built from, by their
// paths in the project.
type Sources map[string][sha256.Size]byte

// isSource tells sources by their names.
func isSource(name string) bool {
	return slices.Contains([]string{".wit", ".rs", ".toml", ".c", ".h", ".go", ".mod", ".js", ".mjs", ".py"}, path.Ext(name))
}

// Sources reads what is there now.
func (p *Project) Sources() (Sources, error) {
	sources := Sources{}
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
		case !isSource(name):
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
		sources[name] = [sha256.Size]byte(hash.Sum(nil))
		return nil
	})
	return sources, err
}

// Generated tells of a file that building wrote among the sources.
func (s Sources) Generated(name string, data []byte) {
	if isSource(name) {
		s[name] = sha256.Sum256(data)
	}
}

// list is what sha256sum would print, in the order of the names.
func (s Sources) list() []byte {
	var list bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(s)) {
		fmt.Fprintf(&list, "%x  %s\n", s[name], name)
	}
	return list.Bytes()
}

// difference names the first file that is in one of two lists and not in the
// other; "" where they are the same.
func difference(a, b []byte) string {
	for _, pair := range [][2][]byte{{a, b}, {b, a}} {
		for line := range bytes.Lines(pair[0]) {
			if !bytes.Contains(pair[1], line) {
				_, name, _ := strings.Cut(string(line), "  ")
				return cmp.Or(strings.TrimSpace(name), "a source")
			}
		}
	}
	return ""
}

// sums is the file of what the component was built from.
func (p *Project) sums() string { return p.Path("build", "sources.sha256") }

// sourcesAsBuilt fails with ErrNotBuilt where a source is not what the component
// was built from.
func (p *Project) sourcesAsBuilt() error {
	built, err := os.ReadFile(p.sums())
	if err != nil {
		return fmt.Errorf("%w: %w; run `hygia plugin build`", ErrNotBuilt, err)
	}
	now, err := p.Sources()
	if err != nil {
		return err
	}
	if name := difference(now.list(), built); name != "" {
		return fmt.Errorf("%w: %s changed since; run `hygia plugin build`", ErrNotBuilt, name)
	}
	return nil
}
