// Package folder is a folder of small files, and what a crash leaves of them.
package folder

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// ErrLocked says that another process has the folder's lock.
var ErrLocked = errors.New("another process has the folder's lock")

// Folder is a folder of the operating system's, for its owner alone. It is safe for
// concurrent use as far as different files are concerned.
type Folder struct{ path string }

// Open makes a folder where there is none.
func Open(path string) (Folder, error) {
	return Folder{path}, os.MkdirAll(path, 0o700)
}

// At is a file's path.
func (f Folder) At(name string) string { return filepath.Join(f.path, name) }

// Read reads a file of at most so many bytes.
func (f Folder) Read(name string, most int64) ([]byte, error) {
	file, err := os.Open(f.At(name))
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("%s has more than %d bytes", name, most)
	}
	return data, err
}

// Write writes a file, of which all is durable once it returns; its name is
// durable only after Sync.
func (f Folder) Write(name string, data []byte) error {
	settle, err := f.Put(name, data)
	if err != nil {
		return err
	}
	return settle()
}

// Put writes a file and waits for no disk: what it wrote survives the process, but
// the machine only once settle, which must be called, has returned.
func (f Folder) Put(name string, data []byte) (settle func() error, err error) {
	file, err := os.OpenFile(f.At(name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err := file.Write(data); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() error { return errors.Join(file.Sync(), file.Close()) }, nil
}

// Rename gives a file another's name. A crash leaves either.
func (f Folder) Rename(from, to string) error { return os.Rename(f.At(from), f.At(to)) }

// Link gives a file a second name.
func (f Folder) Link(name, second string) error { return os.Link(f.At(name), f.At(second)) }

// Sync makes what was renamed and removed durable.
func (f Folder) Sync() error {
	d, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	return d.Sync()
}

// Remove removes a file.
func (f Folder) Remove(name string) error { return os.Remove(f.At(name)) }

// List lists the files, by name.
func (f Folder) List() ([]string, error) {
	entries, err := os.ReadDir(f.path)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}

// Lock keeps other processes out until unlock is called, or fails with ErrLocked.
// The file that it locks stays: the kernel lets go of it when the process ends.
func (f Folder) Lock(name string) (unlock func(), err error) {
	file, err := os.OpenFile(f.At(name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = ErrLocked
		}
		return nil, errors.Join(err, file.Close())
	}
	return func() { _ = file.Close() }, nil
}
