// Package guests runs cases like those of wit-bindgen's tests/runtime. Each is a
// folder with a test.wit and sources, in several languages, of a component that
// calls and of those that it calls. wit-bindgen's own test command compiles and
// composes them; here each composed component's function run is called through
// pkg/component, with Hygia's own WASI and nothing granted.
package guests

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// sources are the ends of names of the languages that guests are built in.
var sources = []string{".rs", ".c"} //nolint:gochecknoglobals // immutable

// Case is one folder.
type Case struct {
	Name string // its path below the suite
	Dir  string
	// Async names what its WIT uses of the component model's asynchronous half, or
	// is "".
	Async string
	// Callers are the languages of the components that call, by the ends of names;
	// Builds tells whether guests are built in one of them.
	Callers []string
	Builds  bool
}

// Cases lists the folders below one that have a test.wit, in the order of their
// names.
func Cases(suite string) ([]Case, error) {
	var out []Case
	err := filepath.WalkDir(suite, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != "test.wit" {
			return err
		}
		c, err := read(suite, filepath.Dir(path))
		out = append(out, c)
		return err
	})
	if err == nil && len(out) == 0 {
		err = fmt.Errorf("%s holds no test.wit", suite)
	}
	return out, err
}

func read(suite, dir string) (Case, error) {
	name, err := filepath.Rel(suite, dir)
	if err != nil {
		return Case{}, err
	}
	wit, err := os.ReadFile(filepath.Join(dir, "test.wit")) //nolint:gosec // below the folder that the user names
	if err != nil {
		return Case{}, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return Case{}, err
	}
	c := Case{Name: filepath.ToSlash(name), Dir: dir, Async: async(string(wit))}
	for _, entry := range entries {
		if entry.IsDir() || !strings.HasPrefix(entry.Name(), "runner") {
			continue
		}
		end := filepath.Ext(entry.Name())
		c.Builds = c.Builds || slices.Contains(sources, end)
		c.Callers = append(c.Callers, strings.TrimPrefix(end, "."))
	}
	slices.Sort(c.Callers)
	c.Callers = slices.Compact(c.Callers)
	return c, nil
}

var (
	comment = regexp.MustCompile(`(?m)//.*$`)
	// asyncWords are WIT's keywords for the asynchronous half; the first that a file
	// has is what it is put down to. As names they are written with a %.
	asyncWords = []struct { //nolint:gochecknoglobals // immutable
		word *regexp.Regexp
		name string
	}{
		{keyword("error-context"), "error contexts"}, {keyword("stream"), "streams"},
		{keyword("future"), "futures"}, {keyword("async"), "functions"},
	}
)

func keyword(word string) *regexp.Regexp {
	return regexp.MustCompile(`(^|[^\w%-])` + word + `($|[^\w-])`)
}

func async(wit string) string {
	wit = comment.ReplaceAllString(wit, "")
	for _, w := range asyncWords {
		if w.word.MatchString(wit) {
			return w.name
		}
	}
	return ""
}
