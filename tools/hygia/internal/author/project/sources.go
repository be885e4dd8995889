package project

import (
	"bytes"
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

// difference says what became of the first file whose line is in one of two lists
// alone: "src/lib.rs changed". It is "" where the lists are the same.
func difference(now, built []byte) string {
	here, there := digests(now), digests(built)
	for _, name := range slices.Sorted(maps.Keys(here)) {
		switch was, ok := there[name]; {
		case !ok:
			return name + " was added"
		case was != here[name]:
			return name + " changed"
		}
	}
	for _, name := range slices.Sorted(maps.Keys(there)) {
		if _, ok := here[name]; !ok {
			return name + " was deleted"
		}
	}
	return ""
}

// digests reads a list.
func digests(list []byte) map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(string(list)) {
		digest, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		all[name] = digest
	}
	return all
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
	if what := difference(now.list(), built); what != "" {
		return fmt.Errorf("%w: %s since; run `hygia plugin build`", ErrNotBuilt, what)
	}
	return nil
}
