package store

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/hygia-suite/hygia/pkg/plugin/internal/folder"
)

// disk is a folder.Folder. Its contracts are what a crash leaves.
type disk interface {
	Read(name string, most int64) ([]byte, error)
	Write(name string, data []byte) error
	Rename(from, to string) error
	Sync() error
	Remove(name string) error
	List() ([]string, error)
	// Lock keeps other processes out until unlock is called. It fails with
	// ErrLocked where one is in.
	Lock() (unlock func(), err error)
}

// locked is a folder that processes share.
type locked struct{ folder.Folder }

func openFolder(path string) (locked, error) {
	f, err := folder.Open(path)
	if err != nil {
		return locked{}, fmt.Errorf("store: %w", err)
	}
	return locked{f}, nil
}

// Lock locks a file that stays: the kernel lets go of it when the process ends.
func (f locked) Lock() (func(), error) {
	file, err := os.OpenFile(f.At(lockFile), os.O_RDWR|os.O_CREATE, 0o600)
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
