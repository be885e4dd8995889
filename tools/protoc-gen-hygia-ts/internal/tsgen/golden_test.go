package tsgen

import (
	"flag"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// testdata/gen is compiled with the client's own tests, too.
const golden = "testdata/gen"

func TestGolden(t *testing.T) {
	texts, err := generate(t, testdata(t))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		write(t, texts)
	}
	entries, err := os.ReadDir(golden)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
		want, err := os.ReadFile(filepath.Join(golden, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if got := texts[entry.Name()]; got != string(want) {
			t.Errorf("%s is not what is generated: look at the difference after go test -update\n%s", entry.Name(), got)
		}
	}
	if got := slices.Sorted(maps.Keys(texts)); !slices.Equal(got, names) {
		t.Errorf("generated %q, golden %q", got, names)
	}
}

// The same sources give the same bytes.
func TestStable(t *testing.T) {
	sources := testdata(t)
	first, err := generate(t, sources)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		again, err := generate(t, sources)
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(first, again) {
			t.Fatal("two runs differ")
		}
	}
}

// testdata reads the proto files of testdata, by import path.
func testdata(t *testing.T) map[string]string {
	t.Helper()
	const root = "testdata/proto"
	sources := map[string]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		sources[strings.TrimPrefix(filepath.ToSlash(path), root+"/")] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sources
}

func write(t *testing.T, texts map[string]string) {
	t.Helper()
	if err := os.RemoveAll(golden); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(golden, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(golden, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
