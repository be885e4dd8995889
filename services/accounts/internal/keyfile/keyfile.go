// Package keyfile keeps secret keys in files that only their owner reads.
package keyfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// maxBytes bounds what is read; a key file holds a few hundred bytes.
const maxBytes = 1 << 20

// ErrExposed is Read's answer for a file that others than its owner may open:
// its keys may be known, and using them on would hide that.
var ErrExposed = errors.New("keyfile: others than the owner may open the file; make new keys, or mend its mode to 0600")

// Read returns the file's content. The error wraps fs.ErrNotExist where there
// is no such file.
func Read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("keyfile: %w", err)
	}
	switch {
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%w: %s", ErrExposed, path)
	case info.Size() > maxBytes:
		return nil, fmt.Errorf("keyfile: %s is larger than %d bytes", path, maxBytes)
	}
	data, err := os.ReadFile(path) //nolint:gosec // a file of the service's own folder
	if err != nil {
		return nil, fmt.Errorf("keyfile: %w", err)
	}
	return data, nil
}

// Write puts data into the file with mode 0600, durably and at once: after a
// crash at any point the file has its old content or its new one.
func Write(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".keyfile-*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("keyfile: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("keyfile: write %s: %w", path, err), ignoreMissing(os.Remove(f.Name())))
		}
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// ReadOrMake returns the file's content, and makes the file where it is missing.
func ReadOrMake(path string, make func() ([]byte, error)) ([]byte, error) {
	data, err := Read(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return data, err
	}
	if data, err = make(); err != nil {
		return nil, err
	}
	return data, Write(path, data)
}

// syncDir makes the rename in a folder durable.
func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the service's own folder
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
