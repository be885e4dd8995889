package compiled

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

const keyFile = "key"

// readKey reads the folder's key, or makes one. A key that others can read, or
// that is damaged, is replaced: what was written under it is compiled anew.
func readKey(dir string) ([]byte, error) {
	path := filepath.Join(dir, keyFile)
	key, err := privateKey(path)
	if err == nil {
		return key, nil
	}
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errRefused) {
		return nil, fmt.Errorf("compiled: %w", err)
	}
	key = make([]byte, keyBytes)
	_, _ = rand.Read(key) // never fails
	if err := writeWhole(path, key); err != nil {
		return nil, fmt.Errorf("compiled: %w", err)
	}
	return key, nil
}

func privateKey(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // in the host's own folder
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 || info.Size() != keyBytes {
		return nil, errRefused
	}
	key := make([]byte, keyBytes)
	_, err = io.ReadFull(f, key)
	return key, err
}

// writeWhole puts a file of some parts in its place, for its owner alone, whole or
// not at all. It need not survive a crash: what is torn is refused.
func writeWhole(path string, parts ...[]byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), temporary)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	for _, p := range parts {
		if _, err := f.Write(p); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
