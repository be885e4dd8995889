package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// disk is a folder. Its contracts are what a crash leaves.
type disk interface {
	// Read reads a file of at most so many bytes.
	Read(name string, most int64) ([]byte, error)
	// Write writes a file, of which all is durable once it returns; its name is
	// durable only after Sync.
	Write(name string, data []byte) error
	// Rename gives a file another's name. A crash leaves either.
	Rename(from, to string) error
	// Sync makes what was renamed and removed durable.
	Sync() error
	Remove(name string) error
	List() ([]string, error)
	// Lock keeps other processes out until unlock is called. It fails with
	// ErrLocked where one is in.
	Lock() (unlock func(), err error)
}

// folder is a disk of the operating system's.
type folder struct{ path string }

func openFolder(path string) (folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return folder{}, fmt.Errorf("store: %w", err)
	}
	return folder{path}, nil
}

func (f folder) at(name string) string { return filepath.Join(f.path, name) }

func (f folder) Read(name string, most int64) ([]byte, error) {
	file, err := os.Open(f.at(name))
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

func (f folder) Write(name string, data []byte) (err error) {
	file, err := os.OpenFile(f.at(name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := file.Write(data); err != nil {
		return err
	}
	return file.Sync()
}

func (f folder) Rename(from, to string) error { return os.Rename(f.at(from), f.at(to)) }

func (f folder) Sync() error {
	d, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	return d.Sync()
}

func (f folder) Remove(name string) error { return os.Remove(f.at(name)) }

func (f folder) List() ([]string, error) {
	entries, err := os.ReadDir(f.path)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}

// Lock locks a file that stays: the kernel lets go of it when the process ends.
func (f folder) Lock() (func(), error) {
	file, err := os.OpenFile(f.at(lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = file.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, ErrLocked
		}
		return nil, err
	}
	return func() { _ = file.Close() }, nil
}
