package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// errBusy means that another process works in the folder. Two of them would
// remove each other's uploads.
var errBusy = errors.New("content: another content service works in this data_dir")

// lock takes the folder for this process, until the function that it returns is
// called or the process ends, however it does.
func lock(dir string) (release func() error, err error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator's own configuration names it
	if err != nil {
		return nil, fmt.Errorf("content: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = errBusy
		}
		return nil, errors.Join(err, f.Close())
	}
	return f.Close, nil
}
