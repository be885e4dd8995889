package supervise_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hygia-suite/hygia/tools/hygia/internal/supervise"
)

func names(t *testing.T, path string) []string {
	t.Helper()
	entries, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestFresh(t *testing.T) {
	path := filepath.Join(t.TempDir(), "suite")
	for _, fresh := range []bool{true, false, true} {
		folder, err := supervise.OpenFolder(path, fresh)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(folder.Path("content", "deep"), 0o700); err != nil {
			t.Fatal(err)
		}
		if got := names(t, path); !slices.Contains(got, "content") {
			t.Errorf("got %v", got)
		}
		if err := folder.Close(); err != nil {
			t.Fatal(err)
		}
	}
	folder, err := supervise.OpenFolder(path, true)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = folder.Close() }()
	if got := names(t, path); !slices.Equal(got, []string{"hygia.folder", "hygia.lock"}) {
		t.Errorf("a fresh folder holds %v", got)
	}
}

// A folder that is not ours is refused, fresh or not, and keeps what it has.
func TestForeignFolder(t *testing.T) {
	for _, file := range []string{"thesis.txt", "hygia.folder"} {
		for _, fresh := range []bool{true, false} {
			path := t.TempDir()
			if err := os.WriteFile(filepath.Join(path, file), []byte("years of work"), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := supervise.OpenFolder(path, fresh); !errors.Is(err, supervise.ErrForeign) {
				t.Errorf("%s, fresh %v: got %v", file, fresh, err)
			}
			if text, err := os.ReadFile(filepath.Join(path, file)); err != nil || string(text) != "years of work" {
				t.Errorf("%s, fresh %v: it now holds %q, %v", file, fresh, text, err)
			}
		}
	}
}

// Killed between the lock and the marker, a folder is taken up again.
func TestInterruptedFirstStart(t *testing.T) {
	path := t.TempDir()
	if err := os.WriteFile(filepath.Join(path, "hygia.lock"), []byte("1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	folder, err := supervise.OpenFolder(path, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := folder.Close(); err != nil {
		t.Error(err)
	}
}
