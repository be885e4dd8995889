package supervise

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	markerName = "hygia.folder"
	markerText = "Kept by `hygia up`, format 1. `hygia up --fresh` empties this folder.\n"
	lockName   = "hygia.lock"
)

// Errors of OpenFolder.
var (
	// ErrInUse says that another process holds the folder.
	ErrInUse = errors.New("in use")
	// ErrForeign says that the folder holds something that `hygia up` did not make.
	ErrForeign = errors.New("not a folder of hygia up")
)

// Folder holds all that one suite keeps. One process has it at a time.
type Folder struct {
	path string
	lock *os.File
}

// OpenFolder makes the folder where it is not there, takes it for this process,
// and empties it where fresh is asked for. A folder that has content and lacks
// the marker is refused, and nothing in it is touched.
func OpenFolder(path string, fresh bool) (*Folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := recognise(path); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	lock, err := lockFolder(path)
	if err != nil {
		return nil, err
	}
	f := &Folder{path: path, lock: lock}
	if fresh {
		err = f.empty()
	}
	if err == nil {
		err = WriteFile(f.Path(markerName), []byte(markerText), 0o600)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// recognise refuses a folder that is not ours. One that was made and killed
// before its marker was written holds the lock file alone, and is ours.
func recognise(path string) error {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	marker, err := os.ReadFile(filepath.Join(path, markerName)) //nolint:gosec // the folder is the caller's
	switch {
	case err == nil && string(marker) == markerText:
		return nil
	case err == nil:
		return fmt.Errorf("%s: %w of this version: its marker says %q", path, ErrForeign, strings.TrimSpace(string(marker)))
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	for _, e := range entries {
		if e.Name() != lockName && e.Name() != markerName+".new" {
			return fmt.Errorf("%s: %w: it holds %q and no %s; choose another folder with --dir", path, ErrForeign, e.Name(), markerName)
		}
	}
	return nil
}

func lockFolder(path string) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(path, lockName), os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // in the suite's own folder
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer lock.Close()
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s: lock: %w", path, err)
		}
		text := make([]byte, 20)
		n, _ := lock.ReadAt(text, 0)
		return nil, fmt.Errorf("%s is %w by another hygia up (pid %s): stop that one, or choose another folder with --dir", path, ErrInUse, strings.TrimSpace(string(text[:n])))
	}
	if err := lock.Truncate(0); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	if _, err := lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// empty removes all but the lock and the marker: killed half-way, the folder is
// still recognised.
func (f *Folder) empty() error {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == lockName || e.Name() == markerName {
			continue
		}
		if err := os.RemoveAll(f.Path(e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// Path joins names to the folder's absolute path.
func (f *Folder) Path(names ...string) string {
	return filepath.Join(append([]string{f.path}, names...)...)
}

// Close gives the folder back.
func (f *Folder) Close() error { return f.lock.Close() }

// WriteFile replaces a file whole, or not at all. The path is the caller's own.
func WriteFile(path string, text []byte, mode fs.FileMode) error {
	temporary := path + ".new"
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode) //nolint:gosec // see above
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
