package store

import (
	"errors"
	"fmt"

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

// Lock implements disk.
func (f locked) Lock() (func(), error) {
	unlock, err := f.Folder.Lock(lockFile)
	if errors.Is(err, folder.ErrLocked) {
		return nil, ErrLocked
	}
	return unlock, err
}
