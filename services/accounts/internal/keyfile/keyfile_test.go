package keyfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/hygia-suite/hygia/services/accounts/internal/keyfile"
)

func TestAKeyFileIsPrivateAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	made := 0
	for range 2 {
		data, err := keyfile.ReadOrMake(path, func() ([]byte, error) { made++; return []byte("secret"), nil })
		if err != nil || string(data) != "secret" {
			t.Fatalf("ReadOrMake = %q, %v", data, err)
		}
	}
	if made != 1 {
		t.Errorf("made %d times, want once", made)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
}

func TestWriteReplacesAndLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	for _, content := range []string{"old", "new"} {
		if err := keyfile.Write(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if data, err := keyfile.Read(path); err != nil || string(data) != "new" {
		t.Errorf("Read = %q, %v", data, err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("%d files in the folder, want 1", len(files))
	}
}

func TestAnExposedKeyIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("secret"), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := keyfile.Read(path); !errors.Is(err, keyfile.ErrExposed) {
		t.Errorf("Read: %v, want ErrExposed", err)
	}
}

func TestNothingIsMadeWhereMakingFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	broken := errors.New("no randomness")
	if _, err := keyfile.ReadOrMake(path, func() ([]byte, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("ReadOrMake: %v", err)
	}
	if _, err := keyfile.Read(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Read: %v, want that there is no file", err)
	}
}

func TestAFolderThatIsMissingIsAnError(t *testing.T) {
	if err := keyfile.Write(filepath.Join(t.TempDir(), "none", "key"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Write: %v", err)
	}
}
